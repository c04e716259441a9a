"""Guarded paths that are open to everybody, because nobody can be asked to sign in over HTTP.

AWS Load Balancer Controller leaves sign-in and tokens out of HTTP listeners without a word. The
rules here are the same, and their author is told; not of paths that only redirect, nor of those
that a redirect to HTTPS keeps every request from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.aws.evaluation.reach import hidden
from providers.aws.routing.drafts import Draft
from providers.aws.routing.entry import field_of, guarded
from providers.aws.settings import AUTH_TYPE
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import ListenerIntent, ListenerProtocol, Redirect
from provisioner.model.kube import Key


def open_doors(drafts: Sequence[Draft], listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return a warning for each Ingress with a guarded path that is open on this listener.

    Args:
        drafts: The rules of the listener in evaluation order.
        listener: The listener.
    """
    if listener.protocol is not ListenerProtocol.HTTP:
        return ()
    return tuple(_warning(key, listener.port) for key in sorted(set(_open(drafts, listener))))


def _open(drafts: Sequence[Draft], listener: ListenerIntent) -> Iterator[Key]:
    owner = listener.default_ingress
    exposed = [draft for draft in drafts if _is_guarded(draft)]
    by_default = owner is not None and guarded(listener.default_options)
    if not exposed and not by_default:
        return
    dead = hidden([*(draft.asked for draft in drafts), ()])
    for index, draft in enumerate(drafts):
        if index not in dead and _is_guarded(draft):
            yield draft.ingress
    if owner is not None and by_default and len(drafts) not in dead:
        yield owner


def _is_guarded(draft: Draft) -> bool:
    if draft.rule is None or isinstance(draft.action, Redirect):
        return False
    return guarded(draft.rule.options)


def _warning(key: Key, port: int) -> Diagnostic:
    return warning(
        "AUTH-HTTP",
        f"Ingress {key}",
        message=f"an ALB asks nobody to sign in over HTTP, so on port {port} its guarded paths are "
        "open to everybody",
        field=field_of(AUTH_TYPE),
        hint="remove the HTTP port from its listen-ports, or set ssl-redirect",
        ingress=key,
    )

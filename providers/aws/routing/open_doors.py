"""Guarded paths that are open to everybody, because nobody can be asked to sign in over HTTP.

AWS Load Balancer Controller leaves sign-in and tokens out of HTTP listeners without a word. The
rules here are the same, and their author is told; not of paths that only redirect, nor of those
that a redirect to HTTPS keeps every request from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.aws.evaluation.reach import hidden
from providers.aws.routing.drafts import Draft
from providers.aws.routing.entry import guard
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
    found = dict(reversed(list(_open(drafts, listener))))
    return tuple(_warning(key, found[key], port=listener.port) for key in sorted(found))


def _open(drafts: Sequence[Draft], listener: ListenerIntent) -> Iterator[tuple[Key, str]]:
    """Yield each Ingress with the field that guards a path of it, once for each such path."""
    owner = listener.default_ingress
    exposed = [draft for draft in drafts if _guard(draft)]
    by_default = guard(listener.default_options) if owner is not None else ""
    if not exposed and not by_default:
        return
    dead = hidden([*(draft.asked for draft in drafts), ()])
    for index, draft in enumerate(drafts):
        if index not in dead and _guard(draft):
            yield draft.ingress, _guard(draft)
    if owner is not None and by_default and len(drafts) not in dead:
        yield owner, by_default


def _guard(draft: Draft) -> str:
    if draft.rule is None or isinstance(draft.action, Redirect):
        return ""
    return guard(draft.rule.options)


def _warning(key: Key, field: str, *, port: int) -> Diagnostic:
    return warning(
        "AUTH-HTTP",
        f"Ingress {key}",
        message=f"an ALB asks nobody to sign in or show a token over HTTP, so on port {port} its "
        "guarded paths are open to everybody",
        field=field,
        hint="remove the HTTP port from its listen-ports, or set ssl-redirect",
        ingress=key,
    )

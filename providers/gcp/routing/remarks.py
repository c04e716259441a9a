"""What members of a load balancer should know of its URL maps, beside what is wrong with a path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from providers.gcp.desired.context import Context
from providers.gcp.marks import LONGEST
from providers.gcp.neighbours import DEFAULT_BACKEND as GKE_DEFAULT_BACKEND
from providers.gcp.routing.canonical import ANY_HOST
from providers.gcp.routing.defaults import falls_to_others
from providers.gcp.routing.drafts import Answer, HostDraft
from providers.gcp.routing.scenes import Scene
from provisioner.core import report
from provisioner.core.annotations import SSL_REDIRECT
from provisioner.core.rewrites import default_rewrites
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.model.diagnostic import Diagnostic, warning
from provisioner.model.intent import Compatibility, ListenerIntent, ListenerProtocol, PathRule
from provisioner.model.kube import Key
from provisioner.model.settings import ANNOTATION_PREFIX

_WILDCARD = "*."
_HTTP, _HTTPS = 80, 443


def remarks(
    scene: Scene,
    drafts: Sequence[HostDraft],
    whole: Answer,
    *,
    untold: Sequence[tuple[str, Key]],
) -> Iterator[Diagnostic]:
    """Yield what the members of one URL map are told."""
    rules = scene.rules_by_host
    for draft in drafts:
        of_host = rules.get(draft.host, ())
        if not scene.context.incumbent and draft.host.startswith(_WILDCARD):
            yield from _wildcard(of_host)
        leaks = draft.answer is whole and draft.host != ANY_HOST
        if leaks and falls_to_others(scene, of_host, draft.answer):
            yield from _others_default(of_host, draft)
    for host, key in untold:
        yield _untold(host, key)
    yield from default_rewrites(
        scene.context.intent, why="it matches no path that could be replaced"
    )


def redirect_problems(
    context: Context, listeners: Sequence[ListenerIntent], beside: Sequence[ListenerIntent]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with redirects to HTTPS, given the ports that there can be."""
    https = sorted(each.port for each in beside if each.protocol is ListenerProtocol.HTTPS)
    members = frozenset(member for each in listeners for member in each.members)
    if _HTTPS not in https:
        there = f"listens for HTTPS on port {https[0]} only" if https else "has no HTTPS port"
        yield from context.warnings(
            "LISTENER-REDIRECT-NOWHERE",
            f"requests over HTTP are sent to HTTPS on port {_HTTPS}, but the load balancer {there}",
            hint="give it a certificate for port 443, or remove the redirect",
            setting=SSL_REDIRECT.name,
            among=members,
        )
    for listener in listeners:
        if listener.port != _HTTP:
            yield from context.warnings(
                "LISTENER-REDIRECT-PORT",
                f"the redirect of port {listener.port} keeps the port that clients wrote: a URL map"
                " changes the scheme alone",
                hint=f"redirect port {_HTTP} only",
                setting=SSL_REDIRECT.name,
                among=frozenset(listener.members),
            )


def unsupported_redirect(listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return the refusal of a redirect to a port that a URL map cannot name."""
    if listener.redirect_to in (None, _HTTPS):
        return ()
    return tuple(
        report.unsupported(
            f"Redirecting to HTTPS on port {listener.redirect_to}",
            f"Ingress {member}",
            field=f"metadata.annotations[{ANNOTATION_PREFIX}{SSL_REDIRECT.name}]",
            hint=f'write "{_HTTPS}"',
            ingress=member,
        )
        for member in listener.members
    )


def no_answer(context: Context, members: Collection[Key]) -> tuple[Diagnostic, ...]:
    """Return the error of a classic load balancer that has nothing to answer with."""
    reading = (
        " (compatibility incumbent)"
        if context.intent.compatibility is (Compatibility.INCUMBENT)
        else ""
    )
    return context.errors(
        "CLOUD-NO-DEFAULT-BACKEND",
        f"a classic Application Load Balancer{reading} cannot answer 404 by itself, and Service"
        f" {GKE_DEFAULT_BACKEND}, GKE's default backend, is not there",
        field=DEFAULT_BACKEND,
        hint="state a default backend, or use the annotation"
        " ingress-provisioner.io/google-load-balancer: global-external",
        among=members,
    )


def _wildcard(rules: Sequence[PathRule]) -> Iterator[Diagnostic]:
    first: dict[Key, PathRule] = {}
    for rule in sorted(rules, key=lambda rule: rule.position):
        first.setdefault(rule.ingress, rule)
    for key, rule in sorted(first.items()):
        yield warning(
            "HOST-WILDCARD",
            f"Ingress {key}",
            ingress=key,
            field=f"spec.rules[{rule.position[0]}].host",
            message=f"host {rule.host} stands for one label, but on Google Cloud it matches names"
            f" with more of them as well (a.b{rule.host.removeprefix(ANY_HOST)})",
            hint="write the names in full if that matters",
        )


def _others_default(rules: Sequence[PathRule], draft: HostDraft) -> Iterator[Diagnostic]:
    for key in sorted({rule.ingress for rule in rules}):
        yield report.unsupported(
            f"Answering 404 for the other paths of host {draft.host} on a classic Application Load"
            " Balancer",
            f"Ingress {key}",
            field=DEFAULT_BACKEND,
            fallback=f"the default backend of Ingress {draft.answer.owner} gets them",
            hint="state a default backend of its own",
            ingress=key,
        )


def _untold(host: str, key: Key) -> Diagnostic:
    return warning(
        "HOST-SHARED-TOO-WIDELY",
        f"Ingress {key}",
        ingress=key,
        message=f"so many Ingresses share host {host} that a description of {LONGEST} characters"
        " has no room for whose paths are whose; should this Ingress become unreadable, its paths"
        " are not kept",
        hint="give it a host of its own",
    )

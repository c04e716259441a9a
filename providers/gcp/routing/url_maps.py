"""The URL maps of a load balancer: from hosts and paths to what decides where requests go.

A URL map looks at the host first (an exact one, then the longest pattern, then ``*``), then at the
longest path, which is the order of the Ingress API. So rules need neither sorting nor closing rules
as on other clouds; what is left to do is to give every host one path matcher, whoever its paths
are from, every pattern one owner, and everybody else an answer.

Ports whose rules are the same share one map; a port of its own has one under its number. Ports
that send everybody to HTTPS share a map that does nothing else, since a target HTTPS proxy takes no
map with such a redirect (``HttpRedirectAction.httpsRedirect``, Compute API).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.addresses import MAIN, REDIRECT, Kind
from providers.gcp.desired.context import Context
from providers.gcp.marks import Word
from providers.gcp.routing import owners, remarks
from providers.gcp.routing.actions import Destinations, redirect_to_https
from providers.gcp.routing.canonical import as_default, canonical, host_order
from providers.gcp.routing.defaults import host_answer, map_answer
from providers.gcp.routing.drafts import Answer, HostDraft
from providers.gcp.routing.entries import RESERVED, entries, ingresses
from providers.gcp.routing.hosts import host_claims
from providers.gcp.routing.matchers import content
from providers.gcp.routing.redirects import redirect_status, redirects
from providers.gcp.routing.scenes import Scene
from providers.gcp.routing.telling import with_room
from providers.gcp.settings import frontend_config
from provisioner.core.keeping import as_resource
from provisioner.core.rule_findings import RuleError, RuleFindings
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendId, ListenerIntent, PathRule, Quarantined
from provisioner.model.kube import Key
from provisioner.model.resource import (
    NO_SPEC,
    ObservedResource,
    PlainInput,
    Resource,
    Spec,
    freeze_spec,
    references,
)
from provisioner.model.settings import ANNOTATION_PREFIX

VARIANT_WORD = f"{ANNOTATION_PREFIX}variant"
"""The word of a description that says which of Google's load balancers a map is for."""

FORWARDING_RULES_WORD = f"{ANNOTATION_PREFIX}forwarding-rules"
"""The word that says how many ports it serves: the quota counts its units for each of them."""

_PREFERRED = (443, 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlMaps:
    """The URL maps of a load balancer, and what is wrong with the rest.

    Attributes:
        by_port: Address of the map behind each listener; a port that is missing here cannot be
            served.
        used: Addresses of everything that the maps send requests to.
    """

    resources: tuple[Resource, ...] = ()
    by_port: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    used: frozenset[str] = frozenset()


def url_maps(
    context: Context,
    backends: Mapping[BackendId, str],
    *,
    nothing: str | None,
    listeners: Sequence[ListenerIntent] | None = None,
) -> UrlMaps:
    """Return the URL maps of a load balancer.

    Args:
        context: The load balancer.
        backends: Address of the backend service of every backend that could be expressed.
        nothing: Address of the service without backends, which answers by itself.
        listeners: The ports as they can be served, where that is less than what was asked for.
    """
    builder = _Builder(
        context=context,
        destinations=Destinations(own=backends, nothing=nothing, variant=context.variant),
    )
    asked = context.intent.listeners if listeners is None else listeners
    redirecting = [listener for listener in asked if redirects(context, listener)]
    serving = [listener for listener in asked if listener not in redirecting]
    if context.incumbent and not serving:
        builder.serve(MAIN, redirecting)  # GKE makes its map even where no port leads to it
    builder.redirect(redirecting, beside=asked)
    for name, sharing in _named(context, serving):
        builder.serve(name, sharing)
    return builder.done()


def _named(
    context: Context, listeners: Sequence[ListenerIntent]
) -> list[tuple[str, list[ListenerIntent]]]:
    """Return the listeners by the name of their map: most often all of them under ``main``.

    Ports on which held Ingresses have different rules stay apart.
    """
    if not listeners:
        return []
    by_port = {listener.port: listener for listener in listeners}
    first = next((p for p in _PREFERRED if p in by_port), min(by_port))
    model = (_decides(by_port[first]), _kept(context, MAIN))
    alike = [
        each
        for each in listeners
        if each.port == first or (_decides(each), _kept(context, str(each.port))) == model
    ]
    others = [each for each in listeners if each not in alike]
    return [(MAIN, alike), *((str(each.port), [each]) for each in others)]


def _kept(context: Context, name: str) -> frozenset[tuple[str, str]]:
    """Return the hosts and paths of held Ingresses in the map of this name, else in ``main``."""
    names = (name, MAIN)
    found = (
        context.at(addresses.url_map(context.group, n, balancer=context.balancer)) for n in names
    )
    present = next((each for each in found if each is not None), None)
    rules = entries(present.spec) if present is not None else ()
    return frozenset((rule.host, rule.path) for rule in rules if rule.ingress in context.held)


def _decides(listener: ListenerIntent) -> tuple[object, ...]:
    """Return what a listener's URL map is made from."""
    return (
        listener.rules,
        listener.default,
        listener.default_ingress,
        dict(listener.default_options),
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    """The maps of one load balancer so far."""

    context: Context
    destinations: Destinations
    findings: RuleFindings = field(default_factory=RuleFindings)
    resources: list[Resource] = field(default_factory=list)
    by_port: dict[int, str] = field(default_factory=dict)

    def redirect(
        self, listeners: Sequence[ListenerIntent], *, beside: Sequence[ListenerIntent]
    ) -> None:
        """Add the map that sends everybody to HTTPS, to one of the ports beside."""
        address = self._address(REDIRECT)
        listeners = self._sent_to_https(listeners)
        if not listeners:
            return
        for finding in remarks.redirect_problems(self.context, listeners, beside):
            self.findings.remark(finding)
        status = redirect_status(self.context, listeners, self.context.at(address))
        body = canonical(as_default(redirect_to_https(status)))
        members = {member for listener in listeners for member in listener.members}
        self._add(REDIRECT, listeners, body, members=members, title=f"redirect {status} to HTTPS")

    def _sent_to_https(self, listeners: Sequence[ListenerIntent]) -> list[ListenerIntent]:
        """Return the listeners whose redirect a URL map can express; the others are refused."""
        by_config = frontend_config(self.context.intent.options).redirect
        possible = []
        for listener in listeners:
            refusal = () if by_config is not None else remarks.unsupported_redirect(listener)
            for problem in refusal:
                self.findings.remark(problem)
            possible += [] if refusal else [listener]
        return possible

    def serve(self, name: str, listeners: Sequence[ListenerIntent]) -> None:
        """Add a map with rules."""
        observed = self._observed(name)
        scene = Scene.of(
            self.context,
            listeners[0],
            self.destinations,
            findings=self.findings,
            observed=observed.spec if observed is not None else NO_SPEC,
        )
        whole = map_answer(scene)
        if whole is None:
            self._without_answer(name, listeners)
            return
        drafts = _drafts(scene, whole)
        made = content(drafts, whole, one_each=self.context.incumbent)
        for finding in remarks.remarks(scene, drafts, whole, untold=made.untold):
            self.findings.remark(finding)
        members = {member for listener in listeners for member in listener.members}
        paths = sum(len(draft.claims) for draft in drafts)
        title = f"{_counted(len(drafts), 'host')}, {_counted(paths, 'path')}"
        self._add(name, listeners, made.spec, members=members, title=title, owner=whole.owner)

    def done(self) -> UrlMaps:
        """Return all of it."""
        refs = (ref for r in self.resources for v in r.spec.values() for ref in references(v))
        return UrlMaps(
            resources=tuple(self.resources),
            by_port=MappingProxyType(dict(sorted(self.by_port.items()))),
            diagnostics=tuple(self.findings.diagnostics),
            quarantined=tuple(self.findings.quarantined),
            used=frozenset(ref.address for ref in refs),
        )

    def _address(self, name: str) -> str:
        return addresses.url_map(self.context.group, name, balancer=self.context.balancer)

    def _observed(self, name: str) -> ObservedResource | None:
        """Return the map that serves these ports now; one that is new splits off from ``main``."""
        return self.context.at(self._address(name)) or self.context.at(self._address(MAIN))

    def _add(
        self,
        name: str,
        listeners: Sequence[ListenerIntent],
        body: Spec,
        *,
        members: set[Key],
        title: str,
        owner: Key | None = None,
    ) -> None:
        address, labels = self._address(name), self.context.labels
        more: dict[str, Word] = {VARIANT_WORD: self.context.variant.value}
        if len(listeners) > 1:
            more[FORWARDING_RULES_WORD] = len(listeners)
        if owner is not None:
            more[owners.DEFAULT] = str(owner)
        called = labels.url_map_name(address, name)
        spec: dict[str, PlainInput] = {
            "name": called,
            "description": labels.description(address, ingress=labels.only_ingress, more=more),
            **self.context.place,
            **body,
        }
        self.resources.append(
            Resource(
                kind=Kind.URL_MAP.value,
                address=address,
                group=self.context.group,
                name=called,
                ingresses=tuple(sorted(members | ingresses(body))),
                spec=freeze_spec(spec),
                title=title,
            )
        )
        self.by_port |= {listener.port: address for listener in listeners}

    def _without_answer(self, name: str, listeners: Sequence[ListenerIntent]) -> None:
        """Tell everybody that there is nothing to answer with; a map that exists stays."""
        members = frozenset(member for listener in listeners for member in listener.members)
        for problem in remarks.no_answer(self.context, members):
            self.findings.set_aside(problem)
        observed = self.context.at(self._address(name))
        if observed is not None:
            self.resources.append(as_resource(observed))
            self.by_port |= {listener.port: observed.address for listener in listeners}


def _drafts(scene: Scene, whole: Answer) -> list[HostDraft]:
    """Return every host of a map, in the order in which they are tried."""
    rules = scene.rules_by_host
    found = []
    for host in sorted({*rules, *scene.kept_hosts}, key=host_order):
        of_host = rules.get(host, ())
        if host.endswith(RESERVED):
            _refuse_reserved(scene, of_host)
            continue
        answer = host_answer(scene, host, of_host, whole)
        claims = with_room(scene, host, host_claims(scene, host, of_host), answer)
        found.append(HostDraft(host=host, claims=claims, answer=answer))
    return found


def _refuse_reserved(scene: Scene, rules: Sequence[PathRule]) -> None:
    """Refuse a host that nobody can ask for: a switch of backends borrows names of that kind."""
    for rule in rules:
        problem = RuleError(
            "HOST-RESERVED",
            f"host {rule.host} ends in {RESERVED}, which no name in DNS does (RFC 2606)",
            hint="use another host",
        )
        scene.blame(rule, problem)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

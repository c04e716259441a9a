"""A *scene*: everything that the rules of one URL map are decided by, and what is found wrong.

Ports whose members are the same share one map, so a scene is not a listener's but a map's. What is
wrong with a path is noted here as it is found: it costs that path alone, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp.desired.context import Context
from providers.gcp.neighbours import DEFAULT_BACKEND as GKE_DEFAULT_BACKEND
from providers.gcp.routing.actions import Destinations, action_of
from providers.gcp.routing.canonical import ANY_HOST
from providers.gcp.routing.drafts import Answer
from providers.gcp.routing.entries import Entry, entries
from provisioner.core.rule_findings import RuleError, RuleFindings
from provisioner.core.rule_words import standing
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.model.intent import BackendId, ListenerIntent, Member, PathRule, RuleAction
from provisioner.model.kube import Key
from provisioner.model.resource import NO_SPEC, Ref, Spec, freeze_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the rules of one URL map are decided by, and the findings so far.

    Attributes:
        listener: One of the listeners that share the map; they have the same rules.
        present: What the map decides now, by host and path.
        held: Ingresses whose rules stay as they are.
    """

    context: Context
    listener: ListenerIntent
    destinations: Destinations
    findings: RuleFindings
    present: Mapping[tuple[str, str], Entry]
    held: frozenset[Key]
    members: Mapping[Key, Member]

    @classmethod
    def of(
        cls,
        context: Context,
        listener: ListenerIntent,
        destinations: Destinations,
        *,
        findings: RuleFindings,
        observed: Spec = NO_SPEC,
    ) -> Scene:
        """Return the scene of a URL map.

        Args:
            context: The load balancer.
            listener: One of the listeners that share the map.
            destinations: Where its backends are.
            findings: Where what is wrong is told.
            observed: The content of the map that serves these listeners now.
        """
        found = {(entry.host, entry.path): entry for entry in entries(observed)} if observed else {}
        return cls(
            context=context,
            listener=listener,
            destinations=destinations,
            findings=findings,
            present=MappingProxyType(found),
            held=context.held,
            members=MappingProxyType({m.ingress: m for m in context.intent.members}),
        )

    @property
    def rules_by_host(self) -> Mapping[str, Sequence[PathRule]]:
        """The planned paths by host, as a URL map calls it."""
        found: dict[str, list[PathRule]] = {}
        for rule in self.listener.rules:
            found.setdefault(rule.host or ANY_HOST, []).append(rule)
        return found

    @property
    def kept_hosts(self) -> tuple[str, ...]:
        """The hosts that something is kept of."""
        hosts = (entry.host for entry in self.present.values() if entry.ingress in self.held)
        return tuple(dict.fromkeys(host for host in hosts if host))

    def kept(self, host: str) -> tuple[Entry, ...]:
        """Return the paths of a host that stay although nothing planned asks for them."""
        return tuple(
            entry
            for (name, path), entry in self.present.items()
            if name == host and path and entry.ingress in self.held
        )

    def place(self, key: Key) -> tuple[int, str, Key]:
        """Return how early a member comes."""
        return standing(self.members, key)

    def blame(self, rule: PathRule, problem: RuleError) -> None:
        """Quarantine a path."""
        self.findings.quarantine(rule.ingress, rule.field, problem)

    def default_refused(self, ingress: Key) -> bool:
        """Tell whether a default backend is quarantined: what it answered last stays."""
        return any(
            each.ingress == ingress and each.path == DEFAULT_BACKEND
            for each in self.context.intent.quarantined
        )

    def not_found(self) -> Spec | None:
        """Return what answers for requests that nobody wants: 404, or GKE's default backend."""
        theirs = self.gke_default()
        if theirs is not None and (self.context.incumbent or not self.context.variant.managed):
            return theirs
        return self.destinations.answer(404)

    def gke_default(self) -> Spec | None:
        """Return the action that leads to GKE's default backend, where it is to be had."""
        own = self.destinations.own
        found = sorted(backend for backend in own if backend.service == GKE_DEFAULT_BACKEND)
        return _to(found[0], own) if found else None

    def default_action(
        self, member: Key, action: RuleAction, options: Mapping[str, object]
    ) -> Spec | None:
        """Return what a default backend does, None where it cannot: its owner is told."""
        if not self.destinations.serve(action):
            return None
        try:
            return action_of(action, options, self.destinations, protocol=self.listener.protocol)
        except RuleError as problem:
            if not self.default_refused(member):
                self.findings.quarantine(member, DEFAULT_BACKEND, problem)
            return None

    def present_answer(self, host: str, owner: Key) -> Answer | None:
        """Return what answers now for a host, if that is this Ingress's default backend."""
        entry = self.present.get((host, ""))
        if entry is None or entry.ingress != owner:
            return None
        return Answer(action=entry.action, owner=owner)


def _to(backend: BackendId, own: Mapping[BackendId, str]) -> Spec:
    return freeze_spec({"service": Ref(own[backend], "selfLink")})

"""Turn one Ingress into rules, as the Kubernetes API describes them, whoever its neighbours are.

Every path either becomes a rule or has a diagnostic that says why not. A path whose host and path
are sound but whose backend is not keeps its place as a *held* rule, so that what it did last can
stay; one whose host or path cannot be read has nothing to be recognised by and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provisioner.core.annotations import (
    ACTIONS,
    CERTIFICATES,
    LISTEN_PORTS,
    ForwardTo,
    NamedAction,
)
from provisioner.core.backends import DEFAULT_BACKEND, Backends, Reference
from provisioner.core.complaints import Complaints, softened
from provisioner.core.group import Candidate
from provisioner.core.hosts import host_problem
from provisioner.core.reading import Table
from provisioner.core.values import ListenPort
from provisioner.model.annotation import Merge, Place
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    FixedResponse,
    Forward,
    ListenerProtocol,
    PathRule,
    PathType,
    Quarantined,
    RuleAction,
    WeightedBackend,
)
from provisioner.model.kube import HttpPath, IngressBackend, IngressRule, PortRef

USE_ANNOTATION = "use-annotation"
NO_SERVICE = FixedResponse(status=503, body="Backend service does not exist")
NO_ACTION = FixedResponse(status=503, body="Backend action does not exist")

_FORBIDDEN = ("//", "/./", "/../", "%2f", "%2F")
_FORBIDDEN_ENDS = ("/..", "/.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One Ingress on its own: what it would be on a load balancer without neighbours.

    ``ports`` is () where its listen ports cannot be read.
    """

    candidate: Candidate
    ports: tuple[ListenPort, ...]
    rules: tuple[PathRule, ...]
    default: RuleAction | None
    backends: Mapping[BackendId, BackendIntent]
    quarantined: tuple[Quarantined, ...]
    remarks: tuple[Diagnostic, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host it speaks of, in rules and in TLS, sorted; the empty one left out."""
        named = {host.lower() for tls in self.candidate.ingress.tls for host in tls.hosts}
        named.update(rule.host for rule in self.rules)
        return tuple(sorted(host for host in named if host and not host_problem(host)))

    @property
    def https(self) -> tuple[int, ...]:
        """Its HTTPS ports."""
        return tuple(p.port for p in self.ports if p.protocol is ListenerProtocol.HTTPS)


class Drafter:
    """Drafts Ingresses; holds what is the same for all of them."""

    def __init__(self, backends: Backends, *, table: Table) -> None:
        self.backends = backends
        self.options = table.options(Merge.OWN, place=Place.INGRESS)
        self.families = tuple(
            name for name in table.families(Merge.OWN, place=Place.INGRESS) if name != ACTIONS.name
        )

    def draft(self, candidate: Candidate) -> Draft:
        """Return the draft of one Ingress."""
        return _Drafting(self, candidate).draft()


class _Drafting:
    """The pass over one Ingress."""

    def __init__(self, drafter: Drafter, candidate: Candidate) -> None:
        self._drafter = drafter
        self._candidate = candidate
        self._say = Complaints(candidate.key)
        self._incumbent = candidate.policy.compatibility is Compatibility.INCUMBENT
        self._rules: list[PathRule] = []
        self._backends: dict[BackendId, BackendIntent] = {}
        self._quarantined: list[Quarantined] = []
        self._remarks: list[Diagnostic] = []
        self._services: set[str] = set()
        said = candidate.values.said
        self._common = {n: said[n].value for n in drafter.options if n in said}

    def draft(self) -> Draft:
        default = self._default()
        for index, rule in enumerate(self._candidate.ingress.rules):
            self._add_rule(rule, index, default=default)
        ports = self._ports()
        self._remark_tls(ports)
        self._remark_unused()
        return Draft(
            candidate=self._candidate,
            ports=ports,
            rules=tuple(self._rules),
            default=default,
            backends=self._backends,
            quarantined=tuple(self._quarantined),
            remarks=tuple(self._remarks),
        )

    def _ports(self) -> tuple[ListenPort, ...]:
        if LISTEN_PORTS.name in self._candidate.failed:
            return ()
        values = self._candidate.values
        said = values.get(LISTEN_PORTS)
        if said is not None:
            return said
        if values.get(CERTIFICATES):
            return (ListenPort(443, ListenerProtocol.HTTPS),)
        return (ListenPort(80, ListenerProtocol.HTTP),)

    def _default(self) -> RuleAction | None:
        backend = self._candidate.ingress.default_backend
        if backend is None:
            return None
        action = self._action(backend, field=DEFAULT_BACKEND)
        return NO_SERVICE if action is None else action

    def _add_rule(self, rule: IngressRule, index: int, *, default: RuleAction | None) -> None:
        host, field = rule.host.lower(), f"spec.rules[{index}]"
        trouble = host_problem(host)
        host_error = self._say.bad_host(rule.host, f"{field}.host", trouble) if trouble else None
        if rule.paths is None:
            self._add_bare_host(host, index, default=default, host_error=host_error)
            return
        for number, path in enumerate(rule.paths):
            place = f"{field}.http.paths[{number}]"
            wrong = host_error or self._path_problem(path, field=place)
            if wrong is not None:
                self._quarantine(place, wrong)
                continue
            self._add_path(path, host, field=place, position=(index, number))

    def _add_path(
        self, path: HttpPath, host: str, *, field: str, position: tuple[int, int]
    ) -> None:
        action = self._action(path.backend, field=field)
        self._rules.append(
            PathRule(
                ingress=self._candidate.key,
                field=field,
                host=host,
                path=path.path,
                path_type=PathType(path.path_type),
                action=NO_SERVICE if action is None else action,
                position=position,
                held=action is None,
                options=self._path_options(path.backend.service),
            )
        )

    def _add_bare_host(
        self,
        host: str,
        index: int,
        *,
        default: RuleAction | None,
        host_error: Diagnostic | None,
    ) -> None:
        """Add a host without paths: all of it belongs to the default backend."""
        field = f"spec.rules[{index}]"
        if host_error is not None:
            self._quarantine(field, host_error)
            return
        if self._incumbent or (default is None and not host):
            self._remarks.append(self._say.no_paths(field))
            return
        if default is None:
            self._remarks.append(self._say.no_default(host, field))
        if not host:
            return
        self._rules.append(
            PathRule(
                ingress=self._candidate.key,
                field=field,
                host=host,
                path="/",
                path_type=PathType.PREFIX,
                action=default or FixedResponse(),
                position=(index, 0),
                held=any(q.path == DEFAULT_BACKEND for q in self._quarantined),
            )
        )

    def _action(self, backend: IngressBackend, *, field: str) -> RuleAction | None:
        """Return what a backend does, None where it had to be quarantined."""
        if backend.resource:
            self._quarantine(field, self._say.resource(backend, field))
            return None
        if not backend.service:
            self._quarantine(field, self._say.no_backend(field))
            return None
        self._services.add(backend.service)
        if backend.port == PortRef(name=USE_ANNOTATION):
            return self._named_action(backend.service, field=field)
        return self._forward(backend, field=field)

    def _forward(self, backend: IngressBackend, *, field: str) -> RuleAction | None:
        reference = Reference(service=backend.service, port=backend.port, field=field)
        resolved = self._drafter.backends.resolve(self._candidate, reference)
        if resolved.absent and self._incumbent:
            self._remarks.extend(softened(d) for d in resolved.problems)
            return NO_SERVICE
        for problem in resolved.problems:
            self._quarantine(field, problem)
        if resolved.backend is None:
            return None
        return Forward(backends=(WeightedBackend(backend=self._keep(resolved.backend)),))

    def _keep(self, backend: BackendIntent) -> BackendId:
        self._backends.setdefault(backend.id, backend)
        return backend.id

    def _named_action(self, name: str, *, field: str) -> RuleAction | None:
        action: NamedAction | None = self._candidate.values.family(ACTIONS).get(name)
        if isinstance(action, ForwardTo):
            return self._weighted(action, field=field)
        if action is not None:
            return action
        missing = self._say.no_action(name, field)
        if self._incumbent:
            self._remarks.append(softened(missing))
            return NO_ACTION
        self._quarantine(field, missing)
        return None

    def _weighted(self, action: ForwardTo, *, field: str) -> RuleAction | None:
        resolved = [
            (
                self._drafter.backends.resolve(
                    self._candidate, Reference(service=s.service, port=s.port, field=field)
                ),
                s.weight,
            )
            for s in action.services
        ]
        problems = [p for found, _ in resolved for p in found.problems]
        for problem in problems:
            self._quarantine(field, problem)
        backends = tuple(
            WeightedBackend(backend=self._keep(found.backend), weight=weight)
            for found, weight in resolved
            if found.backend is not None and not problems
        )
        return Forward(backends=backends) if backends else None

    def _path_options(self, service: str) -> Mapping[str, object]:
        options = dict(self._common)
        for name in self._drafter.families:
            said = self._candidate.values.families.get(name, {}).get(service)
            if said is not None:
                options[name] = said.value
        return MappingProxyType(options)

    def _path_problem(self, path: HttpPath, *, field: str) -> Diagnostic | None:
        if path.path_type not in tuple(PathType):
            return self._say.bad_type(path, f"{field}.pathType")
        if path.path_type == PathType.IMPLEMENTATION_SPECIFIC:
            return None
        if not path.path.startswith("/"):
            return self._say.bad_path(path, f"{field}.path", 'it must begin with "/"')
        found = [part for part in _FORBIDDEN if part in path.path]
        found += [end for end in _FORBIDDEN_ENDS if path.path.endswith(end)]
        if found:
            return self._say.bad_path(path, f"{field}.path", f'it must not contain "{found[0]}"')
        return None

    def _quarantine(self, path: str, diagnostic: Diagnostic) -> None:
        self._quarantined.append(
            Quarantined(ingress=self._candidate.key, path=path, diagnostic=diagnostic)
        )

    def _remark_tls(self, ports: tuple[ListenPort, ...]) -> None:
        https = any(p.protocol is ListenerProtocol.HTTPS for p in ports)
        if not self._candidate.ingress.tls or https or not ports:
            return
        self._remarks.append(self._say.tls_unused())

    def _remark_unused(self) -> None:
        for name in (ACTIONS.name, *self._drafter.families):
            for suffix, said in self._candidate.own.families.get(name, {}).items():
                if suffix in self._services:
                    continue
                self._remarks.append(self._say.unused(suffix, said))

"""Turn one Ingress into rules, as the Kubernetes API describes them, whoever its neighbours are.

Every path either becomes a rule or has a diagnostic that says why not. A path whose host and path
are sound but whose backend is not keeps its place as a *held* rule, so that what it did last can
stay; one whose host or path cannot be read has nothing to be recognised by and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from provisioner.core.actions import NO_SERVICE, Deed, Deeds
from provisioner.core.annotations import (
    ACTIONS,
    LISTEN_PORTS,
    WEIGHTS,
)
from provisioner.core.backends import Backends
from provisioner.core.complaints import Complaints
from provisioner.core.dialect import Dialect
from provisioner.core.group import Candidate
from provisioner.core.hosts import host_problem
from provisioner.core.reading import Table
from provisioner.core.rule_options import NOTHING, RuleOptions
from provisioner.core.secrets import Secrets
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.core.values import ListenPort
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    FixedResponse,
    ListenerProtocol,
    PathRule,
    PathType,
    Quarantined,
    RuleAction,
)
from provisioner.model.kube import HttpPath, IngressBackend, IngressRule

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
    default_options: Mapping[str, object]
    backends: Mapping[BackendId, BackendIntent]
    quarantined: tuple[Quarantined, ...]
    remarks: tuple[Diagnostic, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host it speaks of, in rules and in TLS, sorted; the empty one left out."""
        named = {host.lower() for tls in self.candidate.ingress.tls for host in tls.hosts}
        written = {rule.host.lower() for rule in self.candidate.ingress.rules}
        named.update(rule.host for rule in self.rules if rule.host in written)
        return tuple(sorted(host for host in named if host and not host_problem(host)))

    @property
    def https(self) -> tuple[int, ...]:
        """Its HTTPS ports."""
        return tuple(p.port for p in self.ports if p.protocol is ListenerProtocol.HTTPS)


class Drafter:
    """Drafts Ingresses; holds what is the same for all of them."""

    def __init__(
        self, backends: Backends, *, table: Table, dialect: Dialect, secrets: Secrets | None = None
    ) -> None:
        self.backends = backends
        self.dialect = dialect
        self.options = RuleOptions(backends, table=table)
        self.secrets = secrets

    def draft(self, candidate: Candidate) -> Draft:
        """Return the draft of one Ingress."""
        return _Drafting(self, candidate).draft()


class _Drafting:
    """The pass over one Ingress."""

    def __init__(self, drafter: Drafter, candidate: Candidate) -> None:
        self._drafter = drafter
        self._candidate = candidate
        self._say = Complaints(candidate.key)
        self._deeds = Deeds(drafter.backends, candidate)
        self._incumbent = candidate.policy.compatibility is Compatibility.INCUMBENT
        self._rules: list[PathRule] = []
        self._backends: dict[BackendId, BackendIntent] = {}
        self._quarantined: list[Quarantined] = []
        self._remarks: list[Diagnostic] = []
        self._services: set[str] = set()

    def draft(self) -> Draft:
        default, options = self._default()
        for index, rule in enumerate(self._candidate.ingress.rules):
            self._add_rule(rule, index, default=default, default_options=options)
        ports = self._ports()
        self._remark_tls(ports)
        self._remark_unused()
        return Draft(
            candidate=self._candidate,
            ports=ports,
            rules=tuple(self._rules),
            default=default,
            default_options=options,
            backends=self._backends,
            quarantined=tuple(self._quarantined),
            remarks=tuple(self._remarks),
        )

    def _ports(self) -> tuple[ListenPort, ...]:
        if LISTEN_PORTS.name in self._candidate.failed:
            return ()
        said = self._candidate.values.get(LISTEN_PORTS)
        if said is not None:
            return said
        return tuple(ListenPort(*port) for port in self._candidate.front.ports)

    def _default(self) -> tuple[RuleAction | None, Mapping[str, object]]:
        """Return the default backend's action and options; 503 where there is no doing it."""
        backend = self._candidate.ingress.default_backend
        if backend is None:
            return None, NOTHING
        deed = self._deed(backend, field=DEFAULT_BACKEND)
        if deed.action is None:
            return NO_SERVICE, NOTHING
        options = self._drafter.options.of_default(self._candidate, deed.only)
        filled = self._filled(options, field=DEFAULT_BACKEND)
        return (FixedResponse(status=503), NOTHING) if filled is None else (deed.action, filled)

    def _add_rule(
        self,
        rule: IngressRule,
        index: int,
        *,
        default: RuleAction | None,
        default_options: Mapping[str, object],
    ) -> None:
        host, field = rule.host.lower(), f"spec.rules[{index}]"
        trouble = host_problem(host)
        host_error = self._say.bad_host(rule.host, f"{field}.host", trouble) if trouble else None
        if rule.paths is None and host_error is not None:
            self._quarantine(field, host_error)
            return
        if rule.paths is None:
            self._add_bare_host(host, index, default=default, options=default_options)
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
        deed = self._deed(path.backend, field=field)
        said = self._drafter.options.of_path(self._candidate, path.backend.service, deed.only)
        options = self._filled(said, field=field)
        held = deed.action is None or options is None
        for name, own in self._by_host(host, said if options is None else options).items():
            self._rules.append(
                PathRule(
                    ingress=self._candidate.key,
                    field=field,
                    host=name,
                    path=path.path,
                    path_type=self._path_type(path),
                    action=deed.action or NO_SERVICE,
                    position=position,
                    held=held,
                    options=own,
                )
            )

    def _by_host(
        self, host: str, options: Mapping[str, object]
    ) -> Mapping[str, Mapping[str, object]]:
        """Return the hosts of a path with their options; the incumbent has one rule for all."""
        return {host: options} if self._incumbent else self._drafter.dialect.by_host(host, options)

    def _path_type(self, path: HttpPath) -> PathType:
        """Return the path type; what has none is the cloud's business to the incumbent."""
        if self._incumbent and not path.path_type:
            return PathType.IMPLEMENTATION_SPECIFIC
        return PathType(path.path_type)

    def _add_bare_host(
        self,
        host: str,
        index: int,
        *,
        default: RuleAction | None,
        options: Mapping[str, object],
    ) -> None:
        """Add a host without paths: all of it belongs to the default backend."""
        field = f"spec.rules[{index}]"
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
                options=options,
            )
        )

    def _deed(self, backend: IngressBackend, *, field: str) -> Deed:
        """Return what a backend does; where that cannot be done its path is quarantined."""
        if backend.service:
            self._services.add(backend.service)
        deed = self._deeds.of(backend, field=field)
        self._remarks.extend(deed.remarks)
        deed = self._with_entry(deed, field=field)
        for problem in deed.problems:
            self._quarantine(field, problem)
        for found in deed.backends:
            self._backends.setdefault(found.id, found)
        return deed

    def _with_entry(self, deed: Deed, *, field: str) -> Deed:
        """Refuse to lead past what a Service asks of clients; the incumbent does, and is told."""
        if deed.action is None or deed.only is not None:
            return deed
        services = (backend.id.service for backend in deed.backends)
        unheard = self._drafter.options.unheard(self._candidate, services)
        lost = tuple(self._say.entry_lost(service, field) for service in unheard)
        if self._incumbent or not lost:
            self._remarks.extend(
                replace(problem, severity=Severity.WARNING, blocking=False) for problem in lost
            )
            return deed
        return replace(deed, action=None, problems=lost)

    def _filled(self, options: Mapping[str, object], *, field: str) -> Mapping[str, object] | None:
        """Return options with the secrets that they name, None where the path is quarantined."""
        if self._drafter.secrets is None or not options:
            return options
        filled = self._drafter.secrets.fill(self._candidate.key, options)
        for problem in filled.problems:
            self._quarantine(field, problem)
        return None if filled.problems else filled.options

    def _path_problem(self, path: HttpPath, *, field: str) -> Diagnostic | None:
        untyped = self._incumbent and not path.path_type
        if path.path_type not in tuple(PathType) and not untyped:
            return self._say.bad_type(path, f"{field}.pathType")
        if untyped or path.path_type == PathType.IMPLEMENTATION_SPECIFIC:
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
        for name in (ACTIONS.name, *self._drafter.options.families):
            for suffix, said in self._candidate.own.families.get(name, {}).items():
                if suffix not in self._services:
                    self._remarks.append(self._say.unused(suffix, said))
        said_weights = self._candidate.own.said.get(WEIGHTS.name)
        weights = self._candidate.own.get(WEIGHTS) or ()
        if said_weights is not None and not any(w.service in self._services for w in weights):
            names = " or ".join(dict.fromkeys(w.service for w in weights))
            self._remarks.append(self._say.unused(names, said_weights))

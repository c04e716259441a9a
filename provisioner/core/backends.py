"""Resolve what a path names to a backend: a Service port, its settings and who is behind it.

A backend is an Ingress' use of one Service port, because settings may differ from Ingress to
Ingress. The port is folded to its number, so that ``http`` and ``80`` are one backend; under
``incumbent`` compatibility they stay two, as LBC makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from provisioner.core import annotations as settings_of
from provisioner.core.annotations import ModeWish
from provisioner.core.dialect import Dialect
from provisioner.core.group import Candidate
from provisioner.core.reading import Reading, Table, Values, read_annotations
from provisioner.core.targets import Targets
from provisioner.core.values import PORTS
from provisioner.model.annotation import Merge, Place
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    BackendProtocol,
    Compatibility,
    HealthCheck,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.kube import NO_STRINGS, Key, PortRef, Service, ServicePort
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot

DEFAULT_BACKEND = "spec.defaultBackend"
TRAFFIC_PORT = "traffic-port"
HEALTH_CHECK_TARGET_PORT = "health-check-target-port"
"""Option of a backend whose health check names a Service port: the port's number on pods."""

_SHOWN = 3
_MODES = {ModeWish.POD: TargetMode.POD, ModeWish.NODE_PORT: TargetMode.NODE_PORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A mention of a Service port in an Ingress; ``field`` is where it stands."""

    service: str
    port: PortRef
    field: str

    def at(self, part: str) -> str:
        """Return the field path of a part of the backend's Service."""
        inside = "" if self.field == DEFAULT_BACKEND else ".backend"
        return f"{self.field}{inside}.service.{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A backend, or why there is none. ``absent``: the Service itself is not there."""

    backend: BackendIntent | None = None
    problems: tuple[Diagnostic, ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """One use of one Service port, with every setting that applies to it."""

    candidate: Candidate
    reference: Reference
    service: Service
    port: ServicePort
    values: Values


def default_wish(configured: str, compatibility: Compatibility) -> ModeWish:
    """Return the target mode that holds where no object says anything."""
    if configured:
        return ModeWish(configured)
    if compatibility is Compatibility.INCUMBENT:
        return ModeWish.NODE_PORT
    return ModeWish.AUTO


class Backends:
    """Backends out of one snapshot; Services are read once, however many Ingresses use them."""

    def __init__(
        self, snapshot: Snapshot, provider: Dialect, *, settings: Settings, table: Table
    ) -> None:
        self._snapshot = snapshot
        self._settings = settings
        self._table = table
        self._targets = Targets(snapshot, provider)
        self._options = table.options(Merge.OWN, place=Place.SERVICE)
        self._families = table.families(Merge.OWN, place=Place.SERVICE)
        self._readings: dict[Key, Reading] = {}

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Return what is odd, but blocks nothing, about the Services used."""
        found: list[Diagnostic] = []
        for key in sorted(self._readings):
            found += (d for d in self._readings[key].diagnostics if not d.blocking)
            if addresses := self._targets.made_by_hand(key):
                found.append(_made_by_hand(key, addresses))
        return tuple(found)

    def resolve(self, candidate: Candidate, reference: Reference) -> Resolved:
        """Return the backend that a reference means."""
        key = Key(candidate.key.namespace, reference.service)
        service = self._snapshot.services.get(key)
        if service is None:
            return Resolved(problems=(self._missing(candidate, reference),), absent=True)
        if service.type == "ExternalName":
            return Resolved(problems=(_external_name(candidate, reference),))
        port = port_of(service, reference.port)
        if port is None:
            return Resolved(problems=(_no_port(candidate, reference, service=service),))
        reading = self._reading(service)
        blocking = tuple(
            replace(d, ingress=candidate.key) for d in reading.diagnostics if d.blocking
        )
        if blocking:
            return Resolved(problems=blocking)
        return self._build(
            _Use(
                candidate=candidate,
                reference=reference,
                service=service,
                port=port,
                values=_together(candidate, reading.values),
            )
        )

    def values_with(self, candidate: Candidate, service: Key) -> Values:
        """Return what class, Service and Ingress say together, strongest first."""
        found = self._snapshot.services.get(service)
        return (
            candidate.values if found is None else _together(candidate, self._reading(found).values)
        )

    def unread(self, service: Key) -> frozenset[str]:
        """Return the settings that a Service states unreadably."""
        found = self._snapshot.services.get(service)
        return frozenset() if found is None else self._reading(found).failed

    def _build(self, use: _Use) -> Resolved:
        problems = (*self._mode_problem(use), *_health_port_problem(use))
        if problems:
            return Resolved(problems=problems)
        return Resolved(backend=self._intent(use))

    def _reading(self, service: Service) -> Reading:
        found = self._readings.get(service.key)
        if found is None:
            found = read_annotations(service.meta, Place.SERVICE, table=self._table)
            self._readings[service.key] = found
        return found

    def _intent(self, use: _Use) -> BackendIntent:
        service, port, values = use.service, use.port, use.values
        compatibility = use.candidate.policy.compatibility
        pods = self._targets.pods(service, port, compatibility=compatibility)
        labels = values.get(settings_of.TARGET_NODE_LABELS) or NO_STRINGS
        # Where the labels cannot be read, nobody knows which nodes are meant: not all of them.
        unread = use.candidate.failed | self._reading(service).failed
        nodes = (
            None
            if settings_of.TARGET_NODE_LABELS.name in unread
            else self._targets.nodes(service, port, labels=labels, compatibility=compatibility)
        )
        said = values.where(settings_of.TARGET_MODE)
        health = _health_check(use)
        health_port = _named_health_port(use)
        return BackendIntent(
            id=_identity(use),
            field=use.reference.field,
            mode=_MODES.get(said.value) if said else None,
            mode_source=said.source if said else "",
            service_port=port.port,
            service_port_name=port.name,
            target_port_named=isinstance(port.target_port, str),
            service_uid=service.meta.uid,
            ip_families=service.ip_families,
            target_port=self._targets.target_port(service, port),
            node_port=port.node_port,
            can_node_port=can_node_port(service, port),
            health_check_node_port=health_port.node_port if health_port else 0,
            protocol=values.get(settings_of.BACKEND_PROTOCOL) or BackendProtocol.HTTP,
            protocol_version=values.get(settings_of.BACKEND_PROTOCOL_VERSION)
            or ProtocolVersion.HTTP1,
            health_check=health,
            attributes=values.get(settings_of.TARGET_GROUP_ATTRIBUTES) or NO_STRINGS,
            tags=values.get(settings_of.TAGS) or NO_STRINGS,
            pods=pods,
            nodes=nodes,
            count=self._targets.count(service, pods),
            options=self._option_values(use, health_port),
        )

    def _option_values(self, use: _Use, health_port: ServicePort | None) -> Mapping[str, object]:
        said, families = use.values.said, use.values.families
        options: dict[str, object] = {n: said[n].value for n in self._options if n in said}
        options |= dict.fromkeys(self._said_by_either(use), True)
        for name in self._families:
            said_of = families.get(name, {})
            words = (said_of[key].value for key in _port_keys(use) if key in said_of)
            if (word := next(words, None)) is not None:
                options[name] = word
        if health_port is not None:
            number = self._targets.target_port(use.service, health_port)
            options[HEALTH_CHECK_TARGET_PORT] = number
        return MappingProxyType(options)

    def _said_by_either(self, use: _Use) -> tuple[str, ...]:
        """Return the settings for which one word of Ingress or Service is enough, if it is said."""
        words = (use.candidate.own.said, self._reading(use.service).values.said)
        return tuple(
            name
            for name in sorted(self._table.either)
            if any(name in said and said[name].value is True for said in words)
        )

    def _mode_problem(self, use: _Use) -> tuple[Diagnostic, ...]:
        wish = use.values.get(settings_of.TARGET_MODE) or default_wish(
            self._settings.target_mode, use.candidate.policy.compatibility
        )
        if wish is not ModeWish.NODE_PORT or can_node_port(use.service, use.port):
            return ()
        return (_no_node_ports(use),)

    def _missing(self, candidate: Candidate, reference: Reference) -> Diagnostic:
        key = Key(candidate.key.namespace, reference.service)
        if "Service" in self._snapshot.unknown_kinds:
            message, hint = "Services could not be listed", "let the controller list services"
        else:
            message = f"Service {key} does not exist"
            hint = f"create Service {key}, or name another one"
            if not self._snapshot.live:
                hint = f"add Service {key} to the files"
        return error(
            "BACKEND-SERVICE-MISSING",
            candidate.subject,
            message=message,
            field=reference.at("name"),
            hint=hint,
            ingress=candidate.key,
        )


def _together(candidate: Candidate, service: Values) -> Values:
    policy = candidate.policy
    return policy.imposed_on(service.over(candidate.own)).over(policy.defaults.values)


def _port_keys(use: _Use) -> tuple[str, ...]:
    """Return how a family of annotations may name this Service port: as written first.

    Where name and number are one backend, either of them names it.
    """
    ports = [str(use.reference.port)]
    if use.candidate.policy.compatibility is Compatibility.KUBERNETES:
        ports += [str(use.port.port), use.port.name]
    return tuple(f"{use.service.meta.name}.{port}" for port in ports if port)


def _identity(use: _Use) -> BackendId:
    folded = use.candidate.policy.compatibility is Compatibility.KUBERNETES
    return BackendId(
        ingress=use.candidate.key,
        service=use.service.key,
        port=str(use.port.port) if folded else str(use.reference.port),
    )


def port_of(service: Service, wanted: PortRef) -> ServicePort | None:
    """Return the TCP port that a reference means, by name or by number."""
    for port in service.ports:
        matches = port.name == wanted.name if wanted.name else port.port == wanted.number
        if matches and port.protocol == "TCP":
            return port
    return None


def can_node_port(service: Service, port: ServicePort) -> bool:
    """Tell whether a Service port has node ports, or will have them."""
    if service.type == "NodePort" or port.node_port:
        return True
    return service.type == "LoadBalancer" and service.allocates_node_ports


def _health_check(use: _Use) -> HealthCheck:
    values = use.values
    return HealthCheck(
        port=values.get(settings_of.HEALTH_CHECK_PORT) or TRAFFIC_PORT,
        protocol=values.get(settings_of.HEALTH_CHECK_PROTOCOL),
        path=values.get(settings_of.HEALTH_CHECK_PATH),
        interval_seconds=values.get(settings_of.HEALTH_CHECK_INTERVAL),
        timeout_seconds=values.get(settings_of.HEALTH_CHECK_TIMEOUT),
        healthy_threshold=values.get(settings_of.HEALTHY_THRESHOLD),
        unhealthy_threshold=values.get(settings_of.UNHEALTHY_THRESHOLD),
        success_codes=values.get(settings_of.SUCCESS_CODES),
    )


def _health_port_name(use: _Use) -> str:
    """Return the name of the Service port that is checked, "" where a number or nothing is said."""
    said = use.values.get(settings_of.HEALTH_CHECK_PORT) or TRAFFIC_PORT
    return "" if said == TRAFFIC_PORT or said.isdigit() else said


def _named_health_port(use: _Use) -> ServicePort | None:
    name = _health_port_name(use)
    return port_of(use.service, PortRef(name=name)) if name else None


def _health_port_problem(use: _Use) -> tuple[Diagnostic, ...]:
    said = use.values.where(settings_of.HEALTH_CHECK_PORT)
    if said is None:
        return ()
    name = _health_port_name(use)
    if name and _named_health_port(use) is None:
        message = f'Service {use.service.key} has no port named "{name}" to check'
        hint = _ports_hint(use.service)
    elif said.value.isdigit() and not PORTS[0] <= int(said.value) <= PORTS[1]:
        message = f"{said.value} is not a port to check"
        hint = f"write a number from {PORTS[0]} to {PORTS[1]}"
    else:
        return ()
    return (
        error(
            "BACKEND-HEALTH-PORT",
            use.candidate.subject,
            message=f"{message} ({said.source})",
            field=use.reference.at("port"),
            hint=hint,
            ingress=use.candidate.key,
        ),
    )


def _no_node_ports(use: _Use) -> Diagnostic:
    said = use.values.where(settings_of.TARGET_MODE)
    asked = said.source if said else "the controller's default"
    return error(
        "BACKEND-NODE-PORT",
        use.candidate.subject,
        message=f"Service {use.service.key} is of type {use.service.type} and has no node port,"
        f" but {asked} asks for target mode node-port",
        field=use.reference.at("name"),
        hint="make it a NodePort Service, or set target mode to pod or auto",
        ingress=use.candidate.key,
    )


def _made_by_hand(service: Key, addresses: tuple[str, ...]) -> Diagnostic:
    shown = ", ".join(addresses[:_SHOWN]) + (", ..." if len(addresses) > _SHOWN else "")
    return warning(
        "BACKEND-ENDPOINTS-BY-HAND",
        f"Service {service}",
        message=f"endpoints without a Pod ({shown}) are not registered as pod targets",
        hint="let the Service select pods; register other machines in a target group of your own"
        " and let a rule forward to that",
    )


def _external_name(candidate: Candidate, reference: Reference) -> Diagnostic:
    key = Key(candidate.key.namespace, reference.service)
    return error(
        "BACKEND-EXTERNAL-NAME",
        candidate.subject,
        message=f"Service {key} is of type ExternalName, which has neither pods nor node ports",
        field=reference.at("name"),
        hint="name a Service that selects pods",
        ingress=candidate.key,
    )


def _no_port(candidate: Candidate, reference: Reference, *, service: Service) -> Diagnostic:
    if not reference.port.name and not reference.port.number:
        message = f"no port of Service {service.key} is named"
    else:
        message = f"Service {service.key} has no TCP port {reference.port}"
    return error(
        "BACKEND-PORT-MISSING",
        candidate.subject,
        message=message,
        field=reference.at("port"),
        hint=_ports_hint(service),
        ingress=candidate.key,
    )


def _ports_hint(service: Service) -> str:
    ports = [f"{p.port} ({p.name})" if p.name else str(p.port) for p in service.ports]
    return f"its ports are {', '.join(ports)}" if ports else "it has no ports at all"

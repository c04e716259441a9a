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
from provisioner.core import backend_complaints as complaints
from provisioner.core.annotations import ModeWish
from provisioner.core.backend_health import (
    HEALTH_CHECK_TARGET_PORT,
    health_check,
    health_port_problem,
    named_health_port,
)
from provisioner.core.backend_options import BackendOptions
from provisioner.core.backend_use import Use, together
from provisioner.core.dialect import Dialect
from provisioner.core.group import Candidate
from provisioner.core.reading import Reading, Table, Values, read_annotations
from provisioner.core.secrets import Secrets
from provisioner.core.service_ports import DEFAULT_BACKEND, Reference, can_node_port, port_of
from provisioner.core.targets import Targets
from provisioner.model.annotation import Place
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendIntent,
    BackendProtocol,
    Compatibility,
    NodeTarget,
    ProtocolVersion,
    TargetMode,
)
from provisioner.model.kube import NO_STRINGS, Key, PortRef, Service, ServicePort
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.model.words import BackendWords

_MODES = {ModeWish.POD: TargetMode.POD, ModeWish.NODE_PORT: TargetMode.NODE_PORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A backend, or why there is none. ``absent``: the Service itself is not there."""

    backend: BackendIntent | None = None
    problems: tuple[Diagnostic, ...] = ()
    absent: bool = False


class Backends:
    """Backends out of one snapshot; Services are read once, however many Ingresses use them."""

    def __init__(
        self,
        snapshot: Snapshot,
        provider: Dialect,
        *,
        settings: Settings,
        table: Table,
        secrets: Secrets | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._provider = provider
        self._settings = settings
        self._table = table
        self._of_backends = frozenset(
            row.setting.name for row in table.annotations if Place.SERVICE in row.places
        ) - {settings_of.TARGET_MODE.name}
        self._targets = Targets(snapshot, provider)
        self._options = BackendOptions(snapshot, table, secrets)
        self._readings: dict[tuple[Key, Compatibility], Reading] = {}
        self._remarks: dict[Diagnostic, None] = {}

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Return what is odd, but blocks nothing, about the Services used and their objects."""
        found: list[Diagnostic] = []
        for place in sorted(self._readings):
            found += (d for d in self._readings[place].diagnostics if not d.blocking)
        for key in sorted({key for key, _ in self._readings}):
            if addresses := self._targets.made_by_hand(key):
                found.append(complaints.made_by_hand(key, addresses))
        return (*found, *self._remarks)

    def resolve(self, candidate: Candidate, reference: Reference) -> Resolved:
        """Return the backend that a reference means."""
        key = Key(candidate.key.namespace, reference.service)
        service = self._snapshot.services.get(key)
        if service is None:
            missing = complaints.missing(candidate, reference, snapshot=self._snapshot)
            return Resolved(problems=(missing,), absent=True)
        if service.type == "ExternalName":
            return Resolved(problems=(complaints.external_name(candidate, reference),))
        return self._of_service(candidate, reference, service)

    def fallback(self, candidate: Candidate, installed: Service) -> BackendIntent | None:
        """Return the backend of a Service of the cloud's own, None where the cluster lacks it.

        Files do not hold it, since nobody writes it; it is then as the cloud installs it.
        """
        service = self._snapshot.services.get(installed.key)
        if service is None:
            known = self._snapshot.live or self._snapshot.asked_cluster
            service = None if known else installed
        if service is None or not service.ports:
            return None
        reference = Reference(
            service=service.meta.name,
            port=PortRef(number=service.ports[0].port),
            field=DEFAULT_BACKEND,
        )
        return self._of_service(self._silent(candidate), reference, service).backend

    def _silent(self, candidate: Candidate) -> Candidate:
        """Return a candidate without what it says of its own backends, but for the way to them."""
        said = candidate.own.said
        kept = {name: one for name, one in said.items() if name not in self._of_backends}
        return replace(candidate, own=Values(said=MappingProxyType(kept)))

    def _of_service(self, candidate: Candidate, reference: Reference, service: Service) -> Resolved:
        port = port_of(service, reference.port)
        if port is None:
            return Resolved(problems=(complaints.no_port(candidate, reference, service=service),))
        reading = self._reading(service, candidate)
        blocking = tuple(
            replace(d, ingress=candidate.key) for d in reading.diagnostics if d.blocking
        )
        if blocking:
            return Resolved(problems=blocking)
        return self._build(
            Use(
                candidate=candidate,
                reference=reference,
                service=service,
                port=port,
                values=together(candidate, reading.values),
            )
        )

    def values_with(self, candidate: Candidate, service: Key) -> Values:
        """Return what class, Service and Ingress say together, strongest first."""
        found = self._snapshot.services.get(service)
        if found is None:
            return candidate.values
        return together(candidate, self._reading(found, candidate).values)

    def unread(self, candidate: Candidate, service: Key) -> frozenset[str]:
        """Return the settings that a Service states unreadably."""
        found = self._snapshot.services.get(service)
        return frozenset() if found is None else self._reading(found, candidate).failed

    def _build(self, use: Use) -> Resolved:
        compatibility = use.candidate.policy.compatibility
        said = {name: one.value for name, one in use.values.said.items()}
        words = self._provider.backend_words(said, use.port, compatibility=compatibility)
        options = self._options.of(use, self._reading(use.service, use.candidate).values)
        self._remarks.update(dict.fromkeys(options.remarks))
        problems = (*self._mode_problem(use, words), *health_port_problem(use), *options.problems)
        if problems:
            return Resolved(problems=problems)
        return Resolved(backend=self._intent(use, words, options.values))

    def _reading(self, service: Service, candidate: Candidate) -> Reading:
        """Return what a Service says, as those read it whom the Ingress comes from."""
        compatibility = candidate.policy.compatibility
        place = (service.key, compatibility)
        found = self._readings.get(place)
        if found is None:
            found = read_annotations(
                service.meta, Place.SERVICE, table=self._table, compatibility=compatibility
            )
            self._readings[place] = found
        return found

    def _intent(
        self, use: Use, words: BackendWords, options: Mapping[str, object]
    ) -> BackendIntent:
        service, port, values = use.service, use.port, use.values
        pods = self._targets.pods(service, port, compatibility=use.candidate.policy.compatibility)
        said = values.where(settings_of.TARGET_MODE)
        health_port = named_health_port(use)
        protocol, version = _spoken(values, words)
        return BackendIntent(
            id=use.id,
            field=use.reference.field,
            mode=_MODES.get(said.value) if said else words.mode,
            mode_source=said.source if said else words.mode_source,
            default_mode=words.default_mode,
            service_port=port.port,
            service_port_name=port.name,
            target_port_named=isinstance(port.target_port, str),
            service_uid=service.meta.uid,
            ip_families=service.ip_families,
            target_port=self._targets.target_port(service, port),
            node_port=port.node_port,
            can_node_port=can_node_port(service, port),
            health_check_node_port=health_port.node_port if health_port else 0,
            protocol=protocol,
            protocol_version=version,
            health_check=health_check(use),
            attributes=values.get(settings_of.TARGET_GROUP_ATTRIBUTES) or NO_STRINGS,
            tags=values.get(settings_of.TAGS) or NO_STRINGS,
            pods=pods,
            nodes=self._nodes(use),
            count=self._targets.count(service, pods),
            probe=self._targets.probe(service, port, scheme=protocol),
            options=self._with_health_port(options, use, health_port),
        )

    def _nodes(self, use: Use) -> tuple[NodeTarget, ...] | None:
        """Return the nodes behind a use; which are meant is unknown where labels are unreadable."""
        unread = use.candidate.failed | self._reading(use.service, use.candidate).failed
        if settings_of.TARGET_NODE_LABELS.name in unread:
            return None
        return self._targets.nodes(
            use.service,
            use.port,
            labels=use.values.get(settings_of.TARGET_NODE_LABELS) or NO_STRINGS,
            compatibility=use.candidate.policy.compatibility,
        )

    def _with_health_port(
        self, options: Mapping[str, object], use: Use, health_port: ServicePort | None
    ) -> Mapping[str, object]:
        if health_port is None:
            return options
        number = self._targets.target_port(use.service, health_port)
        return MappingProxyType({**options, HEALTH_CHECK_TARGET_PORT: number})

    def _mode_problem(self, use: Use, words: BackendWords) -> tuple[Diagnostic, ...]:
        said = use.values.where(settings_of.TARGET_MODE)
        asked = said.source if said else words.mode_source or "the controller's default"
        wish = said.value if said else _unsaid(words, self._settings.target_mode)
        if wish is not ModeWish.NODE_PORT or can_node_port(use.service, use.port):
            return ()
        return (complaints.no_node_ports(use, asked),)


def _unsaid(words: BackendWords, configured: str) -> ModeWish:
    """Return the target mode that is wished for where no portable annotation says one."""
    if words.mode is None and configured:
        return ModeWish(configured)
    mode = words.mode or words.default_mode
    return ModeWish.AUTO if mode is None else ModeWish(mode.value)


def _spoken(values: Values, words: BackendWords) -> tuple[BackendProtocol, ProtocolVersion]:
    """Return what targets speak; where a portable annotation says one half, it says both."""
    protocol = values.get(settings_of.BACKEND_PROTOCOL)
    version = values.get(settings_of.BACKEND_PROTOCOL_VERSION)
    if protocol is None and version is None:
        protocol, version = words.protocol, words.protocol_version
    return protocol or BackendProtocol.HTTP, version or ProtocolVersion.HTTP1

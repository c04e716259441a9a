"""What a path's backend does: forward to Services, redirect, or answer by itself.

A backend is one Service port, a name that an annotation explains (port ``use-annotation``), or one
of several Services that share traffic by weight. Whatever is wrong with any part of it is wrong
with that one path; nothing is sent to half of what someone asked for. Under ``incumbent``
compatibility a single Service or action that does not exist answers 503, as with AWS Load Balancer
Controller.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from provisioner.core.annotations import ACTIONS, WEIGHTS, ForwardTo, NamedAction, ServiceWeight
from provisioner.core.backends import Backends, Resolved
from provisioner.core.complaints import Complaints, softened
from provisioner.core.group import Candidate
from provisioner.core.service_ports import Reference
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendIntent,
    Compatibility,
    FixedResponse,
    Forward,
    RuleAction,
    WeightedBackend,
)
from provisioner.model.kube import IngressBackend, Key, PortRef

USE_ANNOTATION = "use-annotation"
NO_SERVICE = FixedResponse(status=503, body="Backend service does not exist")
NO_ACTION = FixedResponse(status=503, body="Backend action does not exist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a backend does.

    Attributes:
        action: None where it cannot be done, see ``problems``.
        backends: The backends that the action names.
        only: The Service, where the action forwards to exactly one and to nothing else.
        problems: Why the path cannot be planned.
        remarks: What is odd, but tolerated.
    """

    action: RuleAction | None = None
    backends: tuple[BackendIntent, ...] = ()
    only: Key | None = None
    problems: tuple[Diagnostic, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()


class Deeds:
    """What the backends of one Ingress do."""

    def __init__(self, backends: Backends, candidate: Candidate) -> None:
        self._backends = backends
        self._candidate = candidate
        self._say = Complaints(candidate.key)
        self._incumbent = candidate.policy.compatibility is Compatibility.INCUMBENT
        self._weights: tuple[ServiceWeight, ...] = candidate.values.get(WEIGHTS) or ()

    def of(self, backend: IngressBackend, *, field: str) -> Deed:
        """Return what a backend does; ``field`` is where it stands."""
        if backend.resource:
            return Deed(problems=(self._say.resource(backend, field),))
        if not backend.service:
            return Deed(problems=(self._say.no_backend(field),))
        if backend.port == PortRef(name=USE_ANNOTATION):
            return self._named(backend.service, field=field)
        if any(self._shares(weighted, backend, field=field) for weighted in self._weights):
            services = tuple(_at(weighted, backend.port) for weighted in self._weights)
            return self._forward(ForwardTo(services=services), field=field)
        only = ServiceWeight(service=backend.service, port=backend.port)
        return self._forward(ForwardTo(services=(only,)), field=field)

    def _shares(self, weighted: ServiceWeight, backend: IngressBackend, *, field: str) -> bool:
        """Tell whether a path's backend is one of those that share its traffic."""
        if weighted.service != backend.service:
            return False
        if weighted.port in (PortRef(), backend.port):
            return True
        only = ServiceWeight(service=backend.service, port=backend.port)
        named, meant = (self._resolve(each, field=field).backend for each in (weighted, only))
        return named is not None and meant is not None and named.service_port == meant.service_port

    def _named(self, name: str, *, field: str) -> Deed:
        action: NamedAction | None = self._candidate.values.family(ACTIONS).get(name)
        if isinstance(action, ForwardTo):
            return self._forward(action, field=field)
        if action is not None:
            return Deed(action=action)
        missing = self._say.no_action(name, field)
        if self._incumbent:
            unread = ACTIONS.name in self._candidate.failed  # and that is told already
            return Deed(action=NO_ACTION, remarks=() if unread else (softened(missing),))
        return Deed(problems=(missing,))

    def _forward(self, wanted: ForwardTo, *, field: str) -> Deed:
        found = [self._resolve(service, field=field) for service in wanted.services]
        alone = len(found) == 1 and not wanted.foreign
        if alone and found[0].absent and self._incumbent:
            remarks = tuple(softened(problem) for problem in found[0].problems)
            return Deed(action=NO_SERVICE, remarks=remarks)
        problems = tuple(dict.fromkeys(p for resolved in found for p in resolved.problems))
        backends = tuple(r.backend for r in found if r.backend is not None)
        if problems or not (backends or wanted.foreign):
            return Deed(problems=problems or (self._say.no_backend(field),))
        weights = [service.weight for service in wanted.services]
        return Deed(
            action=Forward(
                backends=tuple(
                    WeightedBackend(backend=backend.id, weight=weight)
                    for backend, weight in zip(backends, weights, strict=True)
                ),
                foreign=wanted.foreign,
                stickiness_seconds=wanted.stickiness_seconds,
            ),
            backends=backends,
            only=backends[0].id.service if alone else None,
        )

    def _resolve(self, service: ServiceWeight, *, field: str) -> Resolved:
        reference = Reference(service=service.service, port=service.port, field=field)
        return self._backends.resolve(self._candidate, reference)


def _at(weighted: ServiceWeight, port: PortRef) -> ServiceWeight:
    """Return a share with the port of the path where it names none itself."""
    return weighted if weighted.port != PortRef() else replace(weighted, port=port)

"""One use of one Service port by one Ingress, with every setting that applies to it."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.core.group import Candidate
from provisioner.core.reading import Values
from provisioner.core.service_ports import Reference
from provisioner.model.intent import BackendId, Compatibility
from provisioner.model.kube import Service, ServicePort


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Who uses what: ``values`` are those of class, Service and Ingress, strongest first."""

    candidate: Candidate
    reference: Reference
    service: Service
    port: ServicePort
    values: Values

    @property
    def id(self) -> BackendId:
        """Which backend it is; a name and a number of one port are one, but not to the incumbent.

        AWS Load Balancer Controller makes two of them.
        """
        return BackendId(
            ingress=self.candidate.key,
            service=self.service.key,
            port=str(self.port.port) if self._folded else str(self.reference.port),
        )

    @property
    def port_keys(self) -> tuple[str, ...]:
        """How a family of annotations may name this Service port: as written first.

        Where name and number are one backend, either of them names it.
        """
        ports = [str(self.reference.port)]
        if self._folded:
            ports += [str(self.port.port), self.port.name]
        return tuple(f"{self.service.meta.name}.{port}" for port in ports if port)

    @property
    def _folded(self) -> bool:
        return self.candidate.policy.compatibility is Compatibility.KUBERNETES


def together(candidate: Candidate, service: Values) -> Values:
    """Return what class, Service and Ingress say together, strongest first."""
    policy = candidate.policy
    return policy.imposed_on(service.over(candidate.own)).over(policy.defaults.values)

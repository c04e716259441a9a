"""What AWS would refuse about a target group, said before it is asked.

A backend that fails here gets no target group; what stands for it keeps its last good state.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.aws.desired import health
from providers.aws.labels import CONTROL_PORT
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import BackendIntent, TargetMode

IPV6 = "ipv6"
_DUALSTACK = "dualstack"


def problems(
    backend: BackendIntent, mode: TargetMode | None, *, family: str, address_type: str
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a backend in a mode.

    Args:
        backend: The backend.
        mode: How it is reached, None where that is known after apply.
        family: ``ipv4`` or ``ipv6``, of its targets.
        address_type: Of the load balancer.
    """
    yield from health.problems(backend)
    if CONTROL_PORT in backend.options and mode is TargetMode.NODE_PORT:
        yield error(
            "BACKEND-CONTROL-PORT",
            f"Ingress {backend.id.ingress}",
            ingress=backend.id.ingress,
            field=backend.field,
            message=f"{backend.id} has a target control port, but its targets are nodes; AWS takes"
            " a control port only where targets are IP addresses",
            hint="set target mode pod (target-type ip), or remove the annotation"
            f" {CONTROL_PORT}.{backend.id.service.name}.{backend.id.port}",
        )
    if family == IPV6 and not address_type.startswith(_DUALSTACK):
        yield error(
            "BACKEND-IPV6",
            f"Ingress {backend.id.ingress}",
            ingress=backend.id.ingress,
            field=backend.field,
            message=f"targets of {backend.id} have IPv6 addresses, but the load balancer's address"
            f" type is {address_type}; AWS lets only a dualstack load balancer send to them",
            hint="set ip-address-type to dualstack, or put IPv4 first in the Service's ipFamilies",
        )

"""What Google would refuse about a backend, said before it is asked.

A backend that fails here gets nothing; what stands for it keeps its last good state.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.gcp.desired import health_checks
from providers.gcp.desired.context import Context
from providers.gcp.desired.health_checks import Checked
from providers.gcp.desired.problems import refused
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendIntent, TargetMode


def problems(
    context: Context, backend: BackendIntent, mode: TargetMode | None, *, checked: Checked
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a backend in a mode.

    Args:
        context: The load balancer.
        backend: The backend.
        mode: How it is reached, None where that is known after apply.
        checked: What its health check is made of.
    """
    yield from health_checks.problems(checked)
    if mode is TargetMode.NODE_PORT and not context.variant.instance_groups:
        yield refused(
            backend,
            "MODE-IMPOSSIBLE",
            f"{backend.id} is to be reached through node ports, but a {context.variant.value} load"
            " balancer leads to pods alone (network endpoint groups)",
            hint="set target mode pod, or choose a global load balancer",
        )
    if checked.protocol == "H2C" and not context.variant.managed:
        yield refused(
            backend,
            "BACKEND-PROTOCOL",
            f"{backend.id} speaks HTTP/2 without TLS, which a classic load balancer cannot",
            hint="let the pods speak TLS (HTTP2), or choose google-load-balancer global-external",
        )
    if mode is TargetMode.POD and any(":" in pod.ip for pod in backend.pods or ()):
        yield refused(
            backend,
            "BACKEND-IPV6",
            f"pods of {backend.id} have IPv6 addresses, which are not attached to network endpoint"
            " groups",
            hint="put IPv4 first in the Service's ipFamilies",
        )

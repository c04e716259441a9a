"""How the targets of a backend are checked, as far as annotations say it."""

from __future__ import annotations

from provisioner.core import annotations as settings_of
from provisioner.core.backend_use import Use
from provisioner.core.service_ports import port_of, ports_hint
from provisioner.core.values import PORTS
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import HealthCheck
from provisioner.model.kube import PortRef, ServicePort

TRAFFIC_PORT = "traffic-port"
HEALTH_CHECK_TARGET_PORT = "health-check-target-port"
"""Option of a backend whose health check names a Service port: the port's number on pods."""


def health_check(use: Use) -> HealthCheck:
    """Return how the targets of a use are judged healthy."""
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


def _health_port_name(use: Use) -> str:
    """Return the name of the Service port that is checked, "" where a number or nothing is said."""
    said = use.values.get(settings_of.HEALTH_CHECK_PORT) or TRAFFIC_PORT
    return "" if said == TRAFFIC_PORT or said.isdigit() else said


def named_health_port(use: Use) -> ServicePort | None:
    """Return the Service port that is checked, None where a number or nothing is said."""
    name = _health_port_name(use)
    return port_of(use.service, PortRef(name=name)) if name else None


def health_port_problem(use: Use) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the port that is to be checked."""
    said = use.values.where(settings_of.HEALTH_CHECK_PORT)
    if said is None:
        return ()
    name = _health_port_name(use)
    if name and named_health_port(use) is None:
        message = f'Service {use.service.key} has no port named "{name}" to check'
        hint = ports_hint(use.service)
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

"""What is said about a backend that cannot be: no Service, no such port, nobody behind it."""

from __future__ import annotations

from provisioner.core.backend_use import Use
from provisioner.core.group import Candidate
from provisioner.core.service_ports import Reference, ports_hint
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.kube import Key, Service
from provisioner.model.snapshot import Snapshot

_SHOWN = 3


def missing(candidate: Candidate, reference: Reference, *, snapshot: Snapshot) -> Diagnostic:
    """Return what is said where a Service does not exist, or where nobody could look."""
    key = Key(candidate.key.namespace, reference.service)
    if "Service" in snapshot.unknown_kinds:
        message, hint = "Services could not be listed", "let the controller list services"
    else:
        message = f"Service {key} does not exist"
        hint = f"create Service {key}, or name another one"
        if not snapshot.live:
            hint = f"add Service {key} to the files"
    return error(
        "BACKEND-SERVICE-MISSING",
        candidate.subject,
        message=message,
        field=reference.at("name"),
        hint=hint,
        ingress=candidate.key,
    )


def no_node_ports(use: Use, asked: str) -> Diagnostic:
    """Return what is said where node ports are asked for that a Service cannot have."""
    return error(
        "BACKEND-NODE-PORT",
        use.candidate.subject,
        message=f"Service {use.service.key} is of type {use.service.type} and has no node port,"
        f" but {asked} asks for target mode node-port",
        field=use.reference.at("name"),
        hint="make it a NodePort Service, or set target mode to pod or auto",
        ingress=use.candidate.key,
    )


def made_by_hand(service: Key, addresses: tuple[str, ...]) -> Diagnostic:
    """Return a remark on endpoints that nobody registers."""
    shown = ", ".join(addresses[:_SHOWN]) + (", ..." if len(addresses) > _SHOWN else "")
    return warning(
        "BACKEND-ENDPOINTS-BY-HAND",
        f"Service {service}",
        message=f"endpoints without a Pod ({shown}) are not registered as pod targets",
        hint="let the Service select pods; register other machines in a target group of your own"
        " and let a rule forward to that",
    )


def external_name(candidate: Candidate, reference: Reference) -> Diagnostic:
    """Return what is said of a Service that has nobody behind it."""
    key = Key(candidate.key.namespace, reference.service)
    return error(
        "BACKEND-EXTERNAL-NAME",
        candidate.subject,
        message=f"Service {key} is of type ExternalName, which has neither pods nor node ports",
        field=reference.at("name"),
        hint="name a Service that selects pods",
        ingress=candidate.key,
    )


def no_port(candidate: Candidate, reference: Reference, *, service: Service) -> Diagnostic:
    """Return what is said where a Service has no such port."""
    if not reference.port.name and not reference.port.number:
        message = f"no port of Service {service.key} is named"
    else:
        message = f"Service {service.key} has no TCP port {reference.port}"
    return error(
        "BACKEND-PORT-MISSING",
        candidate.subject,
        message=message,
        field=reference.at("port"),
        hint=ports_hint(service),
        ingress=candidate.key,
    )

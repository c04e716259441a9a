"""The backends of a backend service: groups, and how their capacity is measured.

"Backend services overview" has the table of balancing modes by kind of group, the targets that
each mode needs, which modes two services may use on one group, and that instance groups and
network endpoint groups cannot be mixed.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document, number, parts, text
from provisioner.sandbox.gcp.errors import RefusalError, invalid, limit_exceeded, required
from provisioner.sandbox.gcp.kinds import Change
from provisioner.sandbox.gcp.reach import services_with
from provisioner.sandbox.gcp.references import Ref, parse_reference

RATE_TARGETS = ("maxRate", "maxRatePerInstance", "maxRatePerEndpoint")
SMALLEST_SHARE = 0.1


def check_backends(change: Change) -> list[Document]:
    """Return the completed backends, or refuse them."""
    backends = parts(change.document, "backends")
    limit = change.compute.limits["backends-per-backend-service"]
    if len(backends) > limit:
        raise limit_exceeded("resource.backends", f"At most {limit} backends are allowed.")
    groups = [_group_of(f"resource.backends[{n}]", each) for n, each in enumerate(backends)]
    _check_mixture(groups)
    for number_, (backend, group) in enumerate(zip(backends, groups, strict=True)):
        place = f"resource.backends[{number_}]"
        if group in groups[:number_]:
            raise invalid(f"{place}.group", text(backend, "group"), "Duplicate group.")
        backends[number_] = _completed(backend, group)
        _check_capacity(place, backends[number_], group)
        _check_other_services(change, place, backends[number_], group)
    _check_instances(change, groups)
    return backends


def check_single_membership(instance: Ref, groups: list[Ref], balanced: set[Ref]) -> None:
    """Refuse an instance in two load-balanced instance groups.

    Args:
        instance: The instance.
        groups: The instance groups that it is in, or is about to be in.
        balanced: The groups that are, or are about to be, backends of some service.
    """
    if sum(group in balanced for group in groups) > 1:
        raise RefusalError(
            400,
            "instanceInMultipleLoadBalancedIgs",
            f"Validation failed for instance '{instance.path}': instance may belong to at most"
            " one load-balanced instance group.",
        )


def _group_of(place: str, backend: Document) -> Ref:
    spelled = text(backend, "group")
    group = parse_reference(spelled, "")
    if group is None:
        raise required(f"{place}.group")
    return group


def _check_mixture(groups: list[Ref]) -> None:
    collections = {group.collection for group in groups}
    if len(collections) > 1:
        message = "Instance groups and network endpoint groups cannot be mixed."
        raise invalid("resource.backends", ", ".join(sorted(collections)), message)


def _completed(backend: Document, group: Ref) -> Document:
    instances = group.collection == "instanceGroups"
    mode = text(backend, "balancingMode") or ("UTILIZATION" if instances else "")
    filled: Document = {"capacityScaler": 1.0, **backend, "balancingMode": mode}
    if mode == "UTILIZATION" and "maxUtilization" not in filled:
        filled["maxUtilization"] = 0.8
    return filled


def _check_capacity(place: str, backend: Document, group: Ref) -> None:
    scaler = backend["capacityScaler"]
    assert isinstance(scaler, int | float)
    if scaler != 0 and not SMALLEST_SHARE <= scaler <= 1:
        raise invalid(f"{place}.capacityScaler", scaler, "Must be 0 or between 0.1 and 1.0.")
    mode, endpoints = text(backend, "balancingMode"), group.collection == "networkEndpointGroups"
    allowed = ("RATE", "IN_FLIGHT") if endpoints else ("RATE", "UTILIZATION", "IN_FLIGHT")
    if mode not in allowed:
        message = f"Must be {' or '.join(allowed)} for backends in {group.collection}."
        raise invalid(f"{place}.balancingMode", mode, message)
    given = [name for name in RATE_TARGETS if backend.get(name) is not None]
    if mode == "RATE" and len(given) != 1:
        message = "RATE needs exactly one of maxRate, maxRatePerInstance, maxRatePerEndpoint."
        raise invalid(f"{place}.maxRate", ", ".join(given), message)
    wrong = "maxRatePerInstance" if endpoints else "maxRatePerEndpoint"
    if wrong in given:
        message = f"{wrong} is not allowed for {group.collection}."
        raise invalid(f"{place}.{wrong}", backend[wrong], message)


def _check_other_services(change: Change, place: str, backend: Document, group: Ref) -> None:
    """Refuse UTILIZATION beside RATE on one group."""
    mode = text(backend, "balancingMode")
    for service in services_with(change.compute, group):
        if service.ref == change.ref:
            continue
        for other in parts(service.document, "backends"):
            theirs = text(other, "balancingMode")
            if text(other, "group") == group.url and "UTILIZATION" in (mode, theirs):
                _check_same_mode(place, mode, theirs)


def _check_same_mode(place: str, mode: str, theirs: str) -> None:
    if mode != theirs:
        message = f"Another backend service uses the group with incompatible mode {theirs}."
        raise invalid(f"{place}.balancingMode", mode, message)


def _check_instances(change: Change, groups: list[Ref]) -> None:
    compute = change.compute
    new = {group for group in groups if group.collection == "instanceGroups"}
    balanced = new | {
        group.ref
        for group in compute.resources("instanceGroups")
        if any(service.ref != change.ref for service in services_with(compute, group.ref))
    }
    for group in sorted(new, key=lambda ref: ref.path):
        found = compute.get(group)
        _check_ports(change, found.ref, found.document, len(found.members))
        for instance in found.members:
            homes = [
                each.ref for each in compute.resources("instanceGroups") if instance in each.members
            ]
            check_single_membership(instance, homes, balanced)


def _check_ports(change: Change, ref: Ref, group: Document, members: int) -> None:
    """Instances times ports of a named port are limited for proxy load balancers."""
    name = text(change.document, "portName")
    ports = {
        number(port, "port") for port in parts(group, "namedPorts") if text(port, "name") == name
    }
    limit = change.compute.limits["named-ports-times-instances"]
    if len(ports) * members > limit:
        raise limit_exceeded(
            "resource.backends", f"'{ref.path}' has more than {limit} instances times ports."
        )

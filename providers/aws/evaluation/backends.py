"""Whom a forward means: target groups as the Services, ports and targets behind them.

The address of a target group says the Service and the port it was made for, and the target group's
Ingress says the namespace. A target group that is not ours is called by its ARN.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.aws import addresses
from provisioner.core.address_text import AddressError
from provisioner.model.resource import Ref, Resource, Spec, Unknown, Value
from provisioner.model.route import RoutedBackend, Target

_ONLY = 1  # the weight of a target group that shares with nobody


def backends(config: Spec, resources: Mapping[str, Resource]) -> tuple[RoutedBackend, ...]:
    """Return the backends of a ``ForwardConfig``, in its order.

    Args:
        config: The configuration of the action.
        resources: Everything of the load balancer, by address.
    """
    groups = config.get("TargetGroups")
    found = groups if isinstance(groups, tuple) else ()
    return tuple(_backend(each, resources) for each in found if isinstance(each, Mapping))


def _backend(entry: Mapping[str, Value], resources: Mapping[str, Resource]) -> RoutedBackend:
    weight = entry.get("Weight", _ONLY)
    share = weight if isinstance(weight, int) else _ONLY
    arn = entry.get("TargetGroupArn")
    match arn:
        case Ref():
            service, port = _behind(arn.address, resources.get(arn.address))
            targets = _targets(arn.address, resources)
            return RoutedBackend(service=service, port=port, weight=share, targets=targets)
        case Unknown():
            name = f"a target group known after apply ({arn.why})"
        case _:
            name = str(arn)
    return RoutedBackend(service=name, port=None, weight=share)


def _behind(address: str, group: Resource | None) -> tuple[str, int | str | None]:
    """Return the Service and port of a target group of ours."""
    try:
        parsed = addresses.parse(address)
    except AddressError:
        return address, None
    backend, slash, _mode = parsed.id.rpartition("/")
    *place, last = backend.split("/")
    name, colon, port = last.rpartition(":")
    if not (slash and colon):
        return address, None
    owner = group.ingresses[0].namespace if group is not None and group.ingresses else ""
    namespace = owner or (place[0] if place else parsed.group.partition("/")[0])
    return f"{namespace}/{name}", int(port) if port.isdecimal() else port


def _targets(address: str, resources: Mapping[str, Resource]) -> tuple[Target, ...] | None:
    """Return who is registered, None where that is known after apply."""
    try:
        registered = resources.get(addresses.targets_of(address))
    except AddressError:
        return None
    listed = registered.spec.get("Targets") if registered is not None else None
    if not isinstance(listed, tuple):
        return None
    found = (_target(each) for each in listed if isinstance(each, Mapping))
    return tuple(sorted(found, key=lambda target: (target.id, target.port or 0)))


def _target(entry: Mapping[str, Value]) -> Target:
    port = entry.get("Port")
    return Target(id=str(entry.get("Id")), port=port if isinstance(port, int) else None)

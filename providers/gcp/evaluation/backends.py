"""Whom a service means: backend services as the Services, ports and targets behind them.

The address of a backend service says the Service and the port that it was made for. Its targets are
the endpoints of its network endpoint groups, or the instances of its instance groups at the port
that it names. A service that is not ours is called by its link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.evaluation.sending import redirect_status
from providers.gcp.routing.canonical import REDIRECT
from providers.gcp.routing.entries import aborted, mappings, services, texts
from provisioner.core.address_text import AddressError
from provisioner.model.resource import SHARED, Ref, Resource, Spec, Value
from provisioner.model.route import RoutedBackend, Target

_PORT_NAME = "port"


def backends(
    action: Spec, resources: Mapping[str, Resource], *, group: str
) -> tuple[RoutedBackend, ...]:
    """Return the backends of an action, in its order.

    Args:
        action: What the rule does.
        resources: Everything of the project, by address.
        group: The load balancer.
    """
    found = []
    for name, weight in services(action).items():
        resource = resources.get(name)
        service, port = _behind(name, resource, group)
        targets = _targets(resource, resources) if resource is not None else None
        found.append(RoutedBackend(service=service, port=port, weight=weight, targets=targets))
    return tuple(found)


def described(action: Spec) -> str:
    """Return what an action does in a few words: ``web:80``, ``redirect 301``, ``404``."""
    status, redirect = aborted(action), action.get(REDIRECT)
    if status is not None:
        return str(status)
    if isinstance(redirect, Mapping):
        return f"redirect {redirect_status(redirect)}"
    named = [(_short(name), weight) for name, weight in services(action).items()]
    if len(named) == 1:
        return named[0][0]
    return ", ".join(f"{name} ({weight})" for name, weight in named)


def is_nothing(action: Spec) -> bool:
    """Tell whether an action leads to the service without backends, which is there to fail."""
    prefix = addresses.nothing("")
    names = [name for name, weight in services(action).items() if weight]
    return bool(names) and all(name.startswith(prefix) for name in names)


def _short(name: str) -> str:
    """Return the Service and port that an address names, without what is around them."""
    return next((part for part in reversed(name.split("/")) if ":" in part), name)


def _behind(name: str, resource: Resource | None, group: str) -> tuple[str, int | str | None]:
    """Return the Service and port of a backend service of ours, known or not."""
    try:
        parsed = addresses.parse(name)
    except AddressError:
        return name, None
    owning = next((g for g in (group, SHARED) if parsed.rest.startswith(f"{g}/")), "")
    rest = parsed.rest.removeprefix(f"{owning}/")
    *place, last = rest[: rest.rfind(":")].split("/")
    port, slash, _mode = rest[rest.rfind(":") + 1 :].partition("/")
    if ":" not in rest or not slash:
        return name, None
    owner = resource.ingresses[0].namespace if resource is not None and resource.ingresses else ""
    namespace = place[0] if place else owner or owning.partition("/")[0]
    return f"{namespace}/{last}", int(port) if port.isdecimal() else port


def _targets(service: Resource, resources: Mapping[str, Resource]) -> tuple[Target, ...] | None:
    """Return who is behind a backend service, None where that is known after apply."""
    listed = service.spec.get("backends")
    if not isinstance(listed, tuple):
        return None
    found: set[Target] = set()
    for each in mappings(listed):
        behind = _of_group(each.get("group"), service, resources)
        if behind is None:
            return None
        found.update(behind)
    return tuple(sorted(found, key=lambda target: (target.id, target.port or 0)))


def _of_group(
    group: Value, service: Resource, resources: Mapping[str, Resource]
) -> tuple[Target, ...] | None:
    for resource in _members_of(group, resources):
        endpoints = resource.spec.get("networkEndpoints")
        if resource.kind == Kind.NETWORK_ENDPOINTS:
            if not isinstance(endpoints, tuple):
                return None
            return tuple(_endpoint(each) for each in mappings(endpoints))
        instances = resource.spec.get("instances")
        if not isinstance(instances, tuple):
            return None
        port = _node_port(service.spec.get("portName"))
        return tuple(Target(id=name.rpartition("/")[2], port=port) for name in texts(instances))
    return None


def _members_of(group: Value, resources: Mapping[str, Resource]) -> Iterator[Resource]:
    """Yield the resource that says who is in a group."""
    if isinstance(group, Ref):
        kind = addresses.parse(group.address).kind
        if kind is Kind.NETWORK_ENDPOINT_GROUP:
            endpoints = addresses.endpoints_of(group.address)
            yield from (resources[endpoints],) if endpoints in resources else ()
            return
    for resource in resources.values():
        if resource.kind == Kind.INSTANCES and resource.spec.get("instanceGroup") == group:
            yield resource


def _endpoint(entry: Mapping[str, Value]) -> Target:
    port = entry.get("port")
    return Target(id=str(entry.get("ipAddress")), port=port if isinstance(port, int) else None)


def _node_port(name: Value) -> int | None:
    digits = name.removeprefix(_PORT_NAME) if isinstance(name, str) else ""
    return int(digits) if digits.isdecimal() else None

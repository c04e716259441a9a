"""Who is behind a backend service: endpoints of groups, machines of groups, and how they are.

Membership is asked about group by group, so only of groups that a plan looks at. One answer tells
who is attached to an endpoint group and how healthy each is in the eyes of every backend service;
for instance groups health is a question of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from providers.gcp.client import Client, Object, decoded
from providers.gcp.links import path_of, place_of
from providers.gcp.live.inventory import objects, text
from provisioner.model.errors import NotFound, ProviderError, Rejected
from provisioner.model.readiness import PodHealth

HEALTHY = "HEALTHY"
DRAINING = "DRAINING"

_WITH_HEALTH = msgspec.json.encode({"healthStatus": "SHOW"})
_WORST = MappingProxyType({HEALTHY: 0, "UNKNOWN": 1})  # everything else is worse


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint of a network endpoint group.

    ``states`` is its health by link of the backend service that checks it; ``draining`` says that
    it is detached and only finishes what it has begun.
    """

    body: Object
    states: Mapping[str, str]
    draining: bool = False

    @property
    def address(self) -> str:
        """Its IP address."""
        return text(self.body, "ipAddress")


def read_endpoints(client: Client, group: str) -> tuple[Endpoint, ...]:
    """Return the endpoints of a network endpoint group, none where it is gone by now."""
    operation = "networkEndpointGroups.listNetworkEndpoints"
    return tuple(map(_endpoint, _listed(client, operation, group, asking=_WITH_HEALTH)))


def read_instances(client: Client, group: str) -> tuple[str, ...]:
    """Return the links of the machines in an instance group, none where it is gone by now."""
    found = _listed(client, "instanceGroups.listInstances", group, asking=b"{}")
    return tuple(sorted(path_of(text(item, "instance")) for item in found))


def _listed(client: Client, operation: str, group: str, *, asking: bytes) -> tuple[Object, ...]:
    """Return what a group lists, nothing where it is gone by now."""
    place = place_of(group)
    if place is None:
        return ()
    path = client.path(operation, place.scope, place.name, project=place.project)
    try:
        pages = list(client.pages(operation, path, body=asking))
    except NotFound:
        return ()
    return tuple(item for page in pages for item in objects(page.get("items")))


def read_health(client: Client, service: str, group: str) -> tuple[Object, ...]:
    """Return the health of everything in one group, in the eyes of one backend service."""
    place = place_of(service)
    if place is None:
        return ()
    operation = "regionBackendServices.getHealth" if place.region else "backendServices.getHealth"
    path = client.path(operation, place.scope, place.name, project=place.project)
    body = msgspec.json.encode({"group": group})
    try:
        answer = decoded(client.call(operation, path, body=body))
    except (NotFound, Rejected):  # it, or the group behind it, is gone by now
        return ()
    return tuple(objects(answer.get("healthStatus")))


def groups_of(client: Client, service: str) -> tuple[str, ...]:
    """Return the links of the groups behind a backend service, none where it is gone by now."""
    place = place_of(service)
    if place is None:
        return ()
    operation = "regionBackendServices.get" if place.region else "backendServices.get"
    try:
        answer = decoded(client.get(operation, place.scope, place.name, project=place.project))
    except NotFound:
        return ()
    return tuple(path_of(text(backend, "group")) for backend in objects(answer.get("backends")))


def service_states(client: Client, service: str) -> Iterator[str]:
    """Yield the state of everything behind a backend service."""
    for group in groups_of(client, service):
        for each in read_health(client, service, group):
            yield text(each, "healthState")


def pod_health(client: Client, link: str) -> Mapping[str, PodHealth]:
    """Return the health of the targets of a backend service or of an endpoint group, by address.

    An address that has several ports, or that several checks look at, is as healthy as the worst.
    """
    place = place_of(link)
    if place is None:
        raise ProviderError(f"{link!r} is no link to a backend service or endpoint group")
    worst: dict[str, str] = {}
    for address, state in _states(client, link, of_group=place.collection != "backendServices"):
        if address and _badness(state) >= _badness(worst.get(address, HEALTHY)):
            worst[address] = state
    return {
        address: PodHealth(healthy=state == HEALTHY, reason=state)
        for address, state in worst.items()
    }


def _states(client: Client, link: str, *, of_group: bool) -> Iterator[tuple[str, str]]:
    if of_group:
        for endpoint in read_endpoints(client, link):
            if not endpoint.draining:
                states = endpoint.states.values() or ("UNKNOWN",)
                yield from ((endpoint.address, state) for state in states)
        return
    for group in groups_of(client, link):
        for each in read_health(client, link, group):
            yield text(each, "ipAddress"), text(each, "healthState")


def _badness(state: str) -> int:
    return _WORST.get(state, len(_WORST))


def _endpoint(item: Object) -> Endpoint:
    body = item.get("networkEndpoint")
    healths = objects(item.get("healths"))
    return Endpoint(
        body=body if isinstance(body, dict) else {},
        states={
            path_of(text(each, "backendService", "backendService")): text(each, "healthState")
            for each in healths
            if text(each, "backendService", "backendService")
        },
        draining=any(text(each, "healthState") == DRAINING for each in healths),
    )

"""API calls of a change: which operations, in which order, with exactly which parameters.

``plan`` prints these calls and ``apply`` sends them, the same objects. A call's operation is the
discovery document's name of it, and its parameters are

* ``scope``: ``global``, ``regions/<region>`` or ``zones/<zone>``,
* ``name``: the resource (not where it is only made),
* ``body``: what is sent, in the REST API's words. The body of an ``update`` names every field that
  we answer for, ``None`` where there is to be nothing; the writer changes these in what it reads
  and leaves everything else as it is,
* ``project``, where that is not the project of the load balancer.

Links to other resources are ``Ref`` until the moment of sending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from providers.gcp import shapes
from providers.gcp.addresses import Kind
from providers.gcp.changes import membership_calls
from providers.gcp.changes.call_parts import (
    after,
    call_to,
    insertion,
    name_of,
    parent_of,
    spec_of,
)
from providers.gcp.changes.front_calls import update_forwarding_rule, update_proxy
from providers.gcp.changes.places import PLACE_FIELDS
from providers.gcp.routing.canonical import update_body
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import Spec, freeze_spec

SECURITY_POLICY = "securityPolicy"

PARENT_FIELD: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.NETWORK_ENDPOINTS: "networkEndpointGroup",
        Kind.INSTANCES: "instanceGroup",
        Kind.NAMED_PORTS: "instanceGroup",
        Kind.SIGNED_URL_KEY: "backendService",
    }
)
"""Kinds that are no resources of their own, and the field that says what they are part of."""

Names = Mapping[str, str]
"""Address -> name, of everything that exists or will."""

_IN_CREATE = frozenset({Action.CREATE, Action.REPLACE})


def calls(change: Change, names: Names, *, detach_first: bool = False) -> tuple[Call, ...]:
    """Return the calls that carry out a change, in order; none for a no-op.

    Args:
        change: What differs.
        names: What resources are called, for those that a part belongs to.
        detach_first: Make room before members are added, where a limit demands it.
    """
    if change.action is Action.NOOP:
        return ()
    kind = Kind(change.kind)
    if kind in PARENT_FIELD:
        return tuple(_part(change, _parent_name(change, names), detach_first=detach_first))
    if change.action in _IN_CREATE:
        return tuple(_create(change))
    if change.action is Action.DELETE:
        return (call_to(change, "delete", name_of(change)),)
    return tuple(_UPDATE[kind](change))


def backend_service_body(spec: Spec) -> Spec:
    """Return what an update of a backend service sends."""
    body = shapes.update_body(Kind.BACKEND_SERVICE, spec)
    return {field: value for field, value in body.items() if field != SECURITY_POLICY}


def _create(change: Change) -> Iterator[Call]:
    spec = dict(spec_of(change))
    policy = spec.pop(SECURITY_POLICY, None)
    yield insertion(change, spec)
    if policy:
        yield _security_policy(change, spec_of(change))


def _part(change: Change, name: str, *, detach_first: bool) -> Iterator[Call]:
    match Kind(change.kind):
        case Kind.NETWORK_ENDPOINTS:
            yield from membership_calls.endpoints(change, name, detach_first=detach_first)
        case Kind.INSTANCES:
            yield from membership_calls.instances(change, name, detach_first=detach_first)
        case Kind.NAMED_PORTS:
            yield from membership_calls.named_ports(change, name)
        case _:
            yield from membership_calls.signed_url_key(change, name)


def _parent_name(change: Change, names: Names) -> str:
    """Return the name of what something is part of, ours or (a link) somebody else's."""
    field = PARENT_FIELD[Kind(change.kind)]
    spec = spec_of(change)
    link = spec.get(field)
    if isinstance(link, str):
        return link.rpartition("/")[2]
    return names.get(parent_of(spec, field), "")


def _update_backend_service(change: Change) -> Iterator[Call]:
    spec = spec_of(change)
    if after(change).keys() - {SECURITY_POLICY}:
        yield call_to(change, "update", name_of(change), body=backend_service_body(spec))
    if SECURITY_POLICY in after(change):
        yield _security_policy(change, spec)


def _security_policy(change: Change, spec: Spec) -> Call:
    body = freeze_spec({SECURITY_POLICY: spec.get(SECURITY_POLICY)})
    return call_to(change, "setSecurityPolicy", name_of(change), body=body)


def _update_url_map(change: Change) -> Iterator[Call]:
    spec = {name: value for name, value in spec_of(change).items() if name not in PLACE_FIELDS}
    yield call_to(change, "update", name_of(change), body=update_body(spec))


def _update_whole(change: Change) -> Iterator[Call]:
    body = shapes.update_body(Kind(change.kind), spec_of(change))
    yield call_to(change, "update", name_of(change), body=body)


def _update_nothing(change: Change) -> Iterator[Call]:
    """Yield nothing: the API has no way to change such a resource, and none is planned."""
    del change
    yield from ()


_Calls = Callable[[Change], Iterator[Call]]

_UPDATE: Mapping[Kind, _Calls] = MappingProxyType(
    {
        Kind.ADDRESS: _update_nothing,
        Kind.FORWARDING_RULE: update_forwarding_rule,
        Kind.TARGET_HTTP_PROXY: update_proxy,
        Kind.TARGET_HTTPS_PROXY: update_proxy,
        Kind.URL_MAP: _update_url_map,
        Kind.SSL_CERTIFICATE: _update_nothing,
        Kind.BACKEND_SERVICE: _update_backend_service,
        Kind.HEALTH_CHECK: _update_whole,
        Kind.NETWORK_ENDPOINT_GROUP: _update_nothing,
        Kind.INSTANCE_GROUP: _update_nothing,
        Kind.FIREWALL: _update_whole,
    }
)

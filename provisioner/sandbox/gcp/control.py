"""The sandbox's own endpoints, for a demo or a test in another process.

GET    /sandbox/calls        every call so far          DELETE forgets them
GET    /sandbox/faults       faults still waiting       POST places one, DELETE clears
GET    /sandbox/settings     settings in force          POST changes some
GET    /sandbox/limits       fixed limits in force      POST changes some
GET    /sandbox/quotas       quotas in force            POST changes some
GET    /sandbox/unhealthy    what fails its checks      POST {"add": [...], "discard": [...]}
GET    /sandbox/propagation  what the data plane does not know yet, in seconds by path
POST   /sandbox/place        {"parent": collection, "body": resource}: put a resource there
POST   /sandbox/clock        {"advance": seconds}
POST   /sandbox/reset        everything as at the start
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from aiohttp import web

from provisioner.sandbox.gcp.cloud import Cloud, SettingChanges
from provisioner.sandbox.gcp.errors import RefusalError
from provisioner.sandbox.gcp.faults import Fault

CONTROL_PREFIX = "/sandbox/"
Body = Mapping[str, object]


class _Unhealthy(msgspec.Struct):
    """What is to fail its health checks, and what no longer."""

    add: tuple[str, ...] = ()
    discard: tuple[str, ...] = ()


class _Placement(msgspec.Struct):
    """A resource to put there."""

    parent: str
    body: dict[str, object]


def answer_control(cloud: Cloud, method: str, path: str, content: bytes) -> web.Response:
    """Answer a request to one of the sandbox's own endpoints."""
    action = ACTIONS.get((method, path))
    if action is None:
        known = ", ".join(sorted(f"{verb} {place}" for verb, place in ACTIONS))
        return _json({"error": f"unknown; known: {known}"}, HTTPStatus.NOT_FOUND)
    try:
        body = msgspec.json.decode(content or b"{}", type=dict[str, object])
        return _json(action(cloud, body), HTTPStatus.OK)
    except (KeyError, ValueError, msgspec.MsgspecError, RefusalError) as error:
        return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)


def _calls(cloud: Cloud, _body: Body) -> object:
    return {"calls": [asdict(record) for record in cloud.calls]}


def _clear_calls(cloud: Cloud, _body: Body) -> object:
    cloud.calls.clear()
    return {}


def _faults(cloud: Cloud, _body: Body) -> object:
    return {
        "faults": [{**asdict(fault), "kind": fault.kind.value} for fault in cloud.faults.pending()]
    }


def _place_fault(cloud: Cloud, body: Body) -> object:
    _check_names(body, [field.name for field in fields(Fault)])
    cloud.faults.place(msgspec.convert(body, Fault))
    return {}


def _clear_faults(cloud: Cloud, _body: Body) -> object:
    cloud.faults.clear()
    return {}


def _settings(cloud: Cloud, body: Body) -> object:
    _check_names(body, SettingChanges.__annotations__)
    cloud.configure(**msgspec.convert(body, SettingChanges))
    return asdict(cloud.settings)


def _limits(cloud: Cloud, body: Body) -> object:
    for name, value in body.items():
        cloud.limits[name] = int(str(value))
    return dict(cloud.limits)


def _quotas(cloud: Cloud, body: Body) -> object:
    for name, value in body.items():
        cloud.quotas[name] = float(str(value))
    return dict(cloud.quotas)


def _unhealthy(cloud: Cloud, body: Body) -> object:
    _check_names(body, ("add", "discard"))
    change = msgspec.convert(body, _Unhealthy)
    cloud.unhealthy.update(change.add)
    cloud.unhealthy.difference_update(change.discard)
    return {"unhealthy": sorted(cloud.unhealthy)}


def _propagation(cloud: Cloud, _body: Body) -> object:
    pending = cloud.propagating()
    return {"settled": not pending, "pending": dict(pending)}


def _place(cloud: Cloud, body: Body) -> object:
    _check_names(body, ("parent", "body"))
    placement = msgspec.convert(body, _Placement)
    return cloud.place(placement.parent, placement.body)


def _advance(cloud: Cloud, body: Body) -> object:
    cloud.advance(float(str(body["advance"])))
    return {"now": cloud.now()}


def _reset(cloud: Cloud, _body: Body) -> object:
    cloud.reset()
    return {}


ACTIONS: Mapping[tuple[str, str], Callable[[Cloud, Body], object]] = MappingProxyType(
    {
        ("GET", "/sandbox/calls"): _calls,
        ("DELETE", "/sandbox/calls"): _clear_calls,
        ("GET", "/sandbox/faults"): _faults,
        ("POST", "/sandbox/faults"): _place_fault,
        ("DELETE", "/sandbox/faults"): _clear_faults,
        ("GET", "/sandbox/settings"): _settings,
        ("POST", "/sandbox/settings"): _settings,
        ("GET", "/sandbox/limits"): _limits,
        ("POST", "/sandbox/limits"): _limits,
        ("GET", "/sandbox/quotas"): _quotas,
        ("POST", "/sandbox/quotas"): _quotas,
        ("GET", "/sandbox/unhealthy"): _unhealthy,
        ("POST", "/sandbox/unhealthy"): _unhealthy,
        ("GET", "/sandbox/propagation"): _propagation,
        ("POST", "/sandbox/place"): _place,
        ("POST", "/sandbox/clock"): _advance,
        ("POST", "/sandbox/reset"): _reset,
    }
)


def _check_names(body: Body, known: Iterable[str]) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _json(body: object, status: HTTPStatus) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )

"""The sandbox's own endpoints, for a demo or a test in another process.

GET    /sandbox/calls      every call so far          DELETE forgets them
GET    /sandbox/faults     faults still waiting       POST places one, DELETE clears
GET    /sandbox/settings   settings in force          POST changes some
GET    /sandbox/limits     limits in force            POST changes some
POST   /sandbox/clock      {"advance": seconds}
POST   /sandbox/certificates  {"validate": [ARNs]}: ACM sees the DNS records of these requests, or
                           of all waiting ones if none is named; answers what was issued
POST   /sandbox/reset      everything as at the start
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from werkzeug.wrappers import Request, Response

from provisioner.sandbox.aws.cloud import Cloud, SettingChanges
from provisioner.sandbox.aws.faults import Fault

CONTROL_PREFIX = "/sandbox/"
Body = Mapping[str, object]


class _Validation(msgspec.Struct):
    """Which certificate requests are validated."""

    validate: tuple[str, ...] = ()


def answer_control(cloud: Cloud, request: Request) -> Response:
    """Answer a request to one of the sandbox's own endpoints."""
    action = ACTIONS.get((request.method, request.path))
    if action is None:
        known = ", ".join(sorted(f"{method} {path}" for method, path in ACTIONS))
        return _json({"error": f"unknown; known: {known}"}, HTTPStatus.NOT_FOUND)
    try:
        body = msgspec.json.decode(request.get_data() or b"{}", type=dict[str, object])
        return _json(action(cloud, body), HTTPStatus.OK)
    except (KeyError, ValueError, msgspec.MsgspecError) as error:
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


def _advance(cloud: Cloud, body: Body) -> object:
    cloud.advance(float(str(body["advance"])))
    return {"now": cloud.now()}


def _validate(cloud: Cloud, body: Body) -> object:
    _check_names(body, ("validate",))
    return {"issued": cloud.validate_certificates(*msgspec.convert(body, _Validation).validate)}


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
        ("POST", "/sandbox/certificates"): _validate,
        ("POST", "/sandbox/clock"): _advance,
        ("POST", "/sandbox/reset"): _reset,
    }
)


def _check_names(body: Body, known: Iterable[str]) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _json(body: object, status: HTTPStatus) -> Response:
    return Response(json.dumps(body, default=str), status, content_type="application/json")

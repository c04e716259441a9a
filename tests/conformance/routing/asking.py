"""Plan Ingresses with the real pipeline, then ask the planned load balancers about requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.core.requests import parse_request
from provisioner.core.route import answer
from provisioner.model.plan import Plan
from provisioner.model.route import ActionType, Answer, Verdict
from provisioner.model.settings import Settings
from tests.conformance.routing.clouds import AWS, Cloud, cloud_of
from tests.factories import PORTABLE, KubeObject, some_settings

NOT_FOUND = 404
EDGE: Mapping[str, str] = {f"{PORTABLE}group": "edge"}
"""What an Ingress says to share a load balancer."""


def a_plan(
    *objects: KubeObject,
    cloud: Cloud = AWS,
    services: Sequence[str] = ("web",),
    certificates: Sequence[str] = (),
    settings: Settings | None = None,
) -> Plan:
    """Return the plan of Ingresses in namespace ``shop`` and of these Services on port 80."""
    chosen = settings or some_settings(target_mode="pod")
    return cloud.plan(objects, services=services, settings=chosen, certificates=certificates)


def asked(
    plan_: Plan,
    url: str,
    *,
    method: str = "GET",
    headers: Sequence[str] = (),
    source_ip: str = "",
    group: str = "",
) -> Answer:
    """Return what the planned load balancers do with a request."""
    resources = [each for part in plan_.parts for each in part.resources]
    request = parse_request(url, method=method, headers=headers, source_ip=source_ip)
    return answer(request, cloud_of(plan_).route(resources, request), group=group)


def served(
    plan_: Plan,
    url: str,
    *,
    method: str = "GET",
    headers: Sequence[str] = (),
    source_ip: str = "",
    group: str = "",
) -> str | int:
    """Return the Service that gets a request (its bare name), or the status that answers it."""
    found = asked(plan_, url, method=method, headers=headers, source_ip=source_ip, group=group)
    if found.action.type is not ActionType.FORWARD:
        return found.action.status_code or 0
    (backend,) = found.reply.backends
    return backend.service.removeprefix("shop/")


def refusals(found: Answer) -> dict[str, str]:
    """Return why rules did not match: title -> the part of the request that each stumbled over."""
    return {
        tried.title: ", ".join(c.what for c in tried.checks if c.verdict is not Verdict.YES)
        for tried in found.reply.tried
        if tried.verdict is not Verdict.YES
    }

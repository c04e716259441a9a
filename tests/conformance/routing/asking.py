"""Plan Ingresses with the real pipeline, then ask the planned load balancers about requests."""

from __future__ import annotations

from collections.abc import Sequence

from providers.aws import provider
from providers.aws.account import Facts
from provisioner.core.requests import parse_request
from provisioner.core.route import answer
from provisioner.model.plan import Plan
from provisioner.model.route import ActionType, Answer, Verdict
from provisioner.model.settings import Settings
from tests.conformance.pipeline import a_cluster, plan
from tests.factories import KubeObject, some_settings
from tests.unit.providers.aws.express.worlds import some_backends

NOT_FOUND = 404


def a_plan(
    *objects: KubeObject,
    services: Sequence[str] = ("web",),
    facts: Facts | None = None,
    settings: Settings | None = None,
) -> Plan:
    """Return the plan of Ingresses in namespace ``shop`` and of these Services on port 80."""
    backends = some_backends(*(f"shop/{name}" for name in services))
    chosen = settings or some_settings(target_mode="pod")
    return plan(a_cluster(*objects, *backends), facts=facts, settings=chosen)


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
    resources = [each for part in plan_.load_balancers for each in part.resources]
    request = parse_request(url, method=method, headers=headers, source_ip=source_ip)
    return answer(request, provider.route(resources, request), group=group)


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

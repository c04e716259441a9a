"""Changes worth interrupting: what is there before, and what is asked for then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Route, ingress
from tests.contract.provider.under_test import Pace
from tests.faults import aws_scenarios as aws
from tests.faults import gcp_scenarios as gcp

SLOW = Pace(provisioning=20, health=10, draining=20, linger=15)
"""A cloud that takes its time, so that every wait of a plan is a real one."""

AWS, GCP = frozenset({"aws"}), frozenset({"gcp"})
NLB, MAPPING = "alb.ingress.kubernetes.io/frontend-nlb", "listener-port-mapping"
FRONT = MappingProxyType({"alb.ingress.kubernetes.io/enable-frontend-nlb": "true"})
"""A network load balancer in front; other clouds do not read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``before`` is applied in peace, ``change`` is what gets interrupted.

    ``furnish`` puts into an empty account what neither of them makes. ``repeats`` says that the
    other scenarios make all of its calls as well, so that losing their answers says nothing new.
    ``clouds`` are those that know what it asks for.
    """

    change: Callable[[Desk], None]
    before: Callable[[Desk], None] | None = None
    furnish: Callable[[Desk], None] | None = None
    repeats: bool = False
    clouds: frozenset[str] = frozenset({"aws", "gcp"})


def _shop(desk: Desk) -> None:
    desk.put(ingress("web", Route(), Route(path="/cart")))


def _node_ports(desk: Desk) -> None:
    desk.put(ingress("web", Route(), Route(path="/cart"), mode="node-port"))


def _https(desk: Desk) -> None:
    annotations = {"backend-protocol": "HTTPS"}
    desk.put(ingress("web", Route(), Route(path="/cart"), annotations=annotations))


def _reorder(desk: Desk) -> None:
    desk.put(ingress("web", Route(), Route(path="/cart/items"), Route(path="/a"), Route(path="/b")))


def _gone(desk: Desk) -> None:
    desk.drop("Ingress shop/web")


def _shared(desk: Desk) -> None:
    desk.put(ingress("web", Route(), group="edge"))
    desk.put(ingress("blog", Route(host="blog.example.com"), group="edge"))


def _member_gone(desk: Desk) -> None:
    desk.drop("Ingress shop/blog")


def _front(desk: Desk) -> None:
    desk.put(ingress("web", Route(), annotations=FRONT))


def _front_elsewhere(desk: Desk) -> None:
    ports = {"listen-ports": '[{"HTTP": 8080}, {"HTTP": 9090}]', f"{NLB}-{MAPPING}": "80=9090"}
    desk.put(ingress("web", Route(), annotations={**FRONT, **ports}))


SCENARIOS = MappingProxyType(
    {
        "fresh": Scenario(change=_shop),
        "mode-switch": Scenario(before=_shop, change=_node_ports),
        "replace": Scenario(before=_shop, change=_https),
        "reorder": Scenario(before=_shop, change=_reorder),
        "delete": Scenario(before=_shop, change=_gone),
        "delete-member": Scenario(before=_shared, change=_member_gone),
        "front": Scenario(before=_shop, change=_front, clouds=AWS),
        "front-elsewhere": Scenario(
            before=_front, change=_front_elsewhere, repeats=True, clouds=AWS
        ),
        "front-removed": Scenario(before=_front, change=_shop, clouds=AWS),
        "delete-both": Scenario(before=_front, change=_gone, repeats=True, clouds=AWS),
        "guarded": Scenario(furnish=aws.furnish, change=aws.guarded, clouds=AWS),
        "guarded-change": Scenario(
            furnish=aws.furnish, before=aws.guarded, change=aws.changed, clouds=AWS
        ),
        "guarded-delete": Scenario(
            furnish=aws.furnish, before=aws.guarded, change=_gone, clouds=AWS
        ),
        "secured": Scenario(before=_shop, change=gcp.secured, clouds=GCP),
        "secured-change": Scenario(before=gcp.secured, change=gcp.changed, clouds=GCP),
        "secured-delete": Scenario(before=gcp.secured, change=_gone, clouds=GCP),
    }
)


def of_every_cloud(*, repeats: bool = True) -> pytest.MarkDecorator:
    """Run a test with each scenario on each cloud that knows it, with or without ``repeats``."""
    cases = [
        pytest.param(cloud, name, id=f"{cloud}-{name}")
        for name, scenario in sorted(SCENARIOS.items())
        for cloud in sorted(scenario.clouds)
        if repeats or not scenario.repeats
    ]
    return pytest.mark.parametrize(("running", "name"), cases, indirect=["running"])


def begin(desk: Desk, scenario: Scenario) -> None:
    """Empty the account, apply what is there before, and ask for the change."""
    desk.cloud.reset()
    desk.cloud.slow(SLOW)
    desk.restart()
    desk.documents = {k: v for k, v in desk.documents.items() if not k.startswith("Ingress ")}
    if scenario.furnish is not None:
        scenario.furnish(desk)
    if scenario.before is not None:
        scenario.before(desk)
        desk.apply()
        desk.cloud.clock.sleep(120)
    scenario.change(desk)
    desk.cloud.forget_calls()


def inventory(desk: Desk) -> dict[str, int]:
    """Return how many things of each kind are in the account, marked or not."""
    return {kind: len(names) for kind, names in desk.cloud.leftovers().items()}

"""What the published AWS examples must become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from provisioner.model.resource import Json
from tests.contract.provider.aws_things import RESOURCE


def created(plan: Json, kind: str) -> list[dict[str, Json]]:
    """Return what a plan creates of a kind, as field -> after."""
    assert isinstance(plan, dict)
    parts = [plan["shared"], *cast("list[Json]", plan["loadBalancers"])]
    found = []
    for part in cast("list[dict[str, list[dict[str, Json]]]]", parts):
        for step in part["steps"]:
            if step["kind"] == kind and step["action"] == "create":
                changes = cast("list[dict[str, Json]]", step["changes"])
                found.append({str(change["path"]): change["after"] for change in changes})
    return found


def check_2048(plan: Json) -> None:
    """Check the game: one public load balancer, HTTP on 80, everything under ``/`` to addresses."""
    (balancer,) = created(plan, "LoadBalancer")
    (listener,) = created(plan, "Listener")
    (rule,) = created(plan, "ListenerRule")
    (group,) = created(plan, "TargetGroup")
    assert (balancer["Scheme"], balancer["Type"]) == ("internet-facing", "application")
    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    assert _paths(rule) == ["/*"]
    assert group["TargetType"] == "ip"
    assert len(created(plan, "SecurityGroup")) == 2
    assert len(created(plan, "SecurityGroupRule")) >= 1


def check_echoserver(plan: Json) -> None:
    """Check the echo server: the path ``/`` alone, and the user's tags on all that takes tags."""
    (rule,) = created(plan, "ListenerRule")
    assert _paths(rule) == ["/"]
    for kind in (
        "LoadBalancer",
        "Listener",
        "ListenerRule",
        "TargetGroup",
        "SecurityGroup",
        "SecurityGroupRule",
    ):
        for resource in created(plan, kind):
            tags = {t["Key"]: t["Value"] for t in cast("list[dict[str, str]]", resource["Tags"])}
            shared = "/shared/" in tags[RESOURCE]
            expected = None if shared else ("dev", "test")
            found = (tags["Environment"], tags["Team"]) if "Environment" in tags else None
            assert found == expected, (kind, tags)


def _paths(rule: Mapping[str, Json]) -> list[str]:
    conditions = cast("list[dict[str, dict[str, list[str]]]]", rule["Conditions"])
    return [v for c in conditions for v in c.get("PathPatternConfig", {}).get("Values", [])]

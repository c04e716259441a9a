"""Rules change their places, and no request meets a gap on the way.

After every single call of an apply the rules are read with plain boto3 and asked as an ALB asks
them: a request that reaches one Service before and after the change reaches it all the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from provisioner.model.intent import Compatibility
from tests.contract.annotations.things import tags_of
from tests.contract.provider.aws_things import RESOURCE
from tests.contract.provider.desk import Desk, Killed, calls_of, failures
from tests.contract.provider.manifests import Route, ingress
from tests.faults.aws_scenarios import login_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("running", ["aws"], indirect=True),
]

HOST = "shop.example.com"
REQUESTS = ("/", "/a", "/a/b", "/a/b/c", "/cart", "/cart/items", "/z", "/elsewhere")
NO_RULE = "default"


def at(path: str, service: str = "web", *, kind: str = "Prefix") -> Route:
    """Return a path."""
    return Route(host=HOST, path=path, service=service, path_type=kind)


BEFORE = (at("/a", "cart"), at("/cart", "cart"), at("/z"), at("/"))
CHANGES: Mapping[str, Sequence[Route]] = {
    "one is inserted first": (at("/a/b/c", "cart", kind="Exact"), *BEFORE),
    "one is inserted in the middle": (at("/a/b"), *BEFORE),
    "one is taken out of the middle": (BEFORE[0], *BEFORE[2:]),
    "one replaces another": (BEFORE[0], at("/cart/items", "cart"), *BEFORE[2:]),
    "they are turned round": tuple(reversed(BEFORE)),
}


def served(desk: Desk) -> dict[str, str]:
    """Return which Service each request reaches."""
    elbv2: Any = login_of(desk).elbv2()
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    ordered = sorted((r for r in rules if not r["IsDefault"]), key=lambda r: int(r["Priority"]))
    reached = {path: _first(ordered, path) for path in REQUESTS}
    arns = [arn for arn in reached.values() if arn != NO_RULE]
    listed = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"] if arns else []
    names = {each["ResourceArn"]: tags_of(each["Tags"])[RESOURCE] for each in listed}
    return {path: names.get(arn, arn).rpartition("/shop/web/")[2] for path, arn in reached.items()}


def _first(rules: Sequence[Mapping[str, Any]], path: str) -> str:
    for rule in rules:
        if all(_holds(condition, path) for condition in rule["Conditions"]):
            (group,) = rule["Actions"][-1]["ForwardConfig"]["TargetGroups"]
            return str(group["TargetGroupArn"])
    return NO_RULE


def _holds(condition: Mapping[str, Any], path: str) -> bool:
    if condition["Field"] == "host-header":
        return any(fnmatchcase(HOST, v) for v in condition["HostHeaderConfig"]["Values"])
    return any(fnmatchcase(path, value) for value in condition["PathPatternConfig"]["Values"])


def begin(desk: Desk, compatibility: Compatibility) -> Callable[[Sequence[Route]], None]:
    """Apply the paths from before, and return how to ask for others."""

    def ask(routes: Sequence[Route]) -> None:
        desk.put(ingress("web", *routes, mode="pod"))

    desk.cloud.reset()
    desk.restart()
    desk.settings = replace(desk.settings, compatibility=compatibility)
    desk.furnish("web", "cart")
    for name in ("web", "cart"):
        metadata = desk.documents[f"Service shop/{name}"]["metadata"]
        assert isinstance(metadata, dict)
        metadata["uid"] = f"uid-{name}"  # of which the incumbent controller makes names
    ask(BEFORE)
    assert failures(desk.apply()) == []
    return ask


KNOWN_GAP = pytest.mark.xfail(
    strict=True,
    reason="the incumbent's priorities are consecutive: a rule that goes makes way behind all "
    "others before the one that takes its place is made",
)


def cases() -> list[object]:
    """Return every change in every reading."""
    gap = {(Compatibility.INCUMBENT, "one replaces another")}
    return [
        pytest.param(word, change, marks=KNOWN_GAP if (word, change) in gap else ())
        for word in Compatibility
        for change in CHANGES
    ]


@pytest.mark.parametrize(("compatibility", "change"), cases())
def test_no_request_meets_a_gap(desk: Desk, compatibility: Compatibility, change: str) -> None:
    """Who is served alike before and after is served so after every call; then there is nothing."""
    ask = begin(desk, compatibility)
    before = served(desk)
    ask(CHANGES[change])
    calls = calls_of(desk.converge()).total()
    after = served(desk)
    steady = {path: before[path] for path in REQUESTS if before[path] == after[path]}

    for last in range(1, calls):
        begin(desk, compatibility)(CHANGES[change])
        with pytest.raises(Killed):
            desk.apply(dies_after=last)
        meanwhile = served(desk)
        assert {path: meanwhile[path] for path in steady} == steady, last
    assert steady
    desk.clear_out()

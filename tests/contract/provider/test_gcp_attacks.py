"""Attempts on neighbours, made against the emulated Google Cloud and by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.provider.desk import Desk, failures
from tests.contract.provider.gcp import CERTIFICATE, GcpUnderTest
from tests.contract.provider.gcp_things import RESOURCE, Thing, words_of
from tests.contract.provider.manifests import Document, Route, endpoints, ingress, service

pytestmark = pytest.mark.parametrize("running", ["gcp"], indirect=True)

EVIL = "evil"
STATIC_IP = "kubernetes.io/ingress.global-static-ip-name"
HTTPS = {
    "listen-ports": '[{"HTTPS": 443}]',
    "ingress.gcp.kubernetes.io/pre-shared-cert": CERTIFICATE,
}


def google(desk: Desk) -> GcpUnderTest:
    """Return the project."""
    assert isinstance(desk.cloud, GcpUnderTest)
    return desk.cloud


def of_evil(document: Document) -> Document:
    """Return the same object in the namespace of somebody else."""
    meta = document["metadata"]
    assert isinstance(meta, dict)
    return {**document, "metadata": {**meta, "namespace": EVIL}}


def furnish(desk: Desk, name: str = "web", *, first: int = 4) -> None:
    """Add a Service of evil's with two ready pods."""
    pods = desk.cloud.pods[first : first + 2]
    desk.put(of_evil(service(name, node_port=31000 + first)), of_evil(endpoints(name, pods)))


def hand(desk: Desk) -> Any:
    """Return the project as somebody else reaches it."""
    return google(desk)._rest


def url_map(desk: Desk, group: str) -> Thing:
    """Return the URL map of a load balancer."""
    (found,) = [thing for thing in google(desk).things("urlMaps") if thing.group == group]
    return found


def hosts(desk: Desk, group: str = "edge") -> set[str]:
    """Return the hosts of a load balancer that have paths."""
    body = url_map(desk, group).body
    full = {m["name"] for m in body.get("pathMatchers", []) if m.get("pathRules")}
    rules = [rule for rule in body.get("hostRules", []) if rule["pathMatcher"] in full]
    return {host for rule in rules for host in rule["hosts"]}


def take_the_name(desk: Desk, part: str) -> str:
    """Make a health check by hand that is called as one of the plan's; return its name."""
    resources = [r for p in desk.plan().parts for r in p.resources if r.kind == "HealthCheck"]
    name = next(str(r.name) for r in resources if part in r.address)
    body = {"name": name, "type": "TCP", "tcpHealthCheck": {"port": 1}, "description": "mine"}
    hand(desk).call("POST", f"{hand(desk).home}/global/healthChecks", body)
    return name


# -- addresses -------------------------------------------------------------------------------------


def test_nobody_answers_on_a_free_port_of_somebody_elses_address(desk: Desk) -> None:
    """Google would take a second forwarding rule: one address, another port."""
    hand(desk).call(
        "POST",
        f"{hand(desk).home}/global/addresses",
        {"name": "shop-ip", "addressType": "EXTERNAL"},
    )
    furnish(desk)
    desk.put(ingress("v", annotations={STATIC_IP: "shop-ip"}))
    desk.converge()
    desk.put(of_evil(ingress("x", annotations={STATIC_IP: "shop-ip", **HTTPS})))

    plan = desk.converge()

    (refused,) = [d for d in plan.diagnostics if d.code == "CLOUD-ADDRESS-IN-USE"]
    assert str(refused.ingress) == "evil/x"
    assert [r["portRange"] for r in hand(desk).everything("forwardingRules")] == ["80-80"]


# -- what Google refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "route", [Route(host="*.com", service="bad"), Route(host="", service="bad")]
)
def test_a_backend_that_google_refuses_keeps_nobody_else_waiting(desk: Desk, route: Route) -> None:
    """One URL map for all: rules of the others are written without those that lead there."""
    furnish(desk, "bad")
    desk.put(ingress("v", Route(), group="edge"))
    desk.converge()
    desk.put(of_evil(ingress("x", route, group="edge")))
    take_the_name(desk, "bad")
    desk.apply()
    desk.put(ingress("v", Route(), Route(host="new.example.com"), group="edge"))

    desk.apply()

    assert {"shop.example.com", "new.example.com"} <= hosts(desk)


def test_a_default_backend_that_google_refuses_stops_no_new_load_balancer(desk: Desk) -> None:
    """Until it can answer for all other hosts they get 404, as they would without it."""
    furnish(desk, "bad")
    rude = of_evil(ingress("x", Route(host="a.evil.com", service="bad"), group="edge"))
    spec = rude["spec"]
    assert isinstance(spec, dict)
    spec["defaultBackend"] = {"service": {"name": "bad", "port": {"number": 80}}}
    desk.put(ingress("v", group="edge"), rude)
    take_the_name(desk, "bad")

    for _ in range(3):
        desk.apply()
    desk.cloud.forget_calls()
    desk.apply()

    assert hosts(desk) == {"shop.example.com"}
    assert "nothing" in url_map(desk, "edge").body["defaultService"]
    assert not desk.cloud.mutating()


def test_what_has_our_name_and_not_our_mark_is_never_touched(desk: Desk) -> None:
    """Neither adopted nor deleted, and nothing is tried over and over within one apply."""
    desk.put(ingress("v"))
    name = take_the_name(desk, "shop/v")
    desk.cloud.forget_calls()

    told = failures(desk.apply())

    assert any("not ours" in line for line in told)
    assert "healthChecks.delete" not in desk.cloud.mutating()
    desk.drop("Ingress shop/v")
    assert failures(desk.apply()) == []
    (left,) = [h for h in hand(desk).everything("healthChecks") if h["name"] == name]
    assert (left["description"], left["type"]) == ("mine", "TCP")


def test_an_operation_that_fails_after_it_was_accepted_costs_one_more_pass(desk: Desk) -> None:
    """Google says 200 first and no later; what was made by then is used, not made twice."""
    desk.put(ingress("v"))
    google(desk).fail_operation("urlMaps.insert")
    assert failures(desk.apply())
    desk.cloud.clear_faults()

    assert failures(desk.apply()) == []

    desk.assert_at_rest()


# -- by hand ---------------------------------------------------------------------------------------


def test_rules_that_somebody_adds_by_hand_go(desk: Desk) -> None:
    """A path on somebody's host, a host of their own: what no Ingress asks for is drift."""
    desk.put(ingress("v", Route(path="/app"), group="edge"))
    desk.converge()
    thing = url_map(desk, "edge")
    body = copy.deepcopy(dict(thing.body))
    service_ = body["pathMatchers"][0]["pathRules"][0]["service"]
    body["hostRules"].append({"hosts": ["a.evil.com"], "pathMatcher": "evil"})
    body["pathMatchers"].append({"name": "evil", "defaultService": service_})
    body["pathMatchers"][0]["pathRules"].append({"paths": ["/stolen"], "service": service_})
    hand(desk).call("PUT", thing.path, body)

    desk.converge()

    after = url_map(desk, "edge").body
    assert [rule["hosts"] for rule in after["hostRules"]] == [["shop.example.com"]]
    assert [r["paths"] for r in after["pathMatchers"][0]["pathRules"]] == [["/app", "/app/*"]]


def test_a_backend_that_was_deleted_by_hand_comes_back(desk: Desk) -> None:
    """With its rules, while those of the others stay."""
    furnish(desk)
    desk.put(
        ingress("v", group="edge"),
        of_evil(ingress("x", Route(host="a.evil.com"), group="edge")),
    )
    desk.converge()
    thing = url_map(desk, "edge")
    body = copy.deepcopy(dict(thing.body))
    for matcher in body["pathMatchers"]:
        matcher["pathRules"] = []
    hand(desk).call("PUT", thing.path, body)
    for each in google(desk).things("backendServices"):
        if "/evil/" in words_of(each.body)[RESOURCE]:
            hand(desk).call("DELETE", each.path)

    desk.converge()

    assert hosts(desk) == {"shop.example.com", "a.evil.com"}


# -- how much it costs -----------------------------------------------------------------------------


def listed(desk: Desk, ingresses: int) -> dict[str, int]:
    """Return what a second look at so many Ingresses asks for, endpoints of each group left out."""
    desk.cloud.reset()
    desk.restart()
    desk.drop(*[key for key in desk.documents if key.startswith("Ingress ")])
    for number in range(ingresses):
        host = f"h{number}.example.com"
        desk.put(ingress(f"i{number}", Route(host=host), group="edge" if number % 3 else ""))
    desk.converge()
    google(desk).forget_calls()
    desk.plan()
    asked = google(desk).asking()
    of_groups = asked.pop("networkEndpointGroups.listNetworkEndpoints")
    assert of_groups <= 2 * ingresses  # one question for each group: Google has no wider one
    return dict(asked)


def test_many_ingresses_are_listed_like_two(desk: Desk) -> None:
    """One list of each kind for a pass, none for each Ingress (ingress-gce#1700)."""
    few, many = listed(desk, 2), listed(desk, 12)

    assert few == many
    assert set(few.values()) == {1}

"""What annotations add to a rule is asked of a request like its host and path."""

from __future__ import annotations

import json

from provisioner.model.route import ActionType
from tests.conformance.routing.asking import a_plan, asked, served
from tests.conformance.routing.clouds import AWS, Cloud
from tests.factories import PORTABLE, a_path, a_rule, an_ingress

HOST = "a.foo.com"


def test_a_canary_takes_only_requests_with_its_header() -> None:
    """Conditions narrow the path that names the Service; the other path takes the rest."""
    conditions = [
        {
            "field": "http-header",
            "httpHeaderConfig": {"httpHeaderName": "X-Canary", "values": ["always"]},
        }
    ]
    canary = an_ingress(
        "shop/canary",
        rules=[a_rule(HOST, a_path("/*", "canary:80", path_type="ImplementationSpecific"))],
        annotations={
            "group.name": "edge",
            "group.order": "-1",
            "conditions.canary": json.dumps(conditions),
        },
    )
    stable = an_ingress(
        "shop/stable",
        rules=[a_rule(HOST, a_path("/*", "stable:80", path_type="ImplementationSpecific"))],
        annotations={"group.name": "edge"},
    )
    plan = a_plan(canary, stable, services=("canary", "stable"))

    assert served(plan, f"http://{HOST}/x", headers=["X-Canary: always"]) == "canary"
    assert served(plan, f"http://{HOST}/x", headers=["X-Canary: never"]) == "stable"
    assert served(plan, f"http://{HOST}/x") == "stable"


def test_a_rule_for_some_addresses_is_passed_over_for_others() -> None:
    """Without an address the answer is that for a client from elsewhere, and says so."""
    conditions = [{"field": "source-ip", "sourceIpConfig": {"values": ["10.0.0.0/8"]}}]
    ingress = an_ingress(
        rules=[a_rule(HOST, a_path("/admin", "web:80"))],
        annotations={"conditions.web": json.dumps(conditions)},
    )
    plan = a_plan(ingress)

    assert served(plan, f"http://{HOST}/admin", source_ip="10.1.2.3") == "web"
    assert served(plan, f"http://{HOST}/admin", source_ip="192.0.2.1") == 404
    assert "--source-ip" in asked(plan, f"http://{HOST}/admin").notes[0]


def test_ssl_redirect_answers_every_request_on_http(cloud: Cloud) -> None:
    """The location is the same URL on the HTTPS port; there, the rules decide."""
    ingress = an_ingress(
        rules=[a_rule(HOST, a_path("/", "web:80"))],
        annotations={**cloud.annotations([HOST]), PORTABLE + "ssl-redirect": "443"},
    )
    plan = a_plan(ingress, certificates=[HOST], cloud=cloud)

    answer = asked(plan, f"http://{HOST}/cart?x=1")

    port = ":443" if cloud is AWS else ""  # an ALB always spells it out
    assert answer.action.type is ActionType.REDIRECT
    assert answer.action.status_code == 301
    assert answer.action.location == f"https://{HOST}{port}/cart?x=1"
    assert served(plan, f"https://{HOST}/cart") == "web"


def test_weights_show_every_backend_with_its_share(cloud: Cloud) -> None:
    """Which of them a request meets is left to chance by the load balancer."""
    ingress = an_ingress(
        rules=[a_rule(HOST, a_path("/", "web:80"))],
        annotations={PORTABLE + "weights": "web:80=3,next:80=1"},
    )
    plan = a_plan(ingress, services=("web", "next"), cloud=cloud)

    backends = asked(plan, f"http://{HOST}/").reply.backends

    assert {(each.service, each.weight) for each in backends} == {("shop/web", 3), ("shop/next", 1)}


def test_a_rewritten_request_is_shown_as_targets_get_it(cloud: Cloud) -> None:
    """``rewrite-target`` changes the path that pods see, not the rule that matches."""
    ingress = an_ingress(
        rules=[a_rule(HOST, a_path("/api", "web:80"))],
        annotations={PORTABLE + "rewrite-target": "/"},
    )
    plan = a_plan(ingress, cloud=cloud)

    sent = asked(plan, f"http://{HOST}/api/x?y=1").reply.sent

    assert sent is not None
    assert (sent.host, sent.target) == (HOST, "/x?y=1")

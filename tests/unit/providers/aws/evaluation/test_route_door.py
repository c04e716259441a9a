"""The whole of an ALB: its listener, the first rule that matches, and what its actions do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.aws import addresses
from providers.aws.route import route
from provisioner.model.resource import Fingerprint, Ref, Resource, Unknown, freeze_spec
from provisioner.model.route import ActionType, Reply, Request, RoutedBackend, Target, Verdict
from tests.unit.providers.aws.evaluation.balancers import (
    GROUP,
    Plain,
    a_listener,
    a_rule,
    fixed,
    forward,
    some_targets,
)
from tests.unit.providers.aws.evaluation.requests import a_request, host, methods, path, sources

SHOP = host("shop.example.com")


def reply(*resources: Resource, request: Request | None = None) -> Reply:
    (found,) = route(resources, request or a_request("http://shop.example.com/cart"))
    return found


def a_ref() -> Ref:
    return Ref(addresses.listener(GROUP, 80), "ListenerArn")


def status(found: Reply) -> int | None:
    return found.action.status_code if found.action is not None else None


def test_rules_are_tried_by_priority_and_the_first_that_matches_answers() -> None:
    """The order in which they are listed means nothing; later ones are not tried at all."""
    found = reply(
        a_listener(),
        a_rule(30, [SHOP], fixed(203)),
        a_rule(20, [SHOP, path("/cart")], fixed(202)),
        a_rule(10, [SHOP, path("/other")], fixed(201)),
    )

    assert status(found) == 202
    assert [tried.priority for tried in found.tried] == [10, 20]
    assert [tried.verdict for tried in found.tried] == [Verdict.NO, Verdict.YES]


def test_all_conditions_of_a_rule_must_hold() -> None:
    """The trace says which one did not, with the value that was there."""
    found = reply(a_listener(), a_rule(10, [SHOP, methods("POST"), path("/cart")]))

    failed = [check for check in found.tried[0].checks if check.verdict is Verdict.NO]
    assert [(check.what, check.wanted, check.found) for check in failed] == [
        ("method", "POST", "GET")
    ]
    assert found.is_default
    assert status(found) == 404


def test_the_default_answers_when_no_rule_matches() -> None:
    """It is the last one tried, without a priority."""
    found = reply(a_listener(fixed(418)), a_rule(10, [host("other.io")]))

    assert found.is_default
    assert status(found) == 418
    assert found.tried[-1].priority is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example.com", 201),
        ("http://shop.example.com:8080", 202),
        ("https://shop.example.com", 203),
    ],
)
def test_the_port_and_the_protocol_choose_the_listener(url: str, expected: int) -> None:
    """Rules of other listeners are not looked at."""
    found = reply(
        *(a_listener(), a_listener(port=8080), a_listener(port=443, protocol="HTTPS")),
        *(a_rule(1, [SHOP], fixed(201)), a_rule(1, [SHOP], fixed(202), port=8080)),
        a_rule(1, [SHOP], fixed(203), port=443),
        request=a_request(url),
    )

    assert status(found) == expected


@pytest.mark.parametrize("url", ["http://shop.example.com:443", "http://shop.example.com:81"])
def test_nobody_answers_on_a_port_without_a_listener_of_that_protocol(url: str) -> None:
    """Plain HTTP to an HTTPS listener is no request that rules ever see."""
    found = reply(a_listener(), a_listener(port=443, protocol="HTTPS"), request=a_request(url))

    assert found.action is None
    assert found.ports == ("http:80", "https:443")


def test_a_forward_names_services_weights_and_targets() -> None:
    """Every backend of a split, with its share and who is behind it."""
    found = reply(
        a_listener(),
        a_rule(10, [SHOP], forward("web:80*3", "next:http*1")),
        *some_targets("web:80", "10.0.0.2:8080", "10.0.0.1:8080"),
        *some_targets("next:http", unknown=True),
    )

    assert found.action is not None
    assert found.action.type is ActionType.FORWARD
    assert found.action.status_code is None
    assert found.backends == (
        RoutedBackend(
            service="shop/web",
            port=80,
            weight=3,
            targets=(Target(id="10.0.0.1", port=8080), Target(id="10.0.0.2", port=8080)),
        ),
        RoutedBackend(service="shop/next", port="http", weight=1, targets=None),
    )


def test_a_backend_without_targets_is_noted() -> None:
    """The rule matches, and yet the client gets a 503."""
    found = reply(a_listener(), a_rule(10, [SHOP], forward("web:80")), *some_targets("web:80"))

    assert "503" in found.notes[0]


def test_a_target_group_of_an_explicit_group_names_its_service() -> None:
    """On a shared load balancer the address holds the Ingress as well."""
    backend = "shop/cart/web:80"
    found = reply(
        a_listener(group="edge"),
        a_rule(10, [SHOP], forward(backend, group="edge"), group="edge"),
        *some_targets(backend, "10.0.0.1:8080", group="edge"),
    )

    assert [(each.service, each.port) for each in found.backends] == [("shop/web", 80)]


def test_a_foreign_target_group_is_called_by_its_arn() -> None:
    """Nobody here knows what is behind it."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/theirs/1"
    config: Plain = {"TargetGroups": [{"TargetGroupArn": arn}]}
    action: Plain = {"Type": "forward", "ForwardConfig": config}

    found = reply(a_listener(), a_rule(10, [SHOP], action))

    assert found.backends == (RoutedBackend(service=arn, port=None, weight=1, targets=None),)


@pytest.mark.parametrize(
    ("arn", "service"),
    [
        (Unknown("group theirs"), "a target group known after apply (group theirs)"),
        (Ref("gcp:backend/x", "TargetGroupArn"), "gcp:backend/x"),
        (Ref("aws:target-group/edge/odd", "TargetGroupArn"), "aws:target-group/edge/odd"),
    ],
)
def test_a_target_group_that_cannot_be_read_is_still_named(
    arn: Ref | Unknown, service: str
) -> None:
    """An answer never fails over a name."""
    action: Plain = {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn}]},
    }

    found = reply(a_listener(), a_rule(10, [SHOP], action))

    assert [(each.service, each.port, each.targets) for each in found.backends] == [
        (service, None, None)
    ]


def test_the_short_form_of_a_forward_is_read_too() -> None:
    """Rules that somebody else made may have the ARN beside no configuration."""
    arn = Ref(addresses.target_group(GROUP, "web:80/pod"), "TargetGroupArn")
    found = reply(
        a_listener(),
        a_rule(10, [SHOP], {"Type": "forward", "TargetGroupArn": arn}),
        *some_targets("web:80", "10.0.0.1:8080"),
    )

    assert [(each.service, each.port) for each in found.backends] == [("shop/web", 80)]


def test_an_empty_listener_and_rule_answer_without_a_traceback() -> None:
    """Resources of another make may lack what ours always have."""
    bare = replace(a_rule(10, []), spec=freeze_spec({"ListenerArn": a_ref(), "Actions": "odd"}))

    found = reply(a_listener(), bare)

    assert status(found) == 404


def test_stickiness_is_noted() -> None:
    """Weights then hold for new clients alone."""
    sticky: Plain = {"Enabled": True, "DurationSeconds": 60}
    action = forward("web:80*1", "next:80*1", TargetGroupStickinessConfig=sticky)

    found = reply(a_listener(), a_rule(10, [SHOP], action))

    assert found.notes == ("a client stays with the backend that it met first for 60 s",)


def test_a_redirect_says_where_to() -> None:
    """With every placeholder filled in."""
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    found = reply(a_listener({"Type": "redirect", "RedirectConfig": config}))

    assert found.action is not None
    assert found.action.type is ActionType.REDIRECT
    assert status(found) == 301
    assert found.action.location == "https://shop.example.com:443/cart"


def test_signing_in_comes_first_and_holds_no_secret() -> None:
    """Actions are done in order; the last one answers."""
    secret = Fingerprint("abc", "s3cret")
    signing: Plain = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {
            "Issuer": "https://login.example.com",
            "ClientId": secret,
            "ClientSecret": secret,
            "OnUnauthenticatedRequest": "deny",
        },
    }
    found = reply(a_listener(), a_rule(10, [SHOP], {**forward("web:80"), "Order": 2}, signing))

    assert found.before == ("signs in with https://login.example.com; who has not gets 401",)
    assert [backend.service for backend in found.backends] == ["shop/web"]
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            {
                "Type": "authenticate-cognito",
                "AuthenticateCognitoConfig": {
                    "UserPoolDomain": "pool",
                    "OnUnauthenticatedRequest": "allow",
                },
            },
            "signs in with Cognito at pool; who has not is let through",
        ),
        (
            {
                "Type": "authenticate-oidc",
                "AuthenticateOidcConfig": {
                    "Issuer": "https://login",
                    "OnUnauthenticatedRequest": "authenticate",
                },
            },
            "signs in with https://login",
        ),
        ({"Type": "something-new"}, "passes something-new"),
        (
            {"Type": "jwt-validation", "JwtValidationConfig": {"Issuer": "https://issuer"}},
            "brings a valid token of https://issuer, or gets 401",
        ),
    ],
)
def test_other_ways_to_prove_who_one_is(action: dict[str, object], expected: str) -> None:
    """Cognito and tokens, in the same place."""
    found = reply(a_listener(), a_rule(10, [SHOP], action, fixed(200)))  # type: ignore[arg-type]  # mypy joins the two literals to object

    assert found.before == (expected,)


def test_transforms_are_shown_for_what_is_forwarded() -> None:
    """They do not change which rule matches."""
    rewrite: Plain = {
        "Type": "url-rewrite",
        "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/cart", "Replace": "/basket"}]},
    }
    found = reply(
        a_listener(),
        a_rule(10, [SHOP, path("/cart")], forward("web:80"), transforms=[rewrite]),
        *some_targets("web:80", "10.0.0.1:8080"),
    )

    assert found.sent is not None
    assert found.sent.target == "/basket"
    assert found.sent.host == "shop.example.com"


def test_a_rule_that_cannot_be_decided_is_passed_over_and_named() -> None:
    """Nobody told the client's address, so the answer is for a client from elsewhere."""
    guarded = a_rule(10, [SHOP, sources("10.0.0.0/8")], fixed(403))
    open_to_all = a_rule(20, [SHOP], fixed(200))
    found = reply(a_listener(), guarded, open_to_all)

    assert status(found) == 200
    assert "rule 10 (rule 10) was passed over" in found.notes[0]
    assert "--source-ip" in found.notes[0]


def test_an_undecided_condition_does_not_matter_where_another_one_fails() -> None:
    """The rule is out either way; nothing needs to be said."""
    found = reply(a_listener(), a_rule(10, [host("other.io"), sources("10.0.0.0/8")]))

    assert found.notes == ()


def test_with_a_source_address_the_rule_is_decided() -> None:
    """The address is compared like everything else."""
    guarded = a_rule(10, [SHOP, sources("10.0.0.0/8")], fixed(403))
    request = a_request("http://shop.example.com/", source_ip="10.1.2.3")

    assert status(reply(a_listener(), guarded, request=request)) == 403


def test_the_host_is_known_by_rules_of_any_port() -> None:
    """A listener that redirects everything has no rules; the host is known all the same."""
    found = reply(a_listener(), a_listener(port=443, protocol="HTTPS"), a_rule(1, [SHOP], port=443))

    assert found.knows_host


def test_each_load_balancer_replies_for_itself() -> None:
    """One reply per group, in order of their names."""
    resources = [a_listener(group=group) for group in ("b", "a")]

    assert [each.group for each in route(resources, a_request())] == ["a", "b"]

"""Specs in words."""

from __future__ import annotations

import pytest

from provisioner.model.change import Action
from provisioner.model.resource import Fingerprint, PlainInput, Ref, Unknown, freeze
from provisioner.render.fields import entries
from provisioner.render.phrases import phrase, short_address
from tests.unit.render import plans

_TG = "aws:target-group/shop/web"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "none"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        ("", '""'),
        ([], "none"),
        ({}, "none"),
        (["a", "b"], "a, b"),
        ({"A": 1, "B": "x"}, "A 1, B x"),
        (Unknown(""), "(known after apply)"),
        (Unknown("the node port"), "(known after apply: the node port)"),
        (Fingerprint("0123456789"), "(secret, fingerprint 01234567)"),
        (Ref(f"{_TG}/web:80/pod", "TargetGroupArn"), "TargetGroupArn of target-group web:80/pod"),
        ({"Key": "team", "Value": "shop"}, "team=shop"),
        ({"CertificateArn": "arn:x"}, "arn:x"),
        ({"Id": "i-1", "Port": 30080}, "i-1:30080"),
        ({"Id": "10.0.0.1", "Port": 80, "AvailabilityZone": "all"}, "10.0.0.1:80"),
        (
            {"RuleArn": Ref("aws:listener-rule/shop/web/80/ab", "RuleArn"), "Priority": 7},
            "7: listener-rule 80/ab",
        ),
    ],
)
def test_a_value_reads_as_a_person_would_say_it(value: PlainInput, words: str) -> None:
    """One line per value, whatever the cloud's spelling."""
    assert phrase(freeze(value), "shop/web") == words


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b", "*.c"]}}, "host a.b, *.c"),
        ({"Field": "path-pattern", "Values": ["/x"]}, "path /x"),
        (
            {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^a$"]}},
            "host matching ^a$",
        ),
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["yes"]},
            },
            "header X-Beta: yes",
        ),
        (
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]},
            },
            "query v=2",
        ),
        (
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
            "method GET",
        ),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}, "source 10.0.0.0/8"),
        ({"Field": "novelty", "Values": ["x"]}, "novelty x"),
    ],
)
def test_a_condition_is_a_few_words(condition: PlainInput, words: str) -> None:
    """All condition types of an ALB, and one that it has not yet."""
    assert phrase(freeze(condition)) == words


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({"Type": "forward", "TargetGroupArn": Ref(f"{_TG}/web:80/pod", "A")}, "-> web:80/pod"),
        ({"Type": "forward", "TargetGroupArn": "arn:foreign"}, "-> arn:foreign"),
        (
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": Ref(f"{_TG}/a:80/pod", "A"), "Weight": 90},
                        {"TargetGroupArn": Ref(f"{_TG}/b:80/pod", "A"), "Weight": 10},
                    ],
                    "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
                },
            },
            "-> a:80/pod (weight 90), b:80/pod (weight 10), sticky for 60 s",
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS"}},
            "redirect 301 to https://#{host}:#{port}/#{path}?#{query}",
        ),
        (
            {
                "Type": "redirect",
                "RedirectConfig": {
                    "StatusCode": "HTTP_302",
                    "Host": "b",
                    "Port": "443",
                    "Path": "/",
                    "Query": "",
                },
            },
            "redirect 302 to #{protocol}://b:443/",
        ),
        ({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}, "answer 404"),
        (
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "503", "MessageBody": "x"},
            },
            'answer 503 "x"',
        ),
        (
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"Issuer": "i"}},
            "authenticate-oidc (Issuer i)",
        ),
    ],
)
def test_an_action_is_a_few_words(action: PlainInput, words: str) -> None:
    """Where a request goes is visible at a glance."""
    assert phrase(freeze(action), "shop/web") == words


@pytest.mark.parametrize(
    ("permission", "words"),
    [
        (
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "d"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            },
            "tcp 80 from 0.0.0.0/0, ::/0",
        ),
        (
            {
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 9,
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
            },
            "tcp 1-9 from pl-1",
        ),
        (
            {
                "IpProtocol": "-1",
                "UserIdGroupPairs": [
                    {"GroupId": Ref("aws:security-group/shared/backend", "GroupId")}
                ],
            },
            "everything from GroupId of security-group backend",
        ),
    ],
)
def test_a_permission_says_who_reaches_what(permission: PlainInput, words: str) -> None:
    """A security group change is reviewed for its sources."""
    assert phrase(freeze(permission), "shared") == words


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("aws:load-balancer/shop/web", "load-balancer"),
        ("aws:load-balancer/shop/web@2", "load-balancer @2"),
        ("aws:listener/shop/web/80", "listener 80"),
        ("aws:listener/shop/web2/80", "aws:listener/shop/web2/80"),
    ],
)
def test_addresses_of_the_load_balancer_at_hand_are_short(address: str, short: str) -> None:
    """A neighbour whose name begins alike keeps its full address."""
    assert short_address(address, "shop/web") == short


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (80, 443, ["~ F: 80 -> 443"]),
        (80, None, ["~ F: 80 -> none"]),
        (["a", "b"], ["b", "c"], ["- F: a", "+ F: c"]),
        (["a", "b"], ["b", "a"], ["~ F: a, b -> b, a"]),
        ({"A": 1, "B": 2}, {"A": 1, "B": 3}, ["~ F.B: 2 -> 3"]),
        (
            plans.tags(a="1", b="1"),
            plans.tags(a="2", c="1"),
            ["~ F.a: 1 -> 2", "- F: b=1", "+ F: c=1"],
        ),
        (
            [plans.target(1), plans.target(2)],
            [plans.target(2), plans.target(3)],
            ["~ F: 2 -> 2 targets; registers 10.0.0.3:8080; deregisters 10.0.0.1:8080"],
        ),
        ([plans.target(1)], [], ["~ F: 1 -> 0 targets; deregisters 10.0.0.1:8080"]),
        ([plans.target(1)], Unknown("pods"), ["~ F: 1 -> (known after apply: pods)"]),
    ],
)
def test_only_what_changed_inside_a_field_is_shown(
    before: PlainInput, after: PlainInput, lines: list[str]
) -> None:
    """One tag among twenty, one target among eight hundred: the reader sees the one."""
    step = plans.step(
        Action.UPDATE, "X", "aws:x/shop/web", fields=(plans.field("F", before, after),)
    )

    assert [f"{entry.sign} {entry}" for entry in entries(step)] == lines


def test_eight_hundred_targets_stay_one_line() -> None:
    """Targets are counted; a few are named as examples, in the order of their numbers."""
    targets = [plans.target(n) for n in range(200)]
    step = plans.step(
        Action.CREATE, "Targets", "aws:targets/x", fields=(plans.field("Targets", None, targets),)
    )

    (entry,) = entries(step)

    assert entry.text.startswith("200 targets (10.0.0.0:8080, 10.0.0.1:8080, 10.0.0.2:8080")
    assert entry.text.endswith("and 192 more)")


def test_a_rule_is_one_sentence() -> None:
    """Host, path and backend belong together, whichever fields the cloud puts them in."""
    rule, *_ = entries(plans.create_rule())

    assert str(rule) == "host shop.example.com, path /cart, /cart/* -> web:80/pod"


def test_plain_values_of_a_creation_share_a_line() -> None:
    """Twelve settings of a new target group are one paragraph, not twelve lines."""
    fields = (plans.field("Port", None, 80), plans.field("Protocol", None, "HTTP"))
    step = plans.step(Action.CREATE, "TargetGroup", "aws:target-group/x", fields=fields)

    assert [str(entry) for entry in entries(step)] == ["Port 80, Protocol HTTP"]


def test_a_deletion_lists_no_fields() -> None:
    """What goes is named; spelling out every field of it would hide what matters."""
    assert entries(plans.delete_target_group()) == ()

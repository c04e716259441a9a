"""Answers of the real service, with everything it adds, become what a plan would have said.

The answers are shaped as the AWS CLI's reference shows them; emulators add less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from providers.aws.live.normalise import listener, load_balancer, targets
from providers.aws.live.plain import Refs
from providers.aws.live.rule_words import actions, conditions
from provisioner.model.resource import Ref, to_json

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import MutualAuthenticationAttributesTypeDef

ARN_A = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/a/1"
ARN_B = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/b/1"
A = "aws:target-group/shop/web/a:80/pod"
B = "aws:target-group/shop/web/b:80/pod"
REFS = Refs({ARN_A: Ref(A, "TargetGroupArn"), ARN_B: Ref(B, "TargetGroupArn")})
TO_A = [
    {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"ref": f"{A}.TargetGroupArn"}}]},
    }
]


@pytest.mark.parametrize(
    "answer",
    [
        {"Type": "forward", "TargetGroupArn": ARN_A},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": ARN_A}]}},
        {
            "Type": "forward",
            "Order": 1,
            "TargetGroupArn": ARN_A,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": ARN_A, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        },
    ],
)
def test_a_plain_forward_has_one_spelling(answer: dict[str, object]) -> None:
    """However it was written and read back, it is the same forward."""
    assert to_json(actions([answer], REFS)) == TO_A


def test_stickiness_that_is_on_is_part_of_the_action() -> None:
    """It was asked for, so losing it is a difference."""
    answer = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": ARN_B, "Weight": 2},
                {"TargetGroupArn": ARN_A, "Weight": 1},
            ],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
        },
    }

    assert to_json(actions([answer], REFS)) == [
        {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": {"ref": f"{A}.TargetGroupArn"}, "Weight": 1},
                    {"TargetGroupArn": {"ref": f"{B}.TargetGroupArn"}, "Weight": 2},
                ],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
            },
        }
    ]


def test_a_target_group_of_somebody_else_stays_an_arn() -> None:
    """Rules may forward to it; it is not ours to follow."""
    answer = {"Type": "forward", "TargetGroupArn": "arn:foreign"}

    assert to_json(actions([answer], REFS)) == [
        {
            "Type": "forward",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:foreign"}]},
        }
    ]


def test_a_redirect_says_all_its_parts() -> None:
    """What AWS keeps by default is written out, and an emptied query stays empty."""
    answer = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Query": "", "StatusCode": "HTTP_301"},
    }

    assert to_json(actions([answer], REFS)) == [
        {
            "Type": "redirect",
            "RedirectConfig": {
                "Protocol": "HTTPS",
                "Host": "#{host}",
                "Port": "#{port}",
                "Path": "/#{path}",
                "Query": "",
                "StatusCode": "HTTP_301",
            },
        }
    ]


def test_an_empty_body_is_no_body() -> None:
    """AWS answers an empty text where none was given."""
    answer = {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": "404",
            "ContentType": "text/plain",
            "MessageBody": "",
        },
    }

    assert to_json(actions([answer], REFS)) == [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
        }
    ]


def test_several_actions_stand_in_their_order() -> None:
    """A login comes before the forward whichever way AWS lists them."""
    login = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {"Issuer": "https://id.example.com", "ClientId": "x"},
    }
    forward = {"Type": "forward", "Order": 2, "TargetGroupArn": ARN_A}

    assert to_json(actions([forward, login], REFS)) == [
        {
            "Type": "authenticate-oidc",
            "Order": 1,
            "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com",
                "ClientId": {"fingerprint": "unknown"},
                "ClientSecret": {"fingerprint": "unknown"},
            },
        },
        {**TO_A[0], "Order": 2},
    ]


def test_secrets_stand_as_the_digests_that_their_tag_holds() -> None:
    """AWS hides the secret; the tag says which one it was."""
    login = {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {"Issuer": "https://id.example.com", "ClientId": "x"},
    }

    found = actions([login], REFS, {"ingress-provisioner.io/secrets": "d-id d-secret"})

    assert to_json(found) == [
        {
            "Type": "authenticate-oidc",
            "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com",
                "ClientId": {"fingerprint": "d-id"},
                "ClientSecret": {"fingerprint": "d-secret"},
            },
        }
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"Field": "path-pattern", "Values": ["/a", "/a/*"]},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/a/*"]}},
        {
            "Field": "path-pattern",
            "Values": ["/a", "/a/*"],
            "PathPatternConfig": {"Values": ["/a", "/a/*"], "RegexValues": []},
        },
    ],
)
def test_a_condition_has_one_spelling(answer: dict[str, object]) -> None:
    """AWS doubles host and path values; the config form is the one that is compared."""
    assert to_json(conditions([answer])) == [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/a/*"]}}
    ]


def test_conditions_have_one_order() -> None:
    """It means nothing to AWS, which may answer another one; host and path stand last."""
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/"]}}
    host = {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^localhost"]}}
    source = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["a"]}}

    said = to_json(conditions([path, source, host, header]))

    assert said == [header, source, host, path]


def test_a_zone_that_aws_detected_is_not_part_of_a_target() -> None:
    """Only ``all`` was asked for: addresses outside the VPC."""
    seen = targets(
        ARN_A,
        [
            {"Target": {"Id": "10.0.0.2", "Port": 80, "AvailabilityZone": "eu-central-1a"}},
            {"Target": {"Id": "100.64.0.1", "Port": 80, "AvailabilityZone": "all"}},
        ],
        REFS,
    )

    assert to_json(seen["Targets"]) == [
        {"Id": "10.0.0.2", "Port": 80},
        {"AvailabilityZone": "all", "Id": "100.64.0.1", "Port": 80},
    ]


def test_targets_stand_in_order_of_id_and_number_of_the_port() -> None:
    """AWS lists them in any order; 80 comes before 8080 though text would say otherwise."""
    places = [("10.0.0.10", 80), ("10.0.0.1", 8080), ("10.0.0.1", 80)]

    seen = targets(ARN_A, [{"Target": {"Id": i, "Port": port}} for i, port in places], REFS)

    assert to_json(seen["Targets"]) == [
        {"Id": "10.0.0.1", "Port": 80},
        {"Id": "10.0.0.1", "Port": 8080},
        {"Id": "10.0.0.10", "Port": 80},
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, {"Mode": "off"}),
        ({"Mode": "off", "TrustStoreAssociationStatus": ""}, {"Mode": "off"}),
        ({"Mode": "passthrough"}, {"Mode": "passthrough"}),
        (
            {
                "Mode": "verify",
                "TrustStoreArn": "arn:ts",
                "TrustStoreAssociationStatus": "active",
                "AdvertiseTrustStoreCaNames": "on",
            },
            {
                "Mode": "verify",
                "TrustStoreArn": "arn:ts",
                "IgnoreClientCertificateExpiry": False,
                "AdvertiseTrustStoreCaNames": "on",
            },
        ),
    ],
)
def test_an_https_listener_always_says_what_it_asks_of_clients(
    answer: MutualAuthenticationAttributesTypeDef, expected: dict[str, object]
) -> None:
    """Older listeners answer nothing; the state of a trust store is no setting."""
    spec = listener({"Protocol": "HTTPS", "MutualAuthentication": answer}, "arn:c", {}, REFS)

    assert spec["MutualAuthentication"] == expected


def test_pools_and_capacity_are_said_where_there_are_some() -> None:
    """Most load balancers have none, and a desired one names none either."""
    bare = load_balancer({"LoadBalancerName": "a", "IpamPools": {}}, [], {}, REFS)
    rich = load_balancer(
        {
            "LoadBalancerName": "a",
            "CustomerOwnedIpv4Pool": "ipv4pool-coip-1",
            "IpamPools": {"Ipv4IpamPoolId": "ipam-pool-1"},
        },
        [],
        {},
        REFS,
        capacity=200,
    )

    assert set(bare) == {"Name"}
    assert rich["CustomerOwnedIpv4Pool"] == "ipv4pool-coip-1"
    assert rich["IpamPools"] == {"Ipv4IpamPoolId": "ipam-pool-1"}
    assert rich["MinimumLoadBalancerCapacity"] == {"CapacityUnits": 200}

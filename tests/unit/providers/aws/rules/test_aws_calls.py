"""Calls: operations and parameters exactly as botocore takes them, and no more than differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import botocore.session
import pytest
from botocore.validate import ParamValidator

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.changes.calls import calls
from providers.aws.changes.steps import steps
from providers.aws.routing.actions import forward_to
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import (
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Value,
    freeze_spec,
)
from tests.unit.providers.aws.rules.building import GROUP, changes, seen, some_room

SESSION = botocore.session.get_session()
TAGS: PlainInput = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
LOAD_BALANCER = addresses.load_balancer(GROUP)
SECURITY_GROUP = addresses.frontend_security_group(GROUP)
LISTENER = addresses.listener(GROUP, 443)
TARGET_GROUP = addresses.target_group(GROUP, "shop/web/web:80/pod")
RULE = addresses.listener_rule(GROUP, 443, "a")
PATH: PlainInput = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}


def a_resource(kind: Kind, address: str, **spec: PlainInput) -> Resource:
    """Return a resource with this spec."""
    return Resource(kind=kind.value, address=address, group=GROUP, spec=freeze_spec(spec))


def a_permission(*ranges: tuple[str, str]) -> PlainInput:
    """Return a permission for TCP 443 from (CIDR, description) pairs."""
    listed: list[PlainInput] = [{"CidrIp": cidr, "Description": text} for cidr, text in ranges]
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": listed}]


def everything() -> dict[Kind, Resource]:
    """Return one resource of every kind, as express would spell it."""
    return {
        Kind.LOAD_BALANCER: a_resource(
            Kind.LOAD_BALANCER,
            LOAD_BALANCER,
            Name="ipr-edge-0123456789",
            Scheme="internal",
            Type="application",
            IpAddressType="ipv4",
            Subnets=["subnet-1", "subnet-2"],
            SecurityGroups=[Ref(SECURITY_GROUP, "GroupId"), "sg-1"],
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
            Tags=TAGS,
        ),
        Kind.SECURITY_GROUP: a_resource(
            Kind.SECURITY_GROUP,
            SECURITY_GROUP,
            GroupName="ipr-edge",
            Description="Ingress Provisioner: clients of edge",
            VpcId="vpc-1",
            Tags=TAGS,
        ),
        Kind.SECURITY_GROUP_RULE: a_resource(
            Kind.SECURITY_GROUP_RULE,
            addresses.frontend_rule(GROUP, 443),
            GroupId=Ref(SECURITY_GROUP, "GroupId"),
            IpPermissions=a_permission(("10.0.0.0/8", "a"), ("0.0.0.0/0", "b")),
            Tags=TAGS,
        ),
        Kind.LISTENER: a_resource(
            Kind.LISTENER,
            LISTENER,
            LoadBalancerArn=Ref(LOAD_BALANCER, "LoadBalancerArn"),
            Protocol="HTTPS",
            Port=443,
            SslPolicy="ELBSecurityPolicy-2016-08",
            Certificates=[{"CertificateArn": "arn:c"}],
            DefaultActions=forward_to({TARGET_GROUP: 1}),
            Tags=TAGS,
        ),
        Kind.LISTENER_CERTIFICATE: a_resource(
            Kind.LISTENER_CERTIFICATE,
            addresses.listener_certificate(GROUP, 443, "arn:d"),
            ListenerArn=Ref(LISTENER, "ListenerArn"),
            Certificates=[{"CertificateArn": "arn:d"}],
        ),
        Kind.LISTENER_RULE: a_resource(
            Kind.LISTENER_RULE,
            RULE,
            ListenerArn=Ref(LISTENER, "ListenerArn"),
            Priority=100,
            Conditions=[PATH],
            Actions=forward_to({TARGET_GROUP: 1}),
            Tags=TAGS,
        ),
        Kind.TARGET_GROUP: a_resource(
            Kind.TARGET_GROUP,
            TARGET_GROUP,
            Name="ipr-shop-web-0123456789",
            TargetType="ip",
            Protocol="HTTP",
            ProtocolVersion="HTTP1",
            Port=8080,
            VpcId="vpc-1",
            HealthCheckEnabled=True,
            HealthCheckProtocol="HTTP",
            HealthCheckPort="traffic-port",
            HealthCheckPath="/",
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
            Matcher={"HttpCode": "200"},
            Attributes=[{"Key": "stickiness.enabled", "Value": "false"}],
            Tags=TAGS,
        ),
        Kind.TARGETS: a_resource(
            Kind.TARGETS,
            addresses.targets_of(TARGET_GROUP),
            TargetGroupArn=Ref(TARGET_GROUP, "TargetGroupArn"),
            Targets=[{"Id": f"10.0.0.{i}", "Port": 8080} for i in range(3)],
        ),
    }


CHANGED: Mapping[Kind, Mapping[str, PlainInput]] = {
    Kind.LOAD_BALANCER: {
        "Subnets": ["subnet-1", "subnet-3"],
        "SecurityGroups": ["sg-2"],
        "IpAddressType": "dualstack",
        "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
        "Tags": [{"Key": "a", "Value": "9"}],
    },
    Kind.SECURITY_GROUP: {"Tags": [{"Key": "a", "Value": "9"}]},
    Kind.SECURITY_GROUP_RULE: {
        "IpPermissions": a_permission(("10.0.0.0/8", "reworded"), ("192.168.0.0/16", "c"))
    },
    Kind.LISTENER: {
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "Tags": [{"Key": "a", "Value": "1"}],
    },
    Kind.LISTENER_RULE: {
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b"]}}],
        "Tags": [{"Key": "c", "Value": "1"}],
    },
    Kind.TARGET_GROUP: {
        "HealthCheckPath": "/healthz",
        "Matcher": {"HttpCode": "200-299"},
        "Attributes": [{"Key": "stickiness.enabled", "Value": "true"}],
        "Tags": [],
    },
    Kind.TARGETS: {"Targets": [{"Id": "10.0.0.9", "Port": 8080}]},
}
UPDATES = {
    Kind.LOAD_BALANCER: [
        "SetSubnets",
        "SetSecurityGroups",
        "SetIpAddressType",
        "ModifyLoadBalancerAttributes",
        "AddTags",
        "RemoveTags",
    ],
    Kind.SECURITY_GROUP: ["CreateTags", "DeleteTags"],
    Kind.SECURITY_GROUP_RULE: [
        "AuthorizeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
        "RevokeSecurityGroupIngress",
    ],
    Kind.LISTENER: ["ModifyListener", "RemoveTags"],
    Kind.LISTENER_RULE: ["ModifyRule", "AddTags", "RemoveTags"],
    Kind.TARGET_GROUP: ["ModifyTargetGroup", "ModifyTargetGroupAttributes", "RemoveTags"],
    Kind.TARGETS: ["RegisterTargets", "DeregisterTargets"],
}
CREATIONS = {
    Kind.LOAD_BALANCER: ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"],
    Kind.SECURITY_GROUP: ["CreateSecurityGroup"],
    Kind.SECURITY_GROUP_RULE: ["AuthorizeSecurityGroupIngress"],
    Kind.LISTENER: ["CreateListener"],
    Kind.LISTENER_CERTIFICATE: ["AddListenerCertificates"],
    Kind.LISTENER_RULE: ["CreateRule"],
    Kind.TARGET_GROUP: ["CreateTargetGroup", "ModifyTargetGroupAttributes"],
    Kind.TARGETS: ["RegisterTargets"],
}
DELETIONS = {
    Kind.LOAD_BALANCER: ["DeleteLoadBalancer"],
    Kind.SECURITY_GROUP: ["DeleteSecurityGroup"],
    Kind.SECURITY_GROUP_RULE: ["RevokeSecurityGroupIngress"],
    Kind.LISTENER: ["DeleteListener"],
    Kind.LISTENER_CERTIFICATE: ["RemoveListenerCertificates"],
    Kind.LISTENER_RULE: ["DeleteRule"],
    Kind.TARGET_GROUP: ["DeleteTargetGroup"],
    Kind.TARGETS: ["DeregisterTargets"],
}


def the_change(desired: Resource | None, observed: Resource | None) -> Change:
    """Return what the core says differs between two states of one resource."""
    (change,) = changes(
        [desired] if desired is not None else [], [seen(observed)] if observed is not None else []
    )
    return change


def operations(made: Sequence[Call]) -> list[str]:
    """Return the operations of calls."""
    return [call.operation for call in made]


def sent(value: Value) -> object:  # what botocore takes: anything JSON-like
    """Return a value as it is sent: plain lists and dicts, Refs as ids."""
    if isinstance(value, Ref):
        return f"id-of-{value.field}"
    if isinstance(value, Mapping):
        return {key: sent(item) for key, item in value.items()}
    return [sent(item) for item in value] if isinstance(value, tuple) else value


def problems(call: Call) -> str:
    """Return what botocore's validator says about a call's parameters."""
    model = SESSION.get_service_model(call.service).operation_model(call.operation)
    parameters = {name: sent(value) for name, value in call.parameters.items()}
    assert model.input_shape is not None
    report = ParamValidator().validate(parameters, model.input_shape)
    return str(report.generate_report())


@pytest.mark.parametrize("kind", list(Kind))
def test_creations(kind: Kind) -> None:
    """Every kind is created by these operations, with parameters that botocore accepts."""
    made = calls(the_change(everything()[kind], None))

    assert operations(made) == CREATIONS[kind]
    assert [problems(call) for call in made] == [""] * len(made)


@pytest.mark.parametrize("kind", list(CHANGED))
def test_updates(kind: Kind) -> None:
    """Only what differs is sent, one operation per thing that AWS changes on its own."""
    before = everything()[kind]

    made = calls(the_change(before.with_spec(**CHANGED[kind]), before))

    assert operations(made) == UPDATES[kind]
    assert [problems(call) for call in made] == [""] * len(made)


@pytest.mark.parametrize("kind", list(Kind))
def test_deletions(kind: Kind) -> None:
    """Every kind is deleted by one call, and finding nothing is success."""
    made = calls(the_change(None, everything()[kind]))

    assert operations(made) == DELETIONS[kind]
    assert all(call.already_done for call in made)
    assert [problems(call) for call in made] == [""] * len(made)


@pytest.mark.parametrize("kind", list(Kind))
def test_no_difference_no_call(kind: Kind) -> None:
    """A no-op makes no calls."""
    resource = everything()[kind]

    assert calls(the_change(resource, resource)) == ()


def test_outputs_lead_to_the_answers_ids() -> None:
    """Refs to a created resource are resolved from its create call's answer."""
    paths = {
        kind: dict(calls(the_change(resource, None))[0].outputs)
        for kind, resource in everything().items()
    }

    assert paths[Kind.LOAD_BALANCER] == {
        "LoadBalancerArn": "LoadBalancers.0.LoadBalancerArn",
        "DNSName": "LoadBalancers.0.DNSName",
    }
    assert paths[Kind.LISTENER_RULE] == {"RuleArn": "Rules.0.RuleArn"}
    assert paths[Kind.SECURITY_GROUP] == {"GroupId": "GroupId"}
    assert paths[Kind.TARGETS] == {}


def test_only_changed_attributes_are_sent() -> None:
    """Attributes that already have their value stay untouched."""
    before = everything()[Kind.LOAD_BALANCER].with_spec(
        Attributes=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]
    )
    after = before.with_spec(Attributes=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])

    (call,) = calls(the_change(after, before))

    assert call.parameters["Attributes"] == ({"Key": "b", "Value": "2"},)


def test_ranges_are_opened_before_others_are_closed() -> None:
    """Only the difference, so whoever has access in both states never loses it."""
    before = everything()[Kind.SECURITY_GROUP_RULE]
    after = before.with_spec(IpPermissions=a_permission(("10.0.0.0/8", "a"), ("1.1.1.1/32", "b")))

    authorize, revoke = calls(the_change(after, before))

    assert authorize.operation == "AuthorizeSecurityGroupIngress"
    assert "1.1.1.1/32" in str(authorize.parameters)
    assert "10.0.0.0/8" not in str(authorize.parameters)
    assert "0.0.0.0/0" in str(revoke.parameters)


def test_tags_of_security_group_rules_are_set_by_id() -> None:
    """The rules of one resource are tagged together."""
    before = everything()[Kind.SECURITY_GROUP_RULE]
    after = before.with_spec(Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "2"}])
    (change,) = changes([after], [seen(before, SecurityGroupRuleIds="sgr-1,sgr-2")])

    (call,) = calls(change)

    assert call.parameters["Resources"] == ("sgr-1", "sgr-2")
    assert problems(call) == ""


@pytest.mark.parametrize(("count", "chunks"), [(200, 1), (201, 2), (1000, 5)])
def test_targets_are_registered_in_chunks(count: int, chunks: int) -> None:
    """AWS takes at most so many targets at once."""
    targets: list[PlainInput] = [
        {"Id": f"10.{i // 250}.0.{i % 250}", "Port": 80} for i in range(count)
    ]
    resource = everything()[Kind.TARGETS].with_spec(Targets=targets)

    made = calls(the_change(resource, None))

    assert operations(made) == ["RegisterTargets"] * chunks


def test_transforms_that_are_gone_are_reset() -> None:
    """Leaving them out would leave them in place."""
    rewrite: list[PlainInput] = [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}]
    before = everything()[Kind.LISTENER_RULE].with_spec(Transforms=rewrite)

    (call,) = calls(the_change(before.with_spec(Transforms=[]), before))

    assert call.parameters["ResetTransforms"] is True
    assert problems(call) == ""


def test_a_moved_rule_makes_no_call_of_its_own() -> None:
    """Its listener's SetRulePriorities does all moves at once."""
    before = everything()[Kind.LISTENER_RULE]
    (change,) = changes([before.with_spec(Priority=7)], [seen(before)])

    (step,) = steps([change], Observed(), some_room())

    assert change.action is Action.UPDATE
    assert step.id == f"{LISTENER}#priorities"
    assert operations(step.calls) == ["SetRulePriorities"]
    assert step.calls[0].parameters["RulePriorities"] == (
        {"Priority": 7, "RuleArn": Ref(RULE, "RuleArn")},
    )
    assert problems(step.calls[0]) == ""


def test_observed_resources_are_what_the_tests_think() -> None:
    """The builder of observed resources keeps the spec."""
    resource = everything()[Kind.LISTENER_RULE]

    assert isinstance(seen(resource), ObservedResource)
    assert seen(resource).order == 100

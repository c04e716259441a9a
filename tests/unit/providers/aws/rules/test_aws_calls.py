"""Calls: operations and parameters exactly as botocore takes them, and no more than differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import botocore.session
import pytest
from botocore.validate import ParamValidator

from providers.aws.addresses import Kind
from providers.aws.changes.calls import calls
from providers.aws.changes.steps import steps
from provisioner.model.change import Action, Call, Change, Wait, WaitFor
from provisioner.model.resource import (
    Fingerprint,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Value,
    to_json,
)
from tests.unit.providers.aws.rules.building import changes, seen, some_room
from tests.unit.providers.aws.rules.every_kind import (
    CHANGED,
    CREATIONS,
    DELETIONS,
    LISTENER,
    LOAD_BALANCER,
    RULE,
    UPDATES,
    a_permission,
    everything,
)

SESSION = botocore.session.get_session()
NO_BODY: PlainInput = {"StatusCode": "404", "ContentType": "text/plain"}


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
        return f"id-of-{value.field}".ljust(36, "0")  # Shield's ids are that long
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


def test_a_pool_that_is_gone_is_removed_by_family() -> None:
    """ModifyIpPools takes away by name of the family, not by an empty pool."""
    before = everything()[Kind.LOAD_BALANCER].with_spec(IpamPools={"Ipv4IpamPoolId": "pool-1"})

    (call,) = calls(the_change(before.with_spec(IpamPools={}), before))

    assert call.operation == "ModifyIpPools"
    assert call.parameters["RemoveIpamPools"] == ("ipv4",)
    assert "IpamPools" not in call.parameters
    assert problems(call) == ""


def test_no_reserved_capacity_is_a_reset() -> None:
    """Zero units is how the annotation says it; AWS has a flag for it."""
    before = everything()[Kind.LOAD_BALANCER].with_spec(
        MinimumLoadBalancerCapacity={"CapacityUnits": 200}
    )

    (call,) = calls(
        the_change(before.with_spec(MinimumLoadBalancerCapacity={"CapacityUnits": 0}), before)
    )

    assert call.parameters["ResetCapacityReservation"] is True
    assert "MinimumLoadBalancerCapacity" not in call.parameters
    assert problems(call) == ""


def test_capacity_is_reserved_once_the_load_balancer_is_active() -> None:
    """AWS refuses it before; it is no parameter of CreateLoadBalancer either."""
    desired = everything()[Kind.LOAD_BALANCER].with_spec(
        MinimumLoadBalancerCapacity={"CapacityUnits": 200}
    )

    made, reserved = steps([the_change(desired, None)], Observed(), some_room())

    assert operations(made.calls) == ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"]
    assert "MinimumLoadBalancerCapacity" not in made.calls[0].parameters
    assert (reserved.id, reserved.after) == (f"{LOAD_BALANCER}#capacity", (LOAD_BALANCER,))
    assert reserved.wait == WaitFor(kind=Wait.ACTIVE, on=(LOAD_BALANCER,))
    assert operations(reserved.calls) == ["ModifyCapacityReservation"]


@pytest.mark.parametrize("kind", [Kind.WEB_ACL_ASSOCIATION, Kind.PROTECTION])
def test_guards_are_attached_once_the_load_balancer_is_active(kind: Kind) -> None:
    """A load balancer that is being made is unknown to them (WAFUnavailableEntityException)."""
    balancer, guard = everything()[Kind.LOAD_BALANCER], everything()[kind]

    _, made = steps(changes([balancer, guard], []), Observed(), some_room())

    assert made.wait == WaitFor(kind=Wait.ACTIVE, on=(LOAD_BALANCER,))


def test_web_acls_go_with_their_load_balancer_and_protections_do_not() -> None:
    """AWS ends the association by itself, and keeps a protection for what is gone."""
    kinds = (Kind.LOAD_BALANCER, Kind.PROTECTION, Kind.WEB_ACL_ASSOCIATION)
    observed = [seen(everything()[kind]) for kind in kinds]

    found = {s.kind: s for s in steps(changes([], observed), Observed(), some_room())}

    assert operations(found["WebACLAssociation"].calls) == []
    assert found["WebACLAssociation"].reason == "goes with its load balancer"
    assert operations(found["Protection"].calls) == ["DeleteProtection"]


def test_no_protection_where_there_is_none_makes_no_call() -> None:
    """``false`` on a load balancer that nobody protected leaves nothing to do."""
    desired = everything()[Kind.PROTECTION].with_spec(Enabled=False)

    assert calls(the_change(desired, None)) == ()


def test_a_protection_that_somebody_else_made_is_ended_by_its_id() -> None:
    """The account's list of protections says which one it is."""
    desired = everything()[Kind.PROTECTION].with_spec(Enabled=False, ProtectionId="p-1")

    (call,) = calls(the_change(desired, None))

    assert (call.service, call.operation) == ("shield", "DeleteProtection")
    assert call.parameters["ProtectionId"] == "p-1"


def test_a_secret_that_is_not_at_hand_stays_the_one_aws_has() -> None:
    """A held rule's secret cannot be read back, and its weights must still be able to move."""
    login: PlainInput = {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {
            "Issuer": "https://id.example.com",
            "AuthorizationEndpoint": "https://id.example.com/a",
            "TokenEndpoint": "https://id.example.com/t",
            "UserInfoEndpoint": "https://id.example.com/u",
            "ClientId": "x",
            "ClientSecret": Fingerprint("d1"),
        },
    }
    answer: PlainInput = {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": NO_BODY}
    before = everything()[Kind.LISTENER_RULE]

    (call,) = calls(the_change(before.with_spec(Actions=[login, answer]), before))

    shown = to_json(call.parameters["Actions"])
    assert "fingerprint" not in str(shown)
    assert "'UseExistingClientSecret': True" in str(shown)
    assert problems(call) == ""

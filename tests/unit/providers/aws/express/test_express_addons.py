"""Promises of what guards a load balancer: set when stated, let be when not, and never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws.account import Facts, Source
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Change
from provisioner.model.expression import Expressed
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Observed, ObservedResource, Ref
from tests.factories import a_rule, an_ingress
from tests.unit.providers.aws.express.words import answering, pairs, provider_rules
from tests.unit.providers.aws.express.worlds import (
    World,
    a_world,
    addresses_of,
    balancer_of,
    codes,
    finding,
    kinds,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1"
OTHER = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/other/2"
EDGE = {"edge": ACL, ACL: ACL}
WEB_ACL = "aws:web-acl-association/shop/web"
CLASSIC = "aws:regional-web-acl-association/shop/web"
PROTECTION = "aws:protection/shop/web"
BALANCER = Ref("aws:load-balancer/shop/web", "LoadBalancerArn")
MANAGES = "ingress-provisioner.io/manages"


def facts(
    *,
    web_acls: Mapping[str, str] = EDGE,
    shield_subscribed: bool = True,
    protections: Mapping[str, str] = NO_STRINGS,
    unread: tuple[Source, ...] = (),
) -> Facts:
    """Return an account that has the web ACL ``edge`` and Shield Advanced, by default."""
    return answering(
        some_facts(),
        web_acls=web_acls,
        shield_subscribed=shield_subscribed,
        protections=protections,
        unread=unread,
    )


def changes(world: World, expressed: Expressed) -> tuple[Change, ...]:
    """Return what differs from what is observed."""
    return diff(
        expressed.resources, world.observed.of_group("shop/web"), DiffRules(**provider_rules())
    )


def without(observed: Observed, address: str) -> Observed:
    """Return the same world with one thing that could not be read."""
    left = {a: r for a, r in observed.resources.items() if a != address}
    return Observed(resources=left)


@pytest.mark.parametrize(
    ("annotations", "address", "spec", "word"),
    [
        ({"wafv2-acl-arn": ACL}, WEB_ACL, {"WebACLArn": ACL}, "web-acl"),
        ({"wafv2-acl-name": "edge"}, WEB_ACL, {"WebACLArn": ACL}, "web-acl"),
        ({"wafv2-acl-arn": "none"}, WEB_ACL, {"WebACLArn": ""}, "web-acl"),
        ({"waf-acl-id": "0a1b"}, CLASSIC, {"WebACLId": "0a1b"}, "classic-web-acl"),
        ({"web-acl-id": "0a1b"}, CLASSIC, {"WebACLId": "0a1b"}, "classic-web-acl"),
        ({"waf-acl-id": "none"}, CLASSIC, {"WebACLId": ""}, "classic-web-acl"),
        ({"shield-advanced-protection": "true"}, PROTECTION, {"Enabled": True}, "protection"),
        ({"shield-advanced-protection": "false"}, PROTECTION, {"Enabled": False}, "protection"),
    ],
)
def test_what_is_stated_is_linked_and_named_on_the_load_balancer(
    annotations: Mapping[str, str], address: str, spec: Mapping[str, object], word: str
) -> None:
    """The name in the tag is what makes reading look at the link next time."""
    result = a_world(annotations, facts=facts()).express()

    assert dict(spec_of(result, address)) == {"ResourceArn": BALANCER, **spec}
    assert pairs(balancer_of(result)["Tags"])[MANAGES] == word
    assert codes(result) == []


def test_what_nobody_states_is_neither_planned_nor_looked_at() -> None:
    """Most load balancers have none, and a question about each would be asked on every plan."""
    result = a_world(facts=facts()).express()

    assert set(kinds(result)).isdisjoint({"WebACLAssociation", "Protection"})
    assert MANAGES not in pairs(balancer_of(result)["Tags"])


def test_a_name_makes_arns_ignored_and_says_so() -> None:
    """As AWS Load Balancer Controller has it, which drops the ARN without a word."""
    result = a_world({"wafv2-acl-name": "edge", "wafv2-acl-arn": OTHER}, facts=facts()).express()

    assert spec_of(result, WEB_ACL)["WebACLArn"] == ACL
    assert codes(result) == ["WEB-ACL-ARN-IGNORED"]


def test_a_second_plan_finds_nothing_to_do() -> None:
    """Reading tells the link in the words of the plan."""
    annotations = {"wafv2-acl-name": "edge", "shield-advanced-protection": "true"}
    first = a_world(annotations, facts=facts()).express()
    world = a_world(annotations, facts=facts(), observed=seen(first))

    assert {c.action.value for c in changes(world, world.express())} == {"noop"}


def test_a_line_that_is_removed_removes_no_guard() -> None:
    """It stays, is no longer ours to look after, and that is said once."""
    first = a_world({"wafv2-acl-arn": ACL}, facts=facts()).express()
    world = a_world(facts=facts(), observed=seen(first))

    result = world.express()

    found = {c.address: c for c in changes(world, result)}
    assert found[WEB_ACL].action.value == "noop"
    assert [f.path for f in found["aws:load-balancer/shop/web"].fields] == ["Tags"]
    assert codes(result) == ["ADD-ON-KEPT"]


def test_a_protection_of_ours_stays_ours_until_its_load_balancer_goes() -> None:
    """It would outlive the load balancer, and nobody would know whose it was."""
    first = a_world({"shield-advanced-protection": "true"}, facts=facts()).express()
    world = a_world(facts=facts(), observed=seen(first))

    result = world.express()

    assert {c.action.value for c in changes(world, result)} == {"noop"}
    assert pairs(balancer_of(result)["Tags"])[MANAGES] == "protection"
    assert codes(result) == ["ADD-ON-KEPT"]


def test_a_held_ingress_keeps_its_guard_and_its_name_on_the_load_balancer() -> None:
    """What an Ingress asked for that cannot be read now is not known, so nothing of it changes."""
    objects = (
        an_ingress("shop/a", annotations={"group.name": "edge", "wafv2-acl-arn": ACL}),
        an_ingress("shop/b", rules=[a_rule("b.example.com")], annotations={"group.name": "edge"}),
        *some_backends("shop/web"),
    )
    first = World(objects=objects, facts=facts()).express()
    held = World(
        objects=objects[1:],
        facts=facts(),
        observed=seen(first),
        keep=frozenset({Key("shop", "a")}),
    )

    result = held.express()

    assert spec_of(result, "aws:web-acl-association/edge")["WebACLArn"] == ACL
    assert pairs(balancer_of(result, "edge")["Tags"])[MANAGES] == "web-acl"
    assert "ADD-ON-KEPT" not in codes(result)


@pytest.mark.parametrize("said", [{"wafv2-acl-name": "gone"}, {"wafv2-acl-arn": OTHER}])
def test_a_web_acl_that_the_account_lacks_is_told_before_anything_is_made(
    said: Mapping[str, str],
) -> None:
    """AWS finds out after the load balancer is there; those that exist are listed."""
    (name,) = said.values()
    account = facts(web_acls={name: "", "edge": ACL})

    result = a_world(said, facts=account).express()

    assert kinds(result) == []
    problem = finding(result, "WEB-ACL-NOT-FOUND")
    assert problem.field == f"metadata.annotations[alb.ingress.kubernetes.io/{next(iter(said))}]"
    assert "edge" in problem.hint


def test_a_wrong_web_acl_leaves_an_existing_load_balancer_guarded_as_it_is() -> None:
    """Everything else of it goes on."""
    first = a_world({"wafv2-acl-name": "edge"}, facts=facts()).express()
    account = facts(web_acls={"gone": ""})
    world = a_world(
        {"wafv2-acl-name": "gone", "tags": "team=shop"}, facts=account, observed=seen(first)
    )

    result = world.express()

    assert spec_of(result, WEB_ACL)["WebACLArn"] == ACL
    assert pairs(balancer_of(result)["Tags"])["team"] == "shop"
    assert codes(result) == ["WEB-ACL-NOT-FOUND"]


def test_only_the_member_that_names_it_is_told_of_a_missing_web_acl() -> None:
    """One Ingress' mistake is not its neighbours'."""
    objects = (
        an_ingress("shop/a", annotations={"group.name": "edge"}),
        an_ingress(
            "shop/b",
            rules=[a_rule("b.example.com")],
            annotations={"group.name": "edge", "wafv2-acl-arn": OTHER},
        ),
        *some_backends("shop/web"),
    )

    result = World(objects=objects, facts=facts(web_acls={OTHER: ""})).express()

    assert [str(q.ingress) for q in result.quarantined] == ["shop/b"]
    assert finding(result, "WEB-ACL-NOT-FOUND").ingress == Key("shop", "b")


def test_what_may_not_be_listed_is_taken_at_its_word() -> None:
    """An IAM policy without wafv2:ListWebACLs costs the check and nothing else."""
    account = facts(web_acls=NO_STRINGS, unread=(Source.WEB_ACLS,))

    by_arn = a_world({"wafv2-acl-arn": ACL}, facts=account).express()
    by_name = a_world({"wafv2-acl-name": "edge"}, facts=account).express()

    assert spec_of(by_arn, WEB_ACL)["WebACLArn"] == ACL
    assert addresses_of(by_name, "WebACLAssociation") == []
    for result in (by_arn, by_name):
        assert "wafv2:ListWebACLs" in finding(result, "CLOUD-UNCHECKED").hint
        assert not finding(result, "CLOUD-UNCHECKED").blocking


@pytest.mark.parametrize(
    ("said", "address", "action"),
    [
        ({"wafv2-acl-arn": OTHER}, WEB_ACL, "wafv2:GetWebACLForResource"),
        ({"shield-advanced-protection": "false"}, PROTECTION, "shield:DescribeProtection"),
    ],
)
def test_what_we_set_and_may_not_look_at_stays_as_it_is(
    said: Mapping[str, str], address: str, action: str
) -> None:
    """Else every plan would set it again, for want of knowing."""
    account = facts(web_acls={OTHER: OTHER, ACL: ACL})
    before = {"wafv2-acl-arn": ACL, "shield-advanced-protection": "true"}
    first = a_world(before, facts=account).express()
    world = a_world({**before, **said}, facts=account, observed=without(seen(first), address))

    result = world.express()

    assert address not in {r.address for r in result.resources}
    assert action in finding(result, "CLOUD-UNREAD").hint
    assert {c.action.value for c in changes(world, result)} == {"noop"}


def test_shield_without_a_subscription_is_skipped_with_a_warning() -> None:
    """The load balancer is made all the same, as AWS Load Balancer Controller does."""
    result = a_world(
        {"shield-advanced-protection": "true"}, facts=facts(shield_subscribed=False)
    ).express()

    assert codes(result) == ["SHIELD-NOT-SUBSCRIBED"]
    assert "LoadBalancer" in kinds(result)
    assert addresses_of(result, "Protection") == []


def test_a_protection_made_by_hand_is_ended_by_its_id() -> None:
    """``false`` means that there is none, whoever made it."""
    first = a_world(facts=facts()).express()
    balancer = seen(first).resources["aws:load-balancer/shop/web"]
    known: ObservedResource = replace(balancer, outputs={"LoadBalancerArn": "arn:lb"})
    observed = Observed(resources={**seen(first).resources, balancer.address: known})

    result = a_world(
        {"shield-advanced-protection": "false"},
        facts=facts(protections={"arn:lb": "p-1"}),
        observed=observed,
    ).express()

    assert spec_of(result, PROTECTION)["ProtectionId"] == "p-1"


def test_without_an_account_names_are_known_later() -> None:
    """A rendering without a cloud shows the link, and guesses nothing."""
    result = a_world({"wafv2-acl-name": "edge"}, facts=Facts()).express()

    assert "web ACLs" in str(spec_of(result, WEB_ACL)["WebACLArn"])
    assert "WEB-ACL-NOT-FOUND" not in codes(result)

"""Promises about a scheme that changes: who is asked what, and what exists meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import addresses
from provisioner.model.approval import Approval
from provisioner.model.expression import Expressed
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, references
from tests.factories import an_ingress, some_settings
from tests.unit.providers.aws.express.worlds import (
    World,
    a_subnet,
    a_world,
    addresses_of,
    finding,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

EXTERNAL = {"scheme": "internet-facing"}
FIRST = "aws:load-balancer/shop/web"
SECOND = "aws:load-balancer/shop/web@2"
SUBNETS = [
    a_subnet("a"),
    a_subnet("b", "b"),
    a_subnet("c", public=True),
    a_subnet("d", "b", public=True),
]
JUST_NOW, LONG_AGO = "2026-11-20T23:30:00Z", "2026-11-20T22:00:00Z"


def exists(*expressed: Expressed, created: Mapping[str, str] | None = None) -> Observed:
    """Return what is seen once everything exists; load balancers say when they were made."""
    found = seen(*expressed)
    outputs = {
        address: {"LoadBalancerArn": f"arn:{address}", "CreatedTime": time}
        for address, time in (created or {FIRST: LONG_AGO}).items()
    }
    resources = {a: replace(r, outputs=outputs.get(a, {})) for a, r in found.resources.items()}
    return Observed(resources=resources)


def a_wish(annotations: Mapping[str, str] = EXTERNAL) -> World:
    """An internal load balancer that exists, and an Ingress that wants another scheme."""
    before = a_world(facts=some_facts(subnets=SUBNETS)).express()
    return a_world(annotations, facts=some_facts(subnets=SUBNETS), observed=exists(before))


def asked(world: World) -> Approval:
    """What the world asks somebody to approve."""
    approval = world.express().approval
    assert approval is not None
    assert approval.needed
    return approval


def approved(world: World) -> World:
    """The same world, after somebody has approved what it asks for."""
    return replace(world, approved=world.approved | {asked(world).digest})


def two(created: str) -> World:
    """Both load balancers exist, the second since then."""
    world = approved(a_wish())
    both = exists(world.express(), created={FIRST: LONG_AGO, SECOND: created})
    return replace(world, observed=both)


def test_a_new_scheme_is_a_question_and_everything_else_goes_on() -> None:
    """The incumbent deletes the load balancer and makes another: an outage (LBC#1959, #2020)."""
    result = a_wish({**EXTERNAL, "tags": "team=shop"}).express()

    assert addresses_of(result, "LoadBalancer") == [FIRST]
    assert spec_of(result, FIRST)["Scheme"] == "internal"
    assert {"Key": "team", "Value": "shop"} in spec_of(result, FIRST)["Tags"]  # type: ignore[operator]  # a tuple of tags
    problem = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert not problem.blocking
    assert problem.field == "metadata.annotations[alb.ingress.kubernetes.io/scheme]"
    assert result.approval is not None
    assert result.approval.needed


def test_what_is_approved_is_the_replacement_and_nothing_that_moves() -> None:
    """Another path or a tag does not void an approval; another load balancer does."""
    digest = asked(a_wish()).digest
    busier = a_wish({**EXTERNAL, "tags": "team=shop"})
    recreated = exists(
        a_world(facts=some_facts(subnets=SUBNETS)).express(), created={FIRST: JUST_NOW}
    )
    other = {
        a: replace(r, outputs={**r.outputs, "LoadBalancerArn": "arn:other"})
        for a, r in recreated.resources.items()
    }

    assert asked(busier).digest == digest
    assert asked(replace(a_wish(), observed=Observed(resources=other))).digest != digest


def test_an_approval_of_something_else_counts_for_nothing() -> None:
    """A digest of yesterday's question does not replace anything today."""
    world = replace(a_wish(), approved=frozenset({"sha256:0"}))

    assert addresses_of(world.express(), "LoadBalancer") == [FIRST]


def test_an_approved_load_balancer_has_everything_of_its_own() -> None:
    """A target group serves one load balancer, and names are unique in the account."""
    before, result = a_wish().express(), approved(a_wish()).express()

    assert addresses_of(result, "LoadBalancer") == [FIRST, SECOND]
    assert spec_of(result, SECOND)["Scheme"] == "internet-facing"
    assert spec_of(result, SECOND)["Subnets"] == ("subnet-c", "subnet-d")
    assert result.approval is not None
    assert not result.approval.needed
    old = {r.address: r for r in before.resources}
    new = {r.address: r for r in result.resources}
    assert {a: new[a].spec for a in old} == {a: old[a].spec for a in old}
    names = [r.name for r in result.resources if r.kind in ("LoadBalancer", "TargetGroup")]
    assert len(names) == len(set(names)) == 4
    for address in new.keys() - old.keys():
        assert addresses.balancer_of(address) == 2
        pointed = {ref.address for value in new[address].spec.values() for ref in references(value)}
        assert all(addresses.balancer_of(each) in (0, 2) for each in pointed)


def test_the_marks_of_the_new_one_say_its_addresses() -> None:
    """After a restart everything is recognised by its tags."""
    result = approved(a_wish()).express()

    for resource in result.resources:
        tags = resource.spec.get("Tags")
        if isinstance(tags, tuple):
            said = [t for t in tags if isinstance(t, Mapping) and "/resource" in str(t["Key"])]
            assert [t["Value"] for t in said] == [resource.address]


def test_a_stated_name_is_numbered_on_the_second_and_then_kept() -> None:
    """AWS takes a name once; the second bears it with its number, and nobody is warned."""
    named = {"load-balancer-name": "shop"}
    before = a_world(named, facts=some_facts(subnets=SUBNETS)).express()
    world = replace(a_wish({**EXTERNAL, **named}), observed=exists(before))

    both = approved(world).express()
    later = replace(world, observed=exists(both, created={FIRST: LONG_AGO, SECOND: LONG_AGO}))

    assert spec_of(both, SECOND)["Name"] == "shop-2"
    assert "CLOUD-NAME-KEPT" not in [d.code for d in later.express().diagnostics]


def test_what_was_replaced_stays_until_clients_have_forgotten_its_address() -> None:
    """Before ``drain-dns`` is over nobody is even asked; the plan says until when."""
    result = two(JUST_NOW).express()

    assert addresses_of(result, "LoadBalancer") == [FIRST, SECOND]
    assert result.approval is None
    assert result.succession is not None
    assert result.succession.due_seconds == 1800
    assert JUST_NOW in finding(result, "LOAD-BALANCER-KEPT").message


def test_a_replaced_load_balancer_goes_with_a_second_approval() -> None:
    """It stays, however long nobody answers; then only what belongs to the second is left."""
    world = two(LONG_AGO)
    assert addresses_of(world.express(), "LoadBalancer") == [FIRST, SECOND]

    result = approved(world).express()

    assert addresses_of(result, "LoadBalancer") == [SECOND]
    assert all(addresses.balancer_of(r.address) in (0, 2) for r in result.resources)


def test_the_first_approval_does_not_delete() -> None:
    """Two questions have two digests."""
    world = two(LONG_AGO)

    assert asked(world).digest not in world.approved


def test_the_replaced_one_follows_its_pods_and_stays_as_it_is_otherwise() -> None:
    """Who still uses the old address reaches pods that exist; new settings go to the new one."""
    world = two(LONG_AGO)
    busier = World(
        objects=(
            an_ingress("shop/web", annotations={**EXTERNAL, "tags": "team=shop"}),
            *some_backends("shop/web"),
        ),
        facts=world.facts,
        observed=world.observed,
        settings=replace(some_settings(), drain_dns_seconds=0.0),
    )
    emptied = {
        a: replace(r, spec={**r.spec, "Targets": ()}) if r.kind == "Targets" else r
        for a, r in world.observed.resources.items()
    }

    result = replace(busier, observed=Observed(resources=emptied)).express()

    targets = [r.spec["Targets"] for r in result.resources if r.kind == "Targets"]
    assert len(targets) == 2
    assert all(targets)
    assert "team" not in str(spec_of(result, FIRST)["Tags"])
    assert "team" in str(spec_of(result, SECOND)["Tags"])


def test_clients_move_when_the_new_one_is_active_and_no_backend_is_lost() -> None:
    """The old one's healthy targets are what the new one's are measured by, backend by backend."""
    succession = two(LONG_AGO).express().succession

    assert succession is not None
    assert succession.complete
    active, healthy = succession.waits
    assert active.on == (SECOND,)
    assert healthy.on == ("aws:target-group/shop/web/web:80/pod@2.1",)
    assert healthy.instead_of == ("aws:target-group/shop/web/web:80/pod",)


def test_clients_do_not_move_while_something_of_the_new_one_is_missing() -> None:
    """A rule that does not exist yet would answer 404."""
    world = two(LONG_AGO)
    partly = {a: r for a, r in world.observed.resources.items() if "listener-rule" not in a}

    succession = replace(world, observed=Observed(resources=partly)).express().succession

    assert succession is not None
    assert not succession.complete


@pytest.mark.parametrize(
    ("annotations", "keep", "why"),
    [
        ({}, frozenset({Key("shop", "other")}), "cannot be planned now"),
        ({"multi-cluster-target-group": "true"}, frozenset(), "other clusters"),
        ({"enable-frontend-nlb": "true"}, frozenset(), "a network load balancer"),
    ],
)
def test_what_cannot_be_built_a_second_time_is_refused_by_name(
    annotations: Mapping[str, str], keep: frozenset[Key], why: str
) -> None:
    """An error says why, nobody is asked, and what serves is kept up to date."""
    result = replace(a_wish({**EXTERNAL, **annotations}), keep=keep).express()

    problem = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert problem.blocking
    assert why in problem.message
    assert result.approval is None
    assert SECOND not in addresses_of(result, "LoadBalancer")


def test_a_third_load_balancer_waits_for_the_end_of_the_first() -> None:
    """Changing one's mind while there are two does not build another one."""
    world = two(LONG_AGO)
    back = replace(a_wish({"scheme": "internal"}), observed=world.observed)

    result = back.express()

    assert addresses_of(result, "LoadBalancer") == [FIRST, SECOND]
    assert "still there" in finding(result, "CLOUD-REPLACEMENT-NEEDED").message


def test_a_load_balancer_of_unknown_age_stays() -> None:
    """Without a time to count from, nothing is deleted."""
    world = two("")
    bare = {a: replace(r, outputs={}) for a, r in world.observed.resources.items()}

    result = replace(world, observed=Observed(resources=bare)).express()

    assert result.approval is None
    assert addresses_of(result, "LoadBalancer") == [FIRST, SECOND]

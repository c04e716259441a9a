"""Promises of the whole pure pipeline: from two worlds to one plan, with a real provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from provisioner.model.change import Action
from provisioner.model.kube import Ingress, Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.snapshot import Snapshot
from tests.conformance.pipeline import applied, plan
from tests.factories import (
    KubeObject,
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)
from tests.unit.providers.aws.express.worlds import some_backends, some_facts


def an_edge(name: str, *paths: str, backend: str = "web:80") -> Ingress:
    """Return a member of group ``edge`` with these paths on a host of its own."""
    host = f"{name.partition('/')[2]}.example.com"
    rule = a_rule(host, *(a_path(path, backend) for path in paths or ("/",)))
    return an_ingress(name, rules=[rule], annotations={"group.name": "edge"})


def files(*objects: KubeObject) -> Snapshot:
    return a_snapshot(an_ingress_class(), *objects, live=False)


def a_cluster(*objects: KubeObject) -> Snapshot:
    return replace(a_snapshot(an_ingress_class(), *objects, live=True), complete=True)


PRUNING = replace(some_settings(target_mode="pod"), prune=True)


def part(plan_: Plan, group: str = "edge") -> LoadBalancerPlan:
    return next(p for p in plan_.load_balancers if p.group == group)


def changed(plan_: Plan) -> dict[str, Action]:
    """Return what would be done, by address; a stage's step counts under its address."""
    return {step.address: step.action for p in plan_.parts for step in p.changes}


def rules_of(plan_: Plan, group: str = "edge") -> list[Key]:
    resources = part(plan_, group).resources
    return sorted(r.ingresses[0] for r in resources if r.kind == "ListenerRule")


def test_a_second_plan_is_empty() -> None:
    """What a plan leads to needs no further change."""
    cluster = a_cluster(an_edge("shop/a"), an_edge("shop/b"), *some_backends("shop/web"))

    again = plan(cluster, applied(plan(cluster)))

    assert changed(again) == {}
    assert not again.has_changes


def test_what_files_do_not_mention_stays() -> None:
    """Somebody else's Ingress on the load balancer keeps its rules."""
    both = files(an_edge("shop/a"), an_edge("team/b"), *some_backends("shop/web", "team/web"))
    mine = replace(files(an_edge("shop/a"), *some_backends("shop/web")), asked_cluster=True)

    result = plan(mine, applied(plan(both)))

    assert changed(result) == {}
    assert rules_of(result) == [Key("shop", "a"), Key("team", "b")]
    assert part(result).kept == (Key("team", "b"),)
    assert part(result).applyable


def test_without_sight_of_the_cluster_a_shared_group_is_not_applied() -> None:
    """Files alone cannot tell whether the others still exist."""
    both = files(an_edge("shop/a"), an_edge("team/b"), *some_backends("shop/web", "team/web"))

    result = plan(files(an_edge("shop/a", "/new"), *some_backends("shop/web")), applied(plan(both)))

    (finding,) = [d for d in result.diagnostics if d.code == "GROUP-NOT-IN-FILES"]
    assert "team/b" in finding.message
    assert not part(result).applyable


def test_prune_removes_what_files_do_not_mention() -> None:
    """On request, the files are all there is of a group that they mention."""
    both = files(an_edge("shop/a"), an_edge("team/b"), *some_backends("shop/web", "team/web"))

    result = plan(
        files(an_edge("shop/a"), *some_backends("shop/web")), applied(plan(both)), settings=PRUNING
    )

    assert rules_of(result) == [Key("shop", "a")]
    assert Action.DELETE in changed(result).values()
    assert part(result).applyable


def test_load_balancers_that_no_file_mentions_are_not_looked_at() -> None:
    """Planning one application never touches another."""
    other = files(an_ingress("team/b"), *some_backends("team/web"))
    world = applied(plan(other))

    result = plan(files(an_ingress("shop/a"), *some_backends("shop/web")), world, settings=PRUNING)

    assert [p.group for p in result.load_balancers] == ["shop/a"]
    assert Action.DELETE not in changed(result).values()


def test_a_cluster_without_an_ingress_gives_up_its_load_balancer() -> None:
    """What a complete cluster lacks is gone for good: everything of it is deleted."""
    before = a_cluster(an_ingress("shop/a"), *some_backends("shop/web"))
    world = applied(plan(before))

    result = plan(a_cluster(*some_backends("shop/web")), world)

    assert set(changed(result)) == set(world.resources)
    assert set(changed(result).values()) == {Action.DELETE}


@pytest.mark.parametrize("kind", ["Ingress", "IngressClass"])
def test_what_could_not_be_listed_deletes_nothing(kind: str) -> None:
    """Forbidden is not empty: the worst outage there is would be to mix them up."""
    world = applied(plan(a_cluster(an_ingress("shop/a"), *some_backends("shop/web"))))
    blind = replace(a_cluster(), unknown_kinds=frozenset({kind}), classes={}, ingresses={})

    assert changed(plan(blind, world)) == {}


def test_one_group_alone_may_widen_what_is_shared_and_never_narrow_it() -> None:
    """The controller plans one load balancer at a time; it cannot know what others need."""
    both = a_cluster(
        an_ingress("shop/a"),
        an_ingress("team/b", rules=[a_rule("b.example.com", a_path("/", "api:81"))]),
        *some_backends("shop/web"),
        a_service("team/api", a_port(81, target_port=9090)),
    )
    world = applied(plan(both))
    only = a_cluster(*some_backends("shop/web"))

    result = plan(only, world, groups=frozenset({"shop/a"}))

    assert result.shared.changes == ()
    assert {p.group for p in result.load_balancers} == {"shop/a"}


def test_a_load_balancer_that_the_account_has_no_room_for_is_refused() -> None:
    """The group that comes last is told the account's sum; the other is built."""
    snapshot = a_cluster(
        an_ingress("shop/a"), an_ingress("team/b"), *some_backends("shop/web", "team/web")
    )
    facts = replace(some_facts(), load_balancers=4)

    result = plan(snapshot, limits={"application-load-balancers": 5}, facts=facts)

    (refused,) = [d for d in result.diagnostics if d.code == "LIMIT-EXCEEDED"]
    assert refused.ingress == Key("team", "b")
    assert "4 (others in the account)" in refused.message
    assert not part(result, "team/b").resources
    assert part(result, "shop/a").changes


def test_a_member_that_does_not_fit_costs_its_neighbours_nothing() -> None:
    """60 + 40 rules of 100, and one more: everyone else's changes go on (LBC#4373)."""
    backends = some_backends("shop/web")
    full = [
        an_edge("shop/a", *(f"/a{n}" for n in range(60))),
        an_edge("shop/b", *(f"/b{n}" for n in range(40))),
    ]
    world = applied(plan(a_cluster(*full, *backends)))
    edited = an_edge("shop/a", "/new", *(f"/a{n}" for n in range(1, 60)))
    fewer = an_edge("shop/b", *(f"/b{n}" for n in range(39)))

    result = plan(a_cluster(edited, fewer, an_edge("shop/c"), *backends), world)

    assert rules_of(result).count(Key("shop", "c")) == 1
    refused = plan(a_cluster(edited, full[1], an_edge("shop/c"), *backends), world)
    (finding,) = [d for d in refused.diagnostics if d.code == "LIMIT-EXCEEDED"]
    assert "60 (shop/a) + 40 (shop/b) + 1 (shop/c)" in finding.message
    assert Key("shop", "c") not in rules_of(refused)
    assert {step.action for step in part(refused).changes} == {Action.CREATE, Action.DELETE}
    assert not any(Key("shop", "c") in step.ingresses for step in part(refused).changes)


def test_a_switch_for_which_there_is_no_room_is_refused_with_the_peak() -> None:
    """A new target group exists beside the old one for a while; at the limit it cannot."""
    backends = some_backends("shop/web")
    annotations = {"target-type": "instance"}
    before = a_cluster(an_ingress("shop/a"), *backends)
    world = applied(plan(before))
    switched = a_cluster(an_ingress("shop/a", annotations=annotations), *backends)

    result = plan(switched, world, limits={"target-groups-per-application-load-balancer": 1})

    (finding,) = [d for d in result.diagnostics if d.code == "LIMIT-PEAK"]
    assert "2 of 1" in finding.message
    assert changed(result) == {}


def _shuffled(objects: Sequence[KubeObject]) -> list[KubeObject]:
    return [*objects[1::2], *objects[::2]]


def test_the_order_of_objects_never_matters() -> None:
    """Same input, in any order: the same digest and the same steps."""
    objects = [an_edge("shop/a"), an_edge("shop/b"), *some_backends("shop/web")]

    one, other = plan(a_cluster(*objects)), plan(a_cluster(*_shuffled(objects)))

    assert one == other
    assert one.digest == other.digest


def test_steps_name_the_ingress_they_come_from() -> None:
    """A reader of a shared load balancer's plan sees whose change each step is."""
    cluster = a_cluster(an_edge("shop/a"), an_edge("shop/b"), *some_backends("shop/web"))

    steps = [s for s in part(plan(cluster)).steps if s.kind == "ListenerRule"]

    assert sorted(key for step in steps for key in step.ingresses) == [
        Key("shop", "a"),
        Key("shop", "b"),
    ]

"""Promises of grouping: one load balancer each, or one per named group, in an order that holds."""

from __future__ import annotations

import pytest

from provisioner.model.kube import Ingress, Key
from tests.factories import (
    a_rule,
    a_service,
    an_ingress,
    an_ingress_class,
    an_intent,
    something_of,
)


def named(name: str, group: str, order: str = "0", created: str = "") -> Ingress:
    return an_ingress(
        name,
        rules=[a_rule(f"{name.replace('/', '-')}.example.com")],
        annotations={"group.name": group, "group.order": order},
        created=created,
    )


def test_an_ingress_without_group_has_a_load_balancer_of_its_own() -> None:
    """Implicit groups are named namespace/name."""
    intent = an_intent(an_ingress("shop/a"), an_ingress("shop/b"))

    assert [(lb.name, lb.explicit) for lb in intent.load_balancers] == [
        ("shop/a", False),
        ("shop/b", False),
    ]


def test_members_of_one_group_share_a_load_balancer_across_namespaces() -> None:
    """An explicit group is cluster-wide."""
    intent = an_intent(
        named("shop/a", "edge"), named("pay/b", "edge"), a_service("shop/web"), a_service("pay/web")
    )

    [load_balancer] = intent.load_balancers
    assert load_balancer.name == "edge"
    assert load_balancer.explicit
    assert {m.ingress for m in load_balancer.members} == {Key("shop", "a"), Key("pay", "b")}


def test_members_stand_by_group_order_then_age_then_name() -> None:
    """Age decides among equals; what was never created (a file) is the youngest."""
    intent = an_intent(
        named("shop/file", "edge"),
        named("shop/old", "edge", created="2024-01-01T00:00:00Z"),
        named("shop/new", "edge", created="2025-01-01T00:00:00Z"),
        named("shop/first", "edge", order="-5", created="2026-01-01T00:00:00Z"),
        named("pay/new", "edge", created="2025-01-01T00:00:00Z"),
        a_service("shop/web"),
        a_service("pay/web"),
    )

    [load_balancer] = intent.load_balancers
    assert [str(m.ingress) for m in load_balancer.members] == [
        "shop/first",
        "shop/old",
        "pay/new",
        "shop/new",
        "shop/file",
    ]


@pytest.mark.parametrize(
    ("annotation", "value"), [("group.name", "Not_Valid"), ("group.order", "1001")]
)
def test_a_bad_group_annotation_quarantines_one_ingress_only(annotation: str, value: str) -> None:
    """In LBC a bad order stops the whole group (pkg/ingress/group_loader.go); not here."""
    annotations = {"group.name": "edge", annotation: value}
    broken = an_ingress("shop/broken", annotations=annotations)

    intent = an_intent(named("shop/fine", "edge"), broken, a_service())

    edge = next(lb for lb in intent.load_balancers if lb.name == "edge")
    quarantined = [q for lb in intent.load_balancers for q in lb.quarantined]
    assert [m.ingress.name for m in edge.members] == ["fine"]
    assert [(q.ingress.name, q.path) for q in quarantined] == [("broken", "")]


def test_an_unreadable_group_keeps_the_place_that_the_cloud_shows() -> None:
    """A typo in the group's name must not delete the rules on the shared load balancer."""
    broken = an_ingress("shop/broken", annotations={"group.name": "Not_Valid"})

    intent = an_intent(
        named("shop/fine", "edge"),
        broken,
        a_service(),
        observed=something_of("shop/broken", "edge"),
    )

    [load_balancer] = intent.load_balancers
    assert load_balancer.name == "edge"
    assert [q.ingress.name for q in load_balancer.quarantined] == ["broken"]


def test_an_ingress_that_changed_its_group_is_leaving_the_old_one() -> None:
    """The old load balancer lets go of it, the new one takes it."""
    intent = an_intent(
        named("shop/web", "new"), a_service(), observed=something_of("shop/web", "old")
    )

    by_name = {lb.name: lb for lb in intent.load_balancers}
    assert by_name["old"].leaving == (Key("shop", "web"),)
    assert by_name["new"].leaving == ()
    assert [m.ingress.name for m in by_name["new"].members] == ["web"]


def test_a_broken_ingress_stays_where_it_is_until_it_can_be_where_it_wants() -> None:
    """Leaving the load balancer that serves it, for one that cannot take it, is an outage."""
    annotations = {"group.name": "new", "target-type": "vm"}
    broken = an_ingress("shop/web", annotations=annotations, ours=True)

    intent = an_intent(
        named("shop/fine", "new"),
        broken,
        a_service(),
        observed=something_of("shop/web", "shop/web"),
    )

    own = next(lb for lb in intent.load_balancers if lb.name == "shop/web")
    new = next(lb for lb in intent.load_balancers if lb.name == "new")
    assert own.leaving == ()
    assert [q.diagnostic.code for q in own.quarantined] == ["ANNOTATION-VALUE"]
    assert new.quarantined == ()


def test_a_deleted_member_leaves_its_group_and_the_others_stay() -> None:
    """Deletion is a departure, not a reason to plan less for anybody else."""
    gone = an_ingress("shop/gone", annotations={"group.name": "edge"}, deleting=True, ours=True)

    intent = an_intent(named("shop/fine", "edge"), gone, a_service(), an_ingress_class(), live=True)

    [load_balancer] = intent.load_balancers
    assert load_balancer.leaving == (Key("shop", "gone"),)
    assert [m.ingress.name for m in load_balancer.members] == ["fine"]

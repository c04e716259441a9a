"""Promises of tenancy about groups: nobody takes what is others' by naming their group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core.translate import intents
from provisioner.model.kube import Key, LoadBalancerClass, Tenant
from provisioner.model.resource import Observed
from provisioner.model.selector import LabelRequirement, LabelSelector
from tests.factories import (
    ADialect,
    KubeObject,
    a_load_balancer_class,
    a_namespace,
    a_service,
    a_snapshot,
    an_ingress_class,
    an_intent,
    some_settings,
    something_of,
)
from tests.unit.core.front.tenants import PAY, SERVICES, SHOP, member, of, policy, refusals

# -- groups -----------------------------------------------------------------------------------


def test_a_namespace_that_no_tenant_lists_may_not_join_a_group() -> None:
    """The intruder alone is turned away, with the name of who said so; the others are served."""
    intent = an_intent(
        member("shop/web", "shop.example.com"),
        member("evil/web", "evil.example.com"),
        policy(SHOP, PAY),
        *SERVICES,
    )

    [refusal] = of(intent, "edge").quarantined
    assert (refusal.ingress, refusal.path) == (Key("evil", "web"), "")
    assert refusal.diagnostic.code == "GROUP-NOT-ALLOWED"
    assert refusal.diagnostic.field == "metadata.annotations[alb.ingress.kubernetes.io/group.name]"
    assert "namespace shop and namespace pay" in refusal.diagnostic.message
    assert "LoadBalancerClass policy" in refusal.diagnostic.message
    assert [str(m.ingress) for m in of(intent, "edge").members] == ["shop/web"]


@pytest.mark.parametrize(
    ("tenants", "group", "refused"),
    [
        ((), "edge", True),
        ((SHOP,), "other", True),
        ((Tenant(namespaces=("evil",), groups=("*",)),), "other", False),
        ((Tenant(namespaces=("evil",), groups=("*",)), SHOP), "edge", True),
        ((Tenant(namespaces=("evil", "shop"), groups=("edge",)),), "edge", False),
        ((Tenant(selector=LabelSelector(), groups=("edge",)),), "edge", False),
    ],
    ids=[
        "an empty list lets nobody in",
        "a group that nobody lists is closed",
        "the asterisk opens what nobody lists",
        "but not what somebody lists",
        "listed by name",
        "every namespace",
    ],
)
def test_the_list_of_groups_is_closed(
    tenants: tuple[Tenant, ...],
    group: str,
    refused: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """With tenants, even none, only who is listed may join; an exact name beats the asterisk."""
    intent = an_intent(
        member("evil/web", "evil.example.com", group=group), policy(*tenants), *SERVICES
    )

    assert bool(refusals(intent)) is refused


def test_without_tenants_groups_are_open_and_own_load_balancers_always_are() -> None:
    """No policy, no gate; and nobody needs leave for a load balancer of one's own."""
    without = an_intent(member("evil/web", "evil.example.com"), a_load_balancer_class(), *SERVICES)
    own = an_intent(member("evil/web", "evil.example.com", group=""), policy(SHOP), *SERVICES)

    assert refusals(without) == []
    assert refusals(own) == []


def test_another_class_is_no_way_around_a_policy() -> None:
    """A group that some tenant lists by name is closed to Ingresses of every class."""
    intent = an_intent(
        member("shop/web", "shop.example.com"),
        member("evil/web", "evil.example.com", class_name="open"),
        an_ingress_class(),
        an_ingress_class("open"),
        policy(SHOP),
        *SERVICES,
    )

    assert refusals(intent) == [("evil/web", "", "GROUP-NOT-ALLOWED")]


def test_the_word_of_ones_own_class_counts_before_that_of_others() -> None:
    """Whoever administers both classes has said it for this one."""
    intent = an_intent(
        member("pay/web", "pay.example.com", class_name="inner"),
        an_ingress_class("inner"),
        policy(Tenant(namespaces=("shop",), groups=("edge",))),
        policy(Tenant(namespaces=("pay",), groups=("edge",)), name="inner", classes=("inner",)),
        *SERVICES,
    )

    assert refusals(intent) == []


def test_policies_of_other_clouds_are_not_ours() -> None:
    """A class object for Google says nothing about load balancers on AWS."""
    gcp = replace(a_load_balancer_class("gcp", ingress_classes=(), tenants=[SHOP]), provider="gcp")

    assert refusals(an_intent(member("evil/web", "shop.example.com"), gcp, *SERVICES)) == []


def test_who_may_not_move_stays_where_the_cloud_shows_it() -> None:
    """Leaving what serves for a group that may not be joined would be an outage."""
    intent = an_intent(
        member("shop/web", "shop.example.com"),
        member("evil/web", "evil.example.com"),
        policy(SHOP),
        *SERVICES,
        observed=something_of("evil/web", "evil/web"),
    )

    own = of(intent, "evil/web")
    assert own.leaving == ()
    assert [q.diagnostic.code for q in own.quarantined] == ["GROUP-NOT-ALLOWED"]
    assert of(intent, "edge").quarantined == ()


def test_who_was_on_it_before_the_policy_keeps_what_it_has() -> None:
    """A policy turns away what is new; what is served goes on until the Ingress leaves."""
    intent = an_intent(
        member("shop/web", "shop.example.com"),
        member("evil/web", "evil.example.com"),
        policy(SHOP),
        *SERVICES,
        observed=something_of("evil/web", "edge"),
    )

    edge = of(intent, "edge")
    assert edge.leaving == ()
    assert refusals(intent) == [("evil/web", "", "GROUP-NOT-ALLOWED")]
    assert [str(b.id.ingress) for b in edge.backends] == ["evil/web", "shop/web"]


def test_an_ingress_that_has_been_elsewhere_is_a_newcomer_here() -> None:
    """Age and a finalizer from another load balancer give no claim on this one's settings."""
    old = replace(
        member("pay/web", "pay.example.com", scheme="internal"),
        meta=replace(member("pay/web", scheme="internal").meta, created="2020-01-01T00:00:00Z"),
    )
    new = member("shop/web", "shop.example.com", scheme="internet-facing")
    new = replace(new, meta=replace(new.meta, created="2024-01-01T00:00:00Z"))
    seen = {
        **something_of("pay/web", "pay/web").resources,
        **something_of("shop/web", "edge").resources,
    }

    intent = an_intent(old, new, *SERVICES, observed=Observed(resources=seen))

    assert [q.ingress.namespace for q in of(intent, "edge").quarantined] == ["pay"]


# -- shared settings ------------------------------------------------------------------------------


GOVERNED = (
    replace(SHOP, governs=("edge",)),
    PAY,
)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [("scheme", "internal"), ("inbound-cidrs", "10.0.0.0/8"), ("extra-tags", "a=b")],
)
def test_only_who_governs_a_group_may_state_what_holds_for_all(annotation: str, value: str) -> None:
    """A member could otherwise lock its neighbours' clients out, or send them elsewhere."""
    said = {annotation.replace("-", "_"): value}
    intent = an_intent(
        member("shop/web", "shop.example.com", **said),
        member("pay/web", "pay.example.com", **said),
        policy(*GOVERNED),
        *SERVICES,
    )

    [refusal] = of(intent, "edge").quarantined
    assert (str(refusal.ingress), refusal.diagnostic.code) == (
        "pay/web",
        "GROUP-SETTING-NOT-ALLOWED",
    )
    assert annotation in refusal.diagnostic.field
    assert "namespace shop" in refusal.diagnostic.message


def test_tags_and_ones_own_settings_need_no_leave() -> None:
    """They take nothing from anybody."""
    intent = an_intent(
        member("pay/web", "pay.example.com", tags="team=pay", target_type="ip"),
        policy(*GOVERNED),
        *SERVICES,
    )

    assert refusals(intent) == []


def test_nobody_governs_unless_somebody_is_said_to() -> None:
    """Tenants alone leave shared settings as they are without a policy: who comes first."""
    intent = an_intent(
        member("pay/web", "pay.example.com", scheme="internal"), policy(SHOP, PAY), *SERVICES
    )

    assert refusals(intent) == []


# -- labels, and mistakes in the policy -----------------------------------------------------------

SELECTED = Tenant(
    selector=LabelSelector(match_labels={"team": "shop"}),
    groups=("edge",),
    hosts=("shop.example.com",),
)


def asking(operator: str) -> LabelSelector:
    """Return a selector with one requirement, without values."""
    return LabelSelector(requirements=(LabelRequirement(key="a", operator=operator),))


@pytest.mark.parametrize(("team", "refused"), [("shop", []), ("pay", ["GROUP-NOT-ALLOWED"])])
def test_tenants_may_be_selected_by_the_labels_of_namespaces(team: str, refused: list[str]) -> None:
    """So a new namespace of a team needs no edit of the policy."""
    intent = an_intent(
        member("shop/web", "shop.example.com"),
        a_namespace("shop", team=team),
        an_ingress_class(),
        policy(SELECTED),
        *SERVICES,
        live=True,
    )

    assert [code for *_, code in refusals(intent)] == refused


def test_labels_that_are_not_known_block_in_a_cluster_and_warn_in_files() -> None:
    """Unknown is not empty: nobody gets in on the strength of a list that was forbidden."""
    objects = (member("shop/web", "shop.example.com"), policy(SELECTED), *SERVICES)
    snapshot = replace(
        a_snapshot(*objects, an_ingress_class(), live=True),
        unknown_kinds=frozenset({"Namespace"}),
    )

    live = intents(snapshot, ADialect(), some_settings())
    offline = an_intent(*objects)

    assert {code for *_, code in refusals(live)} == {"CLASS-NAMESPACE-UNKNOWN"}
    assert {d.code for d in offline.diagnostics} == {"CLASS-NAMESPACE-UNKNOWN"}
    assert of(offline, "edge").members


@pytest.mark.parametrize(
    ("tenant", "field"),
    [
        (Tenant(groups=("Not_Valid",)), "spec.tenants[0].groups[0]"),
        (Tenant(governs=("",)), "spec.tenants[0].governs[0]"),
        (Tenant(hosts=("ok.example.com", "*.example.com")), "spec.tenants[0].hosts[1]"),
        (Tenant(hosts=("10.0.0.1",)), "spec.tenants[0].hosts[0]"),
        (Tenant(hosts=("",)), "spec.tenants[0].hosts[0]"),
        (
            Tenant(
                selector=LabelSelector(requirements=(LabelRequirement(key="a", operator="Is"),))
            ),
            "spec.tenants[0].namespaceSelector",
        ),
        (
            Tenant(
                selector=LabelSelector(requirements=(LabelRequirement(key="a", operator="In"),))
            ),
            "spec.tenants[0].namespaceSelector",
        ),
    ],
)
def test_a_policy_that_cannot_be_read_blocks_its_class(tenant: Tenant, field: str) -> None:
    """A policy misread protects nobody; the message names the place."""
    intent = an_intent(member("shop/web", "shop.example.com"), policy(tenant), *SERVICES)

    found = [q.diagnostic for q in of(intent, "edge").quarantined]
    assert ("CLASS-TENANT", "LoadBalancerClass policy", field) in [
        (d.code, d.subject, d.field) for d in found
    ]


def test_the_order_of_tenants_and_objects_means_nothing() -> None:
    """The same policy in another order is the same plan."""
    objects: tuple[KubeObject, ...] = (
        member("shop/web", "shop.example.com", "pay.example.com"),
        member("pay/web", "pay.example.com", "shop.example.com"),
        *SERVICES,
    )

    one = an_intent(*objects, policy(SHOP, PAY))
    other = an_intent(*reversed(objects), policy(PAY, SHOP))

    assert one == other


def test_a_class_object_of_thousands_of_suffixes_is_judged_by_labels() -> None:
    """Judging a host costs its labels, not the size of the policy."""
    many = LoadBalancerClass(
        meta=a_load_balancer_class("policy").meta,
        ingress_classes=("alb",),
        tenants=tuple(
            Tenant(namespaces=(f"n{number}",), hosts=(f"h{number}.example.com",))
            for number in range(3000)
        ),
    )
    ingress = member("n7/web", "a.h7.example.com", "a.h8.example.com", group="")

    intent = an_intent(ingress, many, a_service("n7/web"))

    assert refusals(intent) == [("n7/web", "spec.rules[1].http.paths[0]", "HOST-NOT-ALLOWED")]

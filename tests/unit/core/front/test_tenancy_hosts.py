"""Promises of tenancy about hosts: whose a name is, and who may answer for names of nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.model.intent import Compatibility, Forward
from provisioner.model.kube import Key, Tenant
from provisioner.model.resource import Observed, ObservedResource
from tests.factories import (
    a_path,
    a_rule,
    a_service,
    an_ingress_class,
    an_intent,
    some_settings,
)
from tests.unit.core.front.tenants import PAY, SERVICES, SHOP, hosts, member, of, policy, refusals

# -- hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("shop.example.com", True),
        ("api.shop.example.com", True),
        ("*.shop.example.com", True),
        ("SHOP.example.com", True),
        ("myshop.example.com", False),
        ("example.com", False),
        ("free.example.org", False),
    ],
)
def test_a_suffix_covers_itself_and_every_name_below_it(
    host: str,
    refused: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """Whole labels count; what no suffix covers is free."""
    intent = an_intent(member("pay/web", host), policy(SHOP, PAY), *SERVICES)

    expected = [("pay/web", "spec.rules[0].http.paths[0]", "HOST-NOT-ALLOWED")]
    assert refusals(intent) == (expected if refused else [])


def test_a_refused_host_costs_that_path_only() -> None:
    """The rest of the Ingress is served; the message names owner, suffix and policy."""
    intent = an_intent(
        member("pay/web", "api.shop.example.com", "pay.example.com"), policy(SHOP, PAY), *SERVICES
    )

    [refusal] = of(intent, "edge").quarantined
    assert hosts(of(intent, "edge")) == {("pay", "pay.example.com")}
    assert refusal.path == "spec.rules[0].http.paths[0]"
    for said in ("api.shop.example.com", "shop.example.com belongs to namespace shop", "policy"):
        assert said in refusal.diagnostic.message


def test_the_longest_suffix_wins() -> None:
    """A team may own a part of what another owns."""
    parent = Tenant(namespaces=("shop",), groups=("edge",), hosts=("example.com",))
    intent = an_intent(
        member("pay/web", "a.pay.example.com"),
        member("shop/web", "a.pay.example.com", "b.example.com"),
        policy(parent, PAY),
        *SERVICES,
    )

    assert hosts(of(intent, "edge")) == {("pay", "a.pay.example.com"), ("shop", "b.example.com")}


def test_a_suffix_binds_load_balancers_of_ones_own_and_other_classes() -> None:
    """DNS controllers follow Ingress hosts, so another load balancer is a way to take a host."""
    own = an_intent(member("evil/web", "shop.example.com", group=""), policy(SHOP), *SERVICES)
    other = an_intent(
        member("evil/web", "shop.example.com", group="", class_name="open"),
        an_ingress_class("open"),
        policy(SHOP),
        *SERVICES,
    )

    assert [code for *_, code in refusals(own)] == ["HOST-NOT-ALLOWED"]
    assert [code for *_, code in refusals(other)] == ["HOST-NOT-ALLOWED"]


def test_a_suffix_of_ones_own_class_counts_before_that_of_another() -> None:
    """One name may belong to one team inside and to another outside."""
    inner = Tenant(namespaces=("pay",), hosts=("shop.example.com",))
    intent = an_intent(
        member("pay/web", "shop.example.com", group="", class_name="inner"),
        an_ingress_class("inner"),
        policy(SHOP),
        policy(inner, name="inner", classes=("inner",)),
        *SERVICES,
    )

    assert refusals(intent) == []


def test_owners_of_one_suffix_share_it() -> None:
    """First come does not count between those whom a policy names."""
    both = Tenant(namespaces=("shop", "pay"), groups=("edge",), hosts=("example.com",))
    other = member("pay/web")
    other = replace(other, rules=(a_rule("a.example.com", a_path("/pay")),))

    intent = an_intent(member("shop/web", "a.example.com"), other, policy(both), *SERVICES)

    assert refusals(intent) == []
    assert hosts(of(intent, "edge")) == {("shop", "a.example.com"), ("pay", "a.example.com")}


def test_free_hosts_still_belong_to_who_came_first() -> None:
    """A policy that does not speak of a host leaves the older rule in force."""
    intent = an_intent(
        replace(
            member("shop/web", "free.example.org"),
            meta=replace(member("shop/web").meta, created="2024-01-01T00:00:00Z"),
        ),
        member("pay/web", "free.example.org"),
        policy(SHOP, PAY),
        *SERVICES,
    )

    assert refusals(intent) == [("pay/web", "spec.rules[0].http.paths[0]", "HOST-TAKEN")]


# -- wildcards and any host -----------------------------------------------------------------------

PLATFORM = Tenant(namespaces=("platform",), groups=("edge",), hosts=("example.com",))


@pytest.mark.parametrize(
    ("tenants", "namespace", "compatibility", "refused"),
    [
        ((PLATFORM, SHOP), "platform", Compatibility.KUBERNETES, False),
        ((PLATFORM, SHOP), "platform", Compatibility.INCUMBENT, True),
        ((PLATFORM,), "platform", Compatibility.INCUMBENT, False),
        ((PLATFORM, SHOP), "shop", Compatibility.KUBERNETES, True),
        ((SHOP, PAY), "pay", Compatibility.KUBERNETES, True),
        ((PAY,), "pay", Compatibility.KUBERNETES, False),
    ],
    ids=[
        "the owner of the parent may: hosts are matched before wildcards",
        "not where the order of Ingresses decides instead",
        "unless nobody owns anything below",
        "the owner of a child may not",
        "where nobody owns the parent, it must not cover the child of others",
        "one's own children do no harm",
    ],
)
def test_who_may_have_a_wildcard_above_the_suffixes_of_others(
    tenants: tuple[Tenant, ...],
    namespace: str,
    compatibility: Compatibility,
    refused: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """``*.example.com`` answers for shop.example.com wherever nothing more exact does."""
    intent = an_intent(
        member(f"{namespace}/web", "*.example.com"),
        policy(*tenants),
        a_service(f"{namespace}/web"),
        settings=some_settings(compatibility=compatibility),
    )

    assert bool(refusals(intent)) is refused


@pytest.mark.parametrize(
    ("tenants", "group", "refused"),
    [
        ((SHOP, PAY), "edge", True),
        ((SHOP, replace(PAY, hosts=("*",))), "edge", False),
        ((replace(SHOP, hosts=()), replace(PAY, hosts=())), "edge", False),
        ((SHOP, PAY), "", False),
    ],
    ids=["nobody owns the rest", "who owns it may", "hosts are not given out", "on one's own"],
)
def test_answers_for_any_host_are_for_who_owns_the_rest(
    tenants: tuple[Tenant, ...],
    group: str,
    refused: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """A rule without a host, or a default backend, catches whatever a tenant has no rule for."""
    ingress = member("pay/web", "", group=group, default="web:80")

    intent = an_intent(ingress, policy(*tenants), *SERVICES)

    expected = [
        ("pay/web", "spec.defaultBackend", "HOST-NOT-ALLOWED"),
        ("pay/web", "spec.rules[0].http.paths[0]", "HOST-NOT-ALLOWED"),
    ]
    assert refusals(intent) == (expected if refused else [])


def test_a_default_backend_that_may_not_answer_for_all_serves_its_own_hosts() -> None:
    """Another member's default backend takes the place that it may not have."""
    owner = Tenant(namespaces=("shop",), groups=("edge",), hosts=("*",))
    intent = an_intent(
        member("pay/web", "pay.example.com", default="web:80"),
        member("shop/web", "shop.example.com", default="web:80"),
        policy(owner, PAY),
        *SERVICES,
    )

    edge = of(intent, "edge")
    [listener] = edge.listeners
    pay = next(m for m in edge.members if m.ingress.namespace == "pay")
    assert listener.default_ingress == Key("shop", "web")
    assert isinstance(pay.default_backend, Forward)


# -- what is there when a policy comes ------------------------------------------------------------


def rule_of(ingress: str, host: str) -> Observed:
    """Return a cloud that holds a rule of an Ingress for a host, on group edge."""
    address = "aws:listener-rule/edge/80/0123456789"
    resource = ObservedResource(
        kind="ListenerRule",
        address=address,
        group="edge",
        ingresses=(Key.parse(ingress),),
        spec={"Host": host},
    )
    return Observed(resources={address: resource})


def test_a_path_for_the_host_of_others_stays_until_its_owner_serves_it() -> None:
    """A policy is no outage; but once there are two answers, the owner's is the one."""
    squatter = member("pay/web", "shop.example.com", "pay.example.com")
    seen = rule_of("pay/web", "shop.example.com")
    owner = member("shop/web", "shop.example.com")

    before = an_intent(squatter, policy(SHOP, PAY), *SERVICES, observed=seen)
    after = an_intent(squatter, owner, policy(SHOP, PAY), *SERVICES, observed=seen)

    assert hosts(of(before, "edge"), held=True) == {("pay", "shop.example.com")}
    assert hosts(of(after, "edge"), held=True) == set()
    assert hosts(of(after, "edge")) == {("pay", "pay.example.com"), ("shop", "shop.example.com")}


def test_a_broken_squatter_does_not_stand_in_the_owners_way() -> None:
    """Its last good rules stay, but the owner's path is no duplicate of them."""
    squatter = member("evil/web", "shop.example.com")
    seen = rule_of("evil/web", "shop.example.com")

    intent = an_intent(
        squatter, member("shop/web", "shop.example.com"), policy(SHOP), *SERVICES, observed=seen
    )

    assert refusals(intent) == [("evil/web", "", "GROUP-NOT-ALLOWED")]
    assert hosts(of(intent, "edge")) == {("shop", "shop.example.com")}

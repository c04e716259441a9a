"""Promises of the questions to the project: no more than a decision will read, always the same."""

from __future__ import annotations

from providers.gcp import provider
from providers.gcp.account import HERE, Wanted
from provisioner.model.intent import Intent
from provisioner.model.snapshot import Snapshot
from tests.factories import a_node, a_snapshot
from tests.unit.providers.gcp.desired.worlds import (
    FRONTEND_CONFIG,
    GLOBAL_IP,
    PRE_SHARED,
    REGIONAL_IP,
    SCHEME,
    SETTINGS,
    VARIANT,
    World,
    a_web,
    a_world,
    an_object,
    some_backends,
)

NODE = "gce://shop-prod/europe-west1-b/n1"
EMPTY = Snapshot()


def asked(world: World, snapshot: Snapshot = EMPTY) -> Wanted:
    """Return the questions that a world leads to."""
    return provider.wanted(world.intents(), snapshot, SETTINGS)


def test_a_plain_ingress_asks_for_its_nodes_and_subnetworks_alone() -> None:
    """Every list of a project costs a call."""
    world = World(objects=(a_web(), *some_backends()))

    assert asked(world) == Wanted(instances=(NODE,), proxy_only=True, regions=(HERE,))


def test_nobody_asks_on_behalf_of_nobody() -> None:
    """Without a load balancer there is no question at all."""
    snapshot = a_snapshot(a_node("n1", provider_id=NODE))

    assert provider.wanted(Intent(load_balancers=()), snapshot, SETTINGS) == Wanted()


def test_nodes_of_other_clouds_are_not_asked_for() -> None:
    """A hybrid node has no instance in the project."""
    snapshot = a_snapshot(
        a_node("n2", provider_id="gce://shop-prod/europe-west1-c/n2"),
        a_node("metal", provider_id="metal://rack-7/9"),
    )

    assert asked(a_world(), snapshot).instances == (
        NODE,
        "gce://shop-prod/europe-west1-c/n2",
    )


def test_a_named_address_is_asked_for_in_its_scope() -> None:
    """The annotation says global or regional; which region nobody knows yet."""
    assert asked(a_world({GLOBAL_IP: "web-ip"})).addresses == (("web-ip", ""),)
    assert asked(a_world({REGIONAL_IP: "web-ip"})).addresses == (("web-ip", HERE),)


def test_a_named_certificate_is_asked_for_in_both_scopes() -> None:
    """Which kind of load balancer it is may rest on what exists."""
    found = asked(a_world({PRE_SHARED: "b,a"})).ssl_certificates

    assert found == (("a", ""), ("a", HERE), ("b", ""), ("b", HERE))


def test_an_ssl_policy_is_asked_for_in_both_scopes() -> None:
    """The same as for certificates."""
    config = an_object("FrontendConfig", "shop/fc", spec={"sslPolicy": "strict"})
    world = a_world({FRONTEND_CONFIG: "fc", PRE_SHARED: "a"}, settings_of=(config,))

    assert asked(world).ssl_policies == ("here/strict", "strict")


def test_the_proxy_only_subnets_are_asked_for_whatever_is_stated() -> None:
    """What exists may be regional still, and its firewall rule must not seem useless."""
    for said in ({}, {VARIANT: "regional-external"}, {SCHEME: "internal"}):
        found = asked(a_world(said))
        assert (found.proxy_only, found.regions) == (True, (HERE,))

"""Promises of the choice among Google's load balancers, and of where its parts live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp.account import Source
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key
from provisioner.model.resource import Unknown
from tests.unit.providers.gcp.desired.worlds import (
    HTTP_RULE,
    NETWORK,
    REGION,
    SCHEME,
    SETTINGS,
    SUBNETWORK,
    URL_MAP,
    VARIANT,
    a_world,
    codes,
    finding,
    some_facts,
    spec_of,
)

INCUMBENT = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)


@pytest.mark.parametrize(
    ("annotations", "scheme", "regional"),
    [
        ({}, "EXTERNAL_MANAGED", False),
        ({SCHEME: "external"}, "EXTERNAL_MANAGED", False),
        ({SCHEME: "internal"}, "INTERNAL_MANAGED", True),
        ({VARIANT: "global-external"}, "EXTERNAL_MANAGED", False),
        ({VARIANT: "regional-external"}, "EXTERNAL_MANAGED", True),
        ({VARIANT: "regional-internal"}, "INTERNAL_MANAGED", True),
        ({VARIANT: "regional-external", SCHEME: "external"}, "EXTERNAL_MANAGED", True),
        ({VARIANT: "regional-internal", SCHEME: "internal"}, "INTERNAL_MANAGED", True),
    ],
)
def test_a_stated_kind_wins_over_the_scheme_and_that_over_the_default(
    annotations: dict[str, str], scheme: str, *, regional: bool
) -> None:
    """The default is the modern global one; a regional one says its region on every part."""
    expressed = a_world(annotations).express()

    rule = spec_of(expressed, HTTP_RULE)
    assert rule["loadBalancingScheme"] == scheme
    assert rule.get("region") == (REGION if regional else None)
    assert spec_of(expressed, URL_MAP).get("region") == (REGION if regional else None)
    assert codes(expressed) == []


def test_where_gke_reading_applies_the_classic_one_is_the_default() -> None:
    """GKE makes no modern global load balancer (ingress-gce#2642)."""
    world = replace(a_world(settings=INCUMBENT))

    assert world.request().intent.compatibility is Compatibility.INCUMBENT
    assert spec_of(world.express(), HTTP_RULE)["loadBalancingScheme"] == "EXTERNAL"


def test_a_regional_load_balancer_says_its_network_and_an_internal_one_its_subnetwork() -> None:
    """Google finds the proxy-only subnet by the network of the forwarding rule."""
    external = spec_of(a_world({VARIANT: "regional-external"}).express(), HTTP_RULE)
    internal = spec_of(a_world({VARIANT: "regional-internal"}).express(), HTTP_RULE)
    everywhere = spec_of(a_world().express(), HTTP_RULE)

    assert (external["network"], external.get("subnetwork")) == (NETWORK, None)
    assert (internal["network"], internal["subnetwork"]) == (NETWORK, SUBNETWORK)
    assert "network" not in everywhere


@pytest.mark.parametrize(
    "before", [{VARIANT: "regional-external"}, {VARIANT: "classic"}, {SCHEME: "internal"}]
)
def test_a_load_balancer_stays_what_it_is_where_nobody_states_anything(
    before: dict[str, str],
) -> None:
    """Taking the annotation away must not replace a load balancer that clients know."""
    expressed = a_world(before).express()
    scheme = spec_of(expressed, HTTP_RULE)["loadBalancingScheme"]

    later = replace(a_world(), observed=a_world(before).after().observed).express()

    assert spec_of(later, HTTP_RULE)["loadBalancingScheme"] == scheme
    assert codes(later) == []


def test_a_kind_and_a_scheme_that_contradict_are_told() -> None:
    """The kind that is named counts, and the Ingress hears of the other."""
    expressed = a_world({VARIANT: "regional-internal", SCHEME: "external"}).express()

    assert finding(expressed, "CLOUD-VARIANT-SCHEME").ingress == Key("shop", "web")
    assert spec_of(expressed, HTTP_RULE)["loadBalancingScheme"] == "INTERNAL_MANAGED"


def test_without_a_proxy_only_subnet_no_regional_load_balancer_is_made() -> None:
    """Google would refuse the forwarding rule; the Ingress is told which command helps."""
    facts = some_facts(proxy_only=False)

    expressed = a_world({VARIANT: "regional-internal"}, facts=facts).express()

    found = finding(expressed, "CLOUD-NO-PROXY-SUBNET")
    assert expressed.resources == ()
    assert [q.ingress for q in expressed.quarantined] == [Key("shop", "web")]
    assert REGION in found.message
    assert "REGIONAL_MANAGED_PROXY" in found.hint


def test_a_regional_load_balancer_that_exists_outlives_the_look_at_its_subnet() -> None:
    """What works is not taken down because a fact about it looks wrong."""
    said = {VARIANT: "regional-internal"}
    world = a_world(said)

    later = replace(
        a_world(said, facts=some_facts(proxy_only=False)), observed=world.after().observed
    ).express()

    assert "CLOUD-NO-PROXY-SUBNET" in codes(later)
    assert spec_of(later, HTTP_RULE) == spec_of(world.express(), HTTP_RULE)
    assert later.quarantined == ()


def test_a_subnet_that_nobody_may_look_up_is_taken_on_trust() -> None:
    """A permission that is missing is not a subnet that is missing."""
    facts = some_facts(proxy_only=False, unread=(Source.SUBNETWORKS.value,))

    expressed = a_world({VARIANT: "regional-internal"}, facts=facts).express()

    assert codes(expressed) == ["CLOUD-UNCHECKED"]
    assert "compute.subnetworks.list" in finding(expressed, "CLOUD-UNCHECKED").hint
    assert spec_of(expressed, HTTP_RULE)["region"] == REGION


def test_without_a_network_nothing_is_made_and_the_candidates_are_told() -> None:
    """Where the network cannot be told, a guess would put endpoints into the wrong one."""
    facts = some_facts(network_problem="nodes are in networks a and b")

    expressed = a_world(facts=facts).express()

    assert expressed.resources == ()
    assert "nodes are in networks a and b" in finding(expressed, "CLOUD-NO-NETWORK").message


def test_offline_the_region_is_known_after_apply() -> None:
    """Nothing is guessed about a project that nobody read."""
    world = a_world({VARIANT: "regional-internal"})
    offline = replace(world, facts=type(world.facts)())

    rule = spec_of(offline.express(), HTTP_RULE)

    assert isinstance(rule["region"], Unknown)
    assert isinstance(rule["network"], Unknown)
    assert codes(offline.express()) == []


def test_a_shared_network_is_named_in_the_project_that_owns_it() -> None:
    """In a shared VPC, load balancer and network live in two projects."""
    shared = "projects/host/global/networks/shared"
    facts = some_facts(network=shared)

    expressed = a_world({VARIANT: "regional-internal"}, facts=facts).express()

    assert spec_of(expressed, HTTP_RULE)["network"] == shared
    assert facts.host_project == "host"

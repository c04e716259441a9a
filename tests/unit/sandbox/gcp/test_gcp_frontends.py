"""Forwarding rules, target proxies and addresses."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import Document, text, texts
from provisioner.sandbox.gcp.account import make_project
from tests.unit.sandbox.gcp.workbench import HOME, PROJECT, REGION, Workbench

INSIDE = f"regions/{REGION}"


def front(bench: Workbench, scheme: str = "EXTERNAL", **fields: object) -> Document:
    """Make a whole load balancer and return its forwarding rule."""
    home = "global" if "home" not in fields else str(fields.pop("home"))
    service = bench.service("web", home, loadBalancingScheme=scheme)
    url_map = bench.url_map("map", home, defaultService=service)
    return bench.frontend(url_map, "front", home, loadBalancingScheme=scheme, **fields)


def proxy(bench: Workbench) -> str:
    """Make everything but the forwarding rule and return the proxy's URL."""
    url_map = bench.url_map(defaultService=bench.service("web"))
    return text(
        bench.make("global/targetHttpProxies", {"name": "p", "urlMap": url_map}), "selfLink"
    )


def test_a_rule_gets_an_address_and_the_documented_defaults(bench: Workbench) -> None:
    """An ephemeral address, TCP, premium tier, and the port as a range."""
    rule = front(bench)

    assert text(rule, "IPAddress").startswith("198.18.")
    assert (rule["IPProtocol"], rule["networkTier"], rule["ipVersion"]) == (
        "TCP",
        "PREMIUM",
        "IPV4",
    )
    assert rule["portRange"] == "80-80"
    assert text(rule, "selfLinkWithId").endswith(text(rule, "id"))
    assert rule["fingerprint"] != rule["labelFingerprint"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"portRange": "80-90"}, "exactly one port"),
        ({"portRange": "http"}, "Required field 'resource.portRange'"),
        ({"portRange": "81"}, "Must be 80 or 8080"),
        ({"IPProtocol": "UDP"}, "Must be TCP"),
        ({"target": None}, "Required field 'resource.target'"),
        ({"IPAddress": "203.0.113.9"}, "not reserved in global"),
        ({"loadBalancingScheme": "INTERNAL_MANAGED"}, "does not emulate"),
        ({"target": None, "backendService": "global/backendServices/web"}, "does not emulate"),
    ],
)
def test_rules_are_checked(bench: Workbench, fields: Mapping[str, object], said: str) -> None:
    """Ports, protocol, target, address; what is not emulated is named."""
    body = {"name": "front", "target": proxy(bench), "portRange": "80", **fields}

    assert said in bench.refused("global/forwardingRules", body).message


def test_schemes_must_match_along_the_chain(bench: Workbench) -> None:
    """A managed frontend does not lead to classic services; the other way is the migration."""
    classic = bench.url_map("classic", defaultService=bench.service("a"))
    managed = bench.service("b", loadBalancingScheme="EXTERNAL_MANAGED")
    bench.frontend(bench.url_map("migrated", defaultService=managed), "migrated")
    bench.make("global/targetHttpProxies", {"name": "p", "urlMap": classic})

    answer = bench.refused(
        "global/forwardingRules",
        {
            "name": "front",
            "target": "global/targetHttpProxies/p",
            "portRange": "80",
            "loadBalancingScheme": "EXTERNAL_MANAGED",
        },
    )

    assert "EXTERNAL does not match EXTERNAL_MANAGED" in answer.message


def test_two_rules_share_an_address_on_different_ports(bench: Workbench) -> None:
    """The second one names the address of the first; the same port is a conflict."""
    rule = front(bench)
    body = {
        "name": "again",
        "target": rule["target"],
        "IPAddress": rule["IPAddress"],
        "portRange": "8080",
    }

    refused = bench.refused("global/forwardingRules", {**body, "portRange": "80"})
    other = bench.make("global/forwardingRules", body)

    assert "in-use and would result in a conflict" in refused.message
    assert other["IPAddress"] == rule["IPAddress"]


def test_an_ephemeral_address_can_be_promoted(bench: Workbench) -> None:
    """Reserving the address of a rule makes it static and in use."""
    rule = front(bench)

    address = bench.make("global/addresses", {"name": "ip", "address": rule["IPAddress"]})

    assert (address["address"], address["status"]) == (rule["IPAddress"], "IN_USE")
    assert texts(address, "users") == (rule["selfLink"],)
    answer = bench.rest("DELETE", "global/addresses/ip")
    assert answer.reason == "resourceInUseByAnotherResource"


@pytest.mark.parametrize("by_name", [True, False])
def test_a_reserved_address_is_used_by_name_or_number(bench: Workbench, *, by_name: bool) -> None:
    """IPAddress takes the URL of an address or the address itself."""
    address = bench.make("global/addresses", {"name": "ip"})
    before = address["status"]

    rule = front(bench, IPAddress="global/addresses/ip" if by_name else address["address"])

    assert rule["IPAddress"] == address["address"]
    assert (before, bench.get("global/addresses/ip")["status"]) == ("RESERVED", "IN_USE")


def test_an_address_is_never_given_twice(bench: Workbench) -> None:
    """Reserved and ephemeral ones come from one range."""
    addresses = {
        text(bench.make("global/addresses", {"name": f"ip-{n}"}), "address") for n in "abc"
    }
    addresses.add(text(front(bench), "IPAddress"))

    stranger = bench.refused("global/addresses", {"name": "x", "address": "203.0.113.9"})

    assert len(addresses) == 4
    assert stranger.reason == "invalid"


def test_the_target_can_be_changed(bench: Workbench) -> None:
    """setTarget, with Google's client; the target must exist."""
    rule = front(bench)
    other = bench.make(
        "global/targetHttpProxies", {"name": "other", "urlMap": "global/urlMaps/map"}
    )
    rules = bench.client(compute_v1.GlobalForwardingRulesClient)

    bench.wait(
        rules.set_target_unary(
            project=PROJECT,
            forwarding_rule="front",
            target_reference_resource=compute_v1.TargetReference(target=text(other, "selfLink")),
        )
    )
    missing = bench.rest(
        "POST",
        "global/forwardingRules/front/setTarget",
        {"target": "global/targetHttpProxies/none"},
    )

    after = bench.get("global/forwardingRules/front")
    assert (after["target"], after["IPAddress"]) == (other["selfLink"], rule["IPAddress"])
    assert missing.status == 404


def test_labels_are_guarded_by_a_fingerprint_of_their_own(bench: Workbench) -> None:
    """Required, and stale ones refused."""
    rule = front(bench)
    path = "global/forwardingRules/front/setLabels"
    labels = {"team": "shop"}

    none = bench.rest("POST", path, {"labels": labels})
    good = bench.rest(
        "POST", path, {"labels": labels, "labelFingerprint": rule["labelFingerprint"]}
    )
    stale = bench.rest("POST", path, {"labels": {}, "labelFingerprint": rule["labelFingerprint"]})

    assert [none.status, good.status, stale.status] == [400, 200, 412]
    assert bench.get("global/forwardingRules/front")["labels"] == labels


def test_a_rule_cannot_be_patched_to_another_port(bench: Workbench) -> None:
    """Port and address are for life; the tier is not."""
    front(bench)

    port = bench.rest("PATCH", "global/forwardingRules/front", {"portRange": "8080-8080"})
    access = bench.rest("PATCH", "global/forwardingRules/front", {"networkTier": "STANDARD"})

    assert "cannot be patched" in port.message
    assert access.status == 200


@pytest.mark.parametrize("scheme", ["EXTERNAL_MANAGED", "INTERNAL_MANAGED"])
def test_regional_rules_need_a_proxy_only_subnet(bench: Workbench, scheme: str) -> None:
    """Proxy-only subnets for Envoy-based load balancers."""
    bench.cloud.reset()
    bench.project = make_project(bench.cloud, proxy_only=False)
    service = bench.service("web", INSIDE, loadBalancingScheme=scheme)
    url_map = bench.url_map("map", INSIDE, defaultService=service)
    bench.make(f"{INSIDE}/targetHttpProxies", {"name": "p", "urlMap": url_map})

    answer = bench.refused(
        f"{INSIDE}/forwardingRules",
        {
            "name": "front",
            "target": f"{INSIDE}/targetHttpProxies/p",
            "portRange": "80",
            "loadBalancingScheme": scheme,
            "subnetwork": bench.project.subnetwork,
        },
    )

    assert "An active proxy-only subnetwork is required" in answer.message


def test_an_internal_rule_lives_in_its_subnet(bench: Workbench) -> None:
    """Its address comes from there, its network is that of the subnet."""
    rule = front(bench, "INTERNAL_MANAGED", home=INSIDE, subnetwork=bench.project.subnetwork)

    assert text(rule, "IPAddress").startswith("10.132.")
    assert rule["network"] == bench.project.network
    assert text(rule, "region").endswith(REGION)


def test_an_internal_address_is_shared_only_if_it_says_so(bench: Workbench) -> None:
    """HTTP and HTTPS on one internal address need purpose SHARED_LOADBALANCER_VIP."""
    for name, purpose in (("one", "GCE_ENDPOINT"), ("many", "SHARED_LOADBALANCER_VIP")):
        body = {
            "name": name,
            "addressType": "INTERNAL",
            "purpose": purpose,
            "subnetwork": bench.project.subnetwork,
        }
        bench.make(f"{INSIDE}/addresses", body)
    rule = front(
        bench,
        "INTERNAL_MANAGED",
        home=INSIDE,
        subnetwork=bench.project.subnetwork,
        IPAddress=f"{INSIDE}/addresses/one",
    )

    def second(address: str, port: str) -> int:
        body = {
            "name": f"more-{port}",
            "target": rule["target"],
            "portRange": port,
            "loadBalancingScheme": "INTERNAL_MANAGED",
            "subnetwork": bench.project.subnetwork,
            "IPAddress": f"{INSIDE}/addresses/{address}",
        }
        return bench.rest("POST", f"{INSIDE}/forwardingRules", body).status

    assert (second("one", "443"), second("many", "80"), second("many", "8080")) == (400, 200, 200)


def test_a_regional_proxy_takes_a_regional_map(bench: Workbench) -> None:
    """Global and regional parts do not mix."""
    url_map = bench.url_map(defaultService=bench.service("web"))

    answer = bench.refused(f"{INSIDE}/targetHttpProxies", {"name": "p", "urlMap": url_map})

    assert answer.reason == "invalid"


def test_the_map_of_a_proxy_can_be_changed(bench: Workbench) -> None:
    """setUrlMap, with Google's client, whose path lacks the word global."""
    front(bench)
    other = bench.url_map("other", defaultService=f"{HOME}/global/backendServices/web")

    bench.wait(
        bench.client(compute_v1.TargetHttpProxiesClient).set_url_map_unary(
            project=PROJECT,
            target_http_proxy="front-proxy",
            url_map_reference_resource=compute_v1.UrlMapReference(url_map=other),
        )
    )

    assert bench.get("global/targetHttpProxies/front-proxy")["urlMap"] == other


def test_a_change_of_the_map_must_fit_the_rules_in_front(bench: Workbench) -> None:
    """A managed frontend keeps classic services away, however they come."""
    front(bench, "EXTERNAL_MANAGED")
    classic = bench.service("classic")
    other = bench.url_map("other", defaultService=classic)
    fingerprint = bench.get("global/urlMaps/map")["fingerprint"]

    by_map = bench.rest(
        "PATCH", "global/urlMaps/map", {"defaultService": classic, "fingerprint": fingerprint}
    )
    by_proxy = bench.rest("POST", "targetHttpProxies/front-proxy/setUrlMap", {"urlMap": other})

    assert {by_map.reason, by_proxy.reason} == {"invalid"}
    assert "does not match" in by_map.message
    assert "does not match" in by_proxy.message


def test_a_rule_migrates_with_its_services(bench: Workbench) -> None:
    """From EXTERNAL to EXTERNAL_MANAGED by patch, once the services are migrated."""
    classic = bench.service("classic")
    managed = bench.service("managed", loadBalancingScheme="EXTERNAL_MANAGED")
    bench.frontend(bench.url_map("old", defaultService=classic), "old")
    bench.frontend(bench.url_map("new", defaultService=managed), "new")
    change = {"loadBalancingScheme": "EXTERNAL_MANAGED"}

    early = bench.rest("PATCH", "global/forwardingRules/old", change)
    late = bench.rest("PATCH", "global/forwardingRules/new", change)

    assert "does not match" in early.message
    assert late.status == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"purpose": "VPC_PEERING"}, "does not emulate"),
        ({"subnetwork": None}, "Required field 'resource.subnetwork'"),
        ({"address": "10.1.2.3"}, "does not lie in the subnetwork"),
        ({"address": "10.132.0.200"}, "is reserved as"),
        ({"ipVersion": "IPV6"}, "does not emulate"),
    ],
)
def test_internal_addresses_are_checked(
    bench: Workbench, fields: Mapping[str, object], said: str
) -> None:
    """They lie in a subnet and are given once."""
    body = {"name": "ip", "addressType": "INTERNAL", "subnetwork": bench.project.subnetwork}
    bench.make(f"{INSIDE}/addresses", {**body, "address": "10.132.0.200"})

    answer = bench.refused(f"{INSIDE}/addresses", {**body, "name": "new", **fields})

    assert said in answer.message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("global/addresses/ip", "Must name an address in regions"),
        (f"{INSIDE}/addresses/outside", "which does not fit the load balancing scheme"),
        ("10.200.0.1", "not reserved in regions"),
        ("nonsense", "The URL is malformed"),
    ],
)
def test_an_internal_rule_takes_internal_addresses_of_its_region(
    bench: Workbench, address: str, said: str
) -> None:
    """Neither global nor external ones, nor ones from elsewhere."""
    bench.make("global/addresses", {"name": "ip"})
    bench.make(f"{INSIDE}/addresses", {"name": "outside"})
    inner = front(bench, "INTERNAL_MANAGED", home=INSIDE, subnetwork=bench.project.subnetwork)
    body = {
        "name": "other",
        "target": inner["target"],
        "portRange": "81",
        "loadBalancingScheme": "INTERNAL_MANAGED",
        "subnetwork": bench.project.subnetwork,
    }

    refused = bench.refused(f"{INSIDE}/forwardingRules", {**body, "IPAddress": address})
    free = bench.make(f"{INSIDE}/forwardingRules", {**body, "IPAddress": "10.132.1.1"})

    assert said in refused.message
    assert free["IPAddress"] == "10.132.1.1"


def test_an_internal_rule_needs_a_subnet_and_an_external_one_a_network(bench: Workbench) -> None:
    """The default network, where nothing is said."""
    outside = front(bench, "EXTERNAL_MANAGED", home=INSIDE)
    body = {
        "name": "inside",
        "target": outside["target"],
        "portRange": "80",
        "loadBalancingScheme": "INTERNAL_MANAGED",
    }

    answer = bench.refused(f"{INSIDE}/forwardingRules", body)

    assert outside["network"] == bench.project.network
    assert answer.message == "Required field 'resource.subnetwork' not specified"

"""Promises of observing: what carries our mark, in the words of the plan, in one listing a kind."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from providers.gcp import shapes
from providers.gcp.addresses import Kind
from provisioner.model.errors import Denied
from provisioner.model.kube import Key
from provisioner.model.resource import Fingerprint, Ref, freeze_spec
from provisioner.sandbox.cluster.documents import text
from tests.unit.providers.gcp.shell.projects import (
    CHECK,
    ENDPOINT_GROUP,
    HOME,
    PROJECT,
    SERVICE,
    ZONE,
    World,
    call,
)

URL_MAP = "gcp:url-map/shop/web/main"
RULE = "gcp:forwarding-rule/shop/web/80"
ENDPOINTS = f"gcp:network-endpoints/shop/web/web:80/pod/{ZONE}"


def load_balancer(world: World, **rule: str) -> str:
    """Build a whole load balancer with two pods, and return its backend service's link."""
    group = world.endpoint_group()
    backend = {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 1}
    service = world.service(backends=[backend])
    world.attach(group, world.pod(1), world.pod(0))
    world.front(world.url_map("um", service, URL_MAP), **rule)
    return service


def test_everything_is_found_by_its_description(world: World) -> None:
    """Descriptions alone say what is ours; names and shapes of others say nothing."""
    load_balancer(world)
    world.make("global/healthChecks", {"name": "ipr-hc-x", "type": "HTTP"})
    foreign = world.description(CHECK, owner="demo/other/default")
    world.make("global/healthChecks", {"name": "hc2", "type": "HTTP", "description": foreign})

    observed = world.reader().observe()

    assert sorted(observed.resources) == [
        SERVICE,
        RULE,
        CHECK,
        ENDPOINT_GROUP,
        ENDPOINTS,
        "gcp:target-http-proxy/shop/web/80",
        URL_MAP,
    ]


def test_links_to_ours_are_refs(world: World) -> None:
    """So desired and observed compare without any lookup."""
    load_balancer(world)

    found = world.reader().observe().resources

    assert found[RULE].spec["target"] == Ref("gcp:target-http-proxy/shop/web/80", "selfLink")
    assert found[URL_MAP].spec["defaultService"] == Ref(SERVICE, "selfLink")
    assert found[SERVICE].spec["healthChecks"] == (Ref(CHECK, "selfLink"),)
    assert found[ENDPOINTS].spec["networkEndpointGroup"] == Ref(ENDPOINT_GROUP, "selfLink")


def test_outputs_are_what_refs_stand_for(world: World) -> None:
    """Links are paths; of an address the IP is known as well."""
    load_balancer(world)

    rule = world.reader().observe().resources[RULE]

    assert rule.outputs["selfLink"] == f"{HOME}/global/forwardingRules/fr"
    assert rule.outputs["IPAddress"] == text(world.read(rule.outputs["selfLink"]), "IPAddress")


def test_specs_are_as_they_would_be_desired(world: World) -> None:
    """What Google fills in makes no difference (a second plan is empty)."""
    load_balancer(world)

    spec = world.reader().observe().resources[SERVICE].spec

    wanted = shapes.shaped(
        Kind.BACKEND_SERVICE,
        {
            "name": "be",
            "description": world.description(SERVICE),
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "healthChecks": [Ref(CHECK, "selfLink")],
            "backends": [{"group": Ref(ENDPOINT_GROUP, "selfLink"), "maxRatePerEndpoint": 1}],
        },
    )
    assert spec == wanted


def test_members_and_health_come_with_their_group(world: World) -> None:
    """One question to a group tells who is in it and how healthy each is."""
    load_balancer(world)

    found = world.reader().observe().resources

    assert (
        found[ENDPOINTS].spec["networkEndpoints"]
        == freeze_spec({"x": [world.pod(0), world.pod(1)]})["x"]
    )
    assert found[SERVICE].healthy == 2


def test_a_draining_endpoint_is_one_no_more(world: World) -> None:
    """It is detached and only finishes what it has begun."""
    load_balancer(world)
    world.cloud.configure(draining_seconds=600.0)
    check = call("backendServices.update", name="be")
    world.writer().send(
        check,
        {
            "scope": "global",
            "name": "be",
            "body": {"connectionDraining": {"drainingTimeoutSec": 600}},
        },
    )
    group = f"{HOME}/zones/{ZONE}/networkEndpointGroups/neg"
    world.rest("POST", f"{group}/detachNetworkEndpoints", {"networkEndpoints": [world.pod(1)]})

    endpoints = world.reader().observe().resources[ENDPOINTS].spec["networkEndpoints"]

    assert endpoints == freeze_spec({"x": [world.pod(0)]})["x"]


def test_an_empty_group_has_empty_endpoints(world: World) -> None:
    """Membership is a resource of its own, there with its group."""
    world.endpoint_group()

    assert world.reader().observe().resources[ENDPOINTS].spec["networkEndpoints"] == ()


def test_each_kind_is_listed_once(world: World) -> None:
    """However many load balancers there are (kubernetes/ingress-gce#1700)."""
    load_balancer(world)
    reader = world.reader()
    world.cloud.calls.clear()

    reader.observe()

    lists = Counter(r.operation for r in world.cloud.calls if "ist" in r.operation)
    del lists["networkEndpointGroups.listNetworkEndpoints"]
    assert len(lists) == 11
    assert set(lists.values()) == {1}


def test_listings_are_read_to_their_last_page(world: World) -> None:
    """A project with more than a page of something is an ordinary one."""
    world.cloud.configure(page_size=2)
    for number in range(5):
        address = f"gcp:health-check/shop/web/w{number}:80/pod"
        world.health_check(f"hc{number}", address)

    assert len(world.reader().observe().resources) == 5


def test_members_are_asked_about_for_wanted_groups_alone(world: World) -> None:
    """Of other load balancers the listings have told enough."""
    load_balancer(world)
    world.cloud.calls.clear()

    found = world.reader().observe(frozenset({"other/web"})).resources

    assert SERVICE in found
    assert ENDPOINTS not in found
    assert not [r for r in world.cloud.calls if "NetworkEndpoints" in r.operation]


def test_an_ephemeral_address_is_not_said(world: World) -> None:
    """The plan does not ask for one either."""
    load_balancer(world)

    assert "IPAddress" not in world.reader().observe().resources[RULE].spec


def test_an_address_of_ours_is_a_ref(world: World) -> None:
    """It is what the wanted side says."""
    address = "gcp:address/shop/web"
    description = world.description(address)
    link = world.make("global/addresses", {"name": "ad", "description": description})
    ip = text(world.read(link), "address")
    load_balancer(world, IPAddress=ip)

    found = world.reader().observe().resources

    assert found[RULE].spec["IPAddress"] == Ref(address, "IPAddress")
    assert found[address].outputs["IPAddress"] == ip
    assert "address" not in found[address].spec


def test_a_reserved_address_of_somebody_is_its_ip(world: World) -> None:
    """Static addresses that annotations name are never ours."""
    link = world.make("global/addresses", {"name": "theirs"})
    ip = text(world.read(link), "address")
    load_balancer(world, IPAddress=ip)

    assert world.reader().observe().resources[RULE].spec["IPAddress"] == ip


def test_words_of_others_in_a_description_do_not_count(world: World) -> None:
    """Other tools describe things too; what they say is neither compared nor removed."""
    words = {"kubernetes.io/service-name": "shop/web"}
    world.service(description=world.description(SERVICE, more=words, ingress="shop/web"))

    found = world.reader().observe().resources[SERVICE]

    assert found.spec["description"] == world.description(SERVICE, ingress="shop/web")
    assert found.ingresses == (Key("shop", "web"),)


def test_secrets_are_known_by_their_fingerprints(world: World) -> None:
    """Google answers the hash of an OAuth secret; keys of signed URLs are remembered by us."""
    digests = {"ingress-provisioner.io/signed-url-keys": {"k1": "d-1"}}
    world.service(
        description=world.description(SERVICE, more=digests),
        iap={"enabled": True, "oauth2ClientId": "id", "oauth2ClientSecret": "s3cret"},
    )
    body = {"keyName": "k1", "keyValue": "AAAAAAAAAAAAAAAAAAAAAA=="}
    world.rest("POST", f"{HOME}/global/backendServices/be/addSignedUrlKey", body)

    found = world.reader().observe().resources

    digest = hashlib.sha256(b"s3cret").hexdigest()
    assert found[SERVICE].spec["iap"] == {
        "enabled": True,
        "oauth2ClientId": "id",
        "oauth2ClientSecret": Fingerprint(digest),
    }
    key = found["gcp:signed-url-key/shop/web/web:80/pod/k1"]
    assert key.spec["keyValue"] == Fingerprint("d-1")
    assert key.spec["backendService"] == Ref(SERVICE, "selfLink")


def test_instance_groups_have_their_members_and_ports(world: World) -> None:
    """All machines in a group of ours are ours to move; so are ports of our pattern."""
    node = world.info.nodes[0]
    description = world.description(f"gcp:instance-group/shared/{ZONE}", group="shared")
    ports = [{"name": "port30001", "port": 30001}, {"name": "theirs", "port": 9}]
    group = world.make(
        f"zones/{ZONE}/instanceGroups",
        {"name": "ig", "description": description, "namedPorts": ports},
    )
    world.rest("POST", f"{group}/addInstances", {"instances": [{"instance": node.url}]})

    found = world.reader().observe(frozenset({"shop/web"})).resources

    machine = f"{HOME}/zones/{ZONE}/instances/{node.name}"
    assert found[f"gcp:instances/shared/{ZONE}"].spec["instances"] == (machine,)
    named = found[f"gcp:named-ports/shared/{ZONE}"].spec["namedPorts"]
    assert named == ({"name": "port30001", "port": 30001},)


def test_on_a_shared_instance_group_only_our_ports_are_ours(world: World) -> None:
    """GKE's group stays GKE's; a port there is ours if a service of ours names it, and no other."""
    ports = [{"name": f"port{number}", "port": number} for number in (30001, 30002, 30003)]
    group = world.make(f"zones/{ZONE}/instanceGroups", {"name": "k8s-ig--x", "namedPorts": ports})
    backend = {"group": group, "balancingMode": "RATE", "maxRatePerInstance": 1}
    world.service(backends=[backend], portName="port30001")
    address = "gcp:backend-service/shop/web/other:80/node-port"
    world.service("be2", address, backends=[backend], portName="port30002")
    check = world.make("global/healthChecks", {"name": "x", "type": "HTTP"})
    theirs = {"name": "k8s-be", "healthChecks": [check], "portName": "port30002"}
    world.make("global/backendServices", {**theirs, "loadBalancingScheme": "EXTERNAL_MANAGED"})
    world.rest(
        "PATCH",
        f"{HOME}/global/backendServices/k8s-be",
        {
            "backends": [backend],
            "fingerprint": world.read(f"{HOME}/global/backendServices/k8s-be")["fingerprint"],
        },
    )

    found = world.reader().observe().resources

    named = found[f"gcp:named-ports/shared/{ZONE}"]
    assert named.spec["instanceGroup"] == group
    assert named.spec["namedPorts"] == ({"name": "port30001", "port": 30001},)
    assert f"gcp:instances/shared/{ZONE}" not in found


def test_of_two_that_claim_one_address_the_oldest_has_it(world: World) -> None:
    """The other gets an address that nothing desires, and so falls to deletion."""
    world.health_check("first")
    world.health_check("second")

    found = world.reader().observe().resources

    assert found[CHECK].name == "first"
    assert found["gcp:health-check/shop/web/web:80/pod~second"].name == "second"


def test_a_firewall_rule_says_which_project_it_is_in(world: World) -> None:
    """In a shared VPC that is the network's."""
    address = "gcp:firewall/shared/google"
    world.make(
        "global/firewalls",
        {
            "name": "fw",
            "description": world.description(address, group="shared"),
            "network": world.info.network,
            "sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"],
            "allowed": [{"IPProtocol": "tcp", "ports": ["8080", "80"]}],
        },
    )

    spec = world.reader().observe().resources[address].spec

    assert spec["project"] == PROJECT
    assert spec["sourceRanges"] == ("130.211.0.0/22", "35.191.0.0/16")
    assert spec["allowed"] == ({"IPProtocol": "tcp", "ports": ("80", "8080")},)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("firewalls.list", "Firewall"), ("sslCertificates.aggregatedList", "SslCertificate")],
)
def test_what_may_not_be_listed_is_unknown_not_absent(
    world: World, operation: str, kind: str
) -> None:
    """What would be deleted or made because of it must wait."""
    world.cloud.faults.deny(operation)

    assert world.reader().observe().unread == {kind}


def test_without_the_essential_kinds_there_is_no_plan(world: World) -> None:
    """A plan that knows no URL map would rebuild everything."""
    world.cloud.faults.deny("urlMaps.aggregatedList")

    with pytest.raises(Denied) as caught:
        world.reader().observe()

    assert "compute.urlMaps." in caught.value.hint

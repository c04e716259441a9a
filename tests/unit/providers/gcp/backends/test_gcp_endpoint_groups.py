"""Network endpoint groups by zone, and who is attached: known, unknown, never guessed."""

from __future__ import annotations

import pytest

from providers.gcp.addresses import Kind
from providers.gcp.desired.backends import backends, hangs_on
from providers.gcp.desired.context import Context
from providers.gcp.desired.endpoints import follow
from provisioner.model.intent import BackendIntent
from provisioner.model.kube import Key
from provisioner.model.resource import Ref
from tests.unit.providers.gcp.backends.building import (
    INCUMBENT,
    OFFLINE,
    REGIONAL,
    ZONE_B,
    ZONE_C,
    Look,
    a_backend,
    a_context,
    a_node,
    a_pod,
    all_seen,
    an_instance,
    as_seen,
    codes,
    of_kind,
    only,
    resources_of,
    seen,
    service_of,
    some_facts,
)

GROUP_B = "gcp:network-endpoint-group/shop/web/web:80/pod/europe-west1-b"
ENDPOINTS_B = "gcp:network-endpoints/shop/web/web:80/pod/europe-west1-b"
ENDPOINTS_C = "gcp:network-endpoints/shop/web/web:80/pod/europe-west1-c"


def zones(context: Context) -> list[Look]:
    """Return the zones of the network endpoint groups of a load balancer."""
    found = resources_of(backends(context)).values()
    return [Look(r.spec["zone"]) for r in of_kind(found, Kind.NETWORK_ENDPOINT_GROUP)]


def attached(context: Context, address: str) -> Look:
    """Return the endpoints at an address as plain JSON."""
    return Look(resources_of(backends(context))[address].spec["networkEndpoints"])


def test_a_group_in_every_zone_that_has_nodes() -> None:
    """A pod that starts in another zone is attached at once, without a new group."""
    context = a_context(a_backend(pods=(a_pod(node="n1"),)))

    assert zones(context) == [ZONE_B, ZONE_C]
    assert attached(context, ENDPOINTS_B) == [
        {"instance": "n1", "ipAddress": "10.8.0.5", "port": 8080}
    ]
    assert attached(context, ENDPOINTS_C) == []


def test_a_group_says_its_network() -> None:
    """Type, network and subnetwork are fixed when it is made (GCE_VM_IP_PORT)."""
    spec = resources_of(backends(a_context()))[GROUP_B].spec

    assert spec["networkEndpointType"] == "GCE_VM_IP_PORT"
    assert str(spec["network"]).endswith("/networks/default")
    assert str(spec["subnetwork"]).endswith("/subnetworks/default")


def test_names_under_gkes_reading() -> None:
    """One name in all zones (the vector of kubernetes/ingress-gce is a test of names)."""
    found = backends(a_context(compatibility=INCUMBENT))

    names = {r.name for r in of_kind(found.common, Kind.NETWORK_ENDPOINT_GROUP)}
    assert names == {only(found, Kind.BACKEND_SERVICE).name}


def test_a_regional_external_backend_service_has_a_name_apart() -> None:
    """GKE puts ``e-`` into the name of the backend service, not into that of the group."""
    found = backends(a_context(compatibility=INCUMBENT, variant=REGIONAL))

    service = only(found, Kind.BACKEND_SERVICE).name
    (group, *_) = of_kind(found.common, Kind.NETWORK_ENDPOINT_GROUP)
    assert isinstance(service, str)
    assert isinstance(group.name, str)
    assert service.startswith("k8s1-uid1-e-shop-web-80-")
    assert group.name.startswith("k8s1-uid1-shop-web-80-")


def test_pods_are_attached_where_their_node_is() -> None:
    """Sorted, each once, with the machine's name and the pod's own port."""
    pods = (a_pod("10.8.1.9", "n2", port=9090), a_pod("10.8.0.5", "n1"), a_pod("10.8.0.5", "n1"))
    context = a_context(a_backend(pods=pods))

    assert attached(context, ENDPOINTS_B) == [
        {"instance": "n1", "ipAddress": "10.8.0.5", "port": 8080}
    ]
    assert attached(context, ENDPOINTS_C) == [
        {"instance": "n2", "ipAddress": "10.8.1.9", "port": 9090}
    ]


def test_the_account_knows_machines_that_take_no_node_traffic() -> None:
    """A node may be excluded from load balancers and still run a pod."""
    facts = some_facts(an_instance("n3", ZONE_C))
    context = a_context(a_backend(pods=(a_pod(node="n3"),), nodes=()), facts=facts)

    assert attached(context, ENDPOINTS_C) == [
        {"instance": "n3", "ipAddress": "10.8.0.5", "port": 8080}
    ]


def test_an_endpoint_slice_that_says_the_zone_is_enough() -> None:
    """Nodes bear the names of their machines; the slice tells the zone."""
    pods = (a_pod(node="n7", zone=ZONE_C),)
    context = a_context(a_backend(pods=pods, nodes=None), facts=OFFLINE)

    assert attached(context, ENDPOINTS_C) == [
        {"instance": "n7", "ipAddress": "10.8.0.5", "port": 8080}
    ]


def test_a_pod_whose_place_nobody_knows_is_told() -> None:
    """It is left out and said, never put into some zone."""
    pods = (a_pod(node="elsewhere"), a_pod("10.8.0.6", "n1"))

    found = backends(a_context(a_backend(pods=pods)))

    assert codes(found.diagnostics) == ["BACKEND-ENDPOINT-PLACE"]
    assert "10.8.0.5 on node elsewhere" in found.diagnostics[0].message
    assert not found.quarantined


def test_pods_that_files_do_not_show() -> None:
    """Zones are known from the nodes; who is attached is known after apply."""
    context = a_context(a_backend(pods=None))

    endpoints = resources_of(backends(context))[ENDPOINTS_B]
    assert zones(context) == [ZONE_B, ZONE_C]
    assert Look(endpoints.spec["networkEndpoints"]).unknown


def test_neither_pods_nor_nodes_are_known() -> None:
    """Plans from files: one group stands for those that will be, in a zone known after apply."""
    found = backends(a_context(a_backend(pods=None, nodes=None), facts=OFFLINE))

    group = only(found, Kind.NETWORK_ENDPOINT_GROUP)
    assert group.address == "gcp:network-endpoint-group/shop/web/web:80/pod/auto"
    assert Look(group.spec["zone"]).unknown
    assert Look(only(found, Kind.NETWORK_ENDPOINTS).spec["networkEndpoints"]).unknown
    (entry,) = Look(only(found, Kind.BACKEND_SERVICE).spec)["backends"]
    assert entry["group"] == Ref(group.address, "selfLink")


def test_an_account_file_tells_the_zones() -> None:
    """Machines of the account are nodes of the cluster, so their zones are known."""
    context = a_context(a_backend(pods=None, nodes=None))

    assert zones(context) == [ZONE_B, ZONE_C]


def test_zones_in_use_are_known_without_the_cluster() -> None:
    """What exists tells where the groups are; files change nothing about it."""
    made = all_seen(a_context())

    context = a_context(a_backend(pods=None, nodes=None), facts=OFFLINE, observed=made)

    assert zones(context) == [ZONE_B, ZONE_C]


def test_no_node_and_no_pod_is_no_group() -> None:
    """That nobody is there is known, and differs from not knowing."""
    context = a_context(a_backend(pods=(), nodes=()), facts=some_facts())

    assert zones(context) == []
    assert service_of(context)["backends"] == ()


def test_a_zone_stays_while_the_backend_does() -> None:
    """An autoscaler that empties a zone changes nothing about what carries traffic."""
    before = all_seen(a_context())
    smaller = a_backend(nodes=(a_node("n1"),))

    context = a_context(smaller, observed=before, facts=some_facts(an_instance("n1")))

    assert zones(context) == [ZONE_B, ZONE_C]
    assert len(service_of(context)["backends"]) == 2


def test_a_new_zone_is_added() -> None:
    """Nodes in a third zone make a third group."""
    before = all_seen(a_context())
    third = f"{ZONE_B[:-1]}d"
    larger = a_backend(nodes=(a_node("n1"), a_node("n2", ZONE_C), a_node("n3", third)))

    assert zones(a_context(larger, observed=before)) == [ZONE_B, ZONE_C, third]


@pytest.mark.parametrize("group", ["shop/web", "edge"])
def test_endpoints_of_a_held_ingress_follow_its_pods(group: str) -> None:
    """A group that is otherwise left alone keeps leading to pods that run (semantics of holds)."""
    context = a_context(group=group)
    found = resources_of(backends(context)).values()
    held = as_seen(of_kind(found, Kind.NETWORK_ENDPOINT_GROUP)[0])
    moved = a_backend(pods=(a_pod("10.8.0.77", "n1"),))

    resource = follow(held, (a_backend("other"), moved), some_facts())

    assert resource is not None
    assert Look(resource.spec["networkEndpoints"]) == [
        {"instance": "n1", "ipAddress": "10.8.0.77", "port": 8080}
    ]
    assert resource.ingresses == held.ingresses


def test_common_endpoints_follow_too() -> None:
    """Under GKE's reading the group is shared, and known by the Service's namespace."""
    context = a_context(compatibility=INCUMBENT)
    held = as_seen(of_kind(backends(context).common, Kind.NETWORK_ENDPOINT_GROUP)[0])

    assert follow(held, (a_backend(pods=(a_pod("10.8.0.77"),)),), some_facts()) is not None


@pytest.mark.parametrize("backend", [a_backend("other"), a_backend(pods=None)])
def test_nothing_is_followed_that_nobody_can_tell(backend: BackendIntent) -> None:
    """Where the pods are not known the endpoints stay as they are."""
    found = resources_of(backends(a_context())).values()
    held = as_seen(of_kind(found, Kind.NETWORK_ENDPOINT_GROUP)[0])

    assert follow(held, (backend,), some_facts()) is None


def test_what_hangs_on_what() -> None:
    """Endpoints belong to their group, signing keys to the backend service, without a Ref."""
    found = backends(a_context())
    group = resources_of(found)[GROUP_B]

    assert hangs_on(group) == (ENDPOINTS_B,)
    assert hangs_on(only(found, Kind.BACKEND_SERVICE)) == ()
    assert hangs_on(only(found, Kind.HEALTH_CHECK)) == ()


def test_membership_has_its_group_and_zone() -> None:
    """A call to attach needs both."""
    endpoints = resources_of(backends(a_context()))[ENDPOINTS_B]

    assert endpoints.spec["networkEndpointGroup"] == Ref(GROUP_B, "selfLink")
    assert endpoints.spec["zone"] == ZONE_B
    assert seen(endpoints).resources[ENDPOINTS_B].kind == "NetworkEndpoints"


def test_addresses_that_were_cut_are_found_too() -> None:
    """A long Ingress name makes an address that ends in a hash; its pods are followed as well."""
    ingress = Key("shop", "w" * 240)
    backend = a_backend(ingress=ingress)
    found = resources_of(backends(a_context(backend, group=str(ingress)))).values()
    groups = of_kind(found, Kind.NETWORK_ENDPOINT_GROUP)
    held = next(as_seen(group) for group in groups if group.spec["zone"] == ZONE_B)
    moved = a_backend(ingress=ingress, pods=(a_pod("10.8.0.77", "n1"),))

    resource = follow(held, (a_backend("other"), moved), some_facts())

    assert "w" * 240 not in held.address
    assert resource is not None
    assert Look(resource.spec["networkEndpoints"]) == [
        {"instance": "n1", "ipAddress": "10.8.0.77", "port": 8080}
    ]

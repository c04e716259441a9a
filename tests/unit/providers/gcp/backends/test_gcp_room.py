"""Which target modes are possible on Google Cloud, and which one is in force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.desired.backends import backends
from providers.gcp.desired.room import (
    backends_in,
    mode_room,
    node_impossible,
    present_modes,
)
from providers.gcp.limits import DEFAULTS
from providers.gcp.settings import VARIANT
from providers.gcp.variant import Variant
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    LoadBalancerIntent,
    PodTarget,
    TargetMode,
)
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, ObservedResource, PlainInput, Ref, freeze_spec
from tests.factories import a_node as a_kube_node
from tests.unit.providers.gcp.backends.building import (
    INCUMBENT,
    INTERNAL,
    KUBERNETES,
    NODE_PORT,
    OFFLINE,
    POD,
    WEB,
    ZONE_C,
    a_backend,
    a_context,
    a_node,
    a_pod,
    an_instance,
    as_seen,
    of_kind,
    some_facts,
)


def an_intent(*given: BackendIntent, variant: Variant | None = None) -> LoadBalancerIntent:
    """Return a load balancer with these backends."""
    return a_context(*given, variant=variant).intent


@pytest.mark.parametrize(
    ("provider_id", "possible"),
    [
        ("gce://shop-prod/europe-west1-b/gke-prod-1", True),
        ("aws:///eu-central-1a/i-1", False),
        ("", False),
    ],
)
def test_only_compute_engine_instances_are_targets(provider_id: str, *, possible: bool) -> None:
    """Other machines are in no instance group and behind no network endpoint."""
    reason = node_impossible(a_kube_node("n1", provider_id=provider_id))

    assert (reason == "") is possible


@pytest.mark.parametrize(
    ("pod", "alias", "words"),
    [
        (a_pod("10.8.0.5"), "10.8.0.0/24", ""),
        (a_pod("192.168.4.4"), "10.8.0.0/24", "is not in its alias IP ranges (10.8.0.0/24)"),
        (a_pod("10.8.0.5"), "", "any alias IP range"),
        (a_pod("10.8.0.5", node="unknown"), "10.8.0.0/24", ""),
    ],
)
def test_pods_need_alias_ranges(pod: PodTarget, alias: str, words: str) -> None:
    """A pod is a target where its address is in an alias IP range of its node."""
    backend = a_backend(pods=(pod,))

    room = mode_room(an_intent(backend), some_facts(an_instance("n1", alias=alias)), DEFAULTS)

    reason = room.pod_impossible.get(backend.id, "")
    assert words in reason
    assert bool(reason) is bool(words)


def test_a_cluster_without_alias_ranges_has_no_pod_targets() -> None:
    """A cluster that is not VPC-native, before its first pod (routes-based clusters)."""
    backend = a_backend(pods=())

    room = mode_room(an_intent(backend), some_facts(an_instance("n1", alias="")), DEFAULTS)

    assert "VPC-native" in room.pod_impossible[backend.id]


def test_without_an_account_nothing_is_ruled_out() -> None:
    """What nobody knows is assumed, and marked so elsewhere."""
    backend = a_backend(pods=(), nodes=None)

    room = mode_room(an_intent(backend), OFFLINE, DEFAULTS)

    assert not room.pod_impossible
    assert not room.node_port_impossible


@pytest.mark.parametrize(
    ("fields", "variant", "words"),
    [
        ({}, None, ""),
        ({}, INTERNAL, "regional"),
        ({"can_node_port": False}, None, "has no node ports"),
        ({"nodes": tuple(a_node(f"n{n}") for n in range(2001))}, None, "2001 nodes"),
    ],
)
def test_node_ports(fields: dict[str, object], variant: Variant | None, words: str) -> None:
    """A Service without node ports, a regional load balancer, a zone with too many nodes."""
    backend = replace(a_backend(), **fields)  # type: ignore[arg-type]  # fields by name

    room = mode_room(an_intent(backend, variant=variant), some_facts(), DEFAULTS)

    assert words in room.node_port_impossible.get(backend.id, "")
    assert bool(room.node_port_impossible) is bool(words)


def test_the_room_is_that_of_each_backend_and_zone() -> None:
    """10,000 endpoints per zonal group; the load balancer as a whole has no limit of its own."""
    room = mode_room(an_intent(a_backend(), a_backend("api")), some_facts(), DEFAULTS)

    assert (room.largest_limit, room.targets_limit) == (20_000, 40_000)


def a_map(
    group: str, ingress: Key, *targets: tuple[str, int], address: str = ""
) -> ObservedResource:
    """Return an observed URL map that sends everything of one host to weighted services."""
    weighted: list[PlainInput] = [
        {"backendService": Ref(a, "selfLink"), "weight": w} for a, w in targets
    ]
    matcher: dict[str, PlainInput] = {
        "name": "m1",
        "description": f'{{"ingress-provisioner.io/ingress":"{ingress}"}}',
        "pathRules": [{"paths": ["/*"], "routeAction": {"weightedBackendServices": weighted}}],
    }
    spec: dict[str, PlainInput] = {"hostRules": [{"hosts": ["a.example.com"], "pathMatcher": "m1"}]}
    return ObservedResource(
        kind=Kind.URL_MAP.value,
        address=address or addresses.url_map(group),
        group=group,
        spec=freeze_spec({**spec, "pathMatchers": [matcher]}),
    )


def test_the_mode_with_most_weight_is_in_force() -> None:
    """While one backend service replaces another, the weights tell (semantics of modes)."""
    old = addresses.backend_service("shop/web", "web:80/pod")
    new = addresses.backend_service("shop/web", "web:80/node-port")
    seen = a_map("shop/web", WEB, (old, 10), (new, 90))

    modes = present_modes("shop/web", Observed(resources={seen.address: seen}))

    assert modes == {"shop/web/web:80": TargetMode.NODE_PORT}


def test_explicit_groups_and_common_backends_tell_whose_they_are() -> None:
    """In a group the id has the Ingress; a common one is for whom the URL map says."""
    own = addresses.backend_service("edge", "shop/web/web:80/pod")
    common = addresses.backend_service("shared", "shop/api:80/node-port")
    seen = a_map("edge", WEB, (own, 1), (common, 1))
    observed = Observed(resources={seen.address: seen})

    assert present_modes("edge", observed) == {
        "shop/web/api:80": TargetMode.NODE_PORT,
        "shop/web/web:80": TargetMode.POD,
    }
    assert set(backends_in([seen])) == {
        BackendId(ingress=WEB, service=Key("shop", "web"), port="80"),
        BackendId(ingress=WEB, service=Key("shop", "api"), port="80"),
    }


def test_what_answers_nobody_is_no_backend() -> None:
    """The empty backend service and a foreign link have no mode."""
    seen = a_map("edge", WEB, (addresses.nothing("classic"), 1))
    observed = Observed(resources={seen.address: seen})

    assert present_modes("edge", observed) == {}
    assert list(backends_in([seen])) == []


def test_the_newest_load_balancer_says_it() -> None:
    """While one replaces another, the new one's rules count."""
    old = a_map("shop/web", WEB, (addresses.backend_service("shop/web", "web:80/pod"), 1))
    service = addresses.backend_service("shop/web", "web:80/node-port", balancer=2)
    new = a_map("shop/web", WEB, (service, 1), address=addresses.url_map("shop/web", balancer=2))

    modes = present_modes("shop/web", Observed(resources={r.address: r for r in (old, new)}))

    assert modes == {"shop/web/web:80": TargetMode.NODE_PORT}


@pytest.mark.parametrize("compatibility", [KUBERNETES, INCUMBENT])
@pytest.mark.parametrize("mode", [POD, NODE_PORT])
@pytest.mark.parametrize("group", ["shop/web", "edge"])
def test_backends_are_found_again(
    compatibility: Compatibility, mode: TargetMode, group: str
) -> None:
    """Backend services that were made say which backend they are for (common ones: by the map)."""
    context = a_context(mode=mode, compatibility=compatibility, group=group)
    found = backends(context)
    services = [
        as_seen(r) for r in of_kind((*found.resources, *found.common), Kind.BACKEND_SERVICE)
    ]
    url_map = a_map(group, WEB, *((s.address, 1) for s in services))

    assert set(backends_in([*services, url_map])) == {a_backend().id}


def test_machines_of_other_clouds_count_nowhere() -> None:
    """A provider id that is not Google's names no zone."""
    backend = a_backend(nodes=(type(a_node("x"))(node="x", provider_id="kind://x"),))
    intent: LoadBalancerIntent = an_intent(backend)

    assert VARIANT.name not in intent.options
    assert not mode_room(
        intent, some_facts(an_instance("n2", ZONE_C)), DEFAULTS
    ).node_port_impossible

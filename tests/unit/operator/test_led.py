"""Promises about the Services that load balancers still lead to, named or not."""

from __future__ import annotations

import pytest

from provisioner import wiring
from provisioner.kube.decode import decode
from provisioner.model.intent import BackendId
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, ObservedResource
from provisioner.model.settings import Identity, Settings
from provisioner.model.snapshot import Snapshot
from provisioner.operator.cache import Cache
from provisioner.operator.led import Led, who_is_behind
from provisioner.operator.membership import Members
from tests.factories import (
    ADialect,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    an_endpoint,
)

WEB = Key("shop", "web")
OLD = Key("shop", "old")
BACKEND = BackendId(ingress=WEB, service=OLD, port="80")


def put(cache: Cache, kind: str, name: str, body: dict[str, object]) -> frozenset[Key] | None:
    meta: dict[str, object] = {"namespace": "shop", "name": name, "uid": name}
    found = body.pop("metadata", {})
    assert isinstance(found, dict)
    raw = {"metadata": {**meta, **found}, **body}
    return cache.put(kind, Key("shop", name), uid=name, decoded=decode(kind, raw))


def put_ingress(cache: Cache, service: str, **annotations: str) -> None:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    notes = {key.replace("__", "/").replace("_", "."): said for key, said in annotations.items()}
    spec = {"ingressClassName": "alb", "defaultBackend": backend}
    put(cache, "Ingress", "web", {"metadata": {"annotations": notes}, "spec": spec})


def put_slice(cache: Cache, of: str, address: str = "10.0.0.1") -> frozenset[Key] | None:
    return put(
        cache,
        "EndpointSlice",
        f"{of}-1",
        {
            "metadata": {"labels": {"kubernetes.io/service-name": of}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [{"port": 80}],
        },
    )


def put_service(cache: Cache, name: str) -> frozenset[Key] | None:
    return put(cache, "Service", name, {"spec": {"ports": [{"port": 80}]}})


def test_a_service_that_is_still_led_to_concerns_the_ingress_that_named_it() -> None:
    """A rollout behind the last good rules of a broken Ingress must be heard of."""
    cache = Cache()
    put_ingress(cache, service="no-such")
    cache.led.note("shop/web", frozenset({BACKEND}))

    assert put_service(cache, "old") == frozenset({WEB})
    assert put_slice(cache, "old") == frozenset({WEB})
    assert put_slice(cache, "old", "10.0.0.2") == frozenset({WEB})
    assert put_slice(cache, "other") == frozenset()


def test_a_snapshot_holds_the_services_that_are_still_led_to() -> None:
    """A plan that did not see them could not follow their pods."""
    cache = Cache()
    put_ingress(cache, service="no-such")
    put_service(cache, "old")
    put_slice(cache, "old")
    cache.led.note("shop/web", frozenset({BACKEND}))

    found = cache.snapshot(unknown=frozenset(), ingresses={WEB})

    assert found.services.keys() == frozenset({OLD})
    assert found.slices.keys() == frozenset({OLD})


def test_what_is_led_to_no_more_concerns_nobody() -> None:
    """Once the Ingress is mended and its old target group is gone."""
    cache = Cache()
    put_ingress(cache, service="new")
    cache.led.note("shop/web", frozenset({BACKEND}))

    cache.led.note("shop/web", frozenset())

    assert put_service(cache, "old") == frozenset()
    assert cache.snapshot(unknown=frozenset(), ingresses={WEB}).services == {}


def test_two_load_balancers_may_lead_to_one_service_for_one_ingress() -> None:
    """While it moves from one to the other; the end of one is not the end of both."""
    led = Led()
    led.note("one", frozenset({BACKEND}))
    led.note("two", frozenset({BACKEND}))

    led.learn({"two": frozenset({BACKEND})})

    assert (led.of("one"), led.of("two")) == (frozenset(), frozenset({BACKEND}))
    assert led.ingresses(OLD) == frozenset({WEB})
    assert led.services(WEB) == frozenset({OLD})


@pytest.mark.parametrize(
    ("group", "address"),
    [
        ("shop/web", "aws:target-group/shop/web/old:80/pod"),
        ("shop/web", "aws:target-group/shop/web/old:80/node-port@2"),
        ("edge", "aws:target-group/edge/shop/web/old:80/pod@2.1"),
    ],
)
def test_after_a_restart_the_cloud_says_what_is_led_to(group: str, address: str) -> None:
    """Nothing is remembered outside the cloud, and nothing is forgotten."""
    cache = Cache()
    settings = Settings(identity=Identity(cluster_name="c"))
    members: Members[object, object] = Members(wiring.load_provider("aws"), settings, cache)
    found = ObservedResource(kind="TargetGroup", address=address, group=group, ingresses=(WEB,))

    members.learn(Observed(resources={address: found}))

    assert cache.led.of(group) == frozenset({BACKEND})
    assert cache.led.ingresses(OLD) == frozenset({WEB})


@pytest.mark.parametrize(
    "annotation",
    [
        {"ingress-provisioner.io__weights": "web=90, canary=10"},
        {
            "alb.ingress.kubernetes.io__actions_split": '{"type":"forward","forwardConfig":'
            '{"targetGroups":[{"serviceName":"canary","servicePort":80}]}}'
        },
    ],
    ids=["weights", "action"],
)
def test_services_named_in_annotations_are_named(annotation: dict[str, str]) -> None:
    """Paths are not the only place where an Ingress names Services."""
    cache = Cache()
    put_ingress(cache, service="web", **annotation)

    assert put_service(cache, "canary") == frozenset({WEB})
    assert Key("shop", "canary") in cache.snapshot(unknown=frozenset(), ingresses={WEB}).services


def a_cluster(address: str = "10.0.0.1", *, nodes: int = 1, weight: str = "") -> Snapshot:
    return a_snapshot(
        a_service("shop/old", a_port(80, node_port=30080), annotations={"note": weight}),
        a_slice("shop/old", an_endpoint(address)),
        *(a_node(f"n{number}") for number in range(nodes)),
        live=True,
    )


def test_a_change_behind_a_service_changes_what_a_plan_is_made_from() -> None:
    """Otherwise "nothing has changed" would be taken for true, and no plan made."""
    provider, led = ADialect(), frozenset({BACKEND})
    before = who_is_behind(a_cluster(), provider, led)

    assert who_is_behind(a_cluster("10.0.0.2"), provider, led) != before
    assert who_is_behind(a_cluster(nodes=2), provider, led) != before
    assert who_is_behind(a_cluster(weight="heavy"), provider, led) == before
    assert who_is_behind(a_cluster("10.0.0.2"), provider, ()) == who_is_behind(
        a_cluster(), provider, ()
    )

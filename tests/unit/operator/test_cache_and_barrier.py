"""Promises of the cache and its barrier: nothing is believed that was not checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from provisioner.kube.decode import decode
from provisioner.kube.errors import Forbidden
from provisioner.kube.kinds import INGRESS, LOAD_BALANCER_CLASS, NODE, SERVICE, KindInfo
from provisioner.model.kube import Key
from provisioner.operator.barrier import Barrier, KindState
from provisioner.operator.cache import Cache
from provisioner.operator.membership import DECIDING_KINDS

WEB = Key("shop", "web")


def ingress(name: str = "web", service: str = "web", version: str = "1") -> dict[str, object]:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "resourceVersion": version},
        "spec": {
            "rules": [
                {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
            ]
        },
    }


def service(name: str = "web", port: int = 80, version: str = "1") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": "shop", "name": name, "uid": name, "resourceVersion": version},
        "spec": {"ports": [{"port": port}]},
    }


def endpoint_slice(name: str, of: str) -> dict[str, object]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "namespace": "shop",
            "name": name,
            "uid": name,
            "labels": {"kubernetes.io/service-name": of},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        "ports": [{"port": 80}],
    }


def node(name: str, version: str = "1") -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "resourceVersion": version},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def put(cache: Cache, kind: str, raw: Mapping[str, object]) -> frozenset[Key] | None:
    meta = raw["metadata"]
    assert isinstance(meta, dict)
    key = Key(meta.get("namespace", ""), meta["name"])
    return cache.put(kind, key, uid=meta["uid"], decoded=decode(kind, raw))


def test_a_service_concerns_the_ingresses_that_name_it() -> None:
    """Whichever comes first: an Ingress may name a Service that does not exist yet."""
    cache = Cache()
    put(cache, "Ingress", ingress())
    put(cache, "Ingress", ingress("other", service="other"))

    assert put(cache, "Service", service()) == frozenset({WEB})
    assert put(cache, "EndpointSlice", endpoint_slice("web-1", of="web")) == frozenset({WEB})
    assert cache.drop("Service", WEB) == frozenset({WEB})


def test_an_ingress_that_stops_naming_a_service_is_no_longer_concerned() -> None:
    """Indices follow edits."""
    cache = Cache()
    put(cache, "Ingress", ingress(service="web"))

    put(cache, "Ingress", ingress(service="api", version="2"))

    assert put(cache, "Service", service("web")) == frozenset()
    assert put(cache, "Service", service("api")) == frozenset({WEB})


def test_classes_and_nodes_concern_everyone() -> None:
    """None stands for all."""
    assert put(Cache(), "Node", node("n1")) is None


PARAMETERS = "IngressClassParams.elbv2.k8s.aws"


def of_class(name: str, class_name: str, namespace: str = "shop") -> dict[str, object]:
    raw = ingress(name)
    return {
        **raw,
        "metadata": {"namespace": namespace, "name": name, "uid": name},
        "spec": {"ingressClassName": class_name},
    }


def ingress_class(name: str, parameters: str) -> dict[str, object]:
    reference = {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": parameters}
    spec = {"controller": "ingress-provisioner.io/aws", "parameters": reference}
    return {"metadata": {"name": name, "uid": name}, "spec": spec}


def parameters(name: str, scheme: str = "internal") -> dict[str, object]:
    return {"metadata": {"name": name, "uid": name}, "spec": {"scheme": scheme}}


def namespace(name: str, team: str) -> dict[str, object]:
    return {"metadata": {"name": name, "uid": name, "labels": {"team": team}}}


def test_class_parameters_concern_the_ingresses_of_their_classes() -> None:
    """A change of one class must not plan the load balancers of the others anew."""
    cache = Cache()
    put(cache, "IngressClass", ingress_class("inner", "inner"))
    put(cache, "IngressClass", ingress_class("outer", "outer"))
    put(cache, "Ingress", of_class("a", "inner"))
    put(cache, "Ingress", of_class("b", "outer"))

    came = put(cache, PARAMETERS, parameters("inner"))
    same = put(cache, PARAMETERS, parameters("inner"))
    changed = put(cache, PARAMETERS, parameters("inner", scheme="internet-facing"))
    put(cache, "Ingress", of_class("a", "outer"))
    moved = cache.drop(PARAMETERS, Key("", "inner"))

    assert came == changed == frozenset({Key("shop", "a")})
    assert same == frozenset()
    assert moved == frozenset()


def test_the_labels_of_a_namespace_concern_the_ingresses_in_it() -> None:
    """Selectors in class objects look at them."""
    cache = Cache()
    put(cache, "Ingress", of_class("a", "alb", namespace="shop"))
    put(cache, "Ingress", of_class("b", "alb", namespace="pay"))

    assert put(cache, "Namespace", namespace("pay", "x")) == frozenset({Key("pay", "b")})
    assert put(cache, "Namespace", namespace("pay", "x")) == frozenset()
    assert put(cache, "Namespace", namespace("pay", "y")) == frozenset({Key("pay", "b")})


def test_a_groups_snapshot_knows_its_namespaces_and_all_class_parameters() -> None:
    """What planning reads for one group, and no Namespace more."""
    cache = Cache()
    put(cache, "Ingress", of_class("a", "alb", namespace="shop"))
    put(cache, "Namespace", namespace("shop", "x"))
    put(cache, "Namespace", namespace("pay", "x"))
    put(cache, PARAMETERS, parameters("inner"))

    one = cache.snapshot(unknown=frozenset(), ingresses=[Key("shop", "a")])
    deciding = cache.deciding(Key("shop", "a"), kinds=DECIDING_KINDS)

    assert set(one.namespaces) == {"shop"}
    assert set(one.parameters) == {("elbv2.k8s.aws", "IngressClassParams", "inner")}
    assert set(deciding.parameters) == set(one.parameters)
    assert set(cache.snapshot(unknown=frozenset()).namespaces) == {"shop", "pay"}


def test_a_heartbeat_concerns_nobody() -> None:
    """A node writes its status every few seconds; nothing that we read has changed."""
    cache = Cache()
    put(cache, "Node", node("n1"))

    assert put(cache, "Node", node("n1", version="2")) == frozenset()


def test_a_groups_snapshot_holds_what_it_needs_and_no_more() -> None:
    """Reconciling one group costs what that group is, not what the cluster is."""
    cache = Cache()
    put(cache, "Ingress", ingress())
    put(cache, "Ingress", ingress("other", service="other"))
    put(cache, "Service", service())
    put(cache, "Service", service("other"))
    put(cache, "EndpointSlice", endpoint_slice("web-1", of="web"))
    put(cache, "EndpointSlice", endpoint_slice("other-1", of="other"))
    put(cache, "Node", node("n1"))

    snapshot = cache.snapshot(unknown=frozenset(), ingresses=[WEB])

    assert set(snapshot.ingresses) == frozenset({WEB})
    assert set(snapshot.services) == frozenset({WEB})
    assert set(snapshot.slices) == frozenset({WEB})
    assert set(snapshot.nodes) == {"n1"}
    assert set(cache.snapshot(unknown=frozenset()).ingresses) == {WEB, Key("shop", "other")}


@dataclass
class Lister:
    """A cluster's lists, with what it refuses."""

    keys: dict[str, dict[Key, str] | None] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)

    def __call__(self, info: KindInfo) -> Mapping[Key, str] | None:
        if info.kind in self.forbidden:
            raise Forbidden(f"list {info.resource} is forbidden")
        return self.keys.get(info.kind, {})


def a_barrier(cache: Cache, lister: Lister, *kinds: KindInfo) -> tuple[Barrier, list[Key]]:
    gone: list[Key] = []

    def vanished(info: KindInfo, key: Key, uid: str) -> None:
        gone.append(key)
        cache.drop(info.kind, key, uid=uid)

    return Barrier(kinds, cache, lister, vanished), gone


def test_the_barrier_is_shut_until_every_kind_was_verified() -> None:
    """No reconcile before the cache can be believed."""
    barrier, _ = a_barrier(Cache(), Lister(), INGRESS, SERVICE)

    barrier.verify("Ingress")

    assert not barrier.is_open
    assert list(barrier.problems()) == ["Service"]
    barrier.verify("Service")
    assert barrier.is_open


def test_what_the_cache_lacks_keeps_it_shut() -> None:
    """A list that is longer than the cache means that events are still to come."""
    cache = Cache()
    barrier, _ = a_barrier(cache, Lister(keys={"Service": {WEB: "web"}}), SERVICE)

    assert "1 of 1" in barrier.verify("Service").why
    put(cache, "Service", service())
    assert barrier.verify("Service").state is KindState.COMPLETE


def test_what_vanished_while_a_watch_was_down_is_dropped() -> None:
    """A watch of kopf reports no deletion that it missed (measured)."""
    cache = Cache()
    put(cache, "Service", service())
    put(cache, "Service", service("gone"))
    barrier, gone = a_barrier(cache, Lister(keys={"Service": {WEB: "web"}}), SERVICE)

    barrier.verify("Service")

    assert gone == [Key("shop", "gone")]
    assert barrier.is_open


def test_an_object_of_the_same_name_but_another_uid_is_another_object() -> None:
    """Deleted and made again while the watch was down: ours is a ghost."""
    cache = Cache()
    put(cache, "Service", service())
    barrier, gone = a_barrier(cache, Lister(keys={"Service": {WEB: "newer"}}), SERVICE)

    verdict = barrier.verify("Service")

    assert gone == [WEB]
    assert verdict.state is KindState.UNCHECKED


@pytest.mark.parametrize("info", [INGRESS, SERVICE, NODE])
def test_a_mandatory_kind_that_is_forbidden_or_missing_shuts_it_by_name(info: KindInfo) -> None:
    """Forbidden is not empty: an empty list would delete everything."""
    forbidden, _ = a_barrier(Cache(), Lister(forbidden={info.kind}), info)
    missing, _ = a_barrier(Cache(), Lister(keys={info.kind: None}), info)

    forbidden.verify(info.kind)
    missing.verify(info.kind)

    assert info.resource in forbidden.problems()[info.kind]
    assert info.resource in missing.problems()[info.kind]
    assert forbidden.unknown_kinds() == {info.kind}


def test_an_optional_kind_may_be_absent_and_is_unknown_when_withheld() -> None:
    """A CRD that nobody installed is no obstacle; one we may not read is not the same as none."""
    absent, _ = a_barrier(Cache(), Lister(keys={"LoadBalancerClass": None}), LOAD_BALANCER_CLASS)
    withheld, _ = a_barrier(Cache(), Lister(forbidden={"LoadBalancerClass"}), LOAD_BALANCER_CLASS)

    absent.verify("LoadBalancerClass")
    withheld.verify("LoadBalancerClass")

    assert absent.is_open
    assert absent.unknown_kinds() == frozenset()
    assert withheld.is_open
    assert withheld.unknown_kinds() == {"LoadBalancerClass"}


def test_an_open_barrier_is_patient_with_a_watch_that_is_a_moment_late() -> None:
    """Every new object is on the list before its event arrives; that is no reason to stop."""
    cache = Cache()
    put(cache, "Service", service())
    lister = Lister(keys={"Service": {WEB: "web"}})
    barrier, _ = a_barrier(cache, lister, SERVICE)
    barrier.verify("Service")
    lister.keys["Service"] = {WEB: "web", Key("shop", "new"): "new"}

    barrier.verify("Service")

    assert barrier.is_open
    assert barrier.unknown_kinds() == frozenset()
    assert barrier.doubtful() == {"Service"}
    for _ in range(4):
        barrier.verify("Service")
    assert "shop/new" in barrier.problems()["Service"]


def test_a_late_watch_that_catches_up_leaves_no_doubt() -> None:
    """Other objects may be late each time; only the same one again and again counts."""
    cache = Cache()
    lister = Lister()
    barrier, _ = a_barrier(cache, lister, SERVICE)
    barrier.verify("Service")

    for number in range(8):
        name = f"new-{number}"
        lister.keys["Service"] = {Key("shop", name): name}
        barrier.verify("Service")
        assert barrier.is_open
    put(cache, "Service", service("new-7"))
    barrier.verify("Service")

    assert barrier.doubtful() == frozenset()


def test_kinds_that_may_be_listed_are_told_from_those_that_may_not() -> None:
    """Only the former are watched: kopf ends as a whole for one that stays forbidden."""
    barrier, _ = a_barrier(
        Cache(), Lister(keys={"LoadBalancerClass": None}, forbidden={"Node"}),
        SERVICE, NODE, LOAD_BALANCER_CLASS,
    )  # fmt: skip

    for kind in ("Service", "Node", "LoadBalancerClass"):
        barrier.verify(kind)

    assert barrier.listable() == {"Service"}

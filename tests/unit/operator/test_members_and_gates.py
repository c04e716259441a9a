"""Promises about who belongs where, about the gate before every write, and about probes."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest

from provisioner import wiring
from provisioner.kube.decode import decode
from provisioner.model.errors import ConfigError, NotLeader
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, ObservedResource
from provisioner.model.settings import Identity, Settings
from provisioner.operator.cache import Cache
from provisioner.operator.health import HealthServer
from provisioner.operator.logs import fields
from provisioner.operator.main import Gate
from provisioner.operator.membership import Members

GROUP = "ingress-provisioner.io/group"
WEB = Key("shop", "web")


def put_class(cache: Cache, controller: str) -> None:
    raw = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "alb", "uid": "alb"},
        "spec": {"controller": controller},
    }
    cache.put("IngressClass", Key("", "alb"), uid="alb", decoded=decode("IngressClass", raw))


def put_ingress(cache: Cache, annotations: Mapping[str, str]) -> None:
    raw = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "namespace": "shop",
            "name": "web",
            "uid": "web",
            "annotations": dict(annotations),
            "finalizers": ["ingress-provisioner.io/resources"],
        },
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
        },
    }
    cache.put("Ingress", WEB, uid="web", decoded=decode("Ingress", raw))


def a_cast() -> tuple[Cache, Members[object, object]]:
    cache = Cache()
    put_class(cache, "ingress-provisioner.io/aws")
    settings = Settings(identity=Identity(cluster_name="c"))
    return cache, Members(wiring.load_provider("aws"), settings, cache)


def test_an_ingress_that_moves_concerns_both_load_balancers() -> None:
    """The new one gains rules and the old one loses them."""
    cache, members = a_cast()
    put_ingress(cache, {GROUP: "one"})
    members.update({WEB})

    put_ingress(cache, {GROUP: "two"})

    assert members.update({WEB}) == {"one", "two"}
    assert WEB in members.of("two")


def test_an_ingress_with_an_unreadable_group_stays_a_member_of_where_it_was() -> None:
    """A plan without it would take its rules away."""
    cache, members = a_cast()
    put_ingress(cache, {GROUP: "one"})
    members.update({WEB})

    put_ingress(cache, {GROUP: "No Such Name!"})
    members.update({WEB})

    assert WEB in members.of("one")


def test_after_a_restart_the_cloud_says_where_an_ingress_is() -> None:
    """Nothing is remembered then but what the cloud shows."""
    cache, members = a_cast()
    put_ingress(cache, {GROUP: "No Such Name!"})
    rule = ObservedResource(kind="ListenerRule", address="r", group="one", ingresses=(WEB,))

    members.learn(Observed(resources={"r": rule}))

    assert WEB in members.of("one")


def test_an_ingress_that_is_gone_is_a_member_of_nothing() -> None:
    """And no group is kept in memory for it."""
    cache, members = a_cast()
    put_ingress(cache, {GROUP: "one"})
    members.update({WEB})
    cache.drop("Ingress", WEB)

    assert members.update({WEB}) == {"one"}
    assert members.groups() == frozenset()


def test_a_node_concerns_every_load_balancer_and_moves_nobody() -> None:
    """Only an Ingress and the classes say where an Ingress belongs."""
    cache, members = a_cast()
    put_ingress(cache, {})
    members.update({WEB})

    assert members.concerned("Node", None) == {"shop/web"}
    assert members.concerned("Service", frozenset({WEB})) == {"shop/web"}
    assert members.concerned("Service", frozenset({Key("shop", "other")})) == frozenset()


def test_a_drop_by_uid_spares_an_object_that_was_made_anew() -> None:
    """A list may be older than what a watch has told since."""
    cache, _ = a_cast()
    put_ingress(cache, {})

    cache.drop("Ingress", WEB, uid="an older one")

    assert cache.ingress(WEB) is not None


def test_a_shut_gate_lets_nothing_through() -> None:
    """A controller that stops may still hold the Lease for a moment; it must not use it."""
    gate = Gate(wiring.OpenFence())
    gate.check()

    gate.shut()

    with pytest.raises(NotLeader, match="stopping"):
        gate.check()


def test_a_taken_port_is_told_in_words() -> None:
    """No traceback reaches whoever starts a controller twice."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
            HealthServer(dict, port=port)


def test_log_fields_can_be_taken_apart() -> None:
    """One plain word stays as it is; anything else is quoted as JSON."""
    assert fields(group="shop/web", done=3, error='it said "no"', again="") == (
        'group=shop/web done=3 error="it said \\"no\\"" again=""'
    )

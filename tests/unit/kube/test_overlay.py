"""Files and a cluster together."""

from __future__ import annotations

from dataclasses import replace

from provisioner.kube.overlay import overlay, resolve
from provisioner.kube.selectors import parse_selector
from provisioner.model.diagnostic import error
from provisioner.model.kube import Ingress, Key, Service
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    a_load_balancer_class,
    a_node,
    a_port,
    a_service,
    a_slice,
    a_snapshot,
    a_workload,
    an_autoscaler,
    an_ingress,
    an_ingress_class,
)

WEB = Key("shop", "web")


def a_stored_ingress(name: str = "shop/web", *, label: str = "") -> Ingress:
    """Return an Ingress as a server holds it: with uid, age, finalizer and address."""
    ingress = an_ingress(name, created="2026-01-01T00:00:00Z", ours=True)
    meta = replace(
        ingress.meta, uid="u1", resource_version="7", labels={"app": label} if label else {}
    )
    return replace(ingress, meta=meta, addresses=("lb.example.com",))


def a_stored_service(name: str = "shop/web", *, node_port: int = 30080) -> Service:
    """Return a Service as a server holds it."""
    service = a_service(name, a_port(80, node_port=node_port))
    return replace(service, meta=replace(service.meta, uid="u2"), cluster_ip="10.9.9.9")


def a_filed_service(name: str = "shop/web", service_type: str = "NodePort") -> Service:
    """Return a Service as a file has it."""
    return replace(a_service(name, a_port(80), service_type=service_type), cluster_ip="")


def a_cluster(*objects: object) -> Snapshot:
    """Return a live snapshot."""
    return a_snapshot(*objects, live=True)  # type: ignore[arg-type]  # the builder's own union


def test_resolve_takes_what_the_server_allocates() -> None:
    """Uid, age, address, cluster IP and node ports are the cluster's; settings are the files'."""
    files = a_snapshot(an_ingress(annotations={"scheme": "internal"}), a_filed_service())
    live = a_cluster(a_stored_ingress(), a_stored_service())

    result = resolve(files, live)

    ingress, service = result.ingresses[WEB], result.services[WEB]
    assert (ingress.meta.uid, ingress.meta.created) == ("u1", "2026-01-01T00:00:00Z")
    assert ingress.addresses == ("lb.example.com",)
    assert len(ingress.meta.annotations) == 1
    assert (service.cluster_ip, service.ports[0].node_port) == ("10.9.9.9", 30080)
    assert (result.live, result.complete) == (False, False)


def test_resolve_keeps_only_the_ingresses_of_the_files() -> None:
    """Files ask about themselves; the neighbours' Ingresses stay out."""
    files = a_snapshot(an_ingress())
    live = a_cluster(an_ingress("shop/other"), an_ingress("else/where"))

    assert list(resolve(files, live).ingresses) == [WEB]


def test_resolve_brings_services_that_files_name_but_do_not_contain() -> None:
    """They come from the namespaces of the files' Ingresses, with their workloads and scalers."""
    files = a_snapshot(an_ingress(), a_workload("shop/web", replicas=7))
    live = a_cluster(
        a_stored_service(), a_service("else/web"), a_workload("shop/web", replicas=1),
        a_workload("shop/api"), a_workload("else/api"), an_autoscaler("shop/api", maximum=9),
    )  # fmt: skip

    result = resolve(files, live)

    assert list(result.services) == [WEB]
    assert [(w.meta.name, w.replicas) for w in result.workloads] == [("api", 2), ("web", 7)]
    assert [a.max_replicas for a in result.autoscalers] == [9]


def test_resolve_tells_no_endpoints_from_unknown_endpoints() -> None:
    """A Service of the cluster without slices has none; one that is only in files has no entry."""
    files = a_snapshot(an_ingress(), a_filed_service("shop/new"))
    live = a_cluster(a_stored_service(), a_service("shop/full"), a_slice("shop/full"))

    result = resolve(files, live)

    assert result.slices[WEB] == ()
    assert len(result.slices[Key("shop", "full")]) == 1
    assert Key("shop", "new") not in result.slices


def test_resolve_does_not_take_withheld_slices_for_none() -> None:
    """Where EndpointSlices could not be listed, nothing is known of any Service's."""
    files = a_snapshot(an_ingress())
    live = replace(a_cluster(a_stored_service()), unknown_kinds=frozenset({"EndpointSlice"}))

    result = resolve(files, live)

    assert result.slices == {}
    assert result.unknown_kinds == {"EndpointSlice"}


def test_resolve_prefers_the_classes_of_the_files() -> None:
    """Classes, slices and nodes that files define win; the others come from the cluster."""
    files = a_snapshot(
        an_ingress(), an_ingress_class("alb", controller="new"), a_slice("shop/web", port=1)
    )
    live = a_cluster(
        an_ingress_class("alb", controller="old"), an_ingress_class("nginx"), a_node("n1"),
        a_load_balancer_class("edge"), a_stored_service(), a_slice("shop/web", port=2),
    )  # fmt: skip

    result = resolve(files, live)

    assert result.classes["alb"].controller == "new"
    assert set(result.classes) == {"alb", "nginx"}
    assert set(result.load_balancer_classes) == {"edge"}
    assert set(result.nodes) == {"n1"}
    assert result.slices[WEB][0].ports[0].number == 1


def test_a_node_port_follows_port_and_protocol() -> None:
    """A ClusterIP Service has none, a written one wins, a new port has none yet."""
    live = a_cluster(a_stored_service("shop/a"), a_stored_service("shop/b"), a_stored_service())
    files = a_snapshot(
        an_ingress(),
        a_filed_service("shop/a", "ClusterIP"),
        a_service("shop/b", a_port(80, node_port=31000), a_port(81)),
        a_filed_service(),
    )

    services = resolve(files, live).services

    ports = {key.name: [p.node_port for p in value.ports] for key, value in services.items()}
    assert ports == {"a": [0], "b": [31000, 0], "web": [30080]}


def test_overlay_is_the_cluster_after_an_apply() -> None:
    """Everything of the cluster stays, the files' objects replace their namesakes."""
    files = a_snapshot(an_ingress(class_name="new"), an_ingress("shop/more"))
    live = a_cluster(a_stored_ingress(), an_ingress("shop/other"), a_stored_service())

    result = overlay(files, live)

    assert sorted(key.name for key in result.ingresses) == ["more", "other", "web"]
    assert result.ingresses[WEB].class_name == "new"
    assert result.ingresses[WEB].meta.finalizers == live.ingresses[WEB].meta.finalizers
    assert WEB in result.services
    assert (result.live, result.complete) == (True, True)


def test_owned_by_removes_what_the_files_no_longer_contain() -> None:
    """Only objects with the selector's labels go, and none that a file still has."""
    files = a_snapshot(an_ingress("shop/a"))
    live = a_cluster(
        a_stored_ingress("shop/a", label="x"),
        a_stored_ingress("shop/b", label="x"),
        a_stored_ingress("shop/c", label="y"),
    )

    result = overlay(files, live, owned_by=parse_selector("app=x"))

    assert sorted(key.name for key in result.ingresses) == ["a", "c"]


def test_nothing_is_removed_while_a_file_is_unreadable() -> None:
    """What an unreadable file contains is unknown, so nothing can be said to be missing."""
    broken = error("MANIFEST-MALFORMED", "file a.yaml", message="This is not YAML.")
    files = replace(a_snapshot(an_ingress("shop/a")), diagnostics=(broken,))
    live = a_cluster(a_stored_ingress("shop/b", label="x"))

    result = overlay(files, live, owned_by=parse_selector("app=x"))

    assert Key("shop", "b") in result.ingresses
    assert {d.code for d in result.diagnostics} == {"MANIFEST-MALFORMED", "OVERLAY-REMOVAL-UNKNOWN"}


def test_files_laid_over_an_empty_cluster_are_themselves() -> None:
    """A first ``kubectl apply``: what results is what the files say."""
    files = a_snapshot(an_ingress(), a_filed_service(), a_workload())

    result = overlay(files, a_cluster())

    assert result.ingresses == files.ingresses
    assert result.services == files.services
    assert result.workloads == files.workloads

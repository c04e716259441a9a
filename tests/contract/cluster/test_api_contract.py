"""One script of client calls, run against the embedded server and a real kube-apiserver.

What holds here is what the embedded server may be trusted with. Every test uses names of its own,
because the servers live longer than a test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from provisioner.sandbox.cluster.documents import Document, dig, items, parts, text
from provisioner.sandbox.cluster.nodes import node_manifest
from provisioner.sandbox.cluster.workloads.remote import RemotePort
from provisioner.sandbox.cluster.workloads.settings import WorkloadSettings
from provisioner.sandbox.cluster.workloads.simulator import Simulator
from tests.contract.cluster.api_client import JSON_PATCH, STRATEGIC, ApiClient, told
from tests.contract.cluster.conftest import Target
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    INGRESSES,
    LEASES,
    SERVICES,
    a_config_map,
    a_definition,
    a_lease,
    a_service,
    a_workload,
    an_ingress,
)


def test_conflicts(api: ApiClient) -> None:
    """PUT and merge patch from an old version: 409."""
    old = api.post(CONFIG_MAPS, a_config_map("conflict")).body
    version = text(old, "metadata", "resourceVersion")
    api.patch(f"{CONFIG_MAPS}/conflict", {"data": {"a": "1"}})

    put = api.put(f"{CONFIG_MAPS}/conflict", {**old, "data": {"b": "2"}})
    patch = api.patch(
        f"{CONFIG_MAPS}/conflict", {"metadata": {"resourceVersion": version}, "data": {"c": "3"}}
    )

    assert [(one.status, one.body["reason"]) for one in (put, patch)] == [(409, "Conflict")] * 2


def test_creating_twice_and_reading_nothing(api: ApiClient) -> None:
    """409 AlreadyExists and 404 NotFound, with details."""
    api.post(CONFIG_MAPS, a_config_map("twice"))

    again, missing = api.post(CONFIG_MAPS, a_config_map("twice")), api.get(f"{CONFIG_MAPS}/none")

    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")
    assert (missing.status, missing.body["reason"]) == (404, "NotFound")
    assert dig(missing.body, "details", "kind") == "configmaps"


def test_generation_and_status(api: ApiClient) -> None:
    """Spec and status are written apart; only the spec moves the generation."""
    created = api.post(INGRESSES, an_ingress("generation")).body
    url = f"{INGRESSES}/generation"
    address = {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}]}}

    told_ = api.patch(f"{url}/status", {"status": address}).body
    changed = api.patch(url, {"spec": {"ingressClassName": "other"}, "status": {}}).body

    assert [dig(one, "metadata", "generation") for one in (created, told_, changed)] == [1, 1, 2]
    assert dig(changed, "status", "loadBalancer", "ingress") is not None


def test_an_update_without_a_change_keeps_the_version(api: ApiClient) -> None:
    """Nothing is written, nobody is woken."""
    before = api.post(CONFIG_MAPS, a_config_map("same", data={"a": "1"})).body

    after = api.patch(f"{CONFIG_MAPS}/same", {"data": {"a": "1"}}).body

    assert text(after, "metadata", "resourceVersion") == text(before, "metadata", "resourceVersion")


def test_finalizers(api: ApiClient) -> None:
    """Marked, held, gone; and no newcomers meanwhile."""
    body = a_config_map("finalizer")
    body["metadata"] = {"name": "finalizer", "finalizers": ["example.com/a"]}
    api.post(CONFIG_MAPS, body)
    url = f"{CONFIG_MAPS}/finalizer"

    api.delete(url)
    marked = api.get(url).body
    late = api.patch(url, {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}})
    api.patch(url, {"metadata": {"finalizers": None}})

    assert text(marked, "metadata", "deletionTimestamp")
    assert late.status == 422
    assert api.get(url).status == 404


def test_selectors_and_pages(api: ApiClient) -> None:
    """Label selectors, limit and continue over one snapshot."""
    for number in range(5):
        labels = {"set": "pages", "odd": str(number % 2)}
        api.post(CONFIG_MAPS, a_config_map(f"page-{number}", labels=labels))

    first = api.get(CONFIG_MAPS, labelSelector="set=pages", limit=2).body
    api.delete(f"{CONFIG_MAPS}/page-4")
    token = text(first, "metadata", "continue")
    rest = api.get(CONFIG_MAPS, labelSelector="set=pages", limit=9, **{"continue": token}).body
    odd = api.get(CONFIG_MAPS, labelSelector="set in (pages),odd!=0").body

    assert names(first) + names(rest) == [f"page-{number}" for number in range(5)]
    assert names(odd) == ["page-1", "page-3"]
    assert api.get(CONFIG_MAPS, fieldSelector="spec.none=1").status == 400


def test_watch_from_a_version(api: ApiClient) -> None:
    """Replay, live events, and a selection that is left."""
    api.post(CONFIG_MAPS, a_config_map("watched", labels={"set": "watch"}))
    version = text(api.get(CONFIG_MAPS).body, "metadata", "resourceVersion")
    url = f"{CONFIG_MAPS}/watched"
    api.patch(url, {"data": {"a": "1"}})

    with api.watch(CONFIG_MAPS, resourceVersion=version, labelSelector="set=watch") as watch:
        replayed = watch.take(1)
        api.patch(url, {"metadata": {"labels": {"set": "none"}}})
        api.patch(url, {"metadata": {"labels": {"set": "watch"}}})
        api.delete(url)
        live = watch.take(3)

    assert replayed == [("MODIFIED", "watched")]
    assert live == [("DELETED", "watched"), ("ADDED", "watched"), ("DELETED", "watched")]


def test_watch_of_what_exists(api: ApiClient) -> None:
    """Without a version: synthetic ADDED first; the timeout ends the stream."""
    api.post(CONFIG_MAPS, a_config_map("present"))

    with api.watch(CONFIG_MAPS, fieldSelector="metadata.name=present", timeoutSeconds=1) as watch:
        events = [told(one) for one in watch]

    assert events == [("ADDED", "present")]


def test_patches(api: ApiClient) -> None:
    """Strategic by key, JSON patch with a failing test, 415 for what is no patch."""
    ports = [{"name": "a", "port": 80}]
    before = api.post(SERVICES, a_service("patches", type_="NodePort", ports=ports)).body
    url = f"{SERVICES}/patches"

    merged = api.patch(url, {"spec": {"ports": [{"name": "b", "port": 81}]}}, STRATEGIC).body
    failing = [{"op": "test", "path": "/spec/type", "value": "ClusterIP"}]
    failed = api.patch(url, failing, JSON_PATCH)

    assert [dig(one, "name") for one in items(merged, "spec", "ports")] == ["a", "b"]
    assert dig(items(merged, "spec", "ports")[0], "nodePort") == node_port(before)
    assert failed.status == 422
    assert api.patch(url, {}, "application/json").status == 415


def test_node_ports(api: ApiClient) -> None:
    """Allocated, kept over a bare replacement, refused when taken."""
    before = api.post(SERVICES, a_service("ports-a", type_="NodePort")).body
    wish: list[Document] = [{"port": 80, "nodePort": node_port(before)}]

    after = api.put(f"{SERVICES}/ports-a", a_service("ports-a", type_="NodePort"))
    clash = api.post(SERVICES, a_service("ports-b", type_="NodePort", ports=wish))

    assert 30000 <= node_port(before) <= 32767
    assert node_port(after.body) == node_port(before)
    assert clash.status == 422
    assert "provided port is already allocated" in text(clash.body, "message")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ({"path": "/", "pathType": "Prefix"}, 201),
        ({"path": "/*", "pathType": "ImplementationSpecific"}, 201),
        ({"path": "/"}, 422),
        ({"path": "/", "pathType": "Regex"}, 422),
        ({"path": "x", "pathType": "Prefix"}, 422),
        ({"path": "/a//b", "pathType": "Exact"}, 422),
    ],
)
def test_ingress_validation(api: ApiClient, path: Document, status: int) -> None:
    """The rules of networking.k8s.io/v1."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}

    answer = api.post(
        INGRESSES, an_ingress("checked", path={**path, "backend": backend}), dryRun="All"
    )

    assert answer.status == status
    assert api.get(f"{INGRESSES}/checked").status == 404


def test_strict_fields(api: ApiClient) -> None:
    """fieldValidation=Strict refuses what the kind does not have."""
    misspelt = {**an_ingress("strict"), "sepc": {}}

    strict = api.post(INGRESSES, misspelt, fieldValidation="Strict", dryRun="All")
    warned = api.post(INGRESSES, misspelt, fieldValidation="Warn", dryRun="All")

    assert strict.status == 400
    assert 'unknown field "sepc"' in text(strict.body, "message")
    assert warned.status == 201
    assert any("sepc" in warning for warning in warned.warnings)


def test_leases(api: ApiClient) -> None:
    """Of two renewals from one read, the second is a conflict; without a version none is taken."""
    read = api.post(LEASES, a_lease("leader", holder="a")).body
    renewed = {**read, "spec": {**spec_of(read), "leaseTransitions": 1}}
    stolen = {**read, "spec": {**spec_of(read), "holderIdentity": "b"}}

    statuses = [api.put(f"{LEASES}/leader", body).status for body in (renewed, stolen)]

    assert statuses == [200, 409]
    assert api.put(f"{LEASES}/leader", a_lease("leader")).status == 422


def test_missing_namespaces_and_kinds(api: ApiClient) -> None:
    """404 in both cases, told apart by the message."""
    nowhere = api.post("/api/v1/namespaces/none/configmaps", a_config_map("a", namespace="none"))
    nothing = api.get("/apis/nowhere.io/v1/things")

    assert (nowhere.status, nothing.status) == (404, 404)
    assert nowhere.body["message"] == 'namespaces "none" not found'


def test_custom_kinds(api: ApiClient) -> None:
    """A definition brings a kind with a status of its own, and takes it away."""
    name = "gadgets"
    api.post(DEFINITIONS, a_definition(plural=name, kind="Gadget"))
    path = f"/apis/example.com/v1/namespaces/default/{name}"
    until(lambda: api.get(path).status == 200)
    body = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}

    created = api.post(path, {**body, "spec": {"size": 1}, "status": {"early": True}})
    told_ = api.patch(f"{path}/g/status", {"status": {"late": True}, "spec": {"size": 2}}).body
    strategic = api.patch(f"{path}/g", {"spec": {"size": 2}}, STRATEGIC)
    api.delete(f"{DEFINITIONS}/{name}.example.com")

    assert created.status == 201
    assert "status" not in created.body
    assert (told_["status"], told_["spec"]) == ({"late": True}, {"size": 1})
    assert strategic.status == 415
    until(lambda: api.get(path).status == 404)


def test_scale(api: ApiClient) -> None:
    """The scale subresource of a Deployment."""
    api.post(DEPLOYMENTS, a_workload("scaled", replicas=2))

    api.patch(f"{DEPLOYMENTS}/scaled/scale", {"spec": {"replicas": 3}})

    assert dig(api.get(f"{DEPLOYMENTS}/scaled").body, "spec", "replicas") == 3


def test_selectors_of_workloads_are_permanent(api: ApiClient) -> None:
    """And must match the template."""
    wrong = a_workload("wrong", spec={"selector": {"matchLabels": {"app": "other"}}})

    refused = api.post(DEPLOYMENTS, wrong)

    assert refused.status == 422
    assert "does not match template" in text(refused.body, "message")


def test_the_simulator(target: Target, api: ApiClient) -> None:
    """The workload simulator brings a Deployment to ready endpoints on either server."""
    for number in (1, 2):
        node = node_manifest(
            f"node-{number}", zone=f"eu-west-1{'ab'[number - 1]}", pod_cidr=f"10.0.{number}.0/24"
        )
        api.post("/api/v1/nodes", node)
    api.post(SERVICES, a_service("alive"))
    api.post(DEPLOYMENTS, a_workload("alive", replicas=3))
    slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"

    def ready() -> int:
        found = api.get(slices, labelSelector="kubernetes.io/service-name=alive").body
        return sum(
            dig(endpoint, "conditions", "ready") is True
            for slice_ in items(found, "items")
            for endpoint in parts(slice_, "endpoints")
        )

    asyncio.run(simulated_until(target, lambda: ready() == 3))

    status = dig(api.get(f"{DEPLOYMENTS}/alive").body, "status")
    assert dig(status, "readyReplicas") == 3


async def simulated_until(target: Target, holds: Callable[[], bool]) -> None:
    """Run a simulator until something holds."""
    async with RemotePort(target.url, tls=target.tls) as port:
        simulator = Simulator(port, WorkloadSettings(ready_seconds=0.05))
        await simulator.start()
        try:
            await asyncio.to_thread(until, holds)
        finally:
            await simulator.stop()


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.02)


def names(listed: Document) -> list[str]:
    """Return the names in a list."""
    return [text(one, "metadata", "name") for one in items(listed, "items")]


def node_port(service: Document) -> int:
    """Return the first node port."""
    port = dig(items(service, "spec", "ports")[0], "nodePort")
    assert isinstance(port, int)
    return port


def spec_of(document: Document) -> Document:
    """Return the spec."""
    spec = document["spec"]
    assert isinstance(spec, dict)
    return spec

"""The workload simulator: from Deployments and StatefulSets to Pods and EndpointSlices."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from provisioner.sandbox.cluster.documents import (
    Document,
    condition_status,
    dig,
    is_terminating,
    items,
    labels_of,
    name_of,
    parts,
    text,
    texts,
)
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.workloads.addresses import RangeAddresses
from provisioner.sandbox.cluster.workloads.remote import RemotePort
from provisioner.sandbox.cluster.workloads.settings import READY_AFTER, WorkloadSettings
from provisioner.sandbox.cluster.workloads.simulator import Simulator
from tests.contract.cluster.manifests import a_pod, a_service, a_workload

SETTINGS = WorkloadSettings(ready_seconds=0.02, termination_seconds=0.15)


@pytest.fixture
def living() -> Iterator[ClusterServer]:
    """A cluster with two nodes where workloads come alive."""
    with ClusterServer(workloads=SETTINGS) as cluster:
        add_nodes(cluster)
        yield cluster


def test_a_deployment_becomes_ready_pods(living: ClusterServer) -> None:
    """Pods round the nodes, with addresses of their node's range, and a truthful status."""
    living.create(a_workload(replicas=4))

    until(lambda: ready_replicas(living) == 4)

    pods = living.list("Pod")
    assert sorted(text(pod, "spec", "nodeName") for pod in pods) == ["n1", "n1", "n2", "n2"]
    for pod in pods:
        prefix = {"n1": "10.0.1.", "n2": "10.0.2."}[text(pod, "spec", "nodeName")]
        assert text(pod, "status", "podIP").startswith(prefix)
        assert text(pod, "status", "hostIP") == f"{prefix}10"
        assert text(pod, "status", "phase") == "Running"
        assert dig(parts(pod, "status", "containerStatuses")[0], "ready") is True
    assert len({text(pod, "status", "podIP") for pod in pods}) == 4
    deployment = living.get("Deployment", "web")
    assert condition_status(deployment, "Available") == "True"
    assert dig(deployment, "status", "observedGeneration") == 1


def test_readiness_takes_its_time(living: ClusterServer) -> None:
    """A pod has an address before it is ready; an annotation may say never."""
    living.create(a_workload("slow", annotations={READY_AFTER: "0.3"}))
    living.create(a_workload("dead", annotations={READY_AFTER: "never"}))

    until(lambda: len([pod for pod in living.list("Pod") if text(pod, "status", "podIP")]) == 2)
    early = [condition_status(pod, "Ready") for pod in living.list("Pod")]
    until(lambda: ready_replicas(living, "slow") == 1)

    assert early == ["False", "False"]
    assert ready_replicas(living, "dead") == 0
    assert condition_status(living.get("Deployment", "dead"), "Available") == "False"


def test_readiness_gates_hold_a_pod_back(living: ClusterServer) -> None:
    """Ready only when every gate's condition is True, and no longer when one falls."""
    gate = "target-health.example.com/web"
    living.create(a_workload(pod={"readinessGates": [{"conditionType": gate}]}))
    until(lambda: any_pod(living, "ContainersReady", "True"))
    gated = condition_status(living.list("Pod")[0], "Ready")
    name = name_of(living.list("Pod")[0])

    set_condition(living, name, gate, "True")
    until(lambda: any_pod(living, "Ready", "True"))
    set_condition(living, name, gate, "False")

    until(lambda: any_pod(living, "Ready", "False"))
    assert gated == "False"


def test_a_rollout_never_goes_below_its_promise(living: ClusterServer) -> None:
    """Surge, then remove: never fewer ready pods than wanted, never more than the surge."""
    rolling: Document = {"maxSurge": 1, "maxUnavailable": 0}
    strategy: Document = {"type": "RollingUpdate", "rollingUpdate": rolling}
    living.create(a_workload(replicas=3, spec={"strategy": strategy}))
    until(lambda: ready_replicas(living) == 3)
    seen: list[tuple[int, int]] = []

    change_image(living, "web:2")
    until(lambda: rolled_out(living, "web:2", 3, seen))

    assert min(ready for ready, _ in seen) >= 3
    assert max(live for _, live in seen) <= 4


def test_recreate_stops_everything_first(living: ClusterServer) -> None:
    """Strategy Recreate: old and new never run together."""
    living.create(a_workload(replicas=2, spec={"strategy": {"type": "Recreate"}}))
    until(lambda: ready_replicas(living) == 2)
    mixtures: set[frozenset[str]] = set()

    change_image(living, "web:2")

    def done() -> bool:
        images = [image_of(pod) for pod in living.list("Pod")]
        mixtures.add(frozenset(images))
        return images == ["web:2", "web:2"] and ready_replicas(living) == 2

    until(done)
    assert frozenset({"web:1", "web:2"}) not in mixtures


def test_scaling_down_takes_the_newest(living: ClusterServer) -> None:
    """The oldest pods stay."""
    living.create(a_workload(replicas=2))
    until(lambda: ready_replicas(living) == 2)
    oldest = {name_of(pod) for pod in living.list("Pod")}
    living.scale("Deployment", "web", 5)
    until(lambda: ready_replicas(living) == 5)

    living.scale("Deployment", "web", 2)

    until(lambda: {name_of(pod) for pod in living.list("Pod")} == oldest)
    assert len(living.list("Pod")) == 2


def test_scaling_to_zero_and_back(living: ClusterServer) -> None:
    """No pods, and then pods again."""
    living.create(a_workload(replicas=2))
    until(lambda: ready_replicas(living) == 2)

    living.scale("Deployment", "web", 0)
    until(lambda: not living.list("Pod"))
    living.scale("Deployment", "web", 1)

    until(lambda: ready_replicas(living) == 1)


def test_deleting_a_deployment_deletes_its_pods(living: ClusterServer) -> None:
    """The garbage collector's part; bare pods stay."""
    living.create(a_workload(replicas=2))
    living.create(a_pod("bare"))
    until(lambda: ready_replicas(living) == 2)

    living.delete("Deployment", "web")

    until(lambda: [name_of(pod) for pod in living.list("Pod")] == ["bare"])


def test_a_deleted_pod_is_replaced(living: ClusterServer) -> None:
    """The controller keeps the number."""
    living.create(a_workload(replicas=2))
    until(lambda: ready_replicas(living) == 2)
    victim = name_of(living.list("Pod")[0])

    living.delete("Pod", victim)

    until(lambda: victim not in {name_of(pod) for pod in living.list("Pod")})
    until(lambda: ready_replicas(living) == 2)


def test_a_deleted_pod_terminates_gracefully(living: ClusterServer) -> None:
    """It goes on for the grace time as a terminating, serving endpoint that is not ready."""
    living.create(a_service())
    living.create(a_workload(replicas=1))
    until(lambda: ready_endpoints(living) == 1)
    victim = name_of(living.list("Pod")[0])

    living.delete("Pod", victim)

    def leaving() -> list[Document]:
        return [one for one in endpoints(living) if text(one, "targetRef", "name") == victim]

    until(lambda: [dig(one, "conditions", "terminating") for one in leaving()] == [True])
    assert leaving()[0]["conditions"] == {"ready": False, "serving": True, "terminating": True}
    until(lambda: leaving() == [])
    assert living.get("Pod", victim) is None


def test_a_pod_can_be_killed_at_once(living: ClusterServer) -> None:
    """A grace period of zero is honoured by the server itself."""
    living.create(a_pod("bare"))
    until(lambda: any_pod(living, "Ready", "True"))

    living.delete("Pod", "bare", grace_seconds=0)

    assert living.get("Pod", "bare") is None


def test_services_get_endpoint_slices(living: ClusterServer) -> None:
    """Address, node, zone, pod and the number behind a named port."""
    living.create(a_service(ports=[{"name": "web", "port": 80, "targetPort": "http"}]))
    living.create(a_workload(replicas=2))

    until(lambda: ready_endpoints(living) == 2)

    (slice_,) = living.list("EndpointSlice")
    pods = {name_of(pod): pod for pod in living.list("Pod")}
    assert labels_of(slice_)["kubernetes.io/service-name"] == "web"
    assert slice_["addressType"] == "IPv4"
    assert slice_["ports"] == [{"name": "web", "port": 8080, "protocol": "TCP"}]
    for endpoint in endpoints(living):
        pod = pods[text(endpoint, "targetRef", "name")]
        assert texts(endpoint, "addresses") == (text(pod, "status", "podIP"),)
        assert endpoint["nodeName"] == text(pod, "spec", "nodeName")
        assert endpoint["zone"] in {"eu-west-1a", "eu-west-1b"}


def test_a_service_follows_its_selector_and_ports(living: ClusterServer) -> None:
    """A changed target port and a changed selector reach the slices."""
    living.create(a_service())
    living.create(a_workload())
    until(lambda: ready_endpoints(living) == 1)

    living.patch("Service", "web", {"spec": {"ports": [{"port": 80, "targetPort": 9090}]}})
    until(
        lambda: [p.get("port") for p in parts(living.list("EndpointSlice")[0], "ports")] == [9090]
    )
    living.patch("Service", "web", {"spec": {"selector": {"app": "other"}}})

    until(lambda: endpoints(living) == [])


def test_deleting_a_service_deletes_its_slices(living: ClusterServer) -> None:
    """Slices belong to their Service; slices of others are left alone."""
    living.create(a_service())
    living.create(a_workload())
    living.create(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "foreign", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "endpoints": [],
        }
    )
    until(lambda: ready_endpoints(living) == 1)

    living.delete("Service", "web")

    until(lambda: [name_of(one) for one in living.list("EndpointSlice")] == ["foreign"])


def test_unready_addresses_can_be_published(living: ClusterServer) -> None:
    """publishNotReadyAddresses: ready whatever the pod says, serving as it is."""
    living.create(a_service(publishNotReadyAddresses=True))
    living.create(a_workload(annotations={READY_AFTER: "never"}))

    until(lambda: ready_endpoints(living) == 1)

    assert dig(endpoints(living)[0], "conditions", "serving") is False


def test_a_stateful_set_counts_up_in_order(living: ClusterServer) -> None:
    """web-0, then web-1, each with a host name in a headless Service."""
    living.create(a_service(clusterIP="None"))
    living.create(a_workload(kind="StatefulSet", replicas=3))

    until(lambda: ready_endpoints(living) == 3)

    pods = living.list("Pod")
    births = [int(text(pod, "metadata", "resourceVersion")) for pod in pods]
    assert [name_of(pod) for pod in pods] == ["web-0", "web-1", "web-2"]
    assert births == sorted(births)
    assert sorted(text(one, "hostname") for one in endpoints(living)) == [
        "web-0", "web-1", "web-2",
    ]  # fmt: skip
    assert "service.kubernetes.io/headless" in labels_of(living.list("EndpointSlice")[0])


def test_a_stateful_set_updates_and_shrinks_from_the_top(living: ClusterServer) -> None:
    """A new template reaches every pod under its old name; fewer replicas leave the first ones."""
    living.create(a_workload(kind="StatefulSet", replicas=2))
    until(lambda: ready_replicas(living, kind="StatefulSet") == 2)

    change_image(living, "web:2", kind="StatefulSet")
    until(
        lambda: (
            [image_of(pod) for pod in living.list("Pod")] == ["web:2", "web:2"]
            and ready_replicas(living, kind="StatefulSet") == 2
        )
    )
    living.scale("StatefulSet", "web", 1)

    until(lambda: [name_of(pod) for pod in living.list("Pod")] == ["web-0"])


def test_pods_wait_for_a_node_that_takes_them() -> None:
    """No ready node, a taint, a selector: Pending until one comes."""
    with ClusterServer(workloads=SETTINGS) as cluster:
        cluster.add_node("sick", pod_cidr="10.0.1.0/24", ready=False)
        taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
        cluster.add_node("tainted", pod_cidr="10.0.2.0/24", taints=[taint])
        cluster.create(a_pod("plain"))
        toleration = {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}
        cluster.create(a_pod("tolerant", tolerations=[toleration]))
        cluster.create(a_pod("picky", nodeSelector={"disk": "ssd"}))
        until(lambda: text(cluster.get("Pod", "tolerant"), "spec", "nodeName") == "tainted")
        waiting = cluster.get("Pod", "plain")

        cluster.set_node_ready("sick", ready=True)
        cluster.add_node("fast", pod_cidr="10.0.3.0/24", labels={"disk": "ssd"})

        until(lambda: text(cluster.get("Pod", "plain"), "status", "podIP") != "")
        until(lambda: text(cluster.get("Pod", "picky"), "spec", "nodeName") == "fast")

    assert condition_status(waiting, "PodScheduled") == "False"


def test_pods_of_a_sick_node_are_not_ready(living: ClusterServer) -> None:
    """And are ready again when the node recovers; pods of a node that is gone move."""
    living.create(a_workload(replicas=2))
    until(lambda: ready_replicas(living) == 2)

    living.set_node_ready("n1", ready=False)
    until(lambda: ready_replicas(living) == 1)
    living.set_node_ready("n1", ready=True)
    until(lambda: ready_replicas(living) == 2)
    living.delete("Node", "n1")

    until(lambda: [text(pod, "spec", "nodeName") for pod in living.list("Pod")] == ["n2", "n2"])
    until(lambda: ready_replicas(living) == 2)


def test_addresses_come_from_whoever_is_asked() -> None:
    """A cloud's emulator registers an interface per pod, and is told when the pod is gone."""
    given = Registered()
    settings = WorkloadSettings(ready_seconds=0.0, termination_seconds=0.0, addresses=given)
    with ClusterServer(workloads=settings) as cluster:
        cluster.add_node("n1", pod_cidr="10.0.1.0/24")
        cluster.create(a_pod("a"))
        until(lambda: any_pod(cluster, "Ready", "True"))
        address = text(cluster.get("Pod", "a"), "status", "podIP")
        during = dict(given.interfaces)
        cluster.delete("Pod", "a")
        until(lambda: given.interfaces == {})

    assert during == {address: "n1/a"}
    assert given.threads.isdisjoint({"MainThread", "sandbox-cluster"})


def test_nodes_may_share_a_range() -> None:
    """No address is given twice, neither to nodes nor to pods."""
    cluster = ClusterServer()
    nodes = [cluster.add_node(f"n{number}", pod_cidr="10.0.1.0/24") for number in range(3)]
    addresses = RangeAddresses()

    given = [addresses.allocate(nodes[number % 3], a_pod(f"p{number}")) for number in range(200)]

    own = [text(dig_first(node), "address") for node in nodes]
    assert own == ["10.0.1.10", "10.0.1.9", "10.0.1.8"]
    assert len(set(given)) == 200
    assert not set(given) & set(own)
    assert all(ipaddress.ip_address(one) in ipaddress.ip_network("10.0.1.0/24") for one in given)


def test_a_full_range_is_explained() -> None:
    """A /28 has few places; the message names range and node."""
    node = ClusterServer().add_node("n1", pod_cidr="10.0.1.0/28")
    addresses = RangeAddresses()
    for number in range(4):
        addresses.allocate(node, a_pod(f"p{number}"))

    with pytest.raises(LookupError, match=r"10\.0\.1\.0/28 of node n1 has no free address"):
        addresses.allocate(node, a_pod("late"))


def test_without_a_simulator_pods_stay_as_they_are(cluster: ClusterServer) -> None:
    """An API server alone runs nothing, and deletes pods at once because nobody else would."""
    cluster.create(a_workload(replicas=2))
    cluster.create(a_pod("bare", nodeName="n1"))
    time.sleep(0.1)
    pods = [name_of(pod) for pod in cluster.list("Pod")]

    cluster.delete("Pod", "bare")

    assert pods == ["bare"]
    assert cluster.list("Pod") == ()


def test_the_simulator_survives_faults_that_clients_meet(living: ClusterServer) -> None:
    """Kubelets go on while a controller is cut off, and catch up after a compaction."""
    living.faults.forbid("*", verbs=("*",))
    living.faults.cut_watches(hold=True)
    living.compact("Pod")

    living.create(a_workload(replicas=2))

    until(lambda: ready_replicas(living) == 2)


def test_the_simulator_works_over_http() -> None:
    """The simulator as a client of any API server; the contract tests use a real one."""
    with ClusterServer() as cluster:
        add_nodes(cluster)
        cluster.create(a_service())
        cluster.create(a_workload(replicas=2))

        asyncio.run(simulated_until(cluster, lambda: ready_endpoints(cluster) == 2))

        agents = {one.user_agent.split("/")[0] for one in cluster.requests.recent()}
    assert ready_replicas(cluster) == 2
    assert agents == {"Python"}


async def simulated_until(cluster: ClusterServer, holds: Callable[[], bool]) -> None:
    """Run a simulator over HTTP until something holds."""
    async with RemotePort(cluster.url) as port:
        simulator = Simulator(port, SETTINGS)
        await simulator.start()
        try:
            await asyncio.to_thread(until, holds)
        finally:
            await simulator.stop()


class Registered:
    """Addresses that are written down, as a cloud's network interfaces would be."""

    def __init__(self) -> None:
        self.interfaces: dict[str, str] = {}
        self.threads: set[str] = set()
        self._range = RangeAddresses()

    def allocate(self, node: Document, pod: Document) -> str:
        """Hand out an address and write it down."""
        self.threads.add(threading.current_thread().name)
        address = self._range.allocate(node, pod)
        self.interfaces[address] = f"{name_of(node)}/{name_of(pod)}"
        return address

    def release(self, node_name: str, pod: Document, address: str) -> None:
        """Strike an address out."""
        assert self.interfaces.pop(address) == f"{node_name}/{name_of(pod)}"


def add_nodes(cluster: ClusterServer) -> None:
    """Add two nodes in two zones."""
    for number, zone in enumerate(("eu-west-1a", "eu-west-1b"), start=1):
        cluster.add_node(
            f"n{number}",
            zone=zone,
            provider_id=f"aws:///{zone}/i-{number}",
            pod_cidr=f"10.0.{number}.0/24",
        )


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.005)


def ready_replicas(cluster: ClusterServer, name: str = "web", *, kind: str = "Deployment") -> int:
    """Return the ready replicas that the status tells."""
    found = dig(cluster.get(kind, name), "status", "readyReplicas")
    return found if isinstance(found, int) else 0


def endpoints(cluster: ClusterServer) -> list[Document]:
    """Return the endpoints of all slices."""
    return [one for found in cluster.list("EndpointSlice") for one in parts(found, "endpoints")]


def ready_endpoints(cluster: ClusterServer) -> int:
    """Return how many endpoints are ready."""
    return sum(dig(one, "conditions", "ready") is True for one in endpoints(cluster))


def any_pod(cluster: ClusterServer, condition: str, status: str) -> bool:
    """Say whether a pod has a condition with that status."""
    return any(condition_status(pod, condition) == status for pod in cluster.list("Pod"))


def image_of(pod: Document) -> str:
    """Return the image of the first container."""
    return text(parts(pod, "spec", "containers")[0], "image")


def dig_first(node: Document) -> Document:
    """Return the first address entry of a node."""
    return parts(node, "status", "addresses")[0]


def rolled_out(
    cluster: ClusterServer, image: str, replicas: int, seen: list[tuple[int, int]]
) -> bool:
    """Note (ready, live) pods; say whether all run the image and are ready."""
    pods = [pod for pod in cluster.list("Pod") if not is_terminating(pod)]
    ready = [pod for pod in pods if condition_status(pod, "Ready") == "True"]
    seen.append((len(ready), len(pods)))
    return len(pods) == replicas == len(ready) and {image_of(pod) for pod in pods} == {image}


def change_image(cluster: ClusterServer, image: str, *, kind: str = "Deployment") -> None:
    """Change the pod template of ``web``."""
    workload = cluster.get(kind, "web")
    assert workload is not None
    container = items(workload, "spec", "template", "spec", "containers")[0]
    assert isinstance(container, dict)
    container["image"] = image
    cluster.replace(workload)


def set_condition(cluster: ClusterServer, pod_name: str, condition: str, status: str) -> None:
    """Set a condition of a pod, as a controller does for a readiness gate."""
    pod = cluster.get("Pod", pod_name)
    others = [one for one in parts(pod, "status", "conditions") if text(one, "type") != condition]
    conditions = [*others, {"type": condition, "status": status}]
    cluster.patch("Pod", pod_name, {"status": {"conditions": conditions}}, subresource="status")

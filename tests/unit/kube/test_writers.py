"""What we write to the cluster: only behind the fence, only when different, only what is ours."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.kube import errors
from provisioner.kube.client import KubeClient, connect
from provisioner.kube.events import BUDGET, REPEAT_SECONDS, EventRecorder, Occurrence
from provisioner.kube.finalizers import ATTEMPTS, add_finalizer, remove_finalizer
from provisioner.kube.kinds import INGRESS
from provisioner.kube.lease import Unfenced
from provisioner.kube.loadbalancers import APPROVED_DIGEST, LoadBalancerWriter, object_name
from provisioner.kube.status import write_status
from provisioner.model.errors import NotLeader
from provisioner.model.kube import Key
from provisioner.model.settings import FINALIZER
from provisioner.sandbox.cluster.documents import Document, dig
from provisioner.sandbox.cluster.server import ClusterServer

WEB = Key("default", "web")
OPEN = Unfenced()
GROUP = "shop/web"


class Shut:
    """A fence that lets nothing pass."""

    def check(self) -> None:
        """Refuse."""
        raise NotLeader("Not now.")


class ManualClock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.time += seconds


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster with one Ingress that has somebody else's finalizer."""
    with ClusterServer() as server:
        server.apply(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n"
            "metadata: {name: web, finalizers: [example.com/theirs]}\n"
            "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n"
        )
        server.requests.reset()
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


def the_ingress(cluster: ClusterServer) -> Document:
    """Return the Ingress as stored."""
    found = cluster.get("Ingress", "web")
    assert found is not None
    return found


def finalizers(cluster: ClusterServer) -> object:
    """Return the finalizers of the Ingress."""
    return dig(the_ingress(cluster), "metadata", "finalizers")


def test_status_shows_addresses_and_ports(client: KubeClient, cluster: ClusterServer) -> None:
    """Host names and IP addresses go to the fields that the API has for them."""
    written = write_status(
        client, OPEN, ingress=WEB, addresses=("lb.example.com", "192.0.2.1"), ports=(80, 443)
    )

    ports = [{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}]
    assert written
    assert dig(the_ingress(cluster), "status", "loadBalancer", "ingress") == [
        {"hostname": "lb.example.com", "ports": ports},
        {"ip": "192.0.2.1", "ports": ports},
    ]


def test_an_equal_status_is_not_written(client: KubeClient, cluster: ClusterServer) -> None:
    """Each write wakes every watcher of the cluster, so an equal one is left out."""
    write_status(client, OPEN, ingress=WEB, addresses=("a.example.com",))
    before = cluster.version

    again = write_status(client, OPEN, ingress=WEB, addresses=("a.example.com",))
    cleared = write_status(client, OPEN, ingress=WEB, addresses=())

    assert not again
    assert cleared
    assert cluster.version == before + 1


def test_a_status_of_a_deleted_ingress_is_nobodys(client: KubeClient) -> None:
    """Between planning and writing the Ingress may go; that is no failure."""
    assert not write_status(client, OPEN, ingress=Key("default", "gone"), addresses=("a",))


def test_our_finalizer_joins_the_others(client: KubeClient, cluster: ClusterServer) -> None:
    """It is added once, and removed without touching anybody else's."""
    assert add_finalizer(client, OPEN, ingress=WEB)
    assert add_finalizer(client, OPEN, ingress=WEB)
    assert finalizers(cluster) == ["example.com/theirs", FINALIZER]

    remove_finalizer(client, OPEN, ingress=WEB)
    remove_finalizer(client, OPEN, ingress=WEB)

    assert finalizers(cluster) == ["example.com/theirs"]


def test_a_deleted_ingress_gets_no_finalizer(client: KubeClient, cluster: ClusterServer) -> None:
    """The API refuses new finalizers on what is going, so nothing may be created for it."""
    cluster.delete("Ingress", "web")

    assert not add_finalizer(client, OPEN, ingress=WEB)
    assert not add_finalizer(client, OPEN, ingress=Key("default", "gone"))
    assert finalizers(cluster) == ["example.com/theirs"]


def test_removing_from_a_deleted_ingress_lets_it_go(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """The last finalizer off, the object is gone; a second removal finds nothing to do."""
    add_finalizer(client, OPEN, ingress=WEB)
    cluster.patch("Ingress", "web", {"metadata": {"finalizers": [FINALIZER]}})
    cluster.delete("Ingress", "web")

    remove_finalizer(client, OPEN, ingress=WEB)
    remove_finalizer(client, OPEN, ingress=WEB)

    assert cluster.get("Ingress", "web") is None


def test_a_conflict_is_read_again(client: KubeClient, cluster: ClusterServer) -> None:
    """Somebody else's change in between is kept: we read again and try again."""
    cluster.faults.fail_next(ATTEMPTS - 1, kind="Ingress", verb="patch", status=409)

    assert add_finalizer(client, OPEN, ingress=WEB)


def test_endless_conflicts_end(client: KubeClient, cluster: ClusterServer) -> None:
    """The attempts are bounded; the next reconcile tries again."""
    cluster.faults.fail_next(ATTEMPTS, kind="Ingress", verb="patch", status=409)

    with pytest.raises(errors.Conflict):
        add_finalizer(client, OPEN, ingress=WEB)


def test_two_writers_of_finalizers_lose_nothing(client: KubeClient, cluster: ClusterServer) -> None:
    """Real conflicts on the server: whoever writes last has seen what the other wrote."""

    def churn() -> None:
        for number in range(20):
            cluster.patch("Ingress", "web", {"metadata": {"annotations": {"n": str(number)}}})

    other = threading.Thread(target=churn)
    other.start()
    while other.is_alive():
        try:
            add_finalizer(client, OPEN, ingress=WEB)
            remove_finalizer(client, OPEN, ingress=WEB)
        except errors.Conflict:
            continue
    other.join()

    assert finalizers(cluster) == ["example.com/theirs"]
    assert dig(the_ingress(cluster), "metadata", "annotations", "n") == "19"


def test_nothing_is_written_behind_a_shut_fence(client: KubeClient, cluster: ClusterServer) -> None:
    """A deposed leader sends no write of any kind."""
    before = cluster.version
    recorder = EventRecorder(client, Shut(), clock=ManualClock())
    balancers = LoadBalancerWriter(client, Shut())

    with pytest.raises(NotLeader):
        write_status(client, Shut(), ingress=WEB, addresses=("a.example.com",))
    with pytest.raises(NotLeader):
        add_finalizer(client, Shut(), ingress=WEB)
    with pytest.raises(NotLeader):
        recorder.record(an_occurrence())
    with pytest.raises(NotLeader):
        balancers.publish(GROUP, spec={}, status={})
    with pytest.raises(NotLeader):
        balancers.withdraw(GROUP)
    with pytest.raises(NotLeader):
        balancers.approve(GROUP, digest="d")

    assert cluster.version == before


def an_occurrence(message: str = "It is over a limit.", *, reason: str = "Limit") -> Occurrence:
    """Return a warning on the Ingress."""
    return Occurrence(
        kind=INGRESS, key=WEB, uid="u", reason=reason, message=message, warning=True
    )  # fmt: skip


def test_an_event_says_what_happened_to_what(client: KubeClient, cluster: ClusterServer) -> None:
    """``kubectl describe ingress`` shows it: type, reason, message, object."""
    EventRecorder(client, OPEN, clock=ManualClock()).record(an_occurrence())

    (event,) = cluster.list("Event")
    assert (event["type"], event["reason"], event["count"]) == ("Warning", "Limit", 1)
    assert event["message"] == "It is over a limit."
    assert dig(event, "involvedObject", "name") == "web"
    assert dig(event, "source", "component") == "ingress-provisioner"


def test_repeats_are_counted_and_not_sent(client: KubeClient, cluster: ClusterServer) -> None:
    """The same finding in every reconcile is one Event whose count goes up now and then."""
    clock = ManualClock()
    recorder = EventRecorder(client, OPEN, clock=clock)

    sent = [recorder.record(an_occurrence()) for _ in range(10)]
    clock.sleep(REPEAT_SECONDS)
    later = recorder.record(an_occurrence())

    (event,) = cluster.list("Event")
    assert sent == [True] + [False] * 9
    assert later
    assert event["count"] == 11


def test_a_restarted_controller_goes_on_counting(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """The Event's name follows from what it says, so a restart finds it again."""
    for _ in range(2):
        EventRecorder(client, OPEN, clock=ManualClock()).record(an_occurrence())

    (event,) = cluster.list("Event")
    assert event["count"] == 2


def test_one_object_cannot_flood_the_events(client: KubeClient, cluster: ClusterServer) -> None:
    """A message with a changing number in it is new every time; a budget bounds it."""
    clock = ManualClock()
    recorder = EventRecorder(client, OPEN, clock=clock)

    sent = [recorder.record(an_occurrence(f"{number} targets")) for number in range(BUDGET + 20)]
    clock.sleep(REPEAT_SECONDS)

    assert sum(sent) == len(cluster.list("Event")) == BUDGET
    assert recorder.record(an_occurrence("again"))


def test_a_long_message_is_cut(client: KubeClient, cluster: ClusterServer) -> None:
    """The API refuses more than 1024 bytes, and a character may be several."""
    EventRecorder(client, OPEN, clock=ManualClock()).record(an_occurrence("ä" * 2000))

    (event,) = cluster.list("Event")
    assert len(str(event["message"]).encode()) <= 1024
    assert str(event["message"]).endswith("...")


def test_events_that_cannot_be_written_fail_nothing(
    client: KubeClient, cluster: ClusterServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the permission reconciling goes on; the log says it once."""
    cluster.faults.forbid("Event", verbs=("get", "create"))
    recorder = EventRecorder(client, OPEN, clock=ManualClock())

    with caplog.at_level(logging.WARNING):
        sent = [recorder.record(an_occurrence(str(number))) for number in range(3)]

    assert sent == [False] * 3
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("group", "name"), [("shop/web", "shop.web"), ("shop/a.b", "shop.a.b"), ("edge", "edge")]
)
def test_an_object_is_named_after_its_group(group: str, name: str) -> None:
    """``kubectl get loadbalancers`` should read like the groups themselves."""
    assert object_name(group) == name


def test_groups_never_share_an_object() -> None:
    """An explicit group may look like an implicit one; its object may not."""
    assert object_name("shop.web") != object_name("shop/web")


def test_a_load_balancer_is_published_and_kept_in_step(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Created, left alone while equal, and what is no longer said disappears."""
    writer = LoadBalancerWriter(client, OPEN)
    spec: dict[str, object] = {"provider": "aws"}

    first = writer.publish(
        GROUP, spec={"provider": "aws"}, status={"address": "a", "targetMode": "pod"}
    )
    same = writer.publish(
        GROUP, spec={"provider": "aws"}, status={"address": "a", "targetMode": "pod"}
    )
    changed = writer.publish(GROUP, spec={"provider": "aws"}, status={"address": "b"})

    stored = cluster.get("LoadBalancer", "shop.web")
    assert (first, same, changed) == (True, False, True)
    assert stored is not None
    assert dig(stored, "status") == {"address": "b"}
    assert dig(stored, "spec", "provider") == spec["provider"]


def test_approvals_survive_publishing(client: KubeClient, cluster: ClusterServer) -> None:
    """The approved digest is a person's word on the object; publishing leaves it there."""
    writer = LoadBalancerWriter(client, OPEN)
    writer.publish(GROUP, spec={}, status={"address": "a"})

    writer.approve(GROUP, digest="sha256:1")
    writer.publish(GROUP, spec={}, status={"address": "b"})

    stored = cluster.get("LoadBalancer", "shop.web")
    assert stored is not None
    assert dig(stored, "metadata", "annotations", APPROVED_DIGEST) == "sha256:1"


def test_a_group_without_a_load_balancer_loses_its_object(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Withdrawn once or twice, the object is gone."""
    writer = LoadBalancerWriter(client, OPEN)
    writer.publish(GROUP, spec={}, status={})

    writer.withdraw(GROUP)
    writer.withdraw(GROUP)

    assert cluster.get("LoadBalancer", "shop.web") is None


def test_a_cluster_without_the_crd_is_served_all_the_same(
    client: KubeClient, cluster: ClusterServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing fails, and what is missing is said once."""
    cluster.faults.hide("LoadBalancer")
    writer = LoadBalancerWriter(client, OPEN)

    with caplog.at_level(logging.WARNING):
        written = [writer.publish(GROUP, spec={}, status={}) for _ in range(3)]

    assert written == [False] * 3
    assert writer.absent
    assert len(caplog.records) == 1

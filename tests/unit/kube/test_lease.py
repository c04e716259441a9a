"""One writer at a time, whatever the network does. Clocks move by hand except where said."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.kube.client import KubeClient, connect
from provisioner.kube.lease import DEFAULT_NAME, Leadership, LeaseSettings, holder
from provisioner.kube.requests import Timeouts
from provisioner.model.errors import ConfigError, NotLeader
from provisioner.sandbox.cluster.documents import Document, dig
from provisioner.sandbox.cluster.server import ClusterServer

PLACE = {"name": DEFAULT_NAME, "namespace": "kube-system"}


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


class RealClock:
    """Time as it passes."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@pytest.fixture
def cluster() -> Iterator[ClusterServer]:
    """Start a cluster."""
    with ClusterServer() as server:
        yield server


@pytest.fixture
def client(cluster: ClusterServer, tmp_path: Path) -> Iterator[KubeClient]:
    """Connect to it."""
    opened = connect(kubeconfig=str(cluster.kubeconfig(tmp_path / "config")))
    yield opened
    opened.close()


def a_contender(client: KubeClient, identity: str, clock: ManualClock) -> Leadership:
    """Return somebody who wants the Lease; requests are given up after 0.2 s."""
    timeouts = Timeouts(connect=0.2, read=0.2)
    return Leadership(client, LeaseSettings(identity=identity, timeouts=timeouts), clock=clock)


def the_spec(cluster: ClusterServer) -> Document:
    """Return the spec of the Lease as stored."""
    lease = cluster.get("Lease", **PLACE)
    assert lease is not None
    spec = lease["spec"]
    assert isinstance(spec, dict)
    return spec


def test_the_first_contender_leads(client: KubeClient, cluster: ClusterServer) -> None:
    """A Lease that nobody has made yet is made; the fence opens."""
    leader = a_contender(client, "a", ManualClock())

    assert leader.contend()

    leader.check()
    spec = the_spec(cluster)
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == ("a", 12)
    assert spec["leaseTransitions"] == 0


def test_the_second_contender_waits_and_knows_for_whom(client: KubeClient) -> None:
    """While the first renews, the second never leads; its refusal names the holder."""
    clock = ManualClock()
    first, second = a_contender(client, "a", clock), a_contender(client, "b", clock)
    first.contend()

    for _ in range(40):
        clock.sleep(1)
        assert first.contend()
        assert not second.contend()

    with pytest.raises(NotLeader, match="a holds the Lease"):
        second.check()


def test_a_dead_leader_is_followed_after_its_lease(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """Twelve seconds without a renewal, as the second has seen them, and it leads."""
    clock = ManualClock()
    first, second = a_contender(client, "a", clock), a_contender(client, "b", clock)
    first.contend()
    began = clock.now()

    while not second.contend():
        clock.sleep(1)

    assert clock.now() - began == 12
    assert the_spec(cluster)["leaseTransitions"] == 1
    assert not first.contend()


def test_a_leader_stops_long_before_another_may_begin(client: KubeClient) -> None:
    """The fence shuts 5 s after the last renewal: its last call (7 s at most) ends within 12."""
    clock = ManualClock()
    leader = a_contender(client, "a", clock)
    leader.contend()

    clock.sleep(4.9)
    leader.check()
    clock.sleep(0.1)

    with pytest.raises(NotLeader):
        leader.check()


@pytest.mark.parametrize("fault", ["hang", "500", "403", "409", "429"])
def test_a_cut_off_leader_never_writes_beside_another(
    client: KubeClient, cluster: ClusterServer, fault: str
) -> None:
    """Its renewals fail in any way at all: it has stopped before the second one starts."""
    clock = ManualClock()
    first = a_contender(client, "a", clock)
    first.contend()
    second = a_contender(client, "b", clock)
    second.contend()
    stopped_at = started_at = 0.0

    for _ in range(20):
        clock.sleep(1)
        break_lease(cluster, fault)
        first.contend()
        cluster.faults.clear()
        if not first.leads and not stopped_at:
            stopped_at = clock.now()
        if second.contend():
            started_at = clock.now()
            break
        assert not (first.leads and second.leads)

    assert stopped_at
    assert started_at - stopped_at >= 7


def break_lease(cluster: ClusterServer, fault: str) -> None:
    """Let every request about the Lease go wrong."""
    if fault == "hang":
        cluster.faults.hang(0.5, kind="Lease")
    else:
        cluster.faults.fail_next(9, kind="Lease", status=int(fault))


def test_a_lost_answer_is_not_a_renewal(client: KubeClient, cluster: ClusterServer) -> None:
    """The server renewed, the answer was lost: we do not count it, and find our way back."""
    clock = ManualClock()
    leader = a_contender(client, "a", clock)
    leader.contend()
    clock.sleep(4)
    cluster.faults.hang(0.3, kind="Lease", after_effect=True)

    leader.contend()
    clock.sleep(1)

    assert not leader.leads
    cluster.faults.clear()
    assert leader.contend()


def test_a_renewal_counts_from_before_it_was_sent(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """A slow answer does not lengthen the claim: others count from when they see it."""
    clock = ManualClock()
    leader = Leadership(
        client, LeaseSettings(identity="a"), clock=SteppingClock(clock, step=1.0)
    )  # fmt: skip
    leader.contend()
    moment_of_sending = 1001.0

    clock.time = moment_of_sending + 3.5

    assert leader.leads
    assert not leader.leads


class SteppingClock:
    """Time that moves by itself whenever somebody looks."""

    def __init__(self, clock: ManualClock, *, step: float) -> None:
        self._clock, self._step = clock, step

    def now(self) -> float:
        """Return the time after another step."""
        self._clock.time += self._step
        return self._clock.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._clock.sleep(seconds)


def test_a_clock_that_is_wrong_changes_nothing(client: KubeClient, cluster: ClusterServer) -> None:
    """A holder whose clock is years behind still holds, because it is seen to renew."""
    clock = ManualClock()
    first, second = a_contender(client, "a", clock), a_contender(client, "b", clock)
    first.contend()
    for number in range(20):
        clock.sleep(1)
        patch: Document = {"spec": {"renewTime": f"2001-01-01T00:00:{number:02}.000000Z"}}
        cluster.patch("Lease", DEFAULT_NAME, patch, namespace="kube-system")

        assert not second.contend()


def test_a_released_lease_is_taken_at_once(client: KubeClient, cluster: ClusterServer) -> None:
    """A controller that stops in order does not keep its successor waiting."""
    clock = ManualClock()
    first, second = a_contender(client, "a", clock), a_contender(client, "b", clock)
    first.contend()
    second.contend()

    first.stop()

    with pytest.raises(NotLeader):
        first.check()
    assert not dig(the_spec(cluster), "holderIdentity")
    assert second.contend()


def test_a_release_that_fails_is_no_error(client: KubeClient, cluster: ClusterServer) -> None:
    """Then the Lease runs out by itself; we do not write any more in any case."""
    leader = a_contender(client, "a", ManualClock())
    leader.contend()
    cluster.faults.fail_next(1, kind="Lease")

    leader.stop()

    assert not leader.leads
    assert the_spec(cluster)["holderIdentity"] == "a"


def test_only_one_wins_a_race(client: KubeClient, cluster: ClusterServer) -> None:
    """Many contend at the same moment for a Lease that does not exist, or has run out: one wins."""
    clock = ManualClock()

    for round_ in range(5):
        contenders = [a_contender(client, f"{round_}-{n}", clock) for n in range(4)]
        for contender in contenders if round_ else ():
            contender.contend()  # everybody has seen the old holder's Lease
        clock.sleep(13)
        start = threading.Barrier(len(contenders))

        def race(contender: Leadership, start: threading.Barrier = start) -> None:
            start.wait()
            contender.contend()

        threads = [threading.Thread(target=race, args=(one,)) for one in contenders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(contender.leads for contender in contenders) == 1
        clock.sleep(13)


def test_gain_and_loss_are_told_once(client: KubeClient, cluster: ClusterServer) -> None:
    """Whoever starts and stops workers hears of each change, not of each renewal."""
    clock, told = ManualClock(), list[str]()
    leader = Leadership(
        client,
        LeaseSettings(identity="a", timeouts=Timeouts(connect=0.2, read=0.2)),
        clock=clock,
        on_gain=lambda: told.append("gain"),
        on_loss=lambda: told.append("loss"),
    )

    for broken in (False, False, True, True, False, False):
        if broken:
            cluster.faults.fail_next(2, kind="Lease", status=500)
        leader.contend()
        cluster.faults.clear()
        clock.sleep(3)

    assert told == ["gain", "loss", "gain"]


def test_it_runs_in_its_own_thread(client: KubeClient) -> None:
    """Real time: one leads, is stopped, and the other takes over without waiting it out."""
    first, second = (
        Leadership(
            client,
            LeaseSettings(
                identity=identity, duration=4, renew_deadline=2, retry=0.1,
                timeouts=Timeouts(connect=0.5, read=0.5),
            ),
            clock=RealClock(),
        )
        for identity in ("a", "b")
    )  # fmt: skip
    first.start()
    assert first.wait(5)
    second.start()
    assert not second.wait(0.5)

    first.stop()

    assert second.wait(2)
    second.check()
    second.stop()


def test_a_listener_that_fails_does_not_end_the_loop(
    client: KubeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Leadership is kept up, and the failure is logged, not swallowed."""

    def fail() -> None:
        raise RuntimeError("no workers")

    settings = LeaseSettings(
        identity="a", duration=3, renew_deadline=1, retry=0.05,
        timeouts=Timeouts(connect=0.3, read=0.3),
    )  # fmt: skip
    leader = Leadership(client, settings, clock=RealClock(), on_gain=fail)

    leader.start()
    assert leader.wait(5)
    time.sleep(1.2)

    assert leader.leads
    assert "could not be reported" in caplog.text
    leader.stop()


def test_a_hanging_server_stops_a_leader_in_real_time(
    client: KubeClient, cluster: ClusterServer
) -> None:
    """The kubernetes client's elector writes on for as long as the hang lasts; this one stops."""
    settings = LeaseSettings(
        identity="a", duration=3, renew_deadline=0.8, retry=0.1,
        timeouts=Timeouts(connect=0.3, read=0.3),
    )  # fmt: skip
    leader = Leadership(client, settings, clock=RealClock())
    leader.start()
    assert leader.wait(5)

    cluster.faults.hang(2.0)
    began = time.monotonic()
    while leader.leads:
        time.sleep(0.01)

    assert time.monotonic() - began < 1.0
    cluster.faults.clear()
    leader.stop()


def test_nobody_holds_a_lease_that_is_not_there(client: KubeClient) -> None:
    """``apply`` may go on where no controller has ever run."""
    assert holder(client, LeaseSettings(identity="me"), clock=ManualClock()) == ""


def test_a_living_holder_is_named(client: KubeClient) -> None:
    """It is found out as soon as it renews; ``apply`` then refuses and says who it is."""
    clock = ManualClock()
    controller = a_contender(client, "controller-1", clock)
    controller.contend()

    class Working(ManualClock):
        """A clock in whose every second the controller renews."""

        def sleep(self, seconds: float) -> None:
            """Renew and move on."""
            super().sleep(seconds)
            clock.sleep(seconds)
            controller.contend()

    watching = Working()
    assert holder(client, LeaseSettings(identity="me"), clock=watching) == "controller-1"
    assert watching.now() == 1001


def test_a_dead_holder_does_not_count(client: KubeClient) -> None:
    """It is watched for as long as its Lease lasts and no longer."""
    a_contender(client, "dead", ManualClock()).contend()
    clock = ManualClock()

    assert holder(client, LeaseSettings(identity="me"), clock=clock) == ""
    assert clock.now() - 1000 == 12


def test_we_do_not_stand_in_our_own_way(client: KubeClient) -> None:
    """Our own Lease, and one that was released, are nobody else's."""
    mine = a_contender(client, "me", ManualClock())
    mine.contend()
    assert holder(client, LeaseSettings(identity="me"), clock=ManualClock()) == ""

    mine.stop()
    assert holder(client, LeaseSettings(identity="you"), clock=ManualClock()) == ""


@pytest.mark.parametrize(
    ("duration", "deadline", "retry", "read"),
    [(5, 5, 1, 1), (12, 5, 5, 1), (12, 5, 1, 5), (12, 13, 1, 1)],
)
def test_times_that_cannot_be_safe_are_refused(
    duration: float, deadline: float, retry: float, read: float
) -> None:
    """A request that may outlast the renew deadline would let two lead."""
    with pytest.raises(ConfigError):
        LeaseSettings(
            identity="a", duration=duration, renew_deadline=deadline, retry=retry,
            timeouts=Timeouts(connect=0.1, read=read),
        )  # fmt: skip


def test_the_default_margin_covers_the_longest_call() -> None:
    """Lease 12 s, renew deadline 5 s: 7 s remain, and a call takes 2 + 5 s at most."""
    settings, call = LeaseSettings(identity="a"), Timeouts()

    assert settings.margin >= call.connect + call.read

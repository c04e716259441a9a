"""A real controller beside an embedded cluster, and words to direct both, whatever the cloud."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from provisioner.kube.client import connect
from provisioner.kube.lease import LeaseSettings
from provisioner.kube.live import kube_system_uid
from provisioner.kube.requests import Timeouts
from provisioner.model.settings import Identity, Settings
from provisioner.operator.controller import Rhythm
from provisioner.operator.main import Running, RunOptions
from provisioner.operator.reconcile import Result
from provisioner.ports import CloudTarget, Provider
from provisioner.sandbox.calls import CallRecord
from provisioner.sandbox.cluster.documents import Document, parts, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.e2e.controller.scripts import a_workload, parts_of, text_or_bool

PATIENCE = 20.0
HURRY = 20.0
FINALIZER = "ingress-provisioner.io/resources"
RHYTHM = Rhythm(
    debounce=0.05, verify_retry=0.1, verify=600.0, drift=600.0, grace=2.0, readiness=0.2
)


def until(what: str, holds: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Wait until something is so, or fail saying what was not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about that {what}"
        time.sleep(0.03)


class HurriedClock:
    """A clock that runs fast, so that a cloud's rates for reading do not set the pace of tests."""

    def now(self) -> float:
        return time.monotonic() * HURRY

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / HURRY)


@dataclass(slots=True)
class Heard:
    """What a controller reported of its reconciles."""

    results: list[tuple[str, Result]] = field(default_factory=list)

    def __call__(self, group: str, result: Result) -> None:
        self.results.append((group, result))

    def count(self, group: str) -> int:
        """How often a group was reconciled to its end."""
        return sum(1 for name, _ in self.results if name == group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Troupe:
    """One controller and what it reported."""

    running: Running[object, object]
    heard: Heard

    @property
    def url(self) -> str:
        """Where its probes answer."""
        return f"http://127.0.0.1:{self.running.health.port}"

    def probe(self, path: str = "/readyz") -> tuple[int, str]:
        """Return status and text of a probe."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class Scene(ABC):
    """A cluster, a cloud beside it, and short words for both."""

    def __init__(self, cluster: ClusterServer, folder: Path) -> None:
        self.cluster = cluster
        self.kubeconfig = cluster.kubeconfig(folder / "kubeconfig")

    @abstractmethod
    def target(self, identity: Identity) -> CloudTarget:
        """Return how a controller reaches the cloud."""

    @abstractmethod
    def hurried(self) -> Provider[object, object]:
        """Return the provider that most tests use: it reads faster than the cloud would let us."""

    @property
    @abstractmethod
    def calls(self) -> Sequence[CallRecord]:
        """Every call of the controllers."""

    # -- what every cloud can be asked -----------------------------------------------------------

    ingress_class: str
    """The class that the cluster has for it."""

    waits_as: str
    """What the cloud says of a target that is not healthy yet."""

    @abstractmethod
    def forget_calls(self) -> None:
        """Begin to count anew."""

    @abstractmethod
    def let_health_take(self, seconds: float) -> None:
        """Let new targets be healthy after so long, those that are waiting included."""

    @abstractmethod
    def counts(self) -> Counter[str]:
        """How often each operation changed something."""

    @abstractmethod
    def health_questions(self) -> int:
        """How often somebody asked for the health of targets."""

    @abstractmethod
    def incumbent_gate(self) -> str:
        """The readiness gate that the incumbent controller gives to pods behind our backend."""

    @abstractmethod
    def left(self) -> Collection[str]:
        """What a controller left in the cloud."""

    @abstractmethod
    def rules(self) -> Mapping[str, object]:
        """Where requests go, by host and path."""

    @abstractmethod
    def targets_of(self, service: str, *, state: str = "healthy") -> set[str]:
        """The targets of a Service that are healthy, or ``initial``: not judged yet."""

    @abstractmethod
    def certificates(self) -> Mapping[str, str]:
        """The text of every certificate that clients get, by its id."""

    @abstractmethod
    def certificates_held(self) -> int:
        """How many certificates there are, in use or not."""

    # -- directing the cluster ------------------------------------------------------------------

    def apply(self, *manifests: str) -> None:
        """Apply manifests."""
        for manifest in manifests:
            self.cluster.apply(manifest)

    def serve(self, *names: str, replicas: int = 2) -> None:
        """Let Services exist, with pods behind them that are ready."""
        for name in names:
            self.apply(a_workload(name, replicas=replicas))
        until("pods are ready", lambda: all(len(self.ready(n)) == replicas for n in names))

    def ready(self, service: str) -> set[str]:
        """Addresses of a Service's ready pods."""
        slices = self.cluster.list(
            "EndpointSlice", "shop", labels=f"kubernetes.io/service-name={service}"
        )
        return {
            str(address)
            for found in slices
            for endpoint in parts(found, "endpoints")
            if text_or_bool(endpoint, "conditions", "ready") is True
            for address in parts_of(endpoint, "addresses")
        }

    def ingress(self, name: str = "web") -> Document:
        """One Ingress, {} where it does not exist."""
        return self.cluster.get("Ingress", name, "shop") or {}

    def hostnames(self, name: str = "web") -> list[str]:
        """What the status of an Ingress says."""
        entries = parts(self.ingress(name), "status", "loadBalancer", "ingress")
        return [text(entry, "hostname") or text(entry, "ip") for entry in entries]

    def finalizers(self, name: str = "web") -> list[object]:
        """Finalizers of an Ingress."""
        return parts_of(self.ingress(name), "metadata", "finalizers")

    def reasons(self, name: str = "web") -> Counter[str]:
        """Reasons of the Events on an Ingress, with how often each was seen."""
        found: Counter[str] = Counter()
        for event in self.cluster.list("Event", "shop"):
            if text(event, "involvedObject", "name") == name:
                found[text(event, "reason")] += 1
        return found

    def messages(self, name: str, reason: str) -> list[str]:
        """Texts of the Events with a reason on an Ingress."""
        return [
            text(event, "message")
            for event in self.cluster.list("Event", "shop")
            if text(event, "involvedObject", "name") == name and text(event, "reason") == reason
        ]

    # -- controllers ------------------------------------------------------------------------------

    def options(
        self,
        *,
        name: str = "one",
        rhythm: Rhythm = RHYTHM,
        provider: Provider[object, object] | None = None,
        observer: Heard | None = None,
    ) -> RunOptions[object, object]:
        """Return options of a controller whose every time is short."""
        client = connect(kubeconfig=str(self.kubeconfig), in_cluster=False)
        identity = Identity(cluster_name="demo", cluster_uid=kube_system_uid(client))
        return RunOptions(
            provider=provider or self.hurried(),
            target=self.target(identity),
            settings=Settings(identity=identity, settle_seconds=0.3, health_deadline_seconds=30.0),
            client=client,
            identity=name,
            lease=a_lease(name),
            health_host="127.0.0.1",
            health_port=0,
            rhythm=rhythm,
            wait_seconds=0.6,
            observer=observer or Heard(),
        )

    @contextmanager
    def controller(
        self,
        name: str = "one",
        *,
        rhythm: Rhythm = RHYTHM,
        provider: Provider[object, object] | None = None,
    ) -> Iterator[Troupe]:
        """Run a controller in this process for the length of a block."""
        heard = Heard()
        options = self.options(name=name, rhythm=rhythm, provider=provider, observer=heard)
        running = Running(options)
        running.start()
        try:
            yield Troupe(running=running, heard=heard)
        finally:
            running.stop()
            options.client.close()

    def until_at_rest(self, troupe: Troupe, *, seconds: float = 0.5) -> None:
        """Wait until a controller has had nothing to do and called nobody for a while."""
        deadline = time.monotonic() + PATIENCE
        seen, since = len(self.calls), time.monotonic()
        while time.monotonic() - since < seconds:
            assert time.monotonic() < deadline, "the controller does not come to rest"
            time.sleep(0.02)
            if len(self.calls) != seen or not troupe.running.controller.idle:
                seen, since = len(self.calls), time.monotonic()

    def until_settled(self, troupe: Troupe, *names: str) -> None:
        """Wait until Ingresses have an address and the controller is at rest."""
        for name in names or ("web",):
            until(f"Ingress {name} has an address", partial(self.hostnames, name))
        self.until_at_rest(troupe)

    def sync(self, troupe: Troupe, name: str = "web", group: str | None = None) -> None:
        """Touch an Ingress without changing its meaning, and wait until that was worked on."""
        group = group or f"shop/{name}"
        before = troupe.heard.count(group)
        note = f"{time.monotonic_ns()}"
        self.cluster.patch(
            "Ingress", name, {"metadata": {"annotations": {"note": note}}}, namespace="shop"
        )
        until("the touch was noticed", lambda: troupe.heard.count(group) > before)


def a_lease(identity: str) -> LeaseSettings:
    """Return Lease settings with short times."""
    return LeaseSettings(
        identity=identity,
        duration=3.0,
        renew_deadline=1.5,
        retry=0.2,
        timeouts=Timeouts(connect=0.5, read=0.5),
    )

"""A cluster's files and a cloud account side by side, and short words for planning and applying.

Everything goes through the parts that the commands use (``wiring``, the engine); time is the
cloud's own, so that waiting minutes takes no time.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from provisioner import wiring
from provisioner.engine.applying import Applier, Outcome, Settling, Status
from provisioner.kube.manifests import read_manifests
from provisioner.model.change import Action, Call
from provisioner.model.plan import Plan
from provisioner.model.settings import Identity, Settings
from provisioner.ports import Writer
from tests.contract.provider import manifests
from tests.contract.provider.manifests import Document, key_of
from tests.contract.provider.under_test import CLUSTER_NAME, AccountUnderTest, CloudUnderTest

IDENTITY = Identity(cluster_name=CLUSTER_NAME, cluster_uid="c-1")


class Killed(BaseException):
    """The process has died: nothing of ours catches this."""


class DyingWriter:
    """A writer whose process is killed once it has made so many calls."""

    def __init__(self, inner: Writer, calls: int) -> None:
        self._inner = inner
        self._left = calls
        self._lock = threading.Lock()

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        """Make the call and die if it was the last one; the dead send nothing."""
        with self._lock:
            if self._left <= 0:
                raise Killed
            answer = self._inner.send(call, parameters)
            self._left -= 1
            if self._left == 0:
                raise Killed
            return answer


@dataclass(slots=True)
class Shelf:
    """One cluster as files.

    Attributes:
        cloud: The account whose nodes and pods the cluster has.
        folder: Where the files go.
        documents: The cluster's objects, by ``key_of``.
    """

    cloud: AccountUnderTest
    folder: Path
    documents: dict[str, Document] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The one file that holds every object."""
        return self.folder / "cluster.yaml"

    def furnish(self, *services: str, pods: int = 2) -> None:
        """Add the account's nodes, and Services with so many ready pods each."""
        for machine in self.cloud.machines:
            self.put(manifests.node(machine))
        for index, name in enumerate(services or ("web",)):
            self.put(manifests.service(name, node_port=30080 + index))
            self.scale(name, pods, first=index * 4)

    def scale(self, name: str, pods: int, *, first: int = 0) -> None:
        """Give a Service so many ready pods."""
        self.put(manifests.endpoints(name, self.cloud.pods[first : first + pods]))

    def put(self, *documents: Document) -> None:
        """Add or replace objects; an Ingress without a class gets the cloud's."""
        for document in documents:
            made = copy.deepcopy(document)
            spec = made.get("spec")
            if isinstance(spec, dict) and spec.get("ingressClassName") == "":
                spec["ingressClassName"] = self.cloud.ingress_class
            self.documents[key_of(made)] = made
        self.write()

    def drop(self, *keys: str) -> None:
        """Remove objects."""
        for key in keys:
            del self.documents[key]
        self.write()

    def write(self, order: Callable[[list[Document]], list[Document]] = list) -> None:
        """Write the file, the objects in the order given or in another one."""
        texts = [json.dumps(document) for document in order(list(self.documents.values()))]
        self.file.write_text("\n---\n".join(texts), encoding="utf-8")


@dataclass(slots=True)
class Desk(Shelf):
    """One cluster as files, applied to one account in an embedded cloud.

    Attributes:
        settings: Durations are those of the product's defaults.
        settling: What the process remembers.
        approved: Digests that somebody has approved.
    """

    cloud: CloudUnderTest
    settings: Settings = field(default_factory=lambda: Settings(identity=IDENTITY))
    settling: Settling = field(default_factory=Settling)
    approved: frozenset[str] = frozenset()

    def plan(self) -> Plan:
        """Plan as ``provisioner plan --no-cluster -f`` does, and check the shape of every value."""
        snapshot = replace(read_manifests([self.file], whole=True).snapshot, complete=True)
        provider = wiring.load_provider(self.cloud.name)
        reader = self.cloud.open_reader(self.settings.identity)
        plan = wiring.planner(provider, reader, self.settings).plan(
            snapshot, approved=self.approved
        )
        problems = list(self.cloud.misshapen(plan))
        assert not problems, problems
        return plan

    def apply(self, plan: Plan | None = None, *, dies_after: int = 0) -> Outcome:
        """Carry a plan out, with patience, on the cloud's clock."""
        plan = plan if plan is not None else self.plan()
        writer = self.cloud.open_writer(self.settings.identity, wiring.OpenFence())
        applier = Applier(
            self.cloud.open_reader(self.settings.identity),
            DyingWriter(writer, dies_after) if dies_after else writer,
            self.settings,
            self.cloud.clock,
            settling=self.settling,
        )
        return applier.run(plan, patient=True)

    def converge(self) -> Plan:
        """Apply, and hold the product to its word: what it did is what it printed, and all of it.

        Returns the plan that was carried out.
        """
        plan = self.plan()
        self.cloud.forget_calls()
        failed = failures(self.apply(plan))
        assert not failed, failed
        made, announced = self.cloud.mutating(), calls_of(plan)
        assert made == announced, (made - announced, announced - made)
        self.assert_at_rest()
        return plan

    def assert_at_rest(self) -> None:
        """A second plan is empty, and making it changed nothing."""
        self.cloud.forget_calls()
        changes = changes_of(self.plan())
        assert not changes, changes
        assert not self.cloud.mutating(), self.cloud.mutating()

    def restart(self) -> None:
        """Forget what a process remembers."""
        self.settling = Settling()

    def clear_out(self) -> None:
        """Delete every Ingress, apply, and hold that nothing at all is left in the account."""
        self.drop(*[key for key in self.documents if key.startswith("Ingress ")])
        failed = failures(self.apply())
        assert not failed, failed
        left = self.cloud.leftovers()
        assert not left, left


def calls_of(plan: Plan) -> Counter[str]:
    """Return the multiset of mutating calls that a plan announces."""
    announced: Counter[str] = Counter()
    for part in plan.parts:
        for step in part.steps if part.applyable else ():
            announced.update(dict(step.counts))
    return announced


def changes_of(plan: Plan) -> dict[str, str]:
    """Return what a plan changes: step id -> action."""
    return {step.id: step.action.value for step in plan.steps if step.action is not Action.NOOP}


def failures(outcome: Outcome) -> list[str]:
    """Return everything that did not end well."""
    return [
        f"{result.step.id}: {result.status.value} {result.detail} {result.error or ''}".rstrip()
        for result in outcome.results.values()
        if result.status is not Status.DONE
    ]

"""Promises about several controllers: one writes, the others stand by and take over."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest

from providers.aws.account import Facts, Wanted
from provisioner.model.change import Call
from provisioner.ports import CloudTarget, Fence, Provider, Reader, Writer
from tests.e2e.controller.scripts import an_ingress
from tests.e2e.controller.stagehand import HurriedProvider, Stage, until

pytestmark = pytest.mark.slow


@dataclass(slots=True)
class Ledger:
    """Who sent which call, from when to when."""

    entries: list[tuple[str, str, float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def writers(self) -> list[str]:
        """The writers in the order of their calls, each named once per turn."""
        turns: list[str] = []
        for who, *_ in sorted(self.entries, key=lambda entry: entry[2]):
            if not turns or turns[-1] != who:
                turns.append(who)
        return turns


class SigningWriter:
    """Passes calls on and notes who sent those that were let through."""

    def __init__(self, who: str, ledger: Ledger, inner: Writer) -> None:
        self._who, self._ledger, self._inner = who, ledger, inner

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        began = time.monotonic()
        outputs = self._inner.send(call, parameters)
        with self._ledger.lock:
            self._ledger.entries.append((self._who, call.operation, began, time.monotonic()))
        return outputs


class SigningProvider(HurriedProvider):
    """The AWS provider, with a signature under every call that writes."""

    def __init__(self, who: str, ledger: Ledger) -> None:
        super().__init__()
        self._who, self._ledger = who, ledger

    def open_writer(
        self, target: CloudTarget, fence: Fence, reader: Reader[Wanted, Facts]
    ) -> Writer:
        return SigningWriter(self._who, self._ledger, super().open_writer(target, fence, reader))


def signing(who: str, ledger: Ledger) -> Provider[object, object]:
    provider: object = SigningProvider(who, ledger)
    return provider  # type: ignore[return-value]  # whoever wires it need not know its facts


def _serves(stage: Stage, count: int) -> bool:
    return len(stage.targets_of("web")) == count


def test_only_the_leader_writes_and_its_release_hands_over(stage: Stage) -> None:
    """The standby has a warm cache and is ready; it begins when the Lease is given up."""
    stage.serve("web", "api")
    ledger = Ledger()
    with stage.controller("two", provider=signing("two", ledger)) as second:
        until("two leads", lambda: second.running.leadership.leads)
        with stage.controller("one", provider=signing("one", ledger)) as standby:
            until("the standby is ready", lambda: standby.probe()[0] == 200)
            stage.apply(an_ingress())
            stage.until_settled(second)
            assert set(ledger.writers()) == {"two"}
            assert standby.heard.results == []

            second.running.controller.stop()
            second.running.leadership.stop()
            stage.apply(an_ingress("api", paths={"/": "api"}))
            until("the standby serves it", lambda: stage.hostnames("api"))

    assert ledger.writers() == ["two", "one"]


def test_a_leader_that_is_cut_off_stops_before_the_next_begins(stage: Stage) -> None:
    """It cannot renew: its last call has ended when the standby's first begins."""
    stage.serve("web", "api")
    ledger = Ledger()
    with stage.controller("one", provider=signing("one", ledger)) as leader:
        stage.apply(an_ingress())
        stage.until_settled(leader)
        with stage.controller("two", provider=signing("two", ledger)) as standby:
            until("the standby is ready", lambda: standby.probe()[0] == 200)

            leader.running.leadership._stopping.set()  # its renewals stop, as if it were cut off
            for replicas in (3, 4, 5, 1):
                stage.cluster.scale("Deployment", "web", replicas, namespace="shop")
                until("pods follow", partial(_serves, stage, replicas))
            until("the standby leads", lambda: standby.running.leadership.leads)
            assert not leader.running.leadership.leads
            stage.cluster.scale("Deployment", "web", 3, namespace="shop")
            until("pods follow again", lambda: len(stage.targets_of("web")) == 3)

    assert ledger.writers() == ["one", "two"]
    last = max(end for who, _, _, end in ledger.entries if who == "one")
    first = min(begin for who, _, begin, _ in ledger.entries if who == "two")
    assert last < first


def test_a_hanging_api_server_closes_the_fence_and_nothing_is_lost(stage: Stage) -> None:
    """What changed while nobody could renew the Lease is caught up with afterwards."""
    stage.serve("web")
    with stage.controller() as troupe:
        stage.apply(an_ingress())
        stage.until_settled(troupe)

        stage.cluster.faults.hang(4.0, kind="Lease")
        until("the fence is shut", lambda: not troupe.running.leadership.leads)
        stage.cloud.calls.clear()
        stage.cluster.scale("Deployment", "web", 4, namespace="shop")
        until("four are ready", lambda: len(stage.ready("web")) == 4)
        assert troupe.running.leadership.leads or stage.writes == []

        until("four are registered", lambda: len(stage.targets_of("web")) == 4)

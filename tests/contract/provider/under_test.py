"""What the contract asks of a cloud before it can be held to it.

The promises in this folder are the same for every provider. Whatever differs is behind
``CloudUnderTest``: an emulated account, its knobs, and an independent look at what is in it that
uses the cloud's plain SDK and nothing of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from provisioner.model.plan import Plan
from provisioner.model.resource import Json
from provisioner.model.settings import Identity
from provisioner.ports import Clock, CloudTarget, Fence, Reader, Writer

ROOT = Path(__file__).parents[3]
CLUSTER_NAME = "contract"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A node of the account."""

    name: str
    provider_id: str
    zone: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """An address that the account knows as a pod's."""

    address: str
    node: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How slow the cloud is, in seconds of its own clock."""

    provisioning: float = 0.0
    health: float = 0.0
    draining: float = 0.0
    linger: float = 0.0
    lag: float = 0.0


class CloudUnderTest(Protocol):
    """An emulated account of one cloud, and how to look at it without us."""

    name: str
    ingress_class: str
    account_file: Path
    rule_limit: str
    """The name of the limit on rules per load balancer."""
    machines: tuple[Machine, ...]
    pods: tuple[Pod, ...]
    clock: Clock
    """The cloud's clock; sleeping on it takes no time."""
    url: str
    environment: Mapping[str, str]
    """What a process needs to reach the account."""
    examples: Mapping[str, Callable[[Json], None]]
    """Folder under tests/data/examples -> check of the plan of its manifests, as JSON."""

    def target(self, identity: Identity) -> CloudTarget: ...

    def open_reader(self, identity: Identity) -> Reader[object, object]: ...

    def open_writer(self, identity: Identity, fence: Fence) -> Writer: ...

    def reset(self) -> None: ...

    def slow(self, pace: Pace) -> None: ...

    def limit_rules(self, value: int) -> None: ...

    def sicken(self, target: str) -> None: ...

    def mutating(self) -> Counter[str]: ...

    def forget_calls(self) -> None: ...

    def kill_after(self, calls: int, callback: Callable[[], None]) -> None: ...

    def lose_response(self, operation: str, *, skip: int) -> None: ...

    def throttle(self, operation: str) -> None: ...

    def deny_writes(self) -> None: ...

    def deny(self, operation: str) -> None: ...

    def clear_faults(self) -> None: ...

    @property
    def reading_operations(self) -> Sequence[str]: ...

    def leftovers(self) -> Mapping[str, Sequence[str]]: ...

    def addresses(self) -> frozenset[str]: ...

    def gone_with(self, address: str, gone: frozenset[str]) -> bool: ...

    def delete_by_hand(self, addresses: Sequence[str]) -> frozenset[str]: ...

    def spoil_by_hand(self) -> str: ...

    def delete_a_rule_by_hand(self) -> str: ...

    def misshapen(self, plan: Plan) -> Sequence[str]: ...

    def misread(self, plan: Json) -> Sequence[str]: ...

    def healthy_targets(self, group: str) -> Mapping[str, Sequence[str]]: ...

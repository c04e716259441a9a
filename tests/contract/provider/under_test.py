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
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a cloud calls the things that every cloud has."""

    front: str
    """The kind that a load balancer of one port has one of."""
    rules: str
    """The kind that holds the rules of an Ingress."""
    entrance: str
    """The kind in the address of a port that is listened on."""
    certificate_field: str
    """The field that is told where a host has no certificate."""
    mistyped: tuple[str, str]
    """A native annotation with a typing error, and what was meant."""
    counted: str
    """What limits of the load balancer "{group}" are counted for, one in each generation of it."""


class AccountUnderTest(Protocol):
    """An emulated account of one cloud, and how to look at it without us."""

    name: str
    ingress_class: str
    url: str
    machines: tuple[Machine, ...]
    pods: tuple[Pod, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to reach the account."""
        ...

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a load balancer controller could have left behind, by kind."""
        ...

    def addresses(self) -> frozenset[str]:
        """Return the logical address of everything that carries our mark."""
        ...

    def gone_with(self, address: str, gone: frozenset[str]) -> bool:
        """Tell whether something without a mark of its own went with what is gone."""
        ...

    def delete_by_hand(self, addresses: Sequence[str]) -> frozenset[str]:
        """Delete these as far as the cloud lets one; return every address that is gone."""
        ...

    def spoil_by_hand(self) -> str:
        """Change one setting of one resource; return its address."""
        ...

    def delete_a_rule_by_hand(self) -> str:
        """Delete one rule; return the address of what it is in the plan."""
        ...


class CloudUnderTest(AccountUnderTest, Protocol):
    """An account in an embedded cloud, with the knobs of that cloud."""

    account_file: Path
    words: Words
    rule_limit: str
    """The name of the limit on what a member takes most of: rules, or hosts of a URL map."""
    rules_at_most: int
    """That limit in an account where nobody has raised it."""
    https: Mapping[str, str]
    """Annotations of an Ingress with HTTP and HTTPS, with a certificate that exists."""
    repairs_a_rule: str
    """What a plan does about a rule that somebody deleted: whether it is a resource differs."""
    kinds_of_all: frozenset[str]
    """Kinds that hold rules of all members of a load balancer in one resource."""
    sends_again: bool
    """Whether a call may be sent again when its answer was lost, because the cloud knows it."""

    @property
    def clock(self) -> Clock:
        """The cloud's clock; sleeping on it takes no time."""
        ...

    @property
    def examples(self) -> Mapping[str, Callable[[Json], None]]:
        """Folder under tests/data/examples -> check of the plan of its manifests, as JSON."""
        ...

    @property
    def reading_operations(self) -> Sequence[str]:
        """Operations that planning may use."""
        ...

    @property
    def pod_addresses(self) -> PodAddresses:
        """Where an embedded cluster gets addresses for its pods."""
        ...

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the account."""
        ...

    def open_reader(self, identity: Identity) -> Reader[object, object]:
        """Return a fresh reader on the cloud's clock."""
        ...

    def open_writer(self, identity: Identity, fence: Fence) -> Writer:
        """Return a fresh writer on the cloud's clock."""
        ...

    def rules(self) -> int:
        """Return how much is used of what ``rule_limit`` counts, in all load balancers."""
        ...

    def reset(self) -> None:
        """Empty the account but for its network, every knob at its default."""
        ...

    def slow(self, pace: Pace) -> None:
        """Let things take their time."""
        ...

    def limit_rules(self, value: int) -> None:
        """Set the account's limit on rules per load balancer."""
        ...

    def limit_load_balancers(self, value: int) -> None:
        """Set the account's limit on load balancers."""
        ...

    def sicken(self, machine: Machine) -> None:
        """Let a machine fail its health checks, not the pods on it."""
        ...

    def mutating(self) -> Counter[str]:
        """Return how often each operation has changed something."""
        ...

    def forget_calls(self) -> None:
        """Forget every call so far."""
        ...

    def kill_after(self, calls: int, callback: Callable[[], None]) -> None:
        """Run ``callback`` once so many calls have changed something."""
        ...

    def lose_response(self, operation: str, *, skip: int) -> None:
        """Carry a call out and cut the line instead of answering."""
        ...

    def throttle(self, operation: str) -> None:
        """Refuse the next call of an operation as too fast."""
        ...

    def deny_writes(self) -> None:
        """Refuse everything that does not only read."""
        ...

    def deny(self, operation: str) -> None:
        """Refuse one operation."""
        ...

    def clear_faults(self) -> None:
        """Take every fault away."""
        ...

    def misshapen(self, plan: Plan) -> Sequence[str]:
        """Return every planned value and call that the cloud's own API description refuses."""
        ...

    def misread(self, plan: Json) -> Sequence[str]:
        """Compare a plan's creations, field by field, with what the plain SDK reads."""
        ...

    def healthy_targets(self, group: str) -> Mapping[str, Sequence[str]]:
        """Return the healthy targets that each rule of a load balancer reaches."""
        ...

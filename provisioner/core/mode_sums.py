"""The arithmetic of target modes: what each would use of a load balancer's room for targets.

Node ports spend nodes per backend, so Services multiply; pods spend pods. The sums are over
maximum counts, because a load balancer that is full when everything scales up is full when it
matters. Where a count cannot be known, a sum is a range with an open end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import assert_never

from provisioner.model.expression import ModeRoom
from provisioner.model.intent import BackendId, BackendIntent, TargetMode
from provisioner.model.plan import ModeSum

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A count that lies between two numbers; ``high`` None: nobody can tell here."""

    low: int
    high: int | None

    def __add__(self, other: Span) -> Span:
        known = self.high is not None and other.high is not None
        high = (self.high or 0) + (other.high or 0) if known else None
        return Span(low=self.low + other.low, high=high)

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low} or more"
        return str(self.high) if self.low == self.high else f"{self.low} to {self.high}"

    @property
    def worst(self) -> int:
        """The number to plan with: the upper end where it is known."""
        return self.low if self.high is None else self.high


NOTHING = Span(low=0, high=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What an assignment of modes uses: over the load balancer, and by its biggest backend."""

    targets: Span
    largest: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """The counts that sums are made of.

    Attributes:
        room: The limits, and what a cloud rules out.
        nodes: Eligible nodes where a backend's own list is not known, None where nobody knows.
        growth: Factor on the node count.
        pods_routable: What to believe of pods that do not exist yet, None: assume yes.
    """

    room: ModeRoom
    nodes: int | None
    growth: float
    pods_routable: bool | None

    def use(self, backend: BackendIntent, mode: TargetMode) -> Span:
        """Return how many targets a backend is in a mode."""
        match mode:
            case TargetMode.POD:
                return _pods(backend)
            case TargetMode.NODE_PORT:
                return self._nodes(backend)
            case _:
                assert_never(mode)

    def total(
        self, backends: Sequence[BackendIntent], modes: Mapping[BackendId, TargetMode]
    ) -> Total:
        """Return what backends use together; those without a mode use nothing."""
        spans = [self.use(b, modes[b.id]) for b in backends if b.id in modes]
        targets = sum(spans, NOTHING)
        unknown = any(s.high is None for s in spans)
        largest = Span(
            low=max((s.low for s in spans), default=0),
            high=None if unknown else max((s.worst for s in spans), default=0),
        )
        return Total(targets=targets, largest=largest)

    def fits(self, total: Total, *, share: float = 1.0) -> bool:
        """Tell whether a total stays within a share of both limits, as far as anyone can tell."""
        return (
            total.targets.worst <= self.room.targets_limit * share
            and total.largest.worst <= self.room.largest_limit * share
        )

    def impossible(self, backend: BackendIntent, mode: TargetMode) -> str:
        """Return why a backend cannot have a mode, "" where it can.

        Having no nodes at the moment is not a reason: a cluster that scales from zero keeps its
        modes.
        """
        match mode:
            case TargetMode.POD:
                return self._no_pods(backend)
            case TargetMode.NODE_PORT:
                return self._no_node_ports(backend)
            case _:
                assert_never(mode)

    def sum(
        self,
        mode: TargetMode,
        backends: Sequence[BackendIntent],
        *,
        fixed: Mapping[BackendId, TargetMode],
    ) -> ModeSum:
        """Return the sum for a mode: of every backend that has no fixed one, plus the rest."""
        free = [b for b in backends if b.id not in fixed]
        modes = {**{b.id: mode for b in free}, **fixed}
        total = self.total(backends, modes)
        others = self.total([b for b in backends if b.id in fixed], fixed).targets
        reasons = [reason for b in free if (reason := self.impossible(b, mode))]
        words = self._words(mode, free)
        return ModeSum(
            mode=mode,
            targets=(total.targets.low, total.targets.high),
            largest=(total.largest.low, total.largest.high),
            targets_limit=self.room.targets_limit,
            largest_limit=self.room.largest_limit,
            arithmetic=f"{words} + {others} by explicit modes" if fixed else words,
            impossible=reasons[0] if reasons else self._nobody(mode, free),
        )

    def near(self, total: Total, share: float) -> bool:
        """Tell whether a total reaches a share of one of the limits."""
        return (
            total.targets.worst >= self.room.targets_limit * share
            or total.largest.worst >= self.room.largest_limit * share
        )

    def _nobody(self, mode: TargetMode, backends: Sequence[BackendIntent]) -> str:
        """Return why a mode is out although each backend could have it: there are no nodes."""
        none = bool(backends) and all(self._nodes(b).high == 0 for b in backends)
        return "no node is eligible" if mode is TargetMode.NODE_PORT and none else ""

    def _nodes(self, backend: BackendIntent) -> Span:
        nodes = self.nodes if backend.nodes is None else len(backend.nodes)
        if nodes is None:
            return Span(low=0, high=None)
        grown = ceil(nodes * self.growth)
        return Span(low=grown, high=grown)

    def _no_pods(self, backend: BackendIntent) -> str:
        if (reason := self.room.pod_impossible.get(backend.id)) is not None:
            return reason
        if not backend.pods and self.pods_routable is False:
            return "pod addresses are declared not to be reachable"
        return ""

    def _no_node_ports(self, backend: BackendIntent) -> str:
        if (reason := self.room.node_port_impossible.get(backend.id)) is not None:
            return reason
        if not backend.can_node_port:
            return f"Service {backend.id.service} has no node port"
        return ""

    def _words(self, mode: TargetMode, backends: Sequence[BackendIntent]) -> str:
        spans = [self.use(b, mode) for b in backends]
        if mode is TargetMode.POD:
            return f"{_addends([str(s) for s in spans])} pods"
        sizes = {str(s) for s in spans}
        services = f"{len(spans)} Service{'' if len(spans) == 1 else 's'}"
        if len(sizes) > 1:
            return f"{_addends([str(s) for s in spans])} nodes"
        known = bool(spans) and spans[0].high is not None
        each = f"{services} x {sizes.pop() if known else 'an unknown number of'} nodes"
        return f"{each} (growth {self.growth:g} included)" if known and self.growth != 1 else each


def _pods(backend: BackendIntent) -> Span:
    count = backend.count
    if count.ready is None and not count.maximum:
        return Span(low=0, high=None)
    return Span(low=count.maximum, high=count.maximum)


def _addends(numbers: Sequence[str]) -> str:
    if not numbers:
        return "0"
    shown = " + ".join(numbers[:_SHOWN])
    rest = len(numbers) - _SHOWN
    return f"{shown} + {rest} more Services:" if rest > 0 else shown

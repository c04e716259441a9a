"""The plan: everything that would happen, who it is for, what it rests on, and its digest.

It is pure data. The core computes it, renderers print it, the engine walks it; nobody edits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.model.approval import Approval, Succession
from provisioner.model.change import Action, Step
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import BackendId, Quarantined, TargetMode
from provisioner.model.kube import Key
from provisioner.model.limits import Usage
from provisioner.model.resource import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSum:
    """What one target mode would use, and whether it is possible at all.

    ``targets`` is the sum over the load balancer as (low, high): equal where everything is known.
    ``largest`` likewise for its biggest target group. ``impossible`` says why, "" if possible.
    """

    mode: TargetMode
    targets: tuple[int, int | None]  # high None: cannot be known here
    largest: tuple[int, int | None]
    targets_limit: int
    largest_limit: int
    arithmetic: str  # "3 Services x 2 nodes", "5 + 3 pods"
    impossible: str = ""

    @property
    def fits(self) -> bool:
        """Possible, and within both limits as far as anyone can tell here."""
        return (
            not self.impossible
            and (self.targets[1] or self.targets[0]) <= self.targets_limit
            and (self.largest[1] or self.largest[0]) <= self.largest_limit
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendMode:
    """The mode of one backend and who decided it. None: known after apply."""

    backend: BackendId
    mode: TargetMode | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeDecision:
    """How traffic reaches the pods of one load balancer, and the arithmetic behind it."""

    mode: str  # "pod", "node-port", "mixed" or "" (known after apply, or no backends)
    reason: str
    considered: tuple[ModeSum, ...]
    backends: tuple[BackendMode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancerPlan:
    """One load balancer's part of a plan (or the ``shared`` part: no members, no mode).

    ``approval`` is what a person has to agree to, or has agreed to; ``succession`` is there while
    one load balancer takes over from another. ``lacks`` are addresses of the shared part that it
    would use and that cannot be applied: it cannot be applied before them.
    """

    group: str
    digest: str
    applyable: bool
    ingresses: tuple[Key, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    kept: tuple[Key, ...] = ()  # not in your files: rules kept as they are
    mode: ModeDecision | None = None
    steps: tuple[Step, ...] = ()
    usages: tuple[Usage, ...] = ()
    resources: tuple[Resource, ...] = ()
    approval: Approval | None = None
    succession: Succession | None = None
    lacks: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action is not Action.NOOP)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file the plan was made from: its path as given and the SHA-256 of what it held."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a plan was made from, enough to make it again."""

    files: tuple[InputFile, ...] = ()
    cluster: str = ""  # kubeconfig context, "in-cluster", or "" for none
    account_file: InputFile | None = None
    options: tuple[tuple[str, str], ...] = ()  # settings that change a plan, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that would happen.

    ``applyable`` is False where something could not be resolved here or rests on an account file;
    ``load_balancers`` are in group order. ``outputs`` are what Refs to existing resources stand for
    (ids, ARNs), by address; they are for the engine and are not printed.
    """

    provider: str
    cluster_name: str
    digest: str
    applyable: bool
    load_balancers: tuple[LoadBalancerPlan, ...]
    shared: LoadBalancerPlan
    inputs: Inputs = field(default_factory=Inputs)
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def parts(self) -> tuple[LoadBalancerPlan, ...]:
        """The shared part and every load balancer."""
        return (self.shared, *self.load_balancers)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of every part."""
        return tuple(step for part in self.parts for step in part.steps)

    @property
    def has_changes(self) -> bool:
        """Whether anything would be written."""
        return any(part.changes for part in self.parts)

"""The JSON that others read: Structs for plans, resources and limits, in their published order.

These shapes are an API. A field may be added in 1.x; renaming, removing or giving one another
meaning makes it 2.0. docs/reference/plan.schema.json is generated from here. ``documents.py``
fills them, ``saved.py`` reads them back.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

FORMAT_VERSION: Final = "1.0"

ActionName: TypeAlias = Literal["create", "update", "replace", "delete", "noop"]
WaitName: TypeAlias = Literal["active", "healthy", "settled", "drained"]
SeverityName: TypeAlias = Literal["error", "warning", "info"]
ModeName: TypeAlias = Literal["pod", "node-port"]


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of every document part: camelCase on the wire, immutable here."""


class DiagnosticWire(Wire, frozen=True, kw_only=True):
    """Something that is wrong, or that a person should know."""

    severity: SeverityName
    code: Annotated[str, _about("Stable; see the reference page of diagnostics.")]
    subject: Annotated[str, _about("The object, as a person would name it: Ingress shop/web.")]
    field: Annotated[str, _about("The place inside the object; empty if it is about all of it.")]
    message: str
    hint: Annotated[str, _about("One way out; may be empty.")]


class CallWire(Wire, frozen=True, kw_only=True):
    """How often a step calls one mutating operation of the cloud's API."""

    operation: str
    count: int


class FieldWire(Wire, frozen=True, kw_only=True):
    """One top-level field of a resource before and after, in the cloud API's own spelling."""

    path: str
    before: Annotated[
        msgspec.Raw, _about('null where it was absent; {"ref": ...} for a reference.')
    ]
    after: Annotated[msgspec.Raw, _about("null where it will be absent, or is not known yet.")]
    known_after_apply: Annotated[
        bool, _about("Some part of after is null because only the cluster or the cloud can tell.")
    ]


class StepWire(Wire, frozen=True, kw_only=True):
    """A change of one resource, or one stage of it."""

    id: str
    action: ActionName
    kind: Annotated[str, _about("The cloud's own word: TargetGroup.")]
    address: Annotated[str, _about("Logical and stable: aws:target-group/shop/web/web:80/pod.")]
    name: Annotated[str, _about("The physical name; empty where the kind has none.")]
    ingresses: list[str]
    reason: str
    calls: list[CallWire]
    changes: list[FieldWire]
    after: Annotated[list[str], _about("Ids of the steps that must be complete first.")]
    wait: Annotated[WaitName | None, _about("What must then be true of the cloud as well.")]


class LimitWire(Wire, frozen=True, kw_only=True):
    """How much of one limit is used."""

    name: Annotated[str, _about("The cloud's name of the limit.")]
    used: Annotated[int, _about("After the plan.")]
    peak: Annotated[int, _about("At the worst moment between two steps.")]
    limit: int
    source: Literal["account", "default"]
    adjustable: bool
    subject: Annotated[str, _about("What it is counted over: load balancer shop/web.")]


class RangeWire(Wire, frozen=True, kw_only=True):
    """A number that may not be known exactly here."""

    low: int
    high: Annotated[int | None, _about("null: cannot be known here.")]


class ModeSumWire(Wire, frozen=True, kw_only=True):
    """What one target mode would use."""

    mode: ModeName
    fits: bool
    targets: RangeWire
    targets_limit: int
    largest: Annotated[RangeWire, _about("Targets of the largest target group.")]
    largest_limit: int
    arithmetic: str
    impossible: Annotated[str, _about("Why the mode cannot work; empty if it can.")]


class BackendModeWire(Wire, frozen=True, kw_only=True):
    """The target mode of one backend."""

    ingress: str
    service: str
    port: str
    mode: Annotated[ModeName | None, _about("null: known after apply.")]
    source: Annotated[str, _about("Who decided.")]


class TargetModeWire(Wire, frozen=True, kw_only=True):
    """How traffic reaches the pods, and why."""

    mode: Annotated[
        Literal["pod", "node-port", "mixed"] | None,
        _about("null: known after apply, or there are no backends."),
    ]
    reason: str
    considered: list[ModeSumWire]
    backends: list[BackendModeWire]


class QuarantinedWire(Wire, frozen=True, kw_only=True):
    """Something that a blocking diagnostic took out of the plan."""

    ingress: str
    path: Annotated[str, _about("The field path of the rule; empty for the whole Ingress.")]
    diagnostic: Annotated[str, _about("The code of the diagnostic.")]


class ApprovalWire(Wire, frozen=True, kw_only=True):
    """A decision that is left to people."""

    needed: Annotated[
        bool, _about("true: nobody has approved yet; false: the plan does what was approved.")
    ]
    digest: Annotated[str, _about("What an approval names.")]
    reason: str


class LoadBalancerWire(Wire, frozen=True, kw_only=True):
    """One load balancer's part of a plan."""

    group: str
    digest: str
    applyable: bool
    ingresses: list[str]
    quarantined: list[QuarantinedWire]
    target_mode: TargetModeWire | None
    steps: list[StepWire]
    limits: list[LimitWire]
    kept: Annotated[
        list[str], _about("Ingresses that are not in your files and whose rules are kept.")
    ] = []
    approval: Annotated[
        ApprovalWire | None, _about("What would be done, or is done, with somebody's approval.")
    ] = None


class SharedWire(Wire, frozen=True, kw_only=True):
    """What several load balancers share."""

    digest: str
    applyable: bool
    steps: list[StepWire]
    limits: list[LimitWire]


class SummaryWire(Wire, frozen=True, kw_only=True):
    """How many steps of each action the plan has, over all its parts."""

    create: int
    update: int
    replace: int
    delete: int
    noop: int


class InputFileWire(Wire, frozen=True, kw_only=True):
    """A file that the plan was made from."""

    path: str
    sha256: str


class InputsWire(Wire, frozen=True, kw_only=True):
    """What the plan was made from, enough to make it again."""

    files: list[InputFileWire]
    cluster: Annotated[str, _about("The kubeconfig context; empty for none.")]
    account_file: InputFileWire | None
    options: Annotated[dict[str, str], _about("Settings that change a plan, by name.")]


class PlanWire(Wire, frozen=True, kw_only=True):
    """A plan of Ingress Provisioner."""

    format_version: Annotated[str, msgspec.Meta(pattern=r"^1\.[0-9]+$")]
    provider: str
    cluster_name: str
    inputs: InputsWire
    digest: str
    applyable: bool
    summary: SummaryWire
    load_balancers: list[LoadBalancerWire]
    shared: SharedWire
    diagnostics: list[DiagnosticWire]


class ResourceWire(Wire, frozen=True, kw_only=True):
    """A desired resource."""

    kind: str
    address: str
    name: Annotated[str | None, _about("null: known after apply; empty: the kind has no name.")]
    ingresses: list[str]
    spec: dict[str, msgspec.Raw]


class RenderedWire(Wire, frozen=True, kw_only=True):
    """The desired resources of one load balancer."""

    group: str
    resources: list[ResourceWire]


class RenderWire(Wire, frozen=True, kw_only=True):
    """What ``provisioner render`` prints."""

    format_version: str
    provider: str
    load_balancers: list[RenderedWire]
    diagnostics: list[DiagnosticWire]


class LimitsOfWire(Wire, frozen=True, kw_only=True):
    """The limits of one load balancer, or of what load balancers share."""

    group: str
    limits: list[LimitWire]


class NextLimitWire(Wire, frozen=True, kw_only=True):
    """The limit that bites next."""

    group: str
    name: str
    subject: str
    headroom: int


class LimitsWire(Wire, frozen=True, kw_only=True):
    """What ``provisioner limits`` prints."""

    format_version: str
    provider: str
    cluster_name: str
    load_balancers: list[LimitsOfWire]
    shared: LimitsOfWire
    next: Annotated[NextLimitWire | None, _about("The limit with the least room in proportion.")]
    diagnostics: list[DiagnosticWire]


class ErrorWire(Wire, frozen=True, kw_only=True):
    """Why a command stopped."""

    message: str
    hint: str


class FailureWire(Wire, frozen=True, kw_only=True):
    """What a command prints under ``-o json`` when it could not do its work."""

    format_version: str
    error: ErrorWire

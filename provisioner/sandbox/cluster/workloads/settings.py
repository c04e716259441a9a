"""How fast and from where workloads come alive."""

from __future__ import annotations

from dataclasses import dataclass, field

from provisioner.sandbox.cluster.workloads.addresses import PodAddresses, RangeAddresses

#: Annotation on a pod (template): seconds until its containers are ready, or ``never``.
READY_AFTER = "sandbox.ingress-provisioner.io/ready-after"

#: The number of endpoints that Kubernetes' own controller puts into a slice.
DEFAULT_SLICE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSettings:
    """What a simulated kubelet, scheduler and controllers are to be like."""

    #: Seconds from the start of a pod until its containers are ready.
    ready_seconds: float = 0.05
    #: Seconds that a deleted pod goes on serving; its own grace period, if shorter, is kept.
    termination_seconds: float = 0.2
    #: Where pod addresses come from; a cloud's network interfaces must follow them.
    addresses: PodAddresses = field(default_factory=RangeAddresses)
    slice_size: int = DEFAULT_SLICE_SIZE

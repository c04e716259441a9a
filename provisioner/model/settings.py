"""Settings of one installation: what flags, the chart and class objects leave to the operator.

Every duration is in seconds, so that a sandbox can set minutes to moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS

FINALIZER = "ingress-provisioner.io/resources"
"""Our finalizer on Ingresses: the object stays until its cloud resources are gone."""

ANNOTATION_PREFIX = "ingress-provisioner.io/"
"""Prefix of the portable annotations and of every mark of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are to the cloud: the value of every ownership mark.

    ``ingress_uid`` is the second identifier of a cluster on Google, from the ConfigMap
    ``kube-system/ingress-uid``; names of GKE's own resources are made of it, marks of ours are not.
    ``firewall_uid`` is what that ConfigMap has for the firewall rule alone (``provider-uid``), ""
    where it is the same.
    """

    cluster_name: str
    cluster_uid: str = "no-cluster"  # the kube-system namespace's UID
    instance: str = "default"
    ingress_uid: str = ""
    firewall_uid: str = ""

    @property
    def owner(self) -> str:
        """The mark's text."""
        return f"{self.cluster_name}/{self.cluster_uid}/{self.instance}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that planning depends on besides the two worlds.

    Attributes:
        classes: IngressClass names that are ours in files without the IngressClass (``--class``).
        target_mode: The controller default: ``pod``, ``node-port``, ``auto``; "" by compatibility.
        scheme: The controller default scheme, "" for the provider's.
        node_growth: Factor on the node count in node-port arithmetic.
        pods_routable: What to assume of pod addresses before there are any; None: yes, and say so.
        tags: Tags on everything taggable.
        settle_seconds: Time for a change of weights to reach the data plane.
        drain_seconds: Cap on waiting for connections to end; None follows the target group's delay.
        drain_dns_seconds: How long a replaced load balancer stays for those who know its address.
        health_deadline_seconds: How long to wait for a new backend before giving the switch up.
        prune: Remove what files do not mention (``plan -f --prune``).
        take_over: Count Ingresses of the incumbent controller as ours; nothing may be written then.
    """

    identity: Identity
    compatibility: Compatibility = Compatibility.KUBERNETES
    classes: tuple[str, ...] = ()
    default_namespace: str = "default"
    target_mode: str = ""
    scheme: str = ""
    node_growth: float = 1.0
    pods_routable: bool | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    settle_seconds: float = 30.0
    drain_seconds: float | None = None
    drain_dns_seconds: float = 3600.0
    health_deadline_seconds: float = 600.0
    prune: bool = False
    take_over: bool = False

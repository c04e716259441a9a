"""What the controller says to the cluster: finalizers, addresses, Events and its own objects.

Every write passes the fence. An Event or an overview object that cannot be written is logged and
forgotten: it must never hold up traffic.
"""

from __future__ import annotations

import logging

from provisioner.kube.client import KubeClient
from provisioner.kube.events import EventRecorder, Occurrence
from provisioner.kube.finalizers import add_finalizer, remove_finalizer
from provisioner.kube.kinds import INGRESS
from provisioner.kube.loadbalancers import APPROVED_DIGEST, LoadBalancerWriter
from provisioner.kube.status import write_status
from provisioner.model.change import Action
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Ingress
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import Json
from provisioner.operator.logs import fields
from provisioner.ports import Clock, Fence

_LOG = logging.getLogger(__name__)


class ClusterWriter:
    """Writes to one cluster, behind one fence."""

    def __init__(self, client: KubeClient, fence: Fence, clock: Clock) -> None:
        self._client = client
        self._fence = fence
        self._events = EventRecorder(client, fence, clock=clock)
        self._overview = LoadBalancerWriter(client, fence)

    def add_finalizer(self, ingress: Ingress) -> bool:
        """Hold the Ingress until its cloud resources are gone; False where it is gone itself."""
        return add_finalizer(self._client, self._fence, ingress=ingress.key)

    def remove_finalizer(self, ingress: Ingress) -> None:
        """Let the Ingress go."""
        remove_finalizer(self._client, self._fence, ingress=ingress.key)

    def set_addresses(self, ingress: Ingress, addresses: tuple[str, ...]) -> None:
        """Write where the Ingress is reachable, if that is news."""
        if ingress.addresses != addresses:
            write_status(self._client, self._fence, ingress=ingress.key, addresses=addresses)

    def tell(self, ingress: Ingress, *, reason: str, message: str, warning: bool) -> None:
        """Put an Event on the Ingress."""
        occurrence = Occurrence(
            kind=INGRESS,
            key=ingress.key,
            uid=ingress.meta.uid,
            reason=reason,
            message=message,
            warning=warning,
        )
        try:
            self._events.record(occurrence)
        except ClusterError as error:
            _LOG.warning(
                "event not written: %s",
                fields(ingress=ingress.key, reason=reason, error=error.message),
            )

    def publish(self, plan: Plan, part: LoadBalancerPlan, addresses: tuple[str, ...]) -> None:
        """Mirror the load balancer's state for people."""
        try:
            self._overview.publish(
                part.group, spec={"provider": plan.provider}, status=status_of(part, addresses)
            )
        except ClusterError as error:
            _LOG.warning("overview not written: %s", fields(group=part.group, error=error.message))

    def withdraw(self, group: str) -> None:
        """Remove the mirror of a load balancer that is gone."""
        if self._overview.absent:
            return
        try:
            self._overview.withdraw(group)
        except ClusterError as error:
            _LOG.warning("overview not removed: %s", fields(group=group, error=error.message))

    def approved(self, group: str) -> str:
        """Return the digest that somebody has approved for a group, "" for none.

        What cannot be read is no approval.
        """
        try:
            return self._overview.approved(group)
        except ClusterError as error:
            _LOG.warning("approval not read: %s", fields(group=group, error=error.message))
            return ""


def status_of(part: LoadBalancerPlan, addresses: tuple[str, ...]) -> dict[str, Json]:
    """Return what a LoadBalancer object says about its load balancer."""
    over = [usage for usage in part.usages if usage.headroom < 0]
    waiting = sum(1 for step in part.steps if step.action is not Action.NOOP)
    fits = not over and not any(
        entry.diagnostic.code.startswith("LIMIT-") for entry in part.quarantined
    )
    return {
        "ingresses": [str(key) for key in part.ingresses],
        "addresses": list(addresses),
        "targetMode": part.mode.mode if part.mode is not None else "",
        "targetModeReason": part.mode.reason if part.mode is not None else "",
        "planDigest": part.digest,
        "planSummary": f"{waiting} steps in the last plan",
        "usage": [
            {
                "name": usage.limit.name,
                "subject": usage.subject,
                "used": usage.used,
                "limit": usage.limit.value,
            }
            for usage in part.usages
        ],
        "conditions": [
            _condition("Programmed", good=bool(addresses), why="the load balancer has an address"),
            _condition("WithinLimits", good=fits, why="usage against the account's limits"),
            _pending(part),
        ],
    }


def _pending(part: LoadBalancerPlan) -> dict[str, Json]:
    """Return whether something waits for a person, and how that person says yes."""
    approval = part.approval
    if approval is None or not approval.needed:
        return _condition("PlanPending", good=False, why="nothing waits for an approval")
    how = f"to approve, annotate this object with {APPROVED_DIGEST}={approval.digest}"
    found = _condition("PlanPending", good=True, why=f"{approval.reason}; {how}")
    return {**found, "reason": "ApprovalNeeded"}


def _condition(name: str, *, good: bool, why: str) -> dict[str, Json]:
    return {
        "type": name,
        "status": "True" if good else "False",
        "reason": name if good else f"Not{name}",
        "message": why,
    }

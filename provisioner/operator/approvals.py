"""Ask people for approvals, hear them, and move clients when a new load balancer serves.

An approval is an annotation on the group's LoadBalancer object; it is looked for when a group is
planned for the first time, and every few seconds while one is awaited.

Where two load balancers exist, Ingresses show the old one's address until everything of the new one
exists, it is active, and no backend that had a healthy target would lose it; from then on the new
one's, whatever happens to its pods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from provisioner.model.change import WaitFor
from provisioner.model.plan import LoadBalancerPlan
from provisioner.operator.aftermath import Situation

Outputs: TypeAlias = Mapping[str, Mapping[str, str]]
AddressesOf: TypeAlias = Callable[[str, Outputs], tuple[str, ...]]


class Annotated(Protocol):
    """Where approvals are recorded."""

    def approved(self, group: str) -> str:
        """Return the digest that somebody has approved for a group, "" for none."""
        ...


class Approvals:
    """Remembers which groups wait for somebody; nothing is lost if it forgets."""

    def __init__(self, cluster: Annotated) -> None:
        self._cluster = cluster
        self._awaited: set[str] = set()
        self._heard: dict[str, frozenset[str]] = {}

    def awaits(self, group: str) -> bool:
        """Tell whether a group waits for an approval."""
        return group in self._awaited

    def heard(self, group: str, *, again: bool) -> frozenset[str]:
        """Return what has been approved for a group.

        Args:
            group: The load balancer.
            again: Ask, even though nothing is awaited.
        """
        if again or group in self._awaited:
            digest = self._cluster.approved(group)
            self._heard[group] = frozenset({digest} if digest else ())
        return self._heard.get(group, frozenset())

    def note(self, group: str, part: LoadBalancerPlan | None) -> None:
        """Remember whether a plan waits for an approval."""
        needed = part is not None and part.approval is not None and part.approval.needed
        (self._awaited.add if needed else self._awaited.discard)(group)


def has_moved(
    situation: Situation,
    part: LoadBalancerPlan,
    outputs: Outputs,
    *,
    addresses_of: AddressesOf,
    holds: Callable[[WaitFor, Outputs], bool],
) -> bool:
    """Tell whether clients go to the newest load balancer, where there are two.

    Args:
        situation: What the Ingresses show now.
        part: The plan that was carried out.
        outputs: Of everything that exists.
        addresses_of: The provider's word on where a load balancer is reachable.
        holds: Asks the cloud whether a wait is over.
    """
    succession = part.succession
    if succession is None:
        return True
    newest = addresses_of(part.group, outputs)
    members = situation.known(part.ingresses)
    if newest and any(ingress.addresses == newest for ingress in members):
        return True
    return succession.complete and all(holds(wait, outputs) for wait in succession.waits)


def shown(part: LoadBalancerPlan, outputs: Outputs, *, moved: bool) -> Outputs:
    """Return the outputs by which Ingresses show an address: the old load balancer's, or all."""
    if moved or part.succession is None:
        return outputs
    doors = part.succession.doors
    return {name: found for name, found in outputs.items() if name not in doors}

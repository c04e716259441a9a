"""Which of several backend services of a backend is wanted: one that is as needed, else a new one.

A backend service may change most of its fields while it serves. What it speaks to its targets is
not among those that it should: pods that speak the new protocol are not there yet, or the old ones
are gone already. So such a change makes a backend service of the next *generation* beside the old
one, which serves until the new one is warm. Scheme and place cannot change at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.resource import ObservedResource, PlainInput, Unknown, canonical, freeze

FIXED = ("loadBalancingScheme", "region", "protocol")
"""Fields of a backend service that stay as they were created."""


def generation(wanted: Mapping[str, PlainInput], present: Sequence[ObservedResource]) -> int:
    """Return the newest generation that already is what is needed, else the next free one.

    Args:
        wanted: The spec that is needed.
        present: The backend services of this backend that exist.
    """
    numbers = {addresses.parse(resource.address).generation: resource for resource in present}
    for number in sorted(numbers, reverse=True):
        if all(_agrees(wanted.get(name), numbers[number], name) for name in FIXED):
            return number
    return max(numbers, default=0) + 1


def present_services(
    observed: Iterable[ObservedResource], *, balancer: int
) -> Mapping[str, Sequence[ObservedResource]]:
    """Return the backend services of one load balancer by their address without a generation."""
    found: dict[str, list[ObservedResource]] = {}
    for resource in observed:
        if resource.kind != Kind.BACKEND_SERVICE:
            continue
        if addresses.parse(resource.address).balancer == balancer:
            found.setdefault(base(resource.address), []).append(resource)
    return found


def base(address: str) -> str:
    """Return an address without its generation."""
    return address.partition("@")[0]


def _agrees(value: PlainInput, observed: ObservedResource, name: str) -> bool:
    """Tell whether a field is as wanted; what nobody knows yet agrees."""
    before = observed.spec.get(name)
    if isinstance(value, Unknown):
        return True
    return canonical(freeze(value)) == canonical(before)

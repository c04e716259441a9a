"""The order that a network load balancer in front brings in, beyond what references say.

A load balancer becomes a target only when it is active and listens on the port in question, and
while it is a target neither it nor that listener can be deleted. So: its listeners before its
registration, its registration away before its listeners go; and a port of the network load balancer
leads elsewhere, or is gone, before what it led to is deregistered.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from providers.aws import addresses
from providers.aws.addresses import Kind
from provisioner.core.step_list import StepList
from provisioner.model.change import Action, Change, Wait, WaitFor
from provisioner.model.resource import ObservedResource, Resource, references


def front_wait(change: Change) -> WaitFor | None:
    """Return the wait for the load balancer that is to be a target."""
    if change.kind != Kind.NETWORK_TARGETS.value:
        return None
    targets = sorted(_balancers(change.desired))
    return WaitFor(kind=Wait.ACTIVE, on=tuple(targets)) if targets else None


def drained(change: Change, deleted: Container[str]) -> WaitFor | None:
    """Return the wait for a target group to go: its connections have ended, while others stay."""
    generation = addresses.balancer_of(change.address)
    front = addresses.on_balancer(addresses.network_load_balancer(change.group), generation)
    return None if front in deleted else WaitFor(kind=Wait.DRAINED, on=(change.address,))


def order_frontend(changes: Sequence[Change], found: StepList) -> None:
    """Let registrations follow the listeners behind, and listeners follow registrations away."""
    for change in changes:
        if change.kind == Kind.NETWORK_TARGETS.value and found.sends(change.address):
            _order_targets(change, changes, found)


def _order_targets(change: Change, changes: Sequence[Change], found: StepList) -> None:
    same = [c for c in changes if c.group == change.group]
    behind = {c.address: c for c in same if c.kind == Kind.LISTENER.value}
    for address in _listeners(change.desired):
        created = behind.get(address)
        if created is not None and created.action is not Action.DELETE and found.has(address):
            found.after(change.address, [address])
    for address in _listeners(change.observed) - _listeners(change.desired):
        deleted = behind.get(address)
        if deleted is not None and deleted.action is Action.DELETE and found.sends(address):
            found.after(address, [change.address])
    if change.action is Action.DELETE:
        front = (c for c in same if c.kind == Kind.NETWORK_LISTENER.value)
        found.after(change.address, _leaving(front, found))


def _leaving(listeners: Iterable[Change], found: StepList) -> list[str]:
    """Return the steps that take ports of the network load balancer away or lead them elsewhere."""
    return [
        c.address
        for c in listeners
        if c.action in (Action.DELETE, Action.UPDATE) and found.has(c.address)
    ]


def _balancers(resource: Resource | ObservedResource | None) -> set[str]:
    targets = resource.spec.get("Targets") if resource is not None else None
    return {ref.address for ref in references(targets)}


def _listeners(resource: Resource | ObservedResource | None) -> set[str]:
    """Return the addresses of the listeners that the targets are registered with."""
    if resource is None:
        return set()
    entries = resource.spec.get("Targets")
    ports = (
        [e.get("Port") for e in entries if isinstance(e, Mapping)]
        if isinstance(entries, tuple)
        else []
    )
    generation = addresses.balancer_of(resource.address)
    return {
        addresses.on_balancer(addresses.listener(resource.group, port), generation)
        for port in ports
        if isinstance(port, int)
    }

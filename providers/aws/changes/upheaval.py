"""Look at all changes together: what goes with its parent, what moves, what uses which backend.

A change knows its own resource only. Whether a rule must be deleted or simply goes with its
listener, whether a target group is attached anywhere, or whether a listener has to be created anew
because its load balancer is replaced, shows only when all changes lie side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.aws.addresses import Kind
from providers.aws.changes.switch import taken_over
from providers.aws.routing.actions import weights_of
from provisioner.model.change import Action, Change, FieldChange, Wait, WaitFor
from provisioner.model.resource import Observed, ObservedResource, Ref, Resource, canonical

ACTIONS_FIELD: Mapping[str, str] = {
    Kind.LISTENER.value: "DefaultActions",
    Kind.LISTENER_RULE.value: "Actions",
}
"""Kinds that forward, and the field that says where."""

_PARENT_FIELD: Mapping[str, str] = {
    Kind.LISTENER.value: "LoadBalancerArn",
    Kind.LISTENER_RULE.value: "ListenerArn",
    Kind.LISTENER_CERTIFICATE.value: "ListenerArn",
    Kind.TARGETS.value: "TargetGroupArn",
    Kind.SECURITY_GROUP_RULE.value: "GroupId",
    Kind.WEB_ACL_ASSOCIATION.value: "ResourceArn",  # a Shield protection stays, and is deleted
    Kind.CLASSIC_WEB_ACL_ASSOCIATION.value: "ResourceArn",
    Kind.NETWORK_LISTENER.value: "LoadBalancerArn",
}
_PARENT_WORD: Mapping[str, str] = {
    Kind.LISTENER.value: "load balancer",
    Kind.LISTENER_RULE.value: "listener",
    Kind.LISTENER_CERTIFICATE.value: "listener",
    Kind.TARGETS.value: "target group",
    Kind.SECURITY_GROUP_RULE.value: "security group",
    Kind.WEB_ACL_ASSOCIATION.value: "load balancer",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION.value: "load balancer",
    Kind.NETWORK_LISTENER.value: "network load balancer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upheaval:
    """All changes, indexed.

    Attributes:
        changes: With those of moved listeners and what hangs on them turned into replacements.
        deleted: Addresses that will be gone.
        moved: Listeners that are created anew on another load balancer -> the one they leave.
        balancer_of: Listener -> the load balancer it is on now.
        users: Target group -> addresses of rules and listeners that refer to it now.
        attached: Group -> target groups that its load balancer uses now and goes on using.
        removed_balancers / balancers: Group -> load balancers that go, and that stay or come.
    """

    changes: tuple[Change, ...]
    deleted: frozenset[str]
    moved: Mapping[str, str]
    balancer_of: Mapping[str, str]
    users: Mapping[str, tuple[str, ...]]
    attached: Mapping[str, frozenset[str]]
    removed_balancers: Mapping[str, tuple[str, ...]]
    balancers: Mapping[str, tuple[str, ...]]

    def succeeded(self, group: str) -> WaitFor | None:
        """Return what must be true before a load balancer goes: what replaces it serves."""
        if group not in self.balancers:
            return None
        groups = [c for c in self.changes if (c.group, c.kind) == (group, Kind.TARGET_GROUP.value)]
        staying = [c.address for c in groups if c.action is not Action.DELETE]
        served = taken_over(staying, [c.address for c in groups])
        return served or WaitFor(kind=Wait.ACTIVE, on=self.balancers[group])

    @classmethod
    def of(cls, changes: Sequence[Change], observed: Observed) -> Upheaval:
        """Return the changes with what they mean for each other."""
        moved = _moved(changes)
        users = _users(observed.resources.values())
        balancers = [c for c in changes if c.kind == Kind.LOAD_BALANCER.value]
        return cls(
            changes=tuple(_anew(change, moved) for change in changes),
            deleted=frozenset(c.address for c in changes if c.action is Action.DELETE),
            moved=moved,
            balancer_of={
                c.address: parent_of(c.observed, "LoadBalancerArn")
                for c in changes
                if c.kind == Kind.LISTENER.value
            },
            users={address: tuple(sorted(found)) for address, found in users.items()},
            attached=_attached(observed, {change.address: change for change in changes}),
            removed_balancers=_by_group(c for c in balancers if c.action is Action.DELETE),
            balancers=_by_group(c for c in balancers if c.action is not Action.DELETE),
        )

    def goes_with(self, change: Change) -> str:
        """Return why a deletion needs no call ("goes with its listener"), "" where it does."""
        field = _PARENT_FIELD.get(change.kind)
        parent = parent_of(change.observed, field) if field is not None else ""
        if not parent:
            return ""
        if self.moved.get(parent) in self.deleted:
            return "goes with its load balancer"
        if parent not in self.deleted:
            return ""
        if change.kind in (Kind.LISTENER_RULE.value, Kind.LISTENER_CERTIFICATE.value) and (
            self.balancer_of.get(parent) in self.deleted
        ):
            return "goes with its load balancer"
        return f"goes with its {_PARENT_WORD[change.kind]}"


def parent_of(resource: Resource | ObservedResource | None, field: str) -> str:
    """Return the address that a field of a resource refers to, "" where it refers to none."""
    value = resource.spec.get(field) if resource is not None else None
    return value.address if isinstance(value, Ref) else ""


def _moved(changes: Iterable[Change]) -> dict[str, str]:
    found: dict[str, str] = {}
    for change in changes:
        if change.kind != Kind.LISTENER.value:
            continue
        old = parent_of(change.observed, "LoadBalancerArn")
        new = parent_of(change.desired, "LoadBalancerArn")
        if old and new and old != new:
            found[change.address] = old
    return found


def _anew(change: Change, moved: Mapping[str, str]) -> Change:
    """Return the change as a replacement where it is about a moved listener or hangs on one."""
    if change.desired is None or change.observed is None:
        return change
    on = (change.address, parent_of(change.desired, "ListenerArn"))
    if not any(address in moved for address in on):
        return change
    before, after = change.observed.spec, change.desired.spec
    fields = tuple(
        FieldChange(path=path, before=before.get(path), after=after[path])
        for path in sorted(after)
        if path in ("ListenerArn", "LoadBalancerArn")
        or canonical(before.get(path)) != canonical(after[path])
    )
    return replace(
        change, action=Action.REPLACE, fields=fields, reason="its load balancer is replaced"
    )


def _users(resources: Iterable[ObservedResource]) -> dict[str, set[str]]:
    users: dict[str, set[str]] = {}
    for resource in resources:
        for target_group in _forwards(resource):
            users.setdefault(target_group, set()).add(resource.address)
    return users


def _attached(observed: Observed, changes: Mapping[str, Change]) -> dict[str, frozenset[str]]:
    """Return the target groups whose health is known throughout: their users keep them."""
    found: dict[str, set[str]] = {}
    for resource in observed.resources.values():
        change = changes.get(resource.address)
        kept = _forwards(resource)
        if change is not None:
            kept &= _forwards(change.desired)
        found.setdefault(resource.group, set()).update(kept)
    return {group: frozenset(groups) for group, groups in found.items()}


def _forwards(resource: Resource | ObservedResource | None) -> set[str]:
    """Return the target groups that a rule or listener forwards to, with whatever weight."""
    field = ACTIONS_FIELD.get(resource.kind) if resource is not None else None
    if resource is None or field is None:
        return set()
    return set(weights_of(resource.spec.get(field)))


def _by_group(changes: Iterable[Change]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for change in changes:
        found[change.group] = (*found.get(change.group, ()), change.address)
    return found

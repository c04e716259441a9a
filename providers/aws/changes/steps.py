"""Turn changes into steps: calls, stages and the order that no reference says.

References give most of the order (``core.order``). What is added here:

* what goes with its parent (rules with their listener, listeners with their load balancer) is told
  as a step without calls;
* priorities of existing rules move in one step per listener, which AWS carries out as a whole,
  before rules are created in the places that become free;
* a listener's rules are created and updated before others are deleted, as far as the rule limit
  leaves room; beyond that one is deleted for each one created (``rule_steps``);
* an action that changes what it forwards to is switched in stages, one backend at a time
  (``switch``, ``switching``);
* certificates are added before the default certificate changes, and removed after it has;
* what only an active load balancer takes (reserved capacity, web ACLs) waits until it is;
* a port on nodes and pods is closed after the target groups that used it are gone;
* old target groups, security groups and load balancers go last, once nothing is left in them.

A listener whose load balancer is replaced is created anew on the new one together with its rules,
under the same addresses; the old ones go with the old load balancer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from providers.aws.addresses import Kind, targets_of
from providers.aws.changes.balancer_calls import capacity_call
from providers.aws.changes.calls import calls
from providers.aws.changes.issuance import (
    ATTACHED,
    ATTACHED_STAGE,
    issuance_wait,
    pending_certificates,
)
from providers.aws.changes.network_steps import drained, front_wait, order_frontend
from providers.aws.changes.rule_steps import add_priorities, order_rules
from providers.aws.changes.switching import Switching, holder_of, switched_off
from providers.aws.changes.upheaval import ACTIONS_FIELD, Upheaval, parent_of
from providers.aws.desired.reservations import CAPACITY_FIELD
from providers.aws.limits import (
    CERTIFICATES,
    TARGETS_PER_GROUP,
    TARGETS_PER_LOAD_BALANCER,
    balancer_subject,
    costs,
)
from providers.aws.routing.actions import weights_of
from provisioner.core.member_room import MemberRoom
from provisioner.core.step_list import StepList, step_of
from provisioner.model.change import Action, Change, FieldChange, Step, Wait, WaitFor
from provisioner.model.expression import StepRoom
from provisioner.model.resource import (
    SHARED,
    Observed,
    ObservedResource,
    Resource,
    canonical,
)

CAPACITY = "capacity"
"""The stage that reserves capacity, for which a load balancer has to be active."""

SETTINGS = "settings"
"""The stage of a staged change that carries all that need not wait for a backend."""

_GUARDS = frozenset(
    {
        Kind.WEB_ACL_ASSOCIATION.value,
        Kind.CLASSIC_WEB_ACL_ASSOCIATION.value,
        Kind.PROTECTION.value,
    }
)
"""Kinds that AWS attaches only to a load balancer that is active."""

_MEMBERSHIP_LIMITS = frozenset({TARGETS_PER_GROUP, TARGETS_PER_LOAD_BALANCER})
_BUILD_ORDER = (
    Kind.SECURITY_GROUP,
    Kind.SECURITY_GROUP_RULE,
    Kind.LOAD_BALANCER,
    Kind.WEB_ACL_ASSOCIATION,
    Kind.CLASSIC_WEB_ACL_ASSOCIATION,
    Kind.PROTECTION,
    Kind.CERTIFICATE,
    Kind.TARGET_GROUP,
    Kind.TARGETS,
    Kind.LISTENER,
    Kind.LISTENER_CERTIFICATE,
    Kind.LISTENER_RULE,
    Kind.NETWORK_LOAD_BALANCER,
    Kind.NETWORK_TARGET_GROUP,
    Kind.NETWORK_TARGETS,
    Kind.NETWORK_LISTENER,
)
_UNDO_ORDER = (
    Kind.NETWORK_LOAD_BALANCER,
    Kind.NETWORK_LISTENER,
    Kind.NETWORK_TARGETS,
    Kind.NETWORK_TARGET_GROUP,
    Kind.CLASSIC_WEB_ACL_ASSOCIATION,
    Kind.WEB_ACL_ASSOCIATION,
    Kind.LISTENER_RULE,
    Kind.LISTENER_CERTIFICATE,
    Kind.LISTENER,
    Kind.LOAD_BALANCER,
    Kind.PROTECTION,
    Kind.TARGETS,
    Kind.TARGET_GROUP,
    Kind.SECURITY_GROUP_RULE,
    Kind.SECURITY_GROUP,
    Kind.CERTIFICATE,
)


def steps(changes: Sequence[Change], observed: Observed, room: StepRoom) -> tuple[Step, ...]:
    """Return the steps of these changes.

    Args:
        changes: One per address, no-ops included.
        observed: Everything of ours that was seen.
        room: Limits and what is used of them now.
    """
    upheaval = Upheaval.of(changes, observed)
    ordered = sorted(upheaval.changes, key=_place)
    holders = [holder for holder in map(holder_of, ordered) if holder is not None]
    found = StepList()
    _Writer(upheaval, found, room, switched=switched_off(holders)).write(ordered)
    switches = [
        Switching(list(members), upheaval, found)
        for _, members in groupby(
            sorted(holders, key=lambda h: h.change.group), key=lambda h: h.change.group
        )
    ]
    for switching in switches:
        switching.write()
    for switching in switches:
        switching.chain()
    order_rules(ordered, found, room)
    _order_certificates(ordered, found, room)
    _order_replaced_balancers(upheaval, found)
    _order_closing(ordered, found)
    order_frontend(ordered, found)
    return found.result()


def _place(change: Change) -> tuple[int, int, str]:
    kind = Kind(change.kind)
    if change.action is Action.DELETE:
        return (1, _UNDO_ORDER.index(kind), change.address)
    return (0, _BUILD_ORDER.index(kind), change.address)


class _Writer:
    """Writes the steps that stand on their own: all but the stages of a switch."""

    def __init__(
        self, upheaval: Upheaval, found: StepList, room: StepRoom, *, switched: frozenset[str]
    ) -> None:
        self._upheaval = upheaval
        self._steps = found
        self._switched = switched
        self._room = MemberRoom(room, _MEMBERSHIP_LIMITS)
        self._pending: frozenset[str] = frozenset()

    def write(self, changes: Sequence[Change]) -> None:
        self._pending = pending_certificates(changes)
        add_priorities(changes, self._steps)
        for change in changes:
            match change.action:
                case Action.NOOP:
                    self._steps.add(step_of(change, fields=()))
                case Action.DELETE:
                    self._delete(change)
                case Action.UPDATE:
                    self._update(self._without_pending(_without_capacity(change)))
                    self._reserve(change)
                case Action.CREATE | Action.REPLACE:
                    self._create(_without_capacity(change))
                    self._reserve(change)

    def _create(self, change: Change) -> None:
        """Add a creation. A rule comes after its backend's targets: it should find them there."""
        made = calls(change, deregister_first=self._deregisters_first(change))
        wait = (_active(change) or issuance_wait(change, self._pending)) if made else None
        step = step_of(change, calls=made, wait=wait)
        spec = change.desired.spec if change.desired is not None else {}
        forwards = weights_of(spec.get(ACTIONS_FIELD.get(change.kind, "")))
        members = (targets_of(target_group) for target_group in forwards)
        self._steps.add(step, after=(m for m in members if self._steps.sends(m)))

    def _update(self, change: Change) -> None:
        """Add an update; of one that is made in stages, only what need not wait."""
        staged = holder_of(change)
        left_out = {"Priority"} if staged is None else {"Priority", staged.actions.path}
        fields = tuple(field for field in change.fields if field.path not in left_out)
        if not fields:
            return
        part = replace(change, fields=fields)
        made = calls(part, deregister_first=self._deregisters_first(change))
        stage = SETTINGS if staged is not None else ""
        wait = _active(part) if made else None
        self._steps.add(step_of(part, stage=stage, calls=made, wait=wait))

    def _without_pending(self, change: Change) -> Change:
        """Add the step that waits for a certificate to be issued, and return the rest."""
        wait = issuance_wait(change, self._pending)
        if wait is None:
            return change
        part = replace(change, fields=tuple(f for f in change.fields if f.path == ATTACHED))
        self._steps.add(step_of(part, stage=ATTACHED_STAGE, calls=calls(part), wait=wait))
        return replace(change, fields=tuple(f for f in change.fields if f.path != ATTACHED))

    def _reserve(self, change: Change) -> None:
        """Add the step that reserves capacity, if the change has one."""
        reserved = tuple(field for field in change.fields if _is_capacity(change, field))
        if reserved:
            step = step_of(
                replace(change, action=Action.UPDATE),
                stage=CAPACITY,
                fields=reserved,
                calls=(capacity_call(change.address, reserved[0].after),),
                wait=WaitFor(kind=Wait.ACTIVE, on=(change.address,)),
            )
            self._steps.add(step, after=[change.address])

    def _delete(self, change: Change) -> None:
        reason = self._upheaval.goes_with(change)
        if reason:
            parents = self._balancers_left(change)
            self._steps.add(step_of(change, reason=reason), after=parents)
            return
        wait, after = self._parting(change)
        self._steps.add(step_of(change, calls=calls(change), wait=wait), after=after)

    def _balancers_left(self, change: Change) -> tuple[str, ...]:
        """Return the old load balancer of a moved listener, which no reference of a rule names."""
        listener = parent_of(change.observed, "ListenerArn")
        left = self._upheaval.moved.get(listener)
        return (left,) if left is not None else ()

    def _parting(self, change: Change) -> tuple[WaitFor | None, tuple[str, ...]]:
        """Return what a deletion waits for, and steps that must have been before."""
        match Kind(change.kind):
            case Kind.LOAD_BALANCER:
                return self._upheaval.succeeded(change.group), ()
            case Kind.TARGET_GROUP:
                return self._target_group_parting(change)
            case Kind.NETWORK_TARGET_GROUP:
                return drained(change, self._upheaval.deleted), ()
            case Kind.CERTIFICATE:
                removed = self._upheaval.removed_balancers.get(change.group, ())
                return WaitFor(kind=Wait.DRAINED, on=(change.address,)), removed
            case Kind.SECURITY_GROUP:
                # No interface may carry it any more; a deleted load balancer's linger for minutes.
                return WaitFor(kind=Wait.DRAINED, on=(change.address,)), ()
            case _:
                return None, ()

    def _target_group_parting(self, change: Change) -> tuple[WaitFor | None, tuple[str, ...]]:
        removed = self._upheaval.removed_balancers.get(change.group, ())
        if removed:
            return None, removed
        if change.address in self._switched:
            return WaitFor(kind=Wait.DRAINED, on=(change.address,)), ()
        users = self._upheaval.users.get(change.address, ())
        return (WaitFor(kind=Wait.SETTLED, on=users) if users else None), ()

    def _deregisters_first(self, change: Change) -> bool:
        """Tell whether the new targets do not fit beside the old ones, and take their room."""
        if change.kind != Kind.TARGETS.value or change.desired is None:
            return False
        added = len(_targets(change.desired) - _targets(change.observed))
        return not self._room.takes(added, costs(change.desired))


def _is_capacity(change: Change, field: FieldChange) -> bool:
    return change.kind == Kind.LOAD_BALANCER.value and field.path == CAPACITY_FIELD


def _without_capacity(change: Change) -> Change:
    """Return a change without what has a step of its own."""
    return replace(change, fields=tuple(f for f in change.fields if not _is_capacity(change, f)))


def _active(change: Change) -> WaitFor | None:
    """Return the wait for the load balancer that something is attached to."""
    if change.kind not in _GUARDS:
        return front_wait(change)
    balancer = parent_of(change.desired, "ResourceArn")
    return WaitFor(kind=Wait.ACTIVE, on=(balancer,)) if balancer else None


def _targets(resource: Resource | ObservedResource | None) -> frozenset[str]:
    listed = resource.spec.get("Targets") if resource is not None else None
    return frozenset(map(canonical, listed)) if isinstance(listed, tuple) else frozenset()


def _order_certificates(changes: Sequence[Change], found: StepList, room: StepRoom) -> None:
    """Let a certificate that moves between a listener's default and its list never be missing.

    Where the limit leaves no room for that, what is removed makes room first.
    """
    sending = [
        change
        for change in changes
        if change.kind == Kind.LISTENER_CERTIFICATE.value and found.sends(change.address)
    ]
    for group, members in groupby(
        sorted(sending, key=lambda change: change.group), key=lambda change: change.group
    ):
        certificates = list(members)
        adds = [change for change in certificates if change.action is not Action.DELETE]
        subject = balancer_subject(group, certificates[0].address)
        used = room.used.get((CERTIFICATES, subject), 0)
        has_room = len(adds) <= room.limits[CERTIFICATES].value - used
        for removed in certificates:
            if removed.action is Action.DELETE:
                _order_removal(removed, adds, found, has_room=has_room)
        for added in adds if has_room else ():
            listener = parent_of(added.desired, "ListenerArn")
            for update in found.changing(listener, "Certificates"):
                found.after(update, [added.address])


def _order_removal(
    removed: Change, adds: Sequence[Change], found: StepList, *, has_room: bool
) -> None:
    if has_room:
        listener = parent_of(removed.observed, "ListenerArn")
        found.after(removed.address, found.changing(listener, "Certificates"))
        return
    for added in adds:
        found.after(added.address, [removed.address])


def _order_replaced_balancers(upheaval: Upheaval, found: StepList) -> None:
    """Let a load balancer go only after the one that replaces it is complete."""
    for group, removed in upheaval.removed_balancers.items():
        if group not in upheaval.balancers:
            continue
        built = [step.id for step in found.of_group(group) if step.action is not Action.DELETE]
        for balancer in removed:
            found.after(balancer, built)


def _order_closing(changes: Sequence[Change], found: StepList) -> None:
    """Close a port on nodes and pods only when no target group that is going may still use it.

    A backend that is being switched serves through its old port until its old target group is
    gone. What covers the port instead (one range for many ports) is open before, too.
    """
    opened = [
        change.address
        for change in changes
        if _is_shared_rule(change) and change.action is not Action.DELETE
    ]
    served = [
        change.address
        for change in changes
        if change.kind == Kind.TARGET_GROUP.value and change.action is Action.DELETE
    ]
    for change in changes:
        if _is_shared_rule(change) and change.action is Action.DELETE:
            found.after(change.address, [a for a in (*opened, *served) if found.has(a)])


def _is_shared_rule(change: Change) -> bool:
    return change.kind == Kind.SECURITY_GROUP_RULE.value and change.group == SHARED

"""Turn changes into steps: calls, stages and the order that no reference says.

References give most of the order (``core.order``): a forwarding rule comes after its proxy, that
after its certificates and URL map, that after backend services, those after health checks and
groups; and they go the other way round. What is added here:

* what is part of something (endpoints, named ports, signing keys) goes with it, without calls;
* URL maps change in stages, one backend at a time (``stages``, ``switching``);
* what several lean on is widened before and narrowed after (``widening``);
* a classic load balancer becomes a modern one state by state (``migration``);
* a certificate goes when the managed one that takes its place has been issued (``issuance``);
* a backend service that served goes when its URL maps have settled, because a change is DONE before
  it is everywhere;
* a new backend service comes after its named ports, a record of a signing key after the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.changes.call_parts import parent_of, spec_of
from providers.gcp.changes.calls import PARENT_FIELD, calls
from providers.gcp.changes.issuance import ATTACH, awaited, beside
from providers.gcp.changes.membership_calls import difference
from providers.gcp.changes.migration import migrates, migration, settled_everywhere
from providers.gcp.changes.switching import write_url_maps
from providers.gcp.changes.url_map_parts import backends_of
from providers.gcp.changes.widening import WIDEN, narrowed, narrows, widened
from providers.gcp.limits import CERTIFICATES, MEMBERSHIP_LIMITS, costs
from provisioner.core.member_room import MemberRoom
from provisioner.core.step_list import StepList, step_of
from provisioner.model.change import Action, Call, Change, FieldChange, Step, Wait, WaitFor
from provisioner.model.expression import StepRoom
from provisioner.model.resource import (
    SHARED,
    Observed,
    Ref,
    references,
)

_BUILD_ORDER = (
    Kind.FIREWALL,
    Kind.INSTANCE_GROUP,
    Kind.INSTANCES,
    Kind.NAMED_PORTS,
    Kind.NETWORK_ENDPOINT_GROUP,
    Kind.NETWORK_ENDPOINTS,
    Kind.HEALTH_CHECK,
    Kind.BACKEND_SERVICE,
    Kind.SIGNED_URL_KEY,
    Kind.SSL_CERTIFICATE,
    Kind.URL_MAP,
    Kind.TARGET_HTTP_PROXY,
    Kind.TARGET_HTTPS_PROXY,
    Kind.ADDRESS,
    Kind.FORWARDING_RULE,
)
_UNDO_ORDER = (
    Kind.FORWARDING_RULE,
    Kind.TARGET_HTTP_PROXY,
    Kind.TARGET_HTTPS_PROXY,
    Kind.ADDRESS,
    Kind.SSL_CERTIFICATE,
    Kind.URL_MAP,
    Kind.SIGNED_URL_KEY,
    Kind.BACKEND_SERVICE,
    Kind.HEALTH_CHECK,
    Kind.NETWORK_ENDPOINTS,
    Kind.NETWORK_ENDPOINT_GROUP,
    Kind.NAMED_PORTS,
    Kind.INSTANCES,
    Kind.INSTANCE_GROUP,
    Kind.FIREWALL,
)
_PARENT_WORD: Mapping[Kind, str] = {
    Kind.NETWORK_ENDPOINTS: "network endpoint group",
    Kind.INSTANCES: "instance group",
    Kind.NAMED_PORTS: "instance group",
    Kind.SIGNED_URL_KEY: "backend service",
}
_IN_CREATE = frozenset({Action.CREATE, Action.REPLACE})


def steps(changes: Sequence[Change], observed: Observed, room: StepRoom) -> tuple[Step, ...]:
    """Return the steps of these changes.

    Args:
        changes: One per address, no-ops included.
        observed: Everything of ours that was seen.
        room: Limits and what is used of them now.
    """
    ordered = sorted(changes, key=_place)
    found = StepList()
    world = _World(ordered, observed)
    _Writer(world, found, room).write(ordered)
    switches = write_url_maps(ordered, observed, found, world.members_of)
    for switching in switches:
        switching.chain()
    _order_named_ports(ordered, found)
    _order_narrowing(ordered, found)
    _order_instances(ordered, found)
    _order_signing_keys(ordered, found)
    return found.result()


def _place(change: Change) -> tuple[int, int, str]:
    kind = Kind(change.kind)
    if change.action is Action.DELETE:
        return (1, _UNDO_ORDER.index(kind), change.address)
    return (0, _BUILD_ORDER.index(kind), change.address)


class _World:
    """All changes side by side: what is called what, what uses what, what goes."""

    def __init__(self, changes: Sequence[Change], observed: Observed) -> None:
        self.changes: Mapping[str, Change] = {change.address: change for change in changes}
        self._observed = observed
        names = {r.address: r.name for r in observed.resources.values()}
        for change in changes:
            if change.desired is not None and isinstance(change.desired.name, str):
                names.setdefault(change.address, change.desired.name)
                names[change.address] = names[change.address] or change.desired.name
        self.names: Mapping[str, str] = names
        self.deleted = frozenset(c.address for c in changes if c.action is Action.DELETE)

    def users_of(self, service: str) -> tuple[str, ...]:
        """Return the URL maps that name a backend service now, and stay."""
        return tuple(
            sorted(
                resource.address
                for resource in self._observed.resources.values()
                if resource.kind == Kind.URL_MAP.value
                and resource.address not in self.deleted
                and service in backends_of(resource.spec)
            )
        )

    def services_of(self, group: str) -> tuple[str, ...]:
        """Return the backend services of a load balancer that stay."""
        return tuple(
            sorted(
                change.address
                for change in self.changes.values()
                if change.kind == Kind.BACKEND_SERVICE.value
                and change.group == group
                and change.action is not Action.DELETE
            )
        )

    def members_of(self, service: str) -> Iterable[str]:
        """Yield the addresses of what is behind a backend service."""
        change = self.changes.get(service)
        spec = spec_of(change) if change is not None else {}
        for ref in references(spec.get("backends")):
            kind = addresses.parse(ref.address).kind
            if kind is Kind.NETWORK_ENDPOINT_GROUP:
                yield addresses.endpoints_of(ref.address)
            elif kind is Kind.INSTANCE_GROUP:
                zone = ref.address.rpartition("/")[2]
                yield from (addresses.instances(zone), addresses.named_ports(zone))

    def goes_with(self, change: Change) -> str:
        """Return why a deletion needs no call, "" where it does."""
        kind = Kind(change.kind)
        spec = change.observed.spec if change.observed is not None else {}
        parent = parent_of(spec, PARENT_FIELD.get(kind, ""))
        return f"goes with its {_PARENT_WORD[kind]}" if parent in self.deleted else ""

    def promotes(self, change: Change, field: FieldChange) -> bool:
        """Tell whether a forwarding rule keeps its IP address, which is only reserved now."""
        if change.kind != Kind.FORWARDING_RULE.value or not isinstance(field.after, Ref):
            return False
        reserved = self.changes.get(field.after.address)
        wanted = reserved.desired if reserved is not None else None
        if wanted is None:
            return False
        present = change.observed.outputs.get("IPAddress") if change.observed is not None else ""
        ip = wanted.spec.get("address")
        return (isinstance(ip, Ref) and ip.address == change.address) or (
            isinstance(ip, str) and ip == present
        )


class _Writer:
    """Writes the steps that stand on their own: all but those of URL maps that change."""

    def __init__(self, world: _World, found: StepList, room: StepRoom) -> None:
        self._world = world
        self._steps = found
        self._limits = room.limits
        self._room = MemberRoom(room, MEMBERSHIP_LIMITS)

    def write(self, changes: Sequence[Change]) -> None:
        for change in changes:
            match change.action:
                case Action.NOOP:
                    self._steps.add(step_of(change, fields=()))
                case Action.DELETE:
                    self._delete(change)
                case Action.UPDATE:
                    self._update(change)
                case Action.CREATE | Action.REPLACE if change.kind == Kind.URL_MAP.value:
                    pass  # with those that change, in ``switching``
                case Action.CREATE | Action.REPLACE:
                    self._steps.add(step_of(change, calls=self._calls(change)))

    def _calls(self, change: Change) -> tuple[Call, ...]:
        first = self._detaches_first(change)
        return calls(change, self._world.names, detach_first=first)

    def _update(self, change: Change) -> None:
        if change.kind == Kind.URL_MAP.value:
            return
        kept = tuple(field for field in change.fields if self._world.promotes(change, field))
        if kept:
            self._update_promoted(change, kept)
            return
        if self._attached(change) or self._migrated(change):
            return
        wide = widened(change)
        if wide is None:
            self._steps.add(step_of(change, calls=self._calls(change)))
            return
        stage = step_of(wide, stage=WIDEN, calls=self._calls(wide))
        self._steps.add(stage)
        rest = narrowed(change, wide)
        step = step_of(rest, calls=calls(rest, self._world.names), wait=_known_everywhere(change))
        self._steps.add(step, after=(stage.id, *self._members(change)))

    def _attached(self, change: Change) -> bool:
        """Add the stages of a proxy that waits for a certificate, if it has to."""
        most = self._limits[CERTIFICATES].value
        both = beside(change, self._world.changes, most=most)
        if both is None:
            return False
        rest = narrowed(change, both)
        final = step_of(rest, calls=self._calls(rest), wait=awaited(change, self._world.changes))
        if both.fields:
            stage = step_of(both, stage=ATTACH, calls=self._calls(both))
            self._steps.add(stage)
            self._steps.add(final, after=(stage.id,))
        else:
            self._steps.add(final)
        return True

    def _migrated(self, change: Change) -> bool:
        """Add the stages of a change of scheme, if it is one."""
        if not migrates(change):
            return False
        if change.kind == Kind.FORWARDING_RULE.value:
            services = self._world.services_of(change.group)
            wait = settled_everywhere(services)
            self._steps.add(step_of(change, calls=self._calls(change), wait=wait), after=services)
            return True
        previous: tuple[str, ...] = ()
        for step in migration(change, self._world.names):
            previous = (self._steps.add(step, after=previous),)
        return True

    def _update_promoted(self, change: Change, kept: tuple[FieldChange, ...]) -> None:
        """Add what is left of an update whose IP address is only reserved."""
        rest = replace(change, fields=tuple(f for f in change.fields if f not in kept))
        made = self._calls(rest) if rest.fields else ()
        self._steps.add(step_of(change, calls=made, reason="its IP address is reserved"))

    def _members(self, change: Change) -> tuple[str, ...]:
        if change.kind != Kind.BACKEND_SERVICE.value:
            return ()
        return tuple(self._world.members_of(change.address))

    def _delete(self, change: Change) -> None:
        reason = self._world.goes_with(change)
        if reason:
            self._steps.add(step_of(change, reason=reason))
            return
        wait = None
        if change.kind == Kind.BACKEND_SERVICE.value:
            users = self._world.users_of(change.address)
            wait = WaitFor(kind=Wait.SETTLED, on=users) if users else None
        self._steps.add(step_of(change, calls=self._calls(change), wait=wait))

    def _detaches_first(self, change: Change) -> bool:
        """Tell whether the new members do not fit beside the old ones, and take their room."""
        field = _MEMBERS.get(change.kind)
        if field is None or change.desired is None:
            return False
        added = len(difference(change, field)[0])
        return not self._room.takes(added, costs(change.desired))


_MEMBERS: Mapping[str, str] = {
    Kind.NETWORK_ENDPOINTS.value: "networkEndpoints",
    Kind.INSTANCES.value: "instances",
}


def _known_everywhere(change: Change) -> WaitFor | None:
    """Return the wait for new groups behind a backend service to be in use."""
    if change.kind != Kind.BACKEND_SERVICE.value:
        return None
    return WaitFor(kind=Wait.SETTLED, on=(change.address,))


def _order_named_ports(changes: Sequence[Change], found: StepList) -> None:
    """Let backend services come after the ports of instance groups that they speak of."""
    opened = [
        f"{c.address}#{WIDEN}" if found.has(f"{c.address}#{WIDEN}") else c.address
        for c in changes
        if c.kind == Kind.NAMED_PORTS.value and c.action is not Action.DELETE
    ]
    sending = [name for name in opened if found.sends(name)]
    closing = {c.address for c in changes if narrows(c)}
    for change in changes:
        if change.kind != Kind.BACKEND_SERVICE.value or change.action is Action.DELETE:
            continue
        spec = change.desired.spec if change.desired is not None else {}
        zones = {_zone(ref) for ref in references(spec.get("backends"))}
        if spec.get("portName") and found.sends(change.address):
            wide = f"{change.address}#{WIDEN}"
            names = [n for n in sending if n not in closing and _zone_of(n) in zones]
            found.after(wide if found.has(wide) else change.address, names)


def _order_narrowing(changes: Sequence[Change], found: StepList) -> None:
    """Close ports and ranges only when what used them is gone or speaks another way."""
    served = [
        change.address
        for change in changes
        if change.kind in (Kind.BACKEND_SERVICE.value, Kind.HEALTH_CHECK.value)
        and change.action in (Action.DELETE, Action.UPDATE)
        and found.has(change.address)
    ]
    for change in changes:
        shared = change.group == SHARED and change.kind in _CLOSING
        if shared and narrows(change) and found.has(change.address):
            found.after(change.address, served)


def _order_instances(changes: Sequence[Change], found: StepList) -> None:
    """Let calls about one instance group follow each other: it takes one at a time.

    Ports first, so that a machine which is refused keeps no port from being known; closing one,
    which waits for much else, last.
    """
    for change in changes:
        if change.kind != Kind.NAMED_PORTS.value or change.action is Action.DELETE:
            continue
        machines = addresses.instances(_zone_of(change.address))
        wide = f"{change.address}#{WIDEN}"
        if found.has(wide) and found.has(machines):
            found.after(machines, [wide])
        if not found.sends(change.address) or not found.sends(machines):
            continue
        if narrows(change):
            found.after(change.address, [machines])
        else:
            found.after(machines, [change.address])


def _order_signing_keys(changes: Sequence[Change], found: StepList) -> None:
    """Let a key be rotated before its backend service's description says so.

    Google shows no key: after a crash in between, an old one would look like the new one.
    """
    for change in changes:
        if change.kind == Kind.SIGNED_URL_KEY.value and change.action is Action.UPDATE:
            service = parent_of(spec_of(change), PARENT_FIELD[Kind.SIGNED_URL_KEY])
            for step in found.changing(service, "description"):
                found.after(step, [change.address])


_CLOSING = frozenset({Kind.NAMED_PORTS.value, Kind.FIREWALL.value})


def _zone(ref: Ref) -> str:
    return ref.address.rpartition("/")[2]


def _zone_of(identity: str) -> str:
    return identity.partition("#")[0].rpartition("/")[2]

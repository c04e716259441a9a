"""What this process has written lately, for reads that have not caught up.

AWS' listings may lag behind its writes by seconds. A controller that plans again at once would
then create a second copy of what it has just made. So what we created is remembered for a minute:
a listing that lacks its tags, or lacks the thing itself, is completed from here. After that minute
the listing is right and the memory is dropped.

Writers tell it, readers ask it; a command that plans once needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock

from providers.aws import addresses, marks
from provisioner.core.address_text import AddressError
from provisioner.model.change import Call
from provisioner.model.resource import ObservedResource, Value, freeze_spec, references
from provisioner.ports import Clock

GRACE_SECONDS = 60.0
CREATING = ("Create", "Import", "Request")
DELETING = "Delete"
CHANGING = ("Modify", "Set")
AGAIN = "CertificateArn"  # an import that names one replaces what was imported before
IDENTITIES = ("LoadBalancerArn", "TargetGroupArn", "ListenerArn", "RuleArn", "GroupId", AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    resource: ObservedResource
    tags: Mapping[str, str]
    written: float


class Journal:
    """Resources created by this process within the last minute; safe to share."""

    def __init__(self, clock: Clock, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._clock = clock
        self._grace = grace_seconds
        self._entries: dict[str, _Entry] = {}
        self._lock = Lock()

    def note(self, call: Call, outputs: Mapping[str, str]) -> None:
        """Remember a call that AWS has carried out."""
        with self._lock:
            again = AGAIN in call.parameters and call.operation.startswith(CREATING)
            if call.operation.startswith(CREATING) and outputs and not again:
                entry = _created(call, outputs, self._clock.now())
                if entry is not None:
                    self._entries[call.address] = entry
            elif call.operation.startswith(DELETING):
                self._drop(call.address)
            elif call.address in self._entries and (again or call.operation.startswith(CHANGING)):
                self._entries[call.address] = _changed(self._entries[call.address], call)

    def _drop(self, address: str) -> None:
        """Forget what was deleted, and what AWS deletes with it: all that refers to it.

        A load balancer takes its listeners and their rules along without a call for each.
        """
        self._entries.pop(address, None)
        children = [
            child
            for child, entry in self._entries.items()
            if any(
                ref.address == address
                for value in entry.resource.spec.values()
                for ref in references(value)
            )
        ]
        for child in children:
            self._drop(child)

    def tags(self, identifier: str) -> Mapping[str, str]:
        """Return the tags that a resource was created with, none where it is not known here."""
        for entry in self._lately():
            if identifier in entry.resource.outputs.values():
                return entry.tags
        return {}

    def resources(self) -> tuple[ObservedResource, ...]:
        """Return what was created lately, as it was asked for."""
        return tuple(entry.resource for entry in self._lately())

    def _lately(self) -> tuple[_Entry, ...]:
        horizon = self._clock.now() - self._grace
        with self._lock:
            self._entries = {a: e for a, e in self._entries.items() if e.written >= horizon}
            return tuple(self._entries.values())


def _created(call: Call, outputs: Mapping[str, str], now: float) -> _Entry | None:
    spec = {key: value for key, value in call.parameters.items() if key != "TagSpecifications"}
    spec["Tags"] = _tags_value(call)
    tags = marks.mapping(_pairs(spec["Tags"]))
    try:
        kind = addresses.parse(call.address).kind
    except AddressError:
        return None
    ingress = marks.ingress_of(tags)
    resource = ObservedResource(
        kind=kind.value,
        address=call.address,
        group=marks.group_of(tags),
        name=_text(spec.get("Name")) or _text(spec.get("GroupName")),
        ingresses=() if ingress is None else (ingress,),
        spec=freeze_spec(spec),
        outputs=dict(outputs),
        order=_number(spec.get("Priority")),
    )
    return _Entry(resource=resource, tags=tags, written=now)


def _changed(entry: _Entry, call: Call) -> _Entry:
    news = {key: value for key, value in call.parameters.items() if key not in IDENTITIES}
    spec = freeze_spec({**entry.resource.spec, **news})
    return replace(entry, resource=replace(entry.resource, spec=spec))


def _tags_value(call: Call) -> Value:
    """Return the tags of a create call: its Tags, or those of its first TagSpecification."""
    specifications = call.parameters.get("TagSpecifications")
    if isinstance(specifications, tuple) and specifications:
        first = specifications[0]
        return first.get("Tags") if isinstance(first, Mapping) else ()
    return call.parameters.get("Tags", ())


def _pairs(value: Value) -> list[dict[str, str]]:
    entries = value if isinstance(value, tuple) else ()
    return [
        {"Key": _text(entry.get("Key")), "Value": _text(entry.get("Value"))}
        for entry in entries
        if isinstance(entry, Mapping)
    ]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0

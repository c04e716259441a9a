"""Migrate a backend service from the classic scheme to the modern one, state by state.

Google wants three states to be passed before the scheme may change: PREPARE sends nothing over,
TEST_BY_PERCENTAGE a share of the requests, TEST_ALL_TRAFFIC all of them, while the load balancer is
still classic. Each takes about six minutes to be everywhere, and nothing but time tells when it is.
The state in force can be read, so a migration that was interrupted goes on where it stood.

Forwarding rules follow when all of their backend services have the new scheme.

Sources: "Migrate resources from classic to global external Application Load Balancer", Cloud Load
Balancing; ``externalManagedMigrationState``, Compute API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from providers.gcp.changes.call_parts import call_to, name_of
from providers.gcp.changes.calls import calls
from provisioner.core.step_list import step_of
from provisioner.model.change import Change, FieldChange, Step, Wait, WaitFor
from provisioner.model.resource import PlainInput, freeze_spec

SETTINGS = "settings"
"""The stage in which all other fields of a backend service change: they need not wait."""

STATE_SECONDS = 360.0

_SCHEME = "loadBalancingScheme"
_STATE = "externalManagedMigrationState"
_SHARE = "externalManagedMigrationTestingPercentage"
_TENTH = 10

_STATES: Mapping[str, str] = MappingProxyType(
    {"PREPARE": "prepare", "TEST_BY_PERCENTAGE": "test-a-tenth", "TEST_ALL_TRAFFIC": "test-all"}
)
"""Each state and the stage that leads there, in order."""


def migrates(change: Change) -> bool:
    """Tell whether an update changes the scheme."""
    return any(field.path == _SCHEME for field in change.fields)


def settled_everywhere(addresses: Sequence[str]) -> WaitFor:
    """Return the wait for a change of states or schemes to be in force everywhere."""
    return WaitFor(kind=Wait.SETTLED, on=tuple(addresses), seconds=STATE_SECONDS)


def migration(change: Change, names: Mapping[str, str]) -> Iterator[Step]:
    """Yield the stages of a backend service's change of scheme, in order."""
    others = tuple(field for field in change.fields if field.path != _SCHEME)
    scheme = tuple(field for field in change.fields if field.path == _SCHEME)
    if others and change.desired is not None:
        before = change.desired.with_spec(**{_SCHEME: scheme[0].before})
        rest = replace(change, fields=others, desired=before)
        yield step_of(rest, stage=SETTINGS, calls=calls(rest, names))
    present = change.observed.state if change.observed is not None else ""
    states = tuple(_STATES)
    reached = states.index(present) + 1 if present in states else 0
    settled = settled_everywhere((change.address,))
    for number in range(reached, len(states)):
        before_this = states[number - 1] if number else ""
        yield _to(change, states[number], before_this, wait=settled if number else None)
    last = replace(change, fields=scheme)
    yield step_of(last, calls=calls(last, names), wait=settled)


def _to(change: Change, state: str, before: str, *, wait: WaitFor | None) -> Step:
    body: dict[str, PlainInput] = {_STATE: state}
    if before:  # the share goes with the state that has one
        body[_SHARE] = _TENTH if state == "TEST_BY_PERCENTAGE" else None
    call = call_to(change, "patch", name_of(change), body=freeze_spec(body))
    field = FieldChange(path=_STATE, before=before or None, after=state)
    return step_of(change, stage=_STATES[state], fields=(field,), calls=(call,), wait=wait)

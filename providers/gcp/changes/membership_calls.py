"""Calls about what is behind a backend: endpoints, machines, named ports, signing keys.

What comes is attached before what goes is detached, so that a backend never runs empty on the way,
except where a limit leaves no room for both. Batches are those of GKE's own controller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from providers.gcp.changes.call_parts import call_to, entries, spec_of
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import PlainInput, Unknown, Value, canonical, freeze_spec

BATCH = 500
"""Endpoints or machines in one call."""


def endpoints(change: Change, name: str, *, detach_first: bool) -> Iterator[Call]:
    """Yield the calls that attach and detach network endpoints."""
    added, removed = difference(change, "networkEndpoints")

    def send(verb: str, batch: Sequence[Value]) -> Call:
        body = freeze_spec({"networkEndpoints": tuple(batch)})
        return call_to(change, f"{verb}NetworkEndpoints", name, body=body)

    yield from _both(send, ("attach", added), ("detach", removed), last_first=detach_first)


def instances(change: Change, name: str, *, detach_first: bool) -> Iterator[Call]:
    """Yield the calls that put machines into an instance group and take them out."""
    added, removed = difference(change, "instances")

    def send(verb: str, batch: Sequence[Value]) -> Call:
        listed: list[PlainInput] = [{"instance": link} for link in batch]
        return call_to(change, f"{verb}Instances", name, body=freeze_spec({"instances": listed}))

    yield from _both(send, ("add", added), ("remove", removed), last_first=detach_first)


def named_ports(change: Change, name: str) -> Iterator[Call]:
    """Yield the call that sets our named ports and removes those that we set before.

    A group may have ports of others, so the writer changes only those that are named here.
    """
    wanted = change.desired.spec.get("namedPorts") if change.desired is not None else ()
    _, gone = difference(change, "namedPorts")
    names = {_port_name(port) for port in gone} - {_port_name(port) for port in entries(wanted)}
    body = freeze_spec({"namedPorts": wanted})
    yield call_to(change, "setNamedPorts", name, body=body, remove=sorted(names))


def signed_url_key(change: Change, name: str) -> Iterator[Call]:
    """Yield the calls that add or remove a signing key; one with another value is both.

    A backend service holds three, so a key goes before the one that takes its place comes.
    """
    spec = spec_of(change)
    if change.action in (Action.DELETE, Action.UPDATE):
        yield call_to(change, "deleteSignedUrlKey", name, keyName=spec.get("keyName"))
    if change.action is not Action.DELETE:
        body = {field: spec[field] for field in ("keyName", "keyValue") if field in spec}
        yield call_to(change, "addSignedUrlKey", name, body=body)


def difference(change: Change, field: str) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Return what of a list comes and what goes, each in canonical order.

    A list that is not known yet comes as a whole, for whoever asks what is unresolved.
    """
    new = change.desired.spec.get(field) if change.desired is not None else ()
    old = change.observed.spec.get(field) if change.observed is not None else ()
    if isinstance(new, Unknown):
        return (new,), ()
    before = {canonical(entry): entry for entry in entries(old)}
    wanted = {canonical(entry): entry for entry in entries(new)}
    return (
        tuple(wanted[key] for key in sorted(wanted.keys() - before.keys())),
        tuple(before[key] for key in sorted(before.keys() - wanted.keys())),
    )


def _both(
    send: Callable[[str, Sequence[Value]], Call],
    coming: tuple[str, Sequence[Value]],
    going: tuple[str, Sequence[Value]],
    *,
    last_first: bool,
) -> Iterator[Call]:
    for verb, listed in (going, coming) if last_first else (coming, going):
        for start in range(0, len(listed), BATCH):
            yield send(verb, listed[start : start + BATCH])


def _port_name(port: Value) -> str:
    return str(port.get("name")) if isinstance(port, Mapping) else ""

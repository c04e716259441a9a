"""What a URL map can do before all of its backend services exist.

A backend service that Google refuses must not keep everybody else's rules from being written. So
rules that lead to backend services which are only created in this plan are *late*: until then their
requests are answered as before. They arrive in a stage of their own, or, where their backend
service could not be made, with a later plan, while all others are there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from providers.gcp.changes.turns import Switched
from providers.gcp.changes.url_map_parts import EVERYTHING, Slot, weights_of
from providers.gcp.routing.canonical import ANY_HOST
from providers.gcp.routing.entries import addresses_in
from provisioner.model.resource import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What a URL map does otherwise than it is to do, while some backend services do not exist.

    Attributes:
        actions: Late slots and what they do; None: they are not there.
        kept: Slots that are to go, on hosts on which something is late; so nobody meets a gap.
    """

    actions: dict[Slot, Spec | None]
    kept: dict[Slot, Spec]


def meanwhile(url_map: Switched, created: Collection[str]) -> Meanwhile | None:
    """Return what a URL map does without some backend services, None where nothing may change yet.

    Args:
        url_map: The URL map, observed or not.
        created: Backend services that do not exist.
    """
    if not created:
        return Meanwhile(actions={}, kept={})
    late = _late(url_map, created)
    if late and _must_wait(url_map, late):
        return None
    hosts = {host for host, _ in late}
    actions: dict[Slot, Spec | None] = {slot: url_map.before.get(slot) for slot in late}
    if EVERYTHING in late and not actions[EVERYTHING]:
        actions[EVERYTHING] = _nobodys(url_map, late)
    for host in hosts - {host for host, _ in url_map.before}:
        actions |= _new_host(url_map, host, late)
    kept = {
        slot: action
        for slot, action in url_map.before.items()
        if slot not in url_map.after and slot[0] in hosts
    }
    return Meanwhile(actions=actions, kept=kept)


def _late(url_map: Switched, created: Collection[str]) -> frozenset[Slot]:
    now, missing = url_map.actions(), frozenset(created)
    return frozenset(
        slot
        for slot, action in url_map.after.items()
        if missing & addresses_in(now.get(slot, action))
    )


def _must_wait(url_map: Switched, late: Collection[Slot]) -> bool:
    """Tell whether somebody would meet a gap.

    That is so where a host goes whose requests a late one is to answer, and where nothing is known
    yet of what answers everybody else.
    """
    hosts = {host for host, _ in url_map.before}
    gone = hosts - {host for host, _ in url_map.after}
    coming = {host for host, _ in late} - hosts
    answered = url_map.before.get(EVERYTHING) or _nobodys(url_map, late)
    return (EVERYTHING in late and not answered) or any(
        _covers(pattern, gone) for pattern in coming
    )


def _nobodys(url_map: Switched, late: Collection[Slot]) -> Spec | None:
    """Return an answer that is nobody's backend and that some host of the map has: a 404.

    A new map needs one for everybody else while the default backend that shall answer them is late.
    """
    return next(
        (
            action
            for slot, action in sorted(url_map.after.items(), key=lambda item: item[0])
            if not slot[1] and slot not in late and not weights_of(action)
        ),
        None,
    )


def _new_host(url_map: Switched, host: str, late: Collection[Slot]) -> dict[Slot, Spec | None]:
    """Return what is late of a host that is not there yet, its default that of the map.

    Where somebody else's backends answer its requests now, they go on doing so: half of the new
    host would stand before them.
    """
    default: Slot = (host, "")
    if any(_covers(wider, (host,)) for wider, _ in url_map.before if wider):
        return {default: None}
    if default not in late:
        return {}
    answer = url_map.before.get(EVERYTHING) or url_map.after.get(EVERYTHING)
    return {default: answer if answer and not weights_of(answer) else None}


def _covers(pattern: str, hosts: Iterable[str]) -> bool:
    """Tell whether a host pattern answers what one of these hosts answers."""
    if not pattern.startswith(ANY_HOST):
        return False
    return any(pattern == ANY_HOST or host.endswith(pattern[1:]) for host in hosts if host)

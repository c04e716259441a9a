"""Which backends take the place of which, when what a rule forwards to changes.

A backend's new target group (or backend service) takes over from its old one, and one backend is
replaced at a time. What is left has nothing to do with each other except the rule, and moves
together. How a cloud goes from one to the other, its provider knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """New backends that take the place of old ones; ``new`` is empty where some just go."""

    new: tuple[str, ...]
    old: tuple[str, ...]


def backend_of(address: str) -> str:
    """Return what the generations and modes of one backend's resource have in common."""
    return address.partition("@")[0].rpartition("/")[0]


def moves(current: Mapping[str, int], wanted: Mapping[str, int]) -> tuple[Move, ...]:
    """Return which addresses take over from which, one backend at a time, by address.

    Args:
        current: Address -> weight, now.
        wanted: Address -> weight, in the end.
    """
    serving, serves = weighted(current), weighted(wanted)
    gained, lost = sorted(serves - serving), sorted(serving - serves)
    if not serving or not serves:
        return ()
    shared = {backend_of(new) for new in gained} & {backend_of(old) for old in lost}
    pairs = (
        Move(new=_of({backend}, gained), old=_of({backend}, lost)) for backend in sorted(shared)
    )
    others = {backend_of(address) for address in (*gained, *lost)} - shared
    rest = Move(new=_of(others, gained), old=_of(others, lost))
    return (*pairs, rest) if others else tuple(pairs)


def weighted(weights: Mapping[str, int]) -> frozenset[str]:
    """Return the addresses that get traffic."""
    return frozenset(address for address, weight in weights.items() if weight > 0)


def together(moves_to: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """Return address -> one name for all that some action switches to in one move."""
    names: dict[str, str] = {}
    for new in moves_to:
        joined = {names.get(address, address) for address in new}
        for address, name in [*names.items(), *((address, address) for address in new)]:
            if name in joined:
                names[address] = min(joined)
    return names


def _of(backends: Collection[str], addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(address for address in addresses if backend_of(address) in backends)

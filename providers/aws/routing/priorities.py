"""Give rules their priorities: the wanted order, with as few existing rules moved as possible.

A priority is a place in a row of 50,000. Rules that exist keep theirs wherever the wanted order
allows, because every other rule costs nothing then: inserting one rule in front of a thousand must
be one CreateRule, not a thousand moves. Fresh rules stand 100 apart, which leaves room for later.

Which existing rules stay is found exactly. With ``rank`` counting only priorities that may be used,
two existing rules can both stay if at least as many usable places lie between them as rules are
wanted between them, that is, if ``rank - index`` does not fall. The most rules that can stay are
therefore a longest non-decreasing subsequence, and all others move into the places between.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence

LOWEST, HIGHEST = 1, 50_000
"""The priorities that an ALB accepts."""

GAP = 100
"""The distance between rules that have no reason to stand closer."""


class NoRoomError(ValueError):
    """More rules than priorities: cannot happen under any limit an account can have."""


def assign(
    order: Sequence[str], existing: Mapping[str, int], *, blocked: Collection[int] = ()
) -> dict[str, int]:
    """Return a priority for every rule, rising in the order given.

    Args:
        order: Addresses of all rules of one listener, in evaluation order.
        existing: Priorities that rules have now; those not in ``order`` are about to be deleted,
            and their priorities are not given away, since they are freed last.
        blocked: Further priorities to avoid.

    Raises:
        NoRoomError: There are more rules than usable priorities.
    """
    wanted = frozenset(order)
    leaving = {number for address, number in existing.items() if address not in wanted}
    places = _Places(leaving | set(blocked))
    if len(order) > places.count:
        raise NoRoomError(f"{len(order)} rules do not fit into {places.count} priorities")
    stays = _stays(order, existing, places)
    ranks: list[int] = []
    for index, address in enumerate(order):
        if index in stays:
            rank = places.rank(existing[address])
            ranks += _between(ranks[-1] if ranks else 0, rank, index - len(ranks))
            ranks.append(rank)
    ranks += _tail(ranks[-1] if ranks else 0, places.count, len(order) - len(ranks))
    return {address: places.priority(rank) for address, rank in zip(order, ranks, strict=True)}


def consecutive(order: Sequence[str]) -> dict[str, int]:
    """Return the priorities 1, 2, 3 ..., as AWS Load Balancer Controller gives them.

    A rule that is about to be deleted may hold one of them still: it is moved away first.
    """
    return {address: number for number, address in enumerate(order, start=LOWEST)}


def with_retained(
    order: Sequence[str], retained: Collection[str], existing: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the order with each retained rule right after the rule that it followed until now.

    A retained rule with nothing before it comes first: what used to be evaluated first still is.
    """
    present = sorted(existing, key=lambda address: existing[address])
    wanted = set(order)
    kept = set(retained) - wanted
    followers: dict[str, list[str]] = {}
    anchor = ""
    for address in present:
        if address in kept:
            followers.setdefault(anchor, []).append(address)
        elif address in wanted:
            anchor = address
    unseen = sorted(kept - existing.keys())
    result = list(followers.get("", ()))
    for address in order:
        result += [address, *followers.get(address, ())]
    return (*result, *unseen)


class _Places:
    """The usable priorities, counted from 1."""

    def __init__(self, blocked: Collection[int]) -> None:
        self._blocked = sorted(n for n in set(blocked) if LOWEST <= n <= HIGHEST)
        # How many usable priorities lie below each blocked one; rises, so it can be searched.
        self._below = [n - index - LOWEST for index, n in enumerate(self._blocked)]
        self.count = HIGHEST - LOWEST + 1 - len(self._blocked)

    def rank(self, priority: int) -> int:
        """Return the place of a usable priority among the usable ones."""
        return priority - bisect_left(self._blocked, priority)

    def priority(self, rank: int) -> int:
        """Return the usable priority at a place."""
        return rank + bisect_left(self._below, rank)

    def usable(self, priority: int) -> bool:
        """Tell whether a priority may be used."""
        at = bisect_left(self._blocked, priority)
        taken = at < len(self._blocked) and self._blocked[at] == priority
        return LOWEST <= priority <= HIGHEST and not taken


def _stays(order: Sequence[str], existing: Mapping[str, int], places: _Places) -> set[int]:
    """Return the indices of the most rules that can keep their priority."""
    slack_limit = places.count - len(order)
    ends: list[int] = []  # smallest last slack of a subsequence of each length
    last: list[int] = []  # index into ``order`` of that last rule
    previous: dict[int, int] = {}
    for index, address in enumerate(order):
        number = existing.get(address)
        if number is None or not places.usable(number):
            continue
        slack = places.rank(number) - index - 1
        if not 0 <= slack <= slack_limit:
            continue
        length = bisect_right(ends, slack)
        if length:
            previous[index] = last[length - 1]
        ends[length : length + 1] = [slack]
        last[length : length + 1] = [index]
    return _chain(last, previous)


def _chain(last: Sequence[int], previous: Mapping[int, int]) -> set[int]:
    chain: set[int] = set()
    index = last[-1] if last else None
    while index is not None:
        chain.add(index)
        index = previous.get(index)
    return chain


def _between(low: int, high: int, count: int) -> list[int]:
    """Return ``count`` places spread evenly strictly between two others."""
    return [low + (k * (high - low)) // (count + 1) for k in range(1, count + 1)]


def _tail(low: int, top: int, count: int) -> list[int]:
    """Return ``count`` places after the last one that stays: 100 apart where that fits."""
    if low + count * GAP <= top:
        return [low + GAP * k for k in range(1, count + 1)]
    return _between(low, top + 1, count)

"""Priorities: the wanted order, the fewest moves, never twice the same number."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws.routing.priorities import HIGHEST, LOWEST, NoRoomError, assign, with_retained

_NAMES = st.sampled_from([f"r{i}" for i in range(12)])
_ORDER = st.lists(_NAMES, unique=True, max_size=10)
_SMALL = st.dictionaries(_NAMES, st.integers(1, 14), max_size=8).map(
    lambda found: {name: number for number, name in {v: k for k, v in found.items()}.items()}
)
_ANY = st.dictionaries(_NAMES, st.integers(LOWEST, HIGHEST), max_size=10).map(
    lambda found: {name: number for number, name in {v: k for k, v in found.items()}.items()}
)


@given(_ORDER, st.one_of(_SMALL, _ANY), st.sets(st.integers(1, 20), max_size=6))
def test_the_order_realised_is_the_order_wanted(
    order: list[str], existing: dict[str, int], blocked: set[int]
) -> None:
    """Rising, within bounds, and clear of priorities that others still hold."""
    numbers = assign(order, existing, blocked=blocked)

    listed = [numbers[name] for name in order]
    leaving = {number for name, number in existing.items() if name not in order}
    assert listed == sorted(set(listed))
    assert all(LOWEST <= number <= HIGHEST for number in listed)
    assert not set(listed) & (leaving | blocked)


@given(_ORDER, _SMALL)
def test_no_assignment_moves_fewer_rules(order: list[str], existing: dict[str, int]) -> None:
    """Checked against every subset of rules that could stay."""
    numbers = assign(order, existing)

    stayed = sum(1 for name in order if existing.get(name) == numbers[name])
    assert stayed == _most_that_can_stay(order, existing)


def _most_that_can_stay(order: list[str], existing: dict[str, int]) -> int:
    leaving = {number for name, number in existing.items() if name not in order}
    present = [name for name in order if name in existing]
    for size in range(len(present), 0, -1):
        if any(_is_possible(order, existing, set(c), leaving) for c in combinations(present, size)):
            return size
    return 0


def _is_possible(
    order: list[str], existing: dict[str, int], stays: set[str], leaving: set[int]
) -> bool:
    """Place everything as low as possible; possible if no rule that stays was overtaken."""
    last = 0
    for name in order:
        if name in stays:
            if existing[name] <= last:
                return False
            last = existing[name]
        else:
            last = next(n for n in range(last + 1, HIGHEST) if n not in leaving)
    return True


@given(_ORDER, _ANY)
def test_a_second_assignment_changes_nothing(order: list[str], existing: dict[str, int]) -> None:
    """What was assigned stays as long as the order does."""
    numbers = assign(order, existing)

    assert assign(order, numbers) == numbers


def test_fresh_rules_stand_a_hundred_apart() -> None:
    """Room for later insertions."""
    assert assign(["a", "b", "c"], {}) == {"a": 100, "b": 200, "c": 300}


def test_many_fresh_rules_stand_closer() -> None:
    """A thousand rules of a raised limit still fit."""
    numbers = assign([str(i) for i in range(1000)], {})

    assert list(numbers.values()) == sorted(set(numbers.values()))
    assert max(numbers.values()) <= HIGHEST


def test_inserting_in_front_moves_nobody() -> None:
    """One CreateRule, not a thousand moves (LBC#4064)."""
    existing = {f"r{i}": 100 * (i + 1) for i in range(50)}

    numbers = assign(["new", *existing], existing)

    assert {name: numbers[name] for name in existing} == existing
    assert numbers["new"] < 100


def test_priorities_of_rules_about_to_go_are_not_given_away() -> None:
    """They are deleted last, so their numbers are taken until then."""
    numbers = assign(["a", "new", "b"], {"a": 1, "gone": 2, "b": 4})

    assert numbers == {"a": 1, "new": 3, "b": 4}


def test_more_rules_than_priorities_is_an_error_with_both_numbers() -> None:
    """It cannot happen under any limit; if it does, it is told."""
    with pytest.raises(NoRoomError, match="50001 rules do not fit into 50000"):
        assign([str(i) for i in range(50_001)], {})


def test_retained_rules_stay_behind_their_old_predecessor() -> None:
    """The last good rules of a quarantined member keep their place among their neighbours."""
    existing = {"first": 1, "a": 2, "held": 3, "held too": 4, "b": 5}

    order = with_retained(["b", "new", "a"], ["held", "held too", "first"], existing)

    assert order == ("first", "b", "new", "a", "held", "held too")

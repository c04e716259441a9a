"""Promises of answers that serve again: how old one may be, and whose it is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from providers.shell.remembered import Remembered


@dataclass
class StoppedClock:
    """A clock that a test sets."""

    seconds: float = 0.0

    def now(self) -> float:
        """Return what was set."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.seconds += seconds


def counting(clock: StoppedClock, *, seconds: float) -> Remembered[int]:
    """Return a question whose answer says how often it was asked."""
    numbers = itertools.count(1)
    return Remembered(clock, lambda: next(numbers), seconds=seconds)


def test_a_young_answer_serves_again_and_an_old_one_does_not() -> None:
    """Listing an account anew for every load balancer is what made others slow."""
    clock = StoppedClock()
    asked = counting(clock, seconds=10)

    first = asked.fresh()
    clock.sleep(9)
    again = asked.fresh()
    clock.sleep(1)

    assert (first, again, asked.fresh()) == (1, 1, 2)


def test_who_may_not_remember_asks_every_time() -> None:
    """A command says zero: it plans against what is."""
    asked = counting(StoppedClock(), seconds=0)

    assert [asked.fresh(), asked.fresh()] == [1, 2]


def test_what_belongs_together_is_of_one_asking() -> None:
    """Facts and resources of a plan come from the same listing, however long it takes to plan."""
    clock = StoppedClock()
    asked = counting(clock, seconds=0)

    unasked = asked.last()
    clock.sleep(3600)

    assert (unasked, asked.last()) == (1, 1)


def test_what_is_forgotten_is_asked_again() -> None:
    """The cloud is known to have changed."""
    asked = counting(StoppedClock(), seconds=10)
    asked.fresh()

    asked.forget()

    assert (asked.fresh(), asked.last()) == (2, 2)


def test_of_two_that_ask_at_once_both_get_the_first_answer() -> None:
    """Two workers that start together go on from one listing, not from two."""
    clock = StoppedClock()
    inner: list[int] = []
    numbers = itertools.count(1)

    def ask() -> int:
        number = next(numbers)
        if number == 1:  # somebody else asks meanwhile, and is answered first
            inner.append(asked.fresh())
        return number

    asked = Remembered(clock, ask, seconds=10)

    assert (asked.fresh(), inner) == (2, [2])

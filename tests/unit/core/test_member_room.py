"""Promises of the room for members: new ones come before old ones go, wherever both fit."""

from __future__ import annotations

import pytest

from provisioner.core.member_room import MemberRoom
from provisioner.model.expression import Cost, StepRoom
from provisioner.model.limits import Limit, Limits, LimitSource

TARGETS = "targets"
BEHIND_WEB = Cost(limit=TARGETS, subject="web", units=1)


def a_room(*, used: int, most: int = 10) -> MemberRoom:
    """Return the room behind ``web``, of which some is used."""
    limit = Limit(
        name=TARGETS, value=most, source=LimitSource.DEFAULT, adjustable=True, label="targets"
    )
    room = StepRoom(limits=Limits(by_name={TARGETS: limit}), used={(TARGETS, "web"): used})
    return MemberRoom(room, frozenset({TARGETS}))


@pytest.mark.parametrize(("used", "added", "fits"), [(6, 4, True), (7, 4, False), (10, 0, True)])
def test_new_members_fit_up_to_the_limit(used: int, added: int, *, fits: bool) -> None:
    """Up to it and not beyond; who adds nobody needs no room."""
    assert a_room(used=used).takes(added, [BEHIND_WEB]) is fits


def test_who_comes_first_has_taken_his_room() -> None:
    """Several changes of one plan draw on one limit."""
    room = a_room(used=0)

    assert [room.takes(6, [BEHIND_WEB]), room.takes(6, [BEHIND_WEB])] == [True, False]


def test_what_nobody_uses_yet_has_all_of_its_room() -> None:
    """A load balancer that is new is in no count."""
    elsewhere = Cost(limit=TARGETS, subject="cart", units=1)

    assert a_room(used=10).takes(10, [elsewhere])
    assert not a_room(used=10).takes(11, [elsewhere])


def test_other_limits_are_not_for_members() -> None:
    """A resource counts in limits that have nothing to do with who is in it."""
    assert a_room(used=10).takes(1, [Cost(limit="target-groups", subject="web", units=1)])

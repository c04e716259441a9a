"""How much room is left for new members, while steps are written one after the other.

Members (targets, endpoints, machines) change one for one: the new ones are added before the old
ones are taken away, so that nothing is ever served by fewer. Where a limit does not leave room for
both, the old ones go first. Several changes of one plan draw on the same limits, so who has come
first has taken his room.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.model.expression import Cost, StepRoom


class MemberRoom:
    """What is left of the limits on members, by limit and subject."""

    def __init__(self, room: StepRoom, limits: frozenset[str]) -> None:
        """Start from what is used now; ``limits`` are the names of those that members count in."""
        self._names = limits
        self._limits = room.limits
        self._free = {
            place: limit.value - used
            for place, used in room.used.items()
            if (limit := room.limits.by_name.get(place[0])) is not None
        }

    def takes(self, added: int, costs: Iterable[Cost]) -> bool:
        """Take the room of new members, and tell whether there was enough beside the old ones.

        Args:
            added: How many come.
            costs: What the resource whose members they are counts in.
        """
        places = [(c.limit, c.subject) for c in costs if added and c.limit in self._names]
        room = [self._at(place) for place in places]
        for place in places:
            self._free[place] = self._at(place) - added
        return all(free >= added for free in room)

    def _at(self, place: tuple[str, str]) -> int:
        return self._free.get(place, self._limits[place[0]].value)

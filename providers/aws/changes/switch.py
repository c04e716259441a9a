"""Replace what a rule forwards to without a moment in which nobody answers.

A target group that no rule uses is not health-checked, so its health can only be known after it is
attached. Hence the stages of a switch: *attach* the new target group with weight 0; once it has a
healthy target, *shift* the weight; once that has reached the data plane, *detach* the old one. If
the old one has no healthy target there is nothing to protect, and every wait is over at once.

One backend is replaced at a time, within a rule and across the rules of a load balancer, so that no
more than one extra target group exists. Each stage can be recognised in what is observed (by its
weights), so a switch that was interrupted goes on where it stood.

The property, whatever the order of anything else: no step takes a rule from at least one healthy
target to none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioner.core.replacement import Move, backend_of, weighted
from provisioner.model.change import Wait, WaitFor

ATTACH, SHIFT, DETACH = "attach", "shift", "detach"

FINAL = ""
"""The stage that reaches what is wanted; its step has the address itself as its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One update of an action: the weights it leads to and what must be true before."""

    name: str
    weights: Mapping[str, int]
    wait: WaitFor | None = None
    move: Move | None = None


def taken_over(new: Collection[str], everything: Collection[str]) -> WaitFor | None:
    """Return the wait for target groups of a new load balancer to serve as those of the old do.

    Args:
        new: Target groups of the new load balancer.
        everything: These and those of the old one.

    Returns:
        None where none of them stands for one of the old.
    """
    others = sorted(address for address in everything if address not in new)
    served = {backend_of(address) for address in others}
    on = tuple(sorted(address for address in new if backend_of(address) in served))
    return WaitFor(kind=Wait.HEALTHY, on=on, instead_of=tuple(others)) if on else None


def stages(
    holder: str,
    current: Mapping[str, int],
    wanted: Mapping[str, int],
    *,
    order: Sequence[Move],
    attached: Collection[str],
) -> tuple[Stage, ...]:
    """Return the updates that lead an action from its present weights to the wanted ones.

    Args:
        holder: Address of the rule, or of the listener whose default action it is.
        current: Target group -> weight, now.
        wanted: Target group -> weight, in the end.
        order: What ``replacement.moves`` returned, in the order in which backends are replaced.
        attached: Target groups that something on the load balancer uses already.
    """
    settled = WaitFor(kind=Wait.SETTLED, on=(holder,))
    found: list[Stage] = []
    state = dict(current)
    for number, move in enumerate(order, start=1):
        suffix = f"-{number}" if number > 1 else ""
        missing = [new for new in move.new if new not in state]
        if any(new not in attached for new in missing):
            state |= dict.fromkeys(missing, 0)
            found.append(Stage(name=ATTACH + suffix, weights=dict(state), move=move))
        healthy = _healthy(move, state, wanted)
        state |= {new: wanted[new] for new in move.new} | dict.fromkeys(move.old, 0)
        found.append(Stage(name=SHIFT + suffix, weights=dict(state), wait=healthy, move=move))
        if move.old and number < len(order):
            state = {tg: weight for tg, weight in state.items() if tg not in move.old}
            found.append(Stage(name=DETACH + suffix, weights=dict(state), wait=settled, move=move))
    return (*found, *_final(found, state, wanted, settled))


def _final(
    found: list[Stage], state: Mapping[str, int], wanted: Mapping[str, int], settled: WaitFor
) -> Iterator[Stage]:
    """Yield the last stage; where the last shift already is what is wanted, it is that one."""
    if found and dict(state) == dict(wanted):
        last = found.pop()
        yield Stage(name=FINAL, weights=wanted, wait=last.wait, move=last.move)
        return
    leaves = any(address not in wanted for address in state)
    move = found[-1].move if found else None
    yield Stage(name=FINAL, weights=wanted, wait=settled if leaves else None, move=move)


def _healthy(move: Move, state: Mapping[str, int], wanted: Mapping[str, int]) -> WaitFor:
    """Return the wait for whatever serves next; for what, if anything, would be lost otherwise."""
    on = move.new or tuple(sorted(weighted(wanted)))
    return WaitFor(kind=Wait.HEALTHY, on=on, instead_of=move.old or tuple(sorted(weighted(state))))

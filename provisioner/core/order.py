"""Put steps in an order in which every reference holds at every moment.

References are the whole story: a resource is created after everything it refers to, and deleted
after everything that referred to it has been deleted or has let go. A provider adds what no
reference says (``Step.after`` as it comes in).

A spec field that *is* a reference names the parent (a rule's ``ListenerArn``). A delete without
calls happens together with its parent's delete, so there the edge points the other way.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from provisioner.model.change import Action, Step
from provisioner.model.resource import Ref, references

_CREATES = frozenset({Action.CREATE, Action.REPLACE})


class CyclicOrderError(Exception):
    """Steps wait for each other: a bug of a provider's, never of a user's."""


def ordered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps with every edge filled in, sorted so that ``after`` only points back.

    Among steps that could go in either order the given order stays, so equal input gives equal
    output.

    Raises:
        CyclicOrderError: Steps wait for each other.
    """
    edges = {step.id: set(step.after) for step in steps}
    creators = _by_address(step for step in steps if step.action in _CREATES)
    deleters = _by_address(step for step in steps if step.action is Action.DELETE)
    for step in steps:
        _add_edges(step, edges, creators, deleters)
    known = edges.keys()
    complete = [replace(step, after=tuple(sorted(edges[step.id] & known))) for step in steps]
    return _sorted(complete)


def _by_address(steps: Iterable[Step]) -> dict[str, str]:
    return {step.address: step.id for step in steps}


def _add_edges(
    step: Step,
    edges: dict[str, set[str]],
    creators: Mapping[str, str],
    deleters: Mapping[str, str],
) -> None:
    before, after, parents = _refs(step)
    edges[step.id] |= {creators[r] for r in after if r in creators} - {step.id}
    together = step.action is Action.DELETE and not step.calls
    for address in before - after:
        deleter = deleters.get(address)
        if deleter is None or deleter == step.id:
            continue
        if together and address in parents:
            edges[step.id].add(deleter)
        else:
            edges[deleter].add(step.id)


def _refs(step: Step) -> tuple[set[str], set[str], set[str]]:
    """Return the addresses a step refers to before, after, and as a parent."""
    before: set[str] = set()
    after: set[str] = set()
    parents: set[str] = set()
    for change in step.fields:
        before.update(ref.address for ref in references(change.before))
        after.update(ref.address for ref in references(change.after))
        if isinstance(change.before, Ref):
            parents.add(change.before.address)
    return before, after, parents


def _sorted(steps: Sequence[Step]) -> tuple[Step, ...]:
    place = {step.id: index for index, step in enumerate(steps)}
    waiting = {step.id: len(step.after) for step in steps}
    followers: dict[str, list[str]] = {step.id: [] for step in steps}
    for step in steps:
        for earlier in step.after:
            followers[earlier].append(step.id)
    ready = [place[step.id] for step in steps if not step.after]
    heapq.heapify(ready)
    result: list[Step] = []
    while ready:
        step = steps[heapq.heappop(ready)]
        result.append(step)
        for follower in followers[step.id]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, place[follower])
    if len(result) != len(steps):
        stuck = sorted(name for name, count in waiting.items() if count)
        raise CyclicOrderError(f"steps wait for each other: {', '.join(stuck)}")
    return tuple(result)

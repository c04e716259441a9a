"""The picture of a load balancer: listeners, rules, target groups and targets, left to right.

A small layered layout of our own: one column per kind, rows in the order in which a column to the
left refers to them, curves along the references. It needs no library, no script and no network,
so the page that holds it can be attached to a ticket and opened years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provisioner.model.change import Action, Step
from provisioner.model.plan import LoadBalancerPlan
from provisioner.model.resource import Resource, references
from provisioner.render import forwarding, members, phrases

# Traffic flows from left to right; a kind that is not listed is not on the path of a request.
_COLUMNS: Final[Mapping[str, int]] = {
    "LoadBalancer": 0,
    "Listener": 1,
    "ListenerRule": 2,
    "TargetGroup": 3,
    "Targets": 4,
    # Google Cloud:
    "ForwardingRule": 0,
    "TargetHttpProxy": 1,
    "TargetHttpsProxy": 1,
    "UrlMap": 2,
    "BackendService": 3,
    "NetworkEndpointGroup": 4,
    "InstanceGroup": 4,
    "NetworkEndpoints": 5,
    "Instances": 5,
}
_MEMBERS: Final = ("Targets", "networkEndpoints", "instances")
_WIDTH: Final = 250
_HEIGHT: Final = 44
_GAP_X: Final = 70
_GAP_Y: Final = 14
_MARGIN: Final = 8
_LABEL: Final = 34
"""Characters that fit a box at the font size of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box: where it stands, what it says, and what the plan does to it."""

    x: int
    y: int
    kind: str
    label: str
    full: str
    action: str

    @property
    def middle(self) -> int:
        """The height at which edges meet the box."""
        return self.y + _HEIGHT // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A curve from the right side of one box to the left side of another."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A laid-out picture."""

    width: int
    height: int
    box_width: int
    box_height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    text: str  # the picture in one sentence, for those who do not see it


def graph_of(part: LoadBalancerPlan) -> Graph | None:
    """Return the picture of what will exist; None where nothing will, or nothing is connected."""
    drawn = {r.address: r for r in part.resources if r.kind in _COLUMNS}
    if not drawn:
        return None
    links = _links(drawn)
    if not links:
        return None  # boxes beside each other say no more than the steps do
    columns = _columns(drawn, links)
    actions = {step.address: step.action for step in part.steps if "#" not in step.id}
    for step in part.steps:
        if actions.get(step.address, Action.NOOP) is Action.NOOP:
            actions[step.address] = step.action
    nodes = _placed(columns, drawn, actions=actions, steps=part.steps)
    return Graph(
        width=max(node.x for node in nodes.values()) + _WIDTH + _MARGIN,
        height=max(node.y for node in nodes.values()) + _HEIGHT + _MARGIN,
        box_width=_WIDTH,
        box_height=_HEIGHT,
        nodes=tuple(nodes.values()),
        edges=tuple(_edge(nodes[a], nodes[b]) for a, b in links),
        text=_sentence(part.group, drawn.values()),
    )


def _links(drawn: Mapping[str, Resource]) -> list[tuple[str, str]]:
    """Return references in the direction of traffic: whoever stands further left comes first."""
    found = set()
    for address, resource in drawn.items():
        for ref in references(resource.spec):
            other = drawn.get(ref.address)
            if other is not None:
                pair = sorted((address, ref.address), key=lambda a: _COLUMNS[drawn[a].kind])
                found.add((pair[0], pair[1]))
    return sorted(found)


def _columns(drawn: Mapping[str, Resource], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return addresses by column; rules by priority, the rest near what refers to them."""
    columns: list[list[str]] = []
    for number in sorted({_COLUMNS[resource.kind] for resource in drawn.values()}):
        here = [a for a, r in drawn.items() if _COLUMNS[r.kind] == number]
        rows = {a: row for column in columns for row, a in enumerate(column)}
        sources: dict[str, list[int]] = {}
        for left, right in links:
            if left in rows:
                sources.setdefault(right, []).append(rows[left])
        columns.append(sorted(here, key=lambda a: (*_rank(drawn[a], sources.get(a, [])), a)))
    return columns


def _rank(resource: Resource, sources: Sequence[int]) -> tuple[float, int]:
    priority = resource.spec.get("Priority")
    mean = sum(sources) / len(sources) if sources else 0.0
    return (mean, priority if isinstance(priority, int) else 0)


def _placed(
    columns: Sequence[Sequence[str]],
    drawn: Mapping[str, Resource],
    *,
    actions: Mapping[str, Action],
    steps: Iterable[Step],
) -> dict[str, Node]:
    titles = {step.address: step.title for step in steps if step.title}
    nodes = {}
    for column, addresses in enumerate(columns):
        for row, address in enumerate(addresses):
            resource = drawn[address]
            full = resource.title or titles.get(address, "") or _label(resource)
            nodes[address] = Node(
                x=_MARGIN + column * (_WIDTH + _GAP_X),
                y=_MARGIN + row * (_HEIGHT + _GAP_Y),
                kind=resource.kind,
                label=full if len(full) <= _LABEL else f"{full[: _LABEL - 1]}…",
                full=full,
                action=actions.get(address, Action.NOOP).value,
            )
    return nodes


def _label(resource: Resource) -> str:
    """Return what a box says: a port, a count of targets, a name."""
    spec = resource.spec
    if resource.kind == "Listener":
        return f"{phrases.phrase(spec.get('Protocol'))} {phrases.phrase(spec.get('Port'))}"
    field = next((name for name in _MEMBERS if name in spec), "")
    if field:
        return members.total(field, spec[field])
    if resource.kind == forwarding.KIND:
        return forwarding.listener(resource)
    if resource.kind == "ListenerRule":
        where, what = spec.get("Conditions"), spec.get("Actions")
        return phrases.rule(
            phrases.phrase(where, resource.group) if where else "",
            phrases.phrase(what, resource.group) if what else "",
        )
    if resource.kind == "LoadBalancer" and isinstance(resource.name, str) and resource.name:
        return resource.name
    short = phrases.short_address(resource.address, resource.group)
    return short.partition(" ")[2] or short


def _edge(left: Node, right: Node) -> Edge:
    start, end = left.x + _WIDTH, right.x
    bend = (start + end) // 2
    return Edge(
        path=f"M{start},{left.middle} C{bend},{left.middle} {bend},{right.middle} "
        f"{end},{right.middle}"
    )


def _sentence(group: str, resources: Iterable[Resource]) -> str:
    counts: dict[str, int] = {}
    for resource in resources:
        counts[resource.kind] = counts.get(resource.kind, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: _COLUMNS[item[0]])
    listed = ", ".join(f"{kind}: {count}" for kind, count in ordered)
    return f"Resources of load balancer {group} from listeners to targets. {listed}."

"""The property of a switch, over any two states, any order of steps and any interruption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.gcp import addresses
from providers.gcp.changes.steps import steps
from providers.gcp.changes.url_map_parts import backends_of
from providers.gcp.limits import costs
from provisioner.core.headroom import peak
from provisioner.model.change import Step
from provisioner.model.resource import Observed, Resource
from tests.unit.providers.gcp.changes.building import (
    CLASSIC,
    GROUP,
    MANAGED,
    a_backend,
    a_map,
    changes,
    seen,
    service,
    some_room,
)
from tests.unit.providers.gcp.changes.small_cloud import SmallCloud

SERVICES = ("w", "x", "y", "z")
MODES = ("pod", "node-port")
HOSTS = ("a.example.com", "b.example.com", "*")
PATHS = ("", "/a", "/a/*", "/b/*")
SECOND = addresses.url_map(GROUP, "8080")


@st.composite
def states(draw: st.DrawFn, scheme: str) -> list[Resource]:
    """Draw a load balancer: a mode for each backend, and one or two URL maps."""
    modes = {name: draw(st.sampled_from(MODES)) for name in SERVICES}
    maps = [_a_map(draw, modes, scheme, addresses.url_map(GROUP))]
    if draw(st.booleans()):
        maps.append(_a_map(draw, modes, scheme, SECOND))
    used = sorted({ref for url_map in maps for ref in _named(url_map)})
    return [*(part for each in used for part in a_backend(each, scheme=scheme)), *maps]


def _a_map(draw: st.DrawFn, modes: Mapping[str, str], scheme: str, address: str) -> Resource:
    hosts: dict[str, dict[str, dict[str, int]]] = {}
    free = list(draw(st.lists(st.sampled_from(HOSTS), unique=True, max_size=3)))
    if len(free) > 1 and draw(st.booleans()):
        free[:2] = [",".join(sorted(free[:2]))]
    for host in free:
        paths = draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=4))
        joined = [",".join(sorted(p for p in paths if p))] if draw(st.booleans()) else paths
        hosts[host] = {path: _weights(draw, modes, scheme) for path in joined if path}
        hosts[host][""] = _weights(draw, modes, scheme)
    return a_map(hosts, default=_weights(draw, modes, scheme), address=address)


def _weights(draw: st.DrawFn, modes: Mapping[str, str], scheme: str) -> dict[str, int]:
    most = 1 if scheme == CLASSIC else 3
    chosen = draw(st.lists(st.sampled_from(SERVICES), unique=True, max_size=most))
    many = len(chosen) > 1
    return {service(n, modes[n]): draw(st.integers(1, 3)) if many else 1 for n in chosen}


def _named(url_map: Resource) -> set[str]:
    return set(backends_of(url_map.spec))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Resource], list[Resource], frozenset[str]]:
    """Draw two states of one load balancer, and which backends would be healthy."""
    scheme = draw(st.sampled_from((MANAGED, CLASSIC)))
    every = [service(name, mode) for name in SERVICES for mode in MODES]
    alive = draw(st.sets(st.sampled_from(every))) if draw(st.booleans()) else every
    return draw(states(scheme)), draw(states(scheme)), frozenset(alive)


def planned(cloud: SmallCloud, desired: Mapping[str, Resource]) -> tuple[Step, ...]:
    """Return the steps from what a reader would see."""
    there = cloud.observed()
    return steps(
        changes(list(desired.values()), there),
        Observed(resources={r.address: r for r in there}),
        some_room(),
    )


@settings(deadline=None, max_examples=120)
@given(worlds(), st.data())
def test_no_step_takes_a_rule_from_a_healthy_backend_to_none(
    world: tuple[list[Resource], list[Resource], frozenset[str]], data: st.DataObject
) -> None:
    """In any order that the edges allow, interrupted anywhere, with any backends dead.

    Walking any part of the steps and planning again ends in what is wanted; every URL map on the
    way is one that Google takes.
    """
    before, after, alive = world
    cloud = SmallCloud(
        {r.address: r for r in before},
        alive,
        order=lambda count: data.draw(st.integers(0, count - 1)),
    )
    desired = {r.address: r for r in after}

    found: tuple[Step, ...] = ()
    for most in (data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12)), 1000):
        found = planned(cloud, desired)
        cloud.walk(found, desired, most=most)

    if not [step.id for step in found if step.id not in cloud.done and step.calls]:
        assert cloud.resources == desired
    if alive >= {r.address for r in [*before, *after] if r.kind == "BackendService"}:
        assert cloud.resources == desired
    assert not [step for step in planned(cloud, cloud.resources) if step.calls]


@settings(deadline=None, max_examples=60)
@given(worlds())
def test_the_peak_covers_every_stage(
    world: tuple[list[Resource], list[Resource], frozenset[str]],
) -> None:
    """No moment of the walk takes more of a limit than the plan's peak says."""
    before, after, _ = world
    there = [seen(resource) for resource in before]
    found = steps(
        changes(after, there), Observed(resources={r.address: r for r in there}), some_room()
    )

    worst = peak(desired=after, observed=there, steps=found, costs=costs)

    for step in found:
        if step.kind == "UrlMap" and step.fields and step.calls:
            start = next((r for r in there if r.address == step.address), None)
            if start is None:
                continue
            spec = {**start.spec, **{f.path: f.after for f in step.fields}}
            there[there.index(start)] = replace(start, spec=spec)
            for cost in costs(replace(start, spec=spec)):
                alone = sum(
                    c.units
                    for c in costs(replace(start, spec=spec))
                    if (c.limit, c.subject) == (cost.limit, cost.subject)
                )
                assert alone <= worst[cost.limit, cost.subject] or cost.subject == "the project"

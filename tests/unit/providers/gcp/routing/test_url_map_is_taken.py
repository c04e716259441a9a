"""Whatever is planned, Google takes: the rules of the API, as the emulator holds them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gcp.variant import Variant
from provisioner.core.annotations import RETRIES, REWRITE_TARGET, Retries
from provisioner.model.intent import Compatibility, PathRule, PathType
from provisioner.model.resource import to_json
from provisioner.sandbox.gcp.limits import FixedLimits
from provisioner.sandbox.gcp.url_map_rules import url_map_problems
from tests.unit.providers.gcp.routing.building import a_listener, a_path, maps, to

HOSTS = ["", "shop.example.com", "*.example.com", "localhost"]
PATHS = ["", "/", "/a", "/a/", "/a/*", "/a*", "/*", "a", "/a?b", "/a/b/c", "/a#b", "*", "/a/*/b"]


@st.composite
def some_paths(draw: st.DrawFn) -> PathRule:
    """Return a path of one of three Ingresses, sound or not."""
    name = draw(st.sampled_from(["web", "api", "cart"]))
    ingress = f"shop/{name}"
    split = to((name, draw(st.integers(0, 1200))), ("canary", 1), ingress=ingress)
    options = {REWRITE_TARGET.name: "/v2", RETRIES.name: Retries(attempts=2)}
    return a_path(
        draw(st.sampled_from(HOSTS)),
        draw(st.sampled_from(PATHS)),
        draw(st.sampled_from(list(PathType))),
        ingress=ingress,
        service=name,
        place=(draw(st.integers(0, 2)), draw(st.integers(0, 5))),
        held=draw(st.booleans()),
        action=draw(st.sampled_from([None, split])),
        options={key: options[key] for key in draw(st.sets(st.sampled_from(list(options))))},
    )


@pytest.mark.parametrize("variant", list(Variant))
@given(
    paths=st.lists(some_paths(), max_size=8),
    compatibility=st.sampled_from(list(Compatibility)),
    default=st.booleans(),
)
def test_every_planned_map_is_one_that_google_takes(
    variant: Variant, paths: list[PathRule], compatibility: Compatibility, *, default: bool
) -> None:
    """Hosts, paths and actions of every variant in both readings, whatever people write."""
    listener = a_listener(
        *paths,
        default=to(("web", 1)) if default else None,
        default_ingress="shop/web" if default else "",
        members=["shop/web"],
    )

    result = maps(listener, variant=variant, compatibility=compatibility, gke_default=True)

    schemes, limits = frozenset({variant.scheme}), FixedLimits()
    for resource in result.resources:
        text = json.dumps(to_json(resource.spec)).replace('{"ref": ', "")
        body = json.loads(text.replace('.selfLink"}', '"'))
        problems = url_map_problems(body, schemes=schemes, limits=limits)
        assert [problem.sentence for problem in problems] == []


@pytest.mark.parametrize("compatibility", list(Compatibility))
@given(paths=st.lists(some_paths(), max_size=8))
def test_the_order_of_ingresses_never_matters(
    compatibility: Compatibility, paths: list[PathRule]
) -> None:
    """Input in another order is the same plan; a path's own place is part of it."""
    unique = list({(p.ingress, p.position): p for p in paths}.values())

    first = maps(a_listener(*unique), compatibility=compatibility, gke_default=True)
    second = maps(a_listener(*reversed(unique)), compatibility=compatibility, gke_default=True)

    assert [each.spec for each in first.resources] == [each.spec for each in second.resources]
    assert set(first.diagnostics) == set(second.diagnostics)


@given(paths=st.lists(some_paths(), max_size=8))
def test_nothing_is_dropped_in_silence(paths: list[PathRule]) -> None:
    """Every path is in the map, or somebody is told; held ones were told before."""
    result = maps(a_listener(*paths))

    told = {(d.ingress, d.field) for d in result.diagnostics}
    told |= {(q.ingress, q.path) for q in result.quarantined}
    patterns = {
        path
        for resource in result.resources
        for path in json.dumps(to_json(resource.spec)).split('"')
        if path.startswith("/")
    }
    for rule in paths:
        literal = rule.path.rstrip("/") if rule.path_type is PathType.PREFIX else rule.path
        wanted = {rule.path or "/*", literal, f"{literal}/*"}
        assert rule.held or wanted & patterns or (rule.ingress, rule.field) in told

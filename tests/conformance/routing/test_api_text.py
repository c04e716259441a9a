"""Random Ingresses and requests: the planned rules decide as the Kubernetes API text says.

``decided`` below is a second reading of that text, made from the Ingresses alone. It knows nothing
of listeners, rules, priorities or globs, so agreement is not an accident of shared code.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.model.kube import HttpPath, Ingress
from tests.conformance.routing.asking import EDGE, NOT_FOUND, a_plan, served
from tests.conformance.routing.clouds import CLOUDS, Cloud
from tests.factories import a_path, a_rule, an_ingress

SERVICES = ("one", "two", "three")
HOSTS = (
    "",
    "localhost",
    "a.example.com",
    "b.example.com",
    "x.eu.example.com",
    "*.example.com",
    "*.eu.example.com",
)
REQUEST_HOSTS = (
    "a.example.com",
    "A.Example.COM",
    "b.example.com",
    "c.example.com",
    "eu.example.com",
    "x.eu.example.com",
    "y.eu.example.com",
    "x.y.eu.example.com",
    "example.com",
    "localhost",
    "other.org",
)
PREFIXES = ("/", "/a", "/a/b/", "/a/b/c", "/ab")
EXACTS = ("/", "/a", "/a/", "/a/b", "/ab/c")
REQUEST_PATHS = ("/", "/a", "/A", "/a/", "/a/b", "/a/b/", "/a/bb", "/a/b/c/d", "/ab", "/ab/c", "/z")


def matches_host(rule: str, host: str, *, spans: bool) -> bool:
    """A wildcard covers exactly one label; no host covers all; case means nothing.

    Where it ``spans`` labels the cloud cannot do otherwise, and says so.
    """
    label, _, parent = host.lower().partition(".")
    if spans and rule.startswith("*"):
        return host.lower().endswith(rule[1:])
    return rule in ("", host.lower()) or (rule == f"*.{parent}" and bool(label and parent))


def specificity(rule: str) -> tuple[bool, bool, int]:
    """Exact hosts, then wildcards (more labels first), then none."""
    return (rule != "", not rule.startswith("*"), rule.count("."))


def matches_path(rule: HttpPath, path: str) -> bool:
    """Exact is equal; Prefix is equal element by element, empty elements at the end aside."""
    if rule.path_type == "Exact":
        return rule.path == path
    elements = [e for e in rule.path.split("/") if e]
    return [e for e in path.split("/") if e][: len(elements)] == elements


def decided(ingresses: Sequence[Ingress], host: str, path: str, *, spans: bool) -> str | int:
    """Return who answers: host first, then Exact, then the longest prefix, then the default."""
    rules = [(each, rule) for each in ingresses for rule in each.rules]
    defaults = [e.default_backend.service for e in ingresses if e.default_backend is not None]
    hosts = {rule.host for _, rule in rules if matches_host(rule.host, host, spans=spans)}
    if not hosts:
        return defaults[0] if defaults else NOT_FOUND
    best = max(hosts, key=specificity)
    mine = [(each, rule) for each, rule in rules if rule.host == best]
    paths = [p for _, rule in mine for p in rule.paths or () if matches_path(p, path)]
    if paths:
        chosen = max(paths, key=lambda p: (p.path_type == "Exact", len(p.path.rstrip("/"))))
        return chosen.backend.service
    own = [e.default_backend.service for e, _ in mine if e.default_backend is not None]
    last = own or (defaults if best == "" else [])
    return last[0] if last else NOT_FOUND


def some_paths() -> st.SearchStrategy[HttpPath]:
    """Return paths of both types."""
    service = st.sampled_from([f"{name}:80" for name in SERVICES])
    prefix = st.builds(a_path, st.sampled_from(PREFIXES), service)
    exact = st.builds(
        lambda path, backend: a_path(path, backend, path_type="Exact"),
        st.sampled_from(EXACTS),
        service,
    )
    return st.one_of(prefix, exact)


@st.composite
def some_ingresses(draw: st.DrawFn) -> tuple[Ingress, ...]:
    """Return one to three Ingresses on one load balancer, oldest first, at most one with a default.

    No path is there twice on a host: the API does not say who then wins.
    """
    seen: set[tuple[str, str, str]] = set()
    found = []
    with_default = draw(st.integers(min_value=-1, max_value=2))
    for index in range(draw(st.integers(min_value=1, max_value=3))):
        rules = []
        for host in draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=3, unique=True)):
            drawn = draw(st.lists(some_paths(), min_size=1, max_size=3))
            fresh = {(host, p.path, str(p.path_type)): p for p in drawn}
            kept = [path for slot, path in fresh.items() if slot not in seen]
            seen |= fresh.keys()
            if kept:
                rules.append(a_rule(host, *kept))
        found.append(
            an_ingress(
                f"shop/i{index}",
                rules=rules,
                default_backend="one:80" if index == with_default else "",
                annotations=EDGE,
                created=f"202{index}-01-01T00:00:00Z",
            )
        )
    return tuple(found)


@pytest.mark.parametrize("cloud", CLOUDS, ids=str)
@given(
    ingresses=some_ingresses(),
    requests=st.lists(
        st.tuples(st.sampled_from(REQUEST_HOSTS), st.sampled_from(REQUEST_PATHS)),
        min_size=1,
        max_size=20,
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_planned_rules_decide_as_the_api_text_says(
    cloud: Cloud, ingresses: tuple[Ingress, ...], requests: list[tuple[str, str]]
) -> None:
    """Host first, Exact before the longest Prefix, and default backends for their own hosts."""
    plan = a_plan(*ingresses, services=SERVICES, cloud=cloud)

    for host, path in requests:
        expected = decided(ingresses, host, path, spans=cloud.spans_labels)
        assert served(plan, f"http://{host}{path}") == expected, (host, path)

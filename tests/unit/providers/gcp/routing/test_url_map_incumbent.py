"""GKE's own reading of an Ingress, which ``incumbent`` keeps (ingress-gce's translator)."""

from __future__ import annotations

import pytest

from providers.gcp.routing.url_maps import UrlMaps
from provisioner.core.actions import NO_SERVICE
from provisioner.model.intent import PathRule
from tests.unit.providers.gcp.routing.building import (
    CLASSIC,
    EXACT,
    INCUMBENT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    all_seen,
    codes,
    leads,
    maps,
    path_rules,
    set_aside,
)

SHOP = "shop.example.com"
THEIRS = "default-http-backend"


def gke(*paths: PathRule, **about: object) -> UrlMaps:
    """Return the maps of a classic load balancer as GKE would have them."""
    return maps(
        a_listener(*paths),
        variant=CLASSIC,
        compatibility=INCUMBENT,
        gke_default=True,
        **about,  # type: ignore[arg-type]  # as named
    )


@pytest.mark.parametrize(
    ("path", "kind", "patterns"),
    [
        ("", OTHER, ["/*"]),
        ("/test", OTHER, ["/test"]),
        ("/test", EXACT, ["/test"]),
        ("/", PREFIX, ["/*"]),
        ("/test/", PREFIX, ["/test", "/test/*"]),
    ],
)
def test_each_pattern_is_a_path_rule(path: str, kind: str, patterns: list[str]) -> None:
    """One rule for each pattern, as GKE writes them, and its default backend behind all else."""
    result = gke(a_path(path=path, path_type=kind))  # type: ignore[arg-type]  # a StrEnum

    assert [rule["paths"] for rule in path_rules(result)] == [(pattern,) for pattern in patterns]
    assert leads(result)[SHOP] == THEIRS
    assert leads(result)[""] == THEIRS


def test_of_equal_paths_the_last_one_wins_whatever_its_type() -> None:
    """A later Prefix overwrites an earlier Exact, which Kubernetes reads the other way round."""
    result = gke(
        a_path(path="/foo", path_type=EXACT, service="exact", place=(0, 0)),
        a_path(path="/foo", service="prefix", place=(0, 1)),
    )

    assert leads(result)[f"{SHOP} /foo"] == "prefix"
    (problem,) = result.diagnostics
    assert (problem.code, problem.blocking, problem.field) == (
        "PATH-OVERWRITTEN",
        False,
        "spec.rules[0].http.paths[0]",
    )


def test_a_path_that_keeps_a_part_is_not_called_overwritten() -> None:
    """The Prefix before an Exact keeps what is below."""
    result = gke(
        a_path(path="/foo", service="prefix", place=(0, 0)),
        a_path(path="/foo", path_type=EXACT, service="exact", place=(0, 1)),
    )

    assert leads(result)[f"{SHOP} /foo"] == "exact"
    assert leads(result)[f"{SHOP} /foo/*"] == "prefix"
    assert codes(result.diagnostics) == []


def test_of_several_rules_for_a_host_the_last_one_counts() -> None:
    """The paths of the earlier ones are lost, and their author is told (RuleHostOverwrite)."""
    result = gke(
        a_path(path="/a", path_type=EXACT, place=(0, 0)),
        a_path("other.example.com", "/x", EXACT, place=(1, 0)),
        a_path(path="/b", path_type=EXACT, place=(2, 0), service="late"),
    )

    assert leads(result) == {
        f"{SHOP} /b": "late",
        SHOP: THEIRS,
        "other.example.com /x": "web",
        "other.example.com": THEIRS,
        "": THEIRS,
    }
    assert codes(result.diagnostics) == ["PATH-OVERWRITTEN"]


def test_a_group_which_gke_does_not_have_is_merged_and_the_first_keeps_a_path() -> None:
    """Replacing the whole host of another Ingress would be nobody's wish."""
    result = gke(
        a_path(path="/a", path_type=EXACT, ingress="a/first", service="first"),
        a_path(path="/a", path_type=EXACT, ingress="b/second", service="second"),
        a_path(path="/b", path_type=EXACT, ingress="b/second", service="second", place=(0, 1)),
    )

    assert leads(result)[f"{SHOP} /a"] == "first"
    assert leads(result)[f"{SHOP} /b"] == "second"
    assert codes(result.diagnostics) == ["PATH-DUPLICATE"]
    assert set_aside(result) == [("b/second", "spec.rules[0].http.paths[0]")]


def test_a_wildcard_is_passed_on_without_a_word() -> None:
    """GKE's users have the cloud's own reading already."""
    assert codes(gke(a_path("*.example.com")).diagnostics) == []


def test_a_missing_service_stops_its_path_alone() -> None:
    """GKE programs nothing of such an Ingress (ingress-gce#646); what worked stays."""
    before = gke(a_path(path="/a", path_type=EXACT), a_path(path="/b", path_type=EXACT))

    after = gke(
        a_path(path="/a", path_type=EXACT, action=NO_SERVICE),
        a_path(path="/b", path_type=EXACT, service="new", place=(0, 1)),
        observed=all_seen(before),
    )

    assert leads(after)[f"{SHOP} /a"] == "web"
    assert leads(after)[f"{SHOP} /b"] == "new"

"""What decides between paths that could both take a request."""

from __future__ import annotations

from tests.conformance.routing.asking import EDGE, NOT_FOUND, a_plan, served
from tests.conformance.routing.clouds import GOOGLE, Cloud
from tests.factories import a_path, a_rule, an_ingress

OTHER = "ImplementationSpecific"
HOST = "a.foo.com"


def test_implementation_specific_paths_come_after_exact_and_prefix() -> None:
    """They are the cloud's own globs, and take what the others leave."""
    paths = (
        a_path("/a*", "glob:80", path_type=OTHER),
        a_path("/a", "prefix:80"),
        a_path("/ab", "exact:80", path_type="Exact"),
    )
    plan = a_plan(an_ingress(rules=[a_rule(HOST, *paths)]), services=("glob", "prefix", "exact"))

    assert served(plan, f"http://{HOST}/a/x") == "prefix"
    assert served(plan, f"http://{HOST}/ab") == "exact"
    assert served(plan, f"http://{HOST}/abc") == "glob"
    assert served(plan, f"http://{HOST}/b") == NOT_FOUND


def test_implementation_specific_paths_are_tried_as_written() -> None:
    """The first that matches wins, and the one that it hides is warned about."""
    paths = (
        a_path("/a*", "first:80", path_type=OTHER),
        a_path("/ab*", "second:80", path_type=OTHER),
    )
    plan = a_plan(an_ingress(rules=[a_rule(HOST, *paths)]), services=("first", "second"))

    assert served(plan, f"http://{HOST}/abc") == "first"
    warned = [d.field for d in plan.diagnostics if d.code == "PATH-UNREACHABLE"]
    assert warned == ["spec.rules[0].http.paths[1]"]


def test_no_warning_where_the_order_is_the_other_way_round() -> None:
    """The narrower glob first: both are reached."""
    paths = (
        a_path("/ab*", "second:80", path_type=OTHER),
        a_path("/a*", "first:80", path_type=OTHER),
    )
    plan = a_plan(an_ingress(rules=[a_rule(HOST, *paths)]), services=("first", "second"))

    assert served(plan, f"http://{HOST}/abc") == "second"
    assert served(plan, f"http://{HOST}/acc") == "first"
    assert not [d for d in plan.diagnostics if d.code == "PATH-UNREACHABLE"]


def test_group_order_decides_between_globs_of_two_ingresses() -> None:
    """Explicit order outranks age; between Exact and Prefix it has no say."""
    early = an_ingress(
        "shop/early",
        rules=[a_rule(HOST, a_path("/a*", "early:80", path_type=OTHER), a_path("/p", "early:80"))],
        annotations={"group.name": "edge", "group.order": "10"},
        created="2020-01-01T00:00:00Z",
    )
    late = an_ingress(
        "shop/late",
        rules=[a_rule(HOST, a_path("/a*b", "late:80", path_type=OTHER), a_path("/p/q", "late:80"))],
        annotations={"group.name": "edge", "group.order": "1"},
        created="2021-01-01T00:00:00Z",
    )
    plan = a_plan(early, late, services=("early", "late"))

    assert served(plan, f"http://{HOST}/axb") == "late"
    assert served(plan, f"http://{HOST}/axc") == "early"
    assert served(plan, f"http://{HOST}/p/q") == "late"
    assert served(plan, f"http://{HOST}/p/r") == "early"


def test_one_path_twice_belongs_to_the_older_ingress(cloud: Cloud) -> None:
    """The younger one's path is refused, the rest of it is served."""
    older, younger = (
        an_ingress(
            f"shop/{name}",
            rules=[a_rule(HOST, a_path("/same", f"{name}:80"), a_path(f"/{name}", f"{name}:80"))],
            annotations=EDGE,
            created=created,
        )
        for name, created in (("zzz", "2020-01-01T00:00:00Z"), ("aaa", "2021-01-01T00:00:00Z"))
    )
    plan = a_plan(younger, older, services=("zzz", "aaa"), cloud=cloud)

    assert served(plan, f"http://{HOST}/same") == "zzz"
    assert served(plan, f"http://{HOST}/aaa") == "aaa"


def test_on_google_implementation_specific_paths_are_the_cloud_s_own() -> None:
    """The longest match counts there, in whatever order the paths are written."""
    paths = (
        a_path("/*", "all:80", path_type=OTHER),
        a_path("/a/*", "below:80", path_type=OTHER),
        a_path("/a", "literal:80", path_type=OTHER),
    )
    for order in (paths, paths[::-1]):
        plan = a_plan(
            an_ingress(rules=[a_rule(HOST, *order)]),
            services=("all", "below", "literal"),
            cloud=GOOGLE,
        )

        assert served(plan, f"http://{HOST}/a/x") == "below"
        assert served(plan, f"http://{HOST}/a") == "literal"
        assert served(plan, f"http://{HOST}/b") == "all"

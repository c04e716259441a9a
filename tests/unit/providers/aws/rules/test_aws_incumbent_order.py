"""The order of AWS Load Balancer Controller's rules, which an adopted listener already has."""

from __future__ import annotations

import pytest

from providers.aws.routing.sequence import in_order
from provisioner.model.intent import Compatibility, FixedResponse, Member, PathType
from provisioner.model.kube import Key
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    a_request,
    conditions_of,
    incumbent,
    seen,
    titles,
)


def paths_of(*found: str) -> list[str]:
    """Return the second word of titles: the path."""
    return [title.split(" ")[1] for title in found]


def test_one_list_is_sorted_exact_then_longer_prefixes_then_the_rest() -> None:
    """Exact paths and the rest keep their order; of equally long prefixes the first stays first."""
    written = [
        ("/z*", OTHER),
        ("/bb", PREFIX),
        ("/y", EXACT),
        ("/aaa", PREFIX),
        ("/cc", PREFIX),
        ("/x", EXACT),
        ("/a?", OTHER),
    ]
    listener = a_listener(
        *(a_path(path=path, path_type=kind, place=(0, n)) for n, (path, kind) in enumerate(written))
    )

    assert paths_of(*titles(incumbent(listener))) == [
        "/y",
        "/x",
        "/aaa",
        "/bb",
        "/cc",
        "/z*",
        "/a?",
    ]


def test_the_length_of_a_prefix_is_counted_in_bytes() -> None:
    """``len`` of a Go string: a letter with an accent is two."""
    listener = a_listener(
        a_path(path="/abc", place=(0, 0)), a_path(path="/\u00e9\u00e9", place=(0, 1))
    )
    request = a_request(listener, compatibility=Compatibility.INCUMBENT)

    assert [rule.path for rule in in_order(request.intent, listener)] == ["/\u00e9\u00e9", "/abc"]


def test_nothing_is_sorted_across_rules() -> None:
    """Each ``paths`` list is sorted alone: a later rule's longer prefix stays behind."""
    listener = a_listener(
        a_path(path="/", place=(0, 0)),
        a_path(path="/much/longer", place=(1, 0)),
        a_path(path="/exact", path_type=EXACT, place=(1, 1)),
    )

    assert paths_of(*titles(incumbent(listener))) == ["/", "/exact", "/much/longer"]


def test_nothing_is_sorted_across_members() -> None:
    """An earlier member's short prefix shadows a later one's longer (LBC#2203, #3450)."""
    listener = a_listener(
        a_path(path="/api", ingress="a/first"), a_path(path="/api/v1", ingress="b/second")
    )

    result = incumbent(listener)

    assert paths_of(*titles(result)) == ["/api", "/api/v1"]
    assert [(d.code, d.ingress) for d in result.diagnostics] == [
        ("PATH-UNREACHABLE", Key("b", "second"))
    ]


def test_members_stand_in_the_order_that_the_group_has() -> None:
    """Rules follow the members, whatever their age or name."""
    listener = a_listener(a_path(path="/a", ingress="a/one"), a_path(path="/b", ingress="b/two"))
    members = [
        Member(ingress=Key("b", "two"), created="2026-02-01T00:00:00Z"),
        Member(ingress=Key("a", "one"), created="2026-01-01T00:00:00Z"),
    ]

    assert paths_of(*titles(incumbent(listener, members=members))) == ["/b", "/a"]


def test_priorities_count_from_one_without_gaps() -> None:
    """1, 2, 3 ... on each listener, whatever the rules had before."""
    listener = a_listener(*(a_path(path=f"/{n}", place=(0, n)) for n in range(3)))
    first = incumbent(listener)
    moved = [seen(rule.with_spec(Priority=100 + n)) for n, rule in enumerate(first.resources)]

    again = incumbent(listener, observed=moved)

    assert [rule.spec["Priority"] for rule in first.resources] == [1, 2, 3]
    assert [rule.spec["Priority"] for rule in again.resources] == [1, 2, 3]


@pytest.mark.parametrize("kind", [EXACT, PREFIX, OTHER])
def test_duplicates_are_rules_of_their_own(kind: PathType) -> None:
    """Only redirects are optimised; a dead duplicate of a forward keeps its place."""
    listener = a_listener(
        a_path(path="/a", path_type=kind, place=(0, 0)),
        a_path(path="/a", path_type=kind, place=(1, 0), service="other"),
        a_path(path="/a", path_type=kind, ingress="shop/z"),
    )

    result = incumbent(listener)

    assert [rule.spec["Priority"] for rule in result.resources] == [1, 2, 3]
    assert len({rule.address for rule in result.resources}) == 3
    assert [d.code for d in result.diagnostics] == ["PATH-UNREACHABLE"] * 2


def test_a_neighbours_duplicate_renames_nobodys_rule() -> None:
    """An address says what a rule is for, so one that comes or goes elsewhere changes none."""
    mine = a_path(path="/a", ingress="b/mine")
    alone = incumbent(a_listener(mine))

    joined = incumbent(a_listener(a_path(path="/a", ingress="a/early"), mine))

    assert joined.resources[1].address == alone.resources[0].address
    assert joined.resources[0].address != alone.resources[0].address


def test_hosts_are_globs_without_blocking_or_closing_rules() -> None:
    """``*.example.com`` is what an ALB takes it for, and a host falls through to wider ones."""
    listener = a_listener(
        a_path("*.example.com", "/a", place=(0, 0)),
        a_path("shop.example.com", "/b", place=(1, 0)),
        a_path("", "/", place=(2, 0), action=FixedResponse(status=200)),
    )

    result = incumbent(listener)

    assert [conditions_of(rule).get("host-header") for rule in result.resources] == [
        ("*.example.com",),
        ("shop.example.com",),
        None,
    ]


def test_a_port_that_redirects_everything_has_no_rules() -> None:
    """``ssl-redirect``: HTTP listeners lose theirs."""
    assert incumbent(a_listener(a_path(), redirect_to=443)).resources == ()

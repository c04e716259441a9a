"""Evaluation order: what an ALB would choose is what the Ingress API promises."""

from __future__ import annotations

import time

import pytest

from provisioner.model.intent import Compatibility, FixedResponse, Member, PathType
from provisioner.model.kube import Key
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    answer,
    codes,
    conditions_of,
    express,
    seen,
    titles,
    to,
)


def test_hosts_come_before_paths() -> None:
    """Exact hosts, wildcards with more labels, no host: whatever the length of their paths."""
    listener = a_listener(
        a_path("", "/a/very/long/path"),
        a_path("*.example.com", "/long/path"),
        a_path("*.eu.example.com", "/long"),
        a_path("shop.example.com", "/"),
    )

    hosts = [title.split(" ")[0] for title in titles(express(listener))]

    assert hosts == [
        "shop.example.com",
        "*.eu.example.com",
        "*.eu.example.com",
        "*.example.com",
        "*.example.com",
        "*",
    ]


def test_within_a_host_exact_then_longer_prefixes_then_the_others_as_written() -> None:
    """The order of the Ingress API; ImplementationSpecific paths keep the order they are in."""
    listener = a_listener(
        a_path(path="/z*", path_type=OTHER, place=(0, 0)),
        a_path(path="/a?", path_type=OTHER, place=(0, 1)),
        a_path(path="/a", path_type=PREFIX, place=(0, 2)),
        a_path(path="/a/b/", path_type=PREFIX, place=(0, 3)),
        a_path(path="/q", path_type=EXACT, place=(0, 4)),
    )

    paths = [title.split(" ")[1] for title in titles(express(listener))]

    assert paths == ["/q", "/a/b/", "/a", "/z*", "/a?"]


def test_group_order_then_age_decide_between_implementation_specific_paths() -> None:
    """Explicit order outranks age, age outranks names."""
    listener = a_listener(
        a_path(path="/1*", path_type=OTHER, ingress="a/young"),
        a_path(path="/2*", path_type=OTHER, ingress="b/old"),
        a_path(path="/3*", path_type=OTHER, ingress="c/first"),
    )
    members = [
        Member(ingress=Key("a", "young"), created="2026-02-01T00:00:00Z"),
        Member(ingress=Key("b", "old"), created="2026-01-01T00:00:00Z"),
        Member(ingress=Key("c", "first"), order=-1, created="2026-03-01T00:00:00Z"),
    ]

    paths = [title.split(" ")[1] for title in titles(express(listener, members=members))]

    assert paths == ["/3*", "/2*", "/1*"]


def test_group_order_never_outranks_the_longer_prefix() -> None:
    """A member with a lower order cannot take a more specific path away (LBC#2203, #3450)."""
    listener = a_listener(
        a_path(path="/api", ingress="a/first"), a_path(path="/api/v1", ingress="b/second")
    )
    members = [
        Member(ingress=Key("a", "first"), order=-10),
        Member(ingress=Key("b", "second"), order=10),
    ]

    paths = [title.split(" ")[1] for title in titles(express(listener, members=members))]

    assert paths == ["/api/v1", "/api"]


def test_a_host_ends_with_a_closing_rule_where_a_wider_host_would_answer() -> None:
    """Host first: a request for a known host never gets another host's backend."""
    listener = a_listener(a_path("shop.example.com", "/cart"), a_path("", "/", service="all"))

    result = express(listener)

    assert answer(result, "shop.example.com", "/cart/1").startswith("shop.example.com /cart")
    assert answer(result, "shop.example.com", "/other") == (
        "shop.example.com (everything else) -> 404"
    )
    assert answer(result, "other.example.com", "/other").startswith("* / (Prefix) -> all:80")


def test_no_closing_rule_without_a_wider_host_or_after_a_path_that_takes_all() -> None:
    """Closing rules count against the limit, so there is none that changes nothing."""
    lonely = a_listener(a_path("a.example.com", "/cart"), a_path("b.example.com", "/"))
    complete = a_listener(a_path("a.example.com", "/"), a_path("", "/"))

    assert len(express(lonely).resources) == 2
    assert len(express(complete).resources) == 2


def test_a_wildcard_of_another_depth_does_not_need_a_closing_rule() -> None:
    """``*.example.com`` is one label: it does not match ``a.b.example.com``."""
    listener = a_listener(a_path("a.b.example.com", "/cart"), a_path("*.example.com", "/"))

    result = express(listener)

    assert not any("everything else" in title for title in titles(result))
    assert "404" in answer(result, "a.b.example.com", "/other")


def test_the_closing_rule_is_the_members_default_backend() -> None:
    """An Ingress's default backend answers for its own hosts."""
    listener = a_listener(
        a_path("shop.example.com", "/cart"), a_path("", "/", service="all", ingress="z/all")
    )
    members = [
        Member(ingress=Key("shop", "web"), default_backend=to("fallback")),
        Member(ingress=Key("z", "all")),
    ]

    result = express(listener, members=members)

    assert answer(result, "shop.example.com", "/other").endswith("-> fallback:80")


def test_a_default_backend_that_is_not_the_listeners_closes_its_hosts() -> None:
    """With several default backends on a port, each answers for the hosts of its own Ingress."""
    listener = a_listener(
        a_path("a.example.com", "/x", ingress="a/a"),
        a_path("b.example.com", "/x", ingress="b/b"),
        default=to("da", ingress="a/a"),
    )
    members = [
        Member(ingress=Key("a", "a"), default_backend=to("da", ingress="a/a")),
        Member(ingress=Key("b", "b"), default_backend=to("db", ingress="b/b")),
    ]

    result = express(listener, members=members)

    assert answer(result, "b.example.com", "/other").endswith("-> db:80")
    assert answer(result, "a.example.com", "/other") == ""


@pytest.mark.parametrize(
    ("host", "matches"),
    [
        ("a.example.com", True),
        ("A.EXAMPLE.com", True),
        ("a.b.example.com", False),
        ("example.com", False),
    ],
)
@pytest.mark.parametrize("with_any_host", [False, True])
def test_a_wildcard_is_exactly_one_label(host: str, matches: bool, with_any_host: bool) -> None:  # noqa: FBT001 - parameters
    """A glob with a blocking rule, or a regex beside a rule for any host, mean one label."""
    paths = [a_path("*.example.com", "/")]
    if with_any_host:
        paths.append(a_path("", "/", service="all"))

    chosen = answer(express(a_listener(*paths)), host, "/x")

    assert chosen.startswith("*.example.com / ") is matches


def test_a_blocked_name_gets_what_the_listener_answers_by_default() -> None:
    """A name that no host matches belongs to the default backend, also behind a blocking rule."""
    listener = a_listener(a_path("*.example.com", "/"), default=to("fallback"))

    chosen = answer(express(listener), "a.b.example.com", "/")

    assert chosen == "*.*.example.com (longer names) -> fallback:80"


@pytest.mark.parametrize("host", ["localhost", "shop.xn--p1ai", "LOCALHOST:8080"])
def test_hosts_that_are_no_glob_for_aws_become_regular_expressions(host: str) -> None:
    """A value needs a dot and letters after it; regexes see the port and the client's case."""
    bare = host.lower().partition(":")[0]
    result = express(a_listener(a_path(bare, "/")))

    assert conditions_of(result.resources[0])["host-header"][0].startswith("^")
    assert answer(result, host, "/") != ""
    assert answer(result, "x" + bare, "/") == ""


def test_a_host_that_no_pattern_can_hold_is_refused_by_name() -> None:
    """128 characters is the longest value; nobody else's rules suffer."""
    wildcard = "*." + "a" * 40 + ".example.com"
    listener = a_listener(a_path(wildcard, "/"), a_path("", "/", ingress="b/b"))

    result = express(listener)

    assert codes(result.diagnostics) == ["HOST-UNSUPPORTED"]
    assert [q.path for q in result.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert len(result.resources) == 1


def test_a_kept_rule_for_any_host_counts_as_a_wider_host() -> None:
    """Quarantine does not open a host: the kept rule would answer for it as well."""
    kept = express(a_listener(a_path("", "/", ingress="b/held"))).resources
    listener = a_listener(a_path("shop.example.com", "/cart"))

    result = express(listener, kept=kept, observed=[seen(rule) for rule in kept])

    assert "shop.example.com (everything else) -> 404" in titles(result)


def test_a_path_wins_over_a_held_one_with_the_same_host_and_path() -> None:
    """Host and path twice: one rule, that of the Ingress which keeps it."""
    listener = a_listener(
        a_path(path="/a", ingress="a/late", held=True), a_path(path="/a", ingress="b/owner")
    )

    result = express(listener)

    assert [resource.ingresses for resource in result.resources] == [(Key("b", "owner"),)]


def test_the_order_in_which_paths_are_listed_does_not_matter() -> None:
    """Equal intents give equal rules, addresses and priorities included."""
    paths = [a_path(f"h{i}.example.com", f"/{j}") for i in range(4) for j in range(3)]

    assert express(a_listener(*paths)) == express(a_listener(*reversed(paths)))


def test_incumbent_compatibility_keeps_group_order_and_written_order() -> None:
    """LBC sorts within one rule's list alone and closes nothing."""
    listener = a_listener(
        a_path("", "/", ingress="a/a", place=(0, 0)),
        a_path("*.example.com", "/x", ingress="b/b", place=(0, 0)),
        a_path("shop.example.com", "/a", ingress="b/b", place=(1, 0)),
        a_path("shop.example.com", "/a/b", ingress="b/b", place=(1, 1)),
    )

    result = express(listener, compatibility=Compatibility.INCUMBENT)

    assert [" ".join(t.split(" ")[:2]) for t in titles(result)] == [
        "* /",
        "*.example.com /x",
        "shop.example.com /a/b",
        "shop.example.com /a",
    ]


@pytest.mark.parametrize(
    ("path_type", "path", "values"),
    [
        (EXACT, "/abc", ("/abc",)),
        (EXACT, "/", ("/",)),
        (PREFIX, "/", ("/*",)),
        (PREFIX, "/abc", ("/abc", "/abc/*")),
        (PREFIX, "/abc/", ("/abc", "/abc/*")),
        (OTHER, "/a*/b?", ("/a*/b?",)),
        (OTHER, "", ("/*",)),
    ],
)
def test_path_types_become_these_values(
    path_type: PathType, path: str, values: tuple[str, ...]
) -> None:
    """The incumbent's values, so an adopted rule compares equal."""
    result = express(a_listener(a_path("", path, path_type)))

    assert conditions_of(result.resources[0]) == {"path-pattern": values}


def test_a_thousand_ingresses_with_five_paths_stay_cheap() -> None:
    """5,000 paths in one group, under one host or many, are linear work."""
    for host in ("shop.example.com", "h{}.example.com"):
        paths = [
            a_path(host.format(i), f"/api/v{i}/{j}", ingress=f"ns/i{i:04}", place=(0, j))
            for i in range(1000)
            for j in range(5)
        ]
        globs = [
            a_path("g.example.com", f"/*/x{i}", OTHER, ingress=f"ns/i{i:04}") for i in range(1000)
        ]
        started = time.process_time()

        express(a_listener(*paths, *globs))

        assert time.process_time() - started < 4  # 0.5 s on an idle core


def test_redirecting_listeners_have_no_rules() -> None:
    """ssl-redirect answers everything on its port."""
    result = express(a_listener(a_path(), redirect_to=443))

    assert result.resources == ()


def test_rules_of_a_backend_without_target_group_answer_503_and_keep_what_worked() -> None:
    """A refused backend takes its own paths only, and not even those that worked before."""
    listener = a_listener(a_path(path="/old"), a_path(path="/new", service="bad"))
    before = express(a_listener(a_path(path="/new", service="good")))
    bad = [w.backend for w in to("bad").backends]

    fresh = express(listener, without=bad)
    later = express(listener, without=bad, observed=[seen(r) for r in before.resources])

    assert answer(fresh, "shop.example.com", "/new").endswith("-> 503")
    assert answer(later, "shop.example.com", "/new").endswith("-> good:80")
    assert later.resources[0].spec["Actions"] == before.resources[0].spec["Actions"]


def test_503s_of_paths_that_never_worked_take_nobodys_place() -> None:
    """A quarantined path costs no place under the limit that somebody's rule needs."""
    listener = a_listener(
        *(a_path(path=f"/{i}") for i in range(3)),
        a_path(path="/held", held=True, action=FixedResponse(status=503)),
    )

    with_room = express(listener, account={"rules-per-application-load-balancer": 4})
    without = express(listener, account={"rules-per-application-load-balancer": 3})

    assert (len(with_room.resources), len(without.resources)) == (4, 3)

"""Path rules: Exact means exactly, Prefix means whole elements, and the most specific one wins.

The scenarios are those of the Ingress conformance suite's path rules, in our words, with its hosts
without a dot, which an ALB can only match by regular expression.
"""

from __future__ import annotations

import pytest

from provisioner.model.plan import Plan
from tests.conformance.routing.asking import NOT_FOUND, a_plan, asked, refusals, served
from tests.conformance.routing.clouds import AWS, Cloud
from tests.factories import a_path, a_rule, an_ingress


def path_rules(cloud: Cloud) -> Plan:
    """Return an Ingress with a host for each family of paths."""
    exact, prefix = "Exact", "Prefix"
    ingress = an_ingress(
        rules=[
            a_rule("exact", a_path("/foo", "foo-exact:80", path_type=exact)),
            a_rule(
                "prefix",
                a_path("/foo", "foo:80", path_type=prefix),
                a_path("/aaa/bbb", "aaa-bbb:80", path_type=prefix),
                a_path("/aaa", "aaa:80", path_type=prefix),
            ),
            a_rule(
                "mixed",
                a_path("/foo", "foo:80", path_type=prefix),
                a_path("/foo", "foo-exact:80", path_type=exact),
            ),
            a_rule(
                "slashes",
                a_path("/aaa/bbb/", "aaa-bbb:80", path_type=prefix),
                a_path("/foo/", "foo-exact:80", path_type=exact),
            ),
        ]
    )
    return a_plan(ingress, services=("foo-exact", "foo", "aaa-bbb", "aaa"), cloud=cloud)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/foo", "foo-exact"), ("/foo/", NOT_FOUND), ("/FOO", NOT_FOUND), ("/bar", NOT_FOUND)],
)
def test_an_exact_path_is_that_path_and_no_other(
    cloud: Cloud, path: str, expected: str | int
) -> None:
    """Neither a slash at the end nor capital letters are overlooked."""
    assert served(path_rules(cloud), f"http://exact{path}") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/foo", "foo"),
        ("/foo/", "foo"),
        ("/FOO", NOT_FOUND),
        ("/aaa/bbb", "aaa-bbb"),
        ("/aaa/bbb/ccc", "aaa-bbb"),
        ("/aaa/bbb/", "aaa-bbb"),
        ("/aaa/ccc", "aaa"),
        ("/aaaccc", NOT_FOUND),
        ("/aaa/bbbxyz", "aaa"),
        ("/aaa/bb", "aaa"),
    ],
)
def test_a_prefix_is_a_beginning_in_whole_elements(
    cloud: Cloud, path: str, expected: str | int
) -> None:
    """The longest prefix wins; half an element is none: /aaa/bb is not under /aaa/bbb."""
    assert served(path_rules(cloud), f"http://prefix{path}") == expected


def test_exact_is_preferred_to_prefix(cloud: Cloud) -> None:
    """The same path of both types: Exact gets the path itself, Prefix what is below."""
    assert served(path_rules(cloud), "http://mixed/foo") == "foo-exact"
    assert served(path_rules(cloud), "http://mixed/foo/") == "foo"
    assert served(path_rules(cloud), "http://mixed/foo/bar") == "foo"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/aaa/bbb", "aaa-bbb"),
        ("/aaa/bbb/", "aaa-bbb"),
        ("/foo", NOT_FOUND),
        ("/foo/", "foo-exact"),
    ],
)
def test_a_slash_at_the_end_counts_for_exact_and_not_for_prefix(
    cloud: Cloud, path: str, expected: str | int
) -> None:
    """Prefix /aaa/bbb/ has /aaa/bbb as well; Exact /foo/ has not /foo."""
    assert served(path_rules(cloud), f"http://slashes{path}") == expected


@pytest.mark.parametrize("path", ["/", "", "/x", "/x/y/", "/x?a=b", "//"])
def test_the_root_prefix_takes_everything(cloud: Cloud, path: str) -> None:
    """Prefix / is every path, the empty one too."""
    plan = a_plan(an_ingress(rules=[a_rule("a.foo.com", a_path("/", "web:80"))]), cloud=cloud)

    assert served(plan, f"http://a.foo.com{path}") == "web"


def test_the_query_plays_no_part(cloud: Cloud) -> None:
    """Paths are compared with paths; what stands behind the question mark is not among them."""
    assert served(path_rules(cloud), "http://exact/foo?bar=/foo/") == "foo-exact"
    assert served(path_rules(cloud), "http://exact/bar?x=/foo") == NOT_FOUND


def test_a_refused_path_is_said_with_what_it_stumbled_over(cloud: Cloud) -> None:
    """The trace names the path where the path was wrong, and the host where the host was.

    An ALB tries every rule; a URL map tries hosts first, then the paths of the one that matches.
    """
    said = refusals(asked(path_rules(cloud), "http://mixed/bar"))

    if cloud is AWS:
        assert said["mixed /foo (Exact) -> foo-exact:80"] == "path"
        assert said["exact /foo (Exact) -> foo-exact:80"] == "host, path"
    else:
        assert said == {
            "host exact": "host",
            "mixed /foo/* -> foo:80": "path",
            "mixed /foo -> foo-exact:80": "path",
        }


def test_longer_prefixes_win_in_whichever_order_they_are_written(cloud: Cloud) -> None:
    """The order in the manifest means nothing for Exact and Prefix."""
    paths = [a_path("/", "web:80"), a_path("/a", "a:80"), a_path("/a/b", "ab:80")]
    for order in (paths, paths[::-1]):
        plan = a_plan(
            an_ingress(rules=[a_rule("a.foo.com", *order)]),
            services=("web", "a", "ab"),
            cloud=cloud,
        )

        assert served(plan, "http://a.foo.com/a/b/c") == "ab"
        assert served(plan, "http://a.foo.com/a/c") == "a"
        assert served(plan, "http://a.foo.com/c") == "web"


def test_the_longer_prefix_is_the_one_with_more_to_it_not_the_one_with_a_slash(
    cloud: Cloud,
) -> None:
    """/aa/ and /aaa differ in length by nothing once the slash is left out."""
    plan = a_plan(
        an_ingress(rules=[a_rule("a.foo.com", a_path("/aa/", "aa:80"), a_path("/aa/b", "aab:80"))]),
        services=("aa", "aab"),
        cloud=cloud,
    )

    assert served(plan, "http://a.foo.com/aa/b") == "aab"
    assert served(plan, "http://a.foo.com/aa") == "aa"

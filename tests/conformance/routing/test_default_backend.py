"""The default backend: it answers where no rule does.

The scenarios are those of the Ingress conformance suite's default backend, in our words, and what
the API says of default backends beside rules.
"""

from __future__ import annotations

import pytest

from tests.conformance.routing.asking import EDGE, NOT_FOUND, a_plan, asked, served
from tests.conformance.routing.clouds import Cloud
from tests.factories import a_path, a_rule, an_ingress


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "http://my-host"),
        ("GET", "http://my-host/sub-path"),
        ("POST", "http://some-host"),
        ("PUT", "http://192.0.2.1/resource"),
        ("DELETE", "http://some-host/resource"),
        ("PATCH", "http://my-host/resource"),
    ],
)
def test_without_rules_everything_goes_to_the_default_backend(
    cloud: Cloud, method: str, url: str
) -> None:
    """Whatever the method, the host (or none) and the path."""
    plan = a_plan(an_ingress(rules=[], default_backend="echo:80"), services=("echo",), cloud=cloud)

    answer = asked(plan, url, method=method)

    assert [backend.service for backend in answer.reply.backends] == ["shop/echo"]
    assert answer.reply.is_default
    assert answer.request.method == method


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.foo.com/cart", "web"),
        ("http://a.foo.com/other", "echo"),
        ("http://b.foo.com/cart", "echo"),
    ],
)
def test_beside_rules_it_answers_what_they_leave(cloud: Cloud, url: str, expected: str) -> None:
    """Neither host nor path of any rule: the default backend of the Ingress."""
    ingress = an_ingress(
        rules=[a_rule("a.foo.com", a_path("/cart", "web:80"))], default_backend="echo:80"
    )

    assert served(a_plan(ingress, services=("web", "echo"), cloud=cloud), url) == expected


def test_without_one_nobody_answers(cloud: Cloud) -> None:
    """No rule and no default backend means 404."""
    plan = a_plan(an_ingress(rules=[a_rule("a.foo.com", a_path("/cart", "web:80"))]), cloud=cloud)

    assert served(plan, "http://a.foo.com/other") == NOT_FOUND
    assert served(plan, "http://other.org/cart") == NOT_FOUND


def test_a_neighbours_default_backend_does_not_answer_for_my_hosts(cloud: Cloud) -> None:
    """On a shared load balancer each host ends with its own Ingress's default backend, else 404."""
    mine = an_ingress(
        "shop/mine",
        rules=[a_rule("mine.foo.com", a_path("/cart", "web:80"))],
        annotations=EDGE,
    )
    neighbour = an_ingress(
        "shop/neighbour",
        rules=[a_rule("theirs.foo.com", a_path("/cart", "web:80"))],
        default_backend="echo:80",
        annotations=EDGE,
    )
    plan = a_plan(mine, neighbour, services=("web", "echo"), cloud=cloud)

    assert served(plan, "http://mine.foo.com/other") == NOT_FOUND
    assert served(plan, "http://theirs.foo.com/other") == "echo"
    assert served(plan, "http://nobodys.foo.com/") == "echo"


def test_a_host_with_a_wider_one_beside_it_ends_with_its_own_default_backend(cloud: Cloud) -> None:
    """The more specific host is closed, by the default backend and not by the wildcard's rules."""
    ingress = an_ingress(
        rules=[
            a_rule("a.foo.com", a_path("/cart", "web:80")),
            a_rule("*.foo.com", a_path("/", "wildcard:80")),
        ],
        default_backend="echo:80",
    )
    plan = a_plan(ingress, services=("web", "wildcard", "echo"), cloud=cloud)

    assert served(plan, "http://a.foo.com/other") == "echo"
    assert served(plan, "http://b.foo.com/other") == "wildcard"

"""Host rules: a request goes to the rule of its host, and to that of no other.

The scenarios are those of the Ingress conformance suite's host rules, in our words.
"""

from __future__ import annotations

import pytest

from provisioner.model.plan import Plan
from tests.conformance.routing.asking import EDGE, NOT_FOUND, a_plan, asked, served
from tests.conformance.routing.clouds import Cloud
from tests.factories import PORTABLE, a_path, a_rule, an_ingress


def two_hosts(cloud: Cloud) -> Plan:
    """Return an Ingress with a wildcard host and an exact one, the latter with TLS."""
    hosts = ["foo.bar.com", "*.foo.com"]
    ingress = an_ingress(
        rules=[
            a_rule("*.foo.com", a_path("/", "wildcard:80")),
            a_rule("foo.bar.com", a_path("/", "exact:80")),
        ],
        tls=hosts,
        annotations=cloud.annotations(hosts),
    )
    return a_plan(ingress, services=("wildcard", "exact"), certificates=hosts, cloud=cloud)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_reaches_its_backend_with_and_without_tls(cloud: Cloud, scheme: str) -> None:
    """foo.bar.com is served by the rule for foo.bar.com, whichever way the client came."""
    answer = asked(two_hosts(cloud), f"{scheme}://foo.bar.com")

    assert [backend.service for backend in answer.reply.backends] == ["shop/exact"]
    assert answer.request.host == "foo.bar.com"
    assert answer.reply.sent is None


def test_a_sibling_of_an_exact_host_is_nobody(cloud: Cloud) -> None:
    """A rule for foo.bar.com says nothing about other names under bar.com."""
    assert served(two_hosts(cloud), "http://subdomain.bar.com") == NOT_FOUND


def test_a_wildcard_takes_names_with_its_suffix(cloud: Cloud) -> None:
    """bar.foo.com is one label under foo.com, as ``*.foo.com`` says."""
    assert served(two_hosts(cloud), "http://bar.foo.com") == "wildcard"


def test_a_wildcard_stands_for_one_label_and_not_for_two(cloud: Cloud) -> None:
    """baz.bar.foo.com is not covered, although an ALB's own glob would span both labels.

    On Google there is no way round that, and whoever writes a wildcard is warned.
    """
    plan = two_hosts(cloud)

    expected = "wildcard" if cloud.spans_labels else NOT_FOUND
    warned = any(d.code == "HOST-WILDCARD" for d in plan.diagnostics)
    assert (served(plan, "http://baz.bar.foo.com"), warned) == (expected, cloud.spans_labels)


def test_a_wildcard_does_not_stand_for_nothing(cloud: Cloud) -> None:
    """foo.com itself has no label in the wildcard's place."""
    assert served(two_hosts(cloud), "http://foo.com") == NOT_FOUND


@pytest.mark.parametrize(
    ("host", "expected"),
    [("a.foo.com", "wildcard"), ("b.a.foo.com", "any"), ("foo.com", "any"), ("other.org", "any")],
)
def test_beside_a_rule_without_a_host_a_wildcard_still_means_one_label(
    cloud: Cloud, host: str, expected: str
) -> None:
    """What the wildcard does not cover reaches the rule for any host; nothing blocks it."""
    ingress = an_ingress(
        rules=[
            a_rule("*.foo.com", a_path("/", "wildcard:80")),
            a_rule("", a_path("/", "any:80")),
        ]
    )

    plan = a_plan(ingress, services=("wildcard", "any"), cloud=cloud)
    labels = host.removesuffix(".foo.com").count(".")
    spanned = cloud.spans_labels and host.endswith(".foo.com") and labels

    assert served(plan, f"http://{host}/x") == ("wildcard" if spanned else expected)


def test_the_wildcard_with_more_labels_comes_first(cloud: Cloud) -> None:
    """``*.eu.foo.com`` is the more specific host for a.eu.foo.com; ``*.foo.com`` has eu.foo.com."""
    plan = a_plan(
        an_ingress(
            rules=[
                a_rule("*.foo.com", a_path("/", "wide:80")),
                a_rule("*.eu.foo.com", a_path("/", "narrow:80")),
            ]
        ),
        services=("wide", "narrow"),
        cloud=cloud,
    )

    assert served(plan, "http://a.eu.foo.com") == "narrow"
    assert served(plan, "http://eu.foo.com") == "wide"
    beyond = "narrow" if cloud.spans_labels else NOT_FOUND
    assert served(plan, "http://a.b.eu.foo.com") == beyond


@pytest.mark.parametrize("host", ["FOO.bar.COM", "Foo.Bar.Com"])
def test_hosts_know_no_upper_and_lower_case(cloud: Cloud, host: str) -> None:
    """Names in DNS are the same however they are written."""
    assert served(two_hosts(cloud), f"http://{host}") == "exact"


@pytest.mark.parametrize(
    ("host", "request_host"),
    [("localhost", "LocalHost"), ("shop", "shop"), ("*.foo.com", "A.Foo.Com")],
)
def test_hosts_that_need_a_regular_expression_are_matched_in_any_case(
    cloud: Cloud, host: str, request_host: str
) -> None:
    """An ALB's regular expressions see the header as the client wrote it."""
    plan = a_plan(
        an_ingress(
            rules=[a_rule(host, a_path("/", "named:80")), a_rule("", a_path("/", "any:80"))]
        ),
        services=("named", "any"),
        cloud=cloud,
    )

    assert served(plan, f"http://{request_host}") == "named"


def test_a_port_in_the_host_header_changes_nothing(cloud: Cloud) -> None:
    """Clients of other ports than 80 and 443 send the port along; it is not part of the name."""
    ports = {PORTABLE + "listen-ports": '[{"HTTP": 8080}]'}
    rules = [a_rule("localhost", a_path("/", "local:80")), a_rule("a.foo.com", a_path("/", "a:80"))]
    plan = a_plan(an_ingress(rules=rules, annotations=ports), services=("local", "a"), cloud=cloud)

    assert served(plan, "http://localhost:8080/") == "local"
    assert served(plan, "http://a.foo.com:8080/") == "a"


def test_a_host_that_has_rules_is_answered_by_them_alone(cloud: Cloud) -> None:
    """Host first: a path that the exact host lacks does not fall through to the wildcard."""
    plan = a_plan(
        an_ingress(
            rules=[
                a_rule("a.foo.com", a_path("/cart", "exact:80")),
                a_rule("*.foo.com", a_path("/", "wildcard:80")),
            ]
        ),
        services=("exact", "wildcard"),
        cloud=cloud,
    )

    assert served(plan, "http://a.foo.com/cart") == "exact"
    assert served(plan, "http://a.foo.com/other") == NOT_FOUND
    assert served(plan, "http://b.foo.com/other") == "wildcard"


def test_rules_of_one_host_in_two_ingresses_are_merged(cloud: Cloud) -> None:
    """Whose Ingress a path is in plays no part; the longer prefix wins across both."""
    members = [
        an_ingress(
            f"shop/{name}",
            rules=[a_rule("a.foo.com", a_path(path, f"{name}:80"))],
            annotations=EDGE,
        )
        for name, path in (("short", "/api"), ("long", "/api/v1"))
    ]
    plan = a_plan(*members, services=("short", "long"), cloud=cloud)

    assert served(plan, "http://a.foo.com/api/v1/x") == "long"
    assert served(plan, "http://a.foo.com/api/v2") == "short"

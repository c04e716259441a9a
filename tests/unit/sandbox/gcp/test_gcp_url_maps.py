"""URL maps: syntax, limits, schemes, tests and validation."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.sandbox.cluster.documents import parts
from tests.unit.sandbox.gcp.workbench import REGION, Workbench, matcher

DOWN = {"abort": {"httpStatus": 404, "percentage": 100.0}}


def test_a_url_map_is_answered_as_written(bench: Workbench) -> None:
    """References are full, everything else is kept."""
    service = bench.service("web")
    written = matcher(service, "/cart", "/cart/*", description='{"/cart":"shop/web"}')

    bench.url_map(defaultService=service, extra=written)

    found = bench.get("global/urlMaps/map")
    assert {key: found[key] for key in written} == written


@pytest.mark.parametrize(
    "path", ["cart", "/a*", "/a/*/b", "/*/", "/a?b", "/a#b", "", "/" + "a" * 1024]
)
def test_paths_keep_to_their_syntax(bench: Workbench, path: str) -> None:
    """Start with '/'; '*' only last and after '/'; no '?' or '#'; at most 1024 characters."""
    service = bench.service("web")

    answer = bench.refused(
        "global/urlMaps", {"name": "map", "defaultService": service, **matcher(service, path)}
    )

    assert "resource.pathMatchers[0].pathRules[0].paths[0]" in answer.message


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("*", True),
        ("*.example.com", True),
        ("*-eu.example.com", True),
        ("shop.example.com:8080", True),
        ("shop.*.com", False),
        ("**.example.com", False),
        ("*example.com", False),
        ("-shop", False),
    ],
)
def test_hosts_keep_to_their_syntax(bench: Workbench, host: str, *, taken: bool) -> None:
    """'*' only first, alone or followed by '-' or '.'."""
    service = bench.service("web")
    body = {"name": "map", "defaultService": service, **matcher(service)}
    body["hostRules"] = [{"hosts": [host], "pathMatcher": "shop"}]

    assert (bench.rest("POST", "global/urlMaps", body).status == 200) is taken


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {
                "hostRules": [
                    {"hosts": ["a"], "pathMatcher": "shop"},
                    {"hosts": ["b"], "pathMatcher": "none"},
                ]
            },
            "Must be the name of a path",
        ),
        ({"hostRules": []}, "No host rule uses this matcher"),
        (
            {
                "hostRules": [
                    {"hosts": ["a"], "pathMatcher": "shop"},
                    {"hosts": ["A"], "pathMatcher": "shop"},
                ]
            },
            "Duplicate host",
        ),
        ({"defaultService": None}, "Exactly one of defaultService"),
        ({"pathMatchers": [{"name": "shop"}]}, "Exactly one of defaultService"),
    ],
)
def test_hosts_and_matchers_fit_together(
    bench: Workbench, change: Mapping[str, object], said: str
) -> None:
    """Every host rule names a matcher and the other way round; hosts are unique."""
    service = bench.service("web")
    body = {"name": "map", "defaultService": service, **matcher(service), **change}

    assert said in bench.refused("global/urlMaps", body).message


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("host-rules-per-external-url-map", "host rules"),
        ("path-matchers-per-external-url-map", "path matchers"),
        ("hosts-per-host-rule", "hosts"),
        ("rules-per-path-matcher", "rules"),
        ("match-predicates-per-path-matcher", "match predicates"),
        ("services-per-url-map", "services"),
        ("bytes-per-classic-url-map", "exceeds 0 bytes"),
    ],
)
def test_fixed_limits_are_enforced(bench: Workbench, limit: str, said: str) -> None:
    """Load balancing quotas and limits; a test may lower a limit to meet it."""
    service = bench.service("web")
    body = {"name": "map", "defaultService": service, **matcher(service, "/cart")}
    bench.cloud.limits[limit] = 0

    assert said in bench.refused("global/urlMaps", body).message


def test_a_classic_url_map_is_smaller_than_a_managed_one(bench: Workbench) -> None:
    """64 KB for classic load balancers, 1 MB for all others."""
    paths = [f"/{'long' * 50}/{number}" for number in range(500)]
    classic, managed = (
        bench.service("a"),
        bench.service("b", loadBalancingScheme="EXTERNAL_MANAGED"),
    )

    refused = bench.refused(
        "global/urlMaps", {"name": "one", "defaultService": classic, **matcher(classic, *paths)}
    )

    assert "URL map exceeds 65536 bytes" in refused.message
    bench.url_map("two", defaultService=managed, extra=matcher(managed, *paths))


@pytest.mark.parametrize(
    "action",
    [
        {
            "weightedBackendServices": [
                {"backendService": "global/backendServices/web", "weight": 1}
            ]
        },
        {"faultInjectionPolicy": DOWN},
        {"retryPolicy": {"numRetries": 3}},
        {"timeout": {"seconds": "3"}},
    ],
)
def test_classic_load_balancers_rewrite_and_nothing_else(
    bench: Workbench, action: Mapping[str, object]
) -> None:
    """Only urlRewrite is supported there; managed ones take all of these."""
    bench.service("web")
    managed = bench.service("managed", loadBalancingScheme="EXTERNAL_MANAGED")
    whole = "weightedBackendServices" in action

    def body(name: str, service: str) -> dict[str, object]:
        fields: dict[str, object] = {"paths": ["/"], "routeAction": action}
        if not whole:
            fields["service"] = service
        elif name == "managed":
            weighted = [{"backendService": managed, "weight": 1}]
            fields["routeAction"] = {"weightedBackendServices": weighted}
        return {"name": name, "defaultService": service, **matcher(service, pathRules=[fields])}

    classic = bench.refused("global/urlMaps", body("classic", "global/backendServices/web"))

    assert "is not supported for load balancing scheme EXTERNAL" in classic.message
    bench.make("global/urlMaps", body("managed", managed))


def test_classic_load_balancers_rewrite_paths(bench: Workbench) -> None:
    """That is the one action that they have."""
    service = bench.service("web")
    rule = {
        "paths": ["/api/*"],
        "service": service,
        "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/"}},
    }

    bench.url_map(defaultService=service, extra=matcher(service, pathRules=[rule]))

    assert parts(bench.get("global/urlMaps/map"), "pathMatchers")


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"faultInjectionPolicy": {"abort": {"httpStatus": 99, "percentage": 1}}}, "200 to 599"),
        ({"faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 101}}}, "0 to 100"),
        ({"urlRewrite": {"hostRewrite": "h" * 256}}, "1 to 255"),
        ({"urlRewrite": {"pathPrefixRewrite": "/", "pathTemplateRewrite": "/"}}, "Only one"),
        ({"weightedBackendServices": []}, ""),
    ],
)
def test_actions_keep_to_their_ranges(
    bench: Workbench, action: Mapping[str, object], said: str
) -> None:
    """As the descriptions of the fields say; an empty list of weights is no destination."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    rule = {"paths": ["/"], "service": service, "routeAction": action}
    body = {"name": "map", "defaultService": service, **matcher(service, pathRules=[rule])}

    answer = bench.rest("POST", "global/urlMaps", body)

    assert (answer.status == 200) is (said == "")
    assert not said or said in answer.message


@pytest.mark.parametrize(("first", "second", "said"), [(0, 0, "more than zero"), (1, 1001, "1000")])
def test_weights_are_at_most_a_thousand_and_not_all_zero(
    bench: Workbench, first: int, second: int, said: str
) -> None:
    """A member of weight 0 is how a new backend is warmed."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    other = bench.service("other", loadBalancingScheme="EXTERNAL_MANAGED")

    def body(*weights: int) -> dict[str, object]:
        weighted = [
            {"backendService": url, "weight": weight}
            for url, weight in zip((service, other), weights, strict=True)
        ]
        action = {"weightedBackendServices": weighted}
        return {"name": "map", "defaultRouteAction": action}

    assert said in bench.refused("global/urlMaps", body(first, second)).message
    bench.make("global/urlMaps", body(100, 0))


def test_route_rules_have_priorities_of_their_own(bench: Workbench) -> None:
    """Path rules and route rules exclude each other, priorities are unique."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    rule = {"priority": 1, "service": service, "matchRules": [{"prefixMatch": "/"}]}

    twice = matcher(service, routeRules=[rule, rule])
    mixed = matcher(service, "/a", routeRules=[rule])

    for written, said in ((twice, "priority"), (mixed, "Only one of pathRules or routeRules")):
        body = {"name": "map", "defaultService": service, **written}
        assert said in bench.refused("global/urlMaps", body).message


def test_schemes_of_services_are_not_mixed_with_internal_ones(bench: Workbench) -> None:
    """One URL map serves one kind of load balancer."""
    home = f"regions/{REGION}"
    outside = bench.service("a", home, loadBalancingScheme="EXTERNAL_MANAGED")
    inside = bench.service("b", home, loadBalancingScheme="INTERNAL_MANAGED")

    answer = bench.refused(
        f"{home}/urlMaps", {"name": "map", "defaultService": outside, **matcher(inside)}
    )

    assert "same load balancing scheme" in answer.message

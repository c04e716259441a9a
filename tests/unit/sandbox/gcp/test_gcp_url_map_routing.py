"""URL maps: where requests go, tests, validation and quota units."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import parts, text, texts
from tests.unit.sandbox.gcp.workbench import HOME, PROJECT, REGION, Workbench, matcher, result


def test_a_failing_test_refuses_the_map(bench: Workbench) -> None:
    """Requests to update the URL map succeed only if all test cases pass."""
    service, other = bench.service("web"), bench.service("other")
    test = {"host": "shop.example.com", "path": "/cart", "service": other}
    body = {"name": "map", "defaultService": service, **matcher(service, "/cart")}

    refused = bench.refused("global/urlMaps", {**body, "tests": [test]})
    made = bench.rest("POST", "global/urlMaps", {**body, "tests": [{**test, "service": service}]})

    assert "Test failure" in refused.message
    assert made.status == 200


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("shop.example.com", "/cart"), "exact"),
        (("shop.example.com", "/cart/1"), "deep"),
        (("shop.example.com", "/cart/old/1"), "deeper"),
        (("shop.example.com", "/else"), "shop"),
        (("shop.example.com:8080", "/else"), "shop"),
        (("a.example.com", "/"), "wild"),
        (("a.b.example.com", "/"), "wild"),
        (("example.org", "/"), "main"),
    ],
)
def test_requests_meet_hosts_first_and_the_longest_path(
    bench: Workbench, request_: tuple[str, str], expected: str
) -> None:
    """URL maps overview: exact host, longest wildcard, longest path."""
    names = ("main", "shop", "exact", "deep", "deeper", "wild")
    url = {name: bench.service(name) for name in names}
    url_map = {
        "name": "map",
        "defaultService": url["main"],
        "hostRules": [
            {"hosts": ["shop.example.com"], "pathMatcher": "shop"},
            {"hosts": ["*.example.com"], "pathMatcher": "wild"},
        ],
        "pathMatchers": [
            {
                "name": "shop",
                "defaultService": url["shop"],
                "pathRules": [
                    {"paths": ["/cart/*"], "service": url["deep"]},
                    {"paths": ["/cart/old/*"], "service": url["deeper"]},
                    {"paths": ["/cart"], "service": url["exact"]},
                ],
            },
            {"name": "wild", "defaultService": url["wild"]},
        ],
        "tests": [{"host": request_[0], "path": request_[1], "service": url[expected]}],
    }

    assert result(bench.rest("POST", "global/urlMaps/map/validate", {"resource": url_map})) == {
        "loadSucceeded": True,
        "testPassed": True,
        "quotaUsage": {"units": "8", "forwardingRules": 0},
    }


@pytest.mark.parametrize(
    ("match", "path", "header", "hit"),
    [
        ({"prefixMatch": "/a"}, "/abc", "", True),
        ({"fullPathMatch": "/a"}, "/abc", "", False),
        ({"regexMatch": "/a[0-9]+"}, "/a12", "", True),
        ({"pathTemplateMatch": "/a/{id}/b/**"}, "/a/7/b/c/d", "", True),
        ({"prefixMatch": "/A", "ignoreCase": True}, "/abc", "", True),
        (
            {"prefixMatch": "/", "headerMatches": [{"headerName": "X", "exactMatch": "1"}]},
            "/",
            "1",
            True,
        ),
        (
            {"prefixMatch": "/", "headerMatches": [{"headerName": "X", "exactMatch": "1"}]},
            "/",
            "2",
            False,
        ),
        (
            {
                "prefixMatch": "/",
                "headerMatches": [{"headerName": "X", "presentMatch": True, "invertMatch": True}],
            },
            "/",
            "",
            True,
        ),
        (
            {"prefixMatch": "/", "queryParameterMatches": [{"name": "q", "exactMatch": "1"}]},
            "/?q=1",
            "",
            True,
        ),
    ],
)
def test_route_rules_match_paths_headers_and_queries(
    bench: Workbench, match: Mapping[str, object], path: str, header: str, *, hit: bool
) -> None:
    """Predicates of one match rule must all hold."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    other = bench.service("other", loadBalancingScheme="EXTERNAL_MANAGED")
    rule = {"priority": 1, "service": other, "matchRules": [match]}
    test = {
        "host": "shop.example.com",
        "path": path,
        "service": other if hit else service,
        "headers": [{"name": "x", "value": header}] if header else [],
    }
    body = {
        "name": "map",
        "defaultService": service,
        **matcher(service, routeRules=[rule]),
        "tests": [test],
    }

    answer = bench.rest("POST", "global/urlMaps/map/validate", {"resource": body})

    assert result(answer)["testPassed"] is True


@pytest.mark.parametrize(
    ("redirect", "url", "code"),
    [
        ({"httpsRedirect": True}, "https://shop.example.com/a?q=1", 301),
        ({"httpsRedirect": True, "stripQuery": True}, "https://shop.example.com/a", 301),
        (
            {"pathRedirect": "/b", "redirectResponseCode": "TEMPORARY_REDIRECT"},
            "http://shop.example.com/b?q=1",
            307,
        ),
        (
            {"hostRedirect": "new.example.com", "redirectResponseCode": "FOUND"},
            "http://new.example.com/a?q=1",
            302,
        ),
    ],
)
def test_redirects_can_be_tested(
    bench: Workbench, redirect: Mapping[str, object], url: str, code: int
) -> None:
    """By the URL and by the status that are expected."""
    test = {
        "host": "shop.example.com",
        "path": "/a?q=1",
        "expectedOutputUrl": url,
        "expectedRedirectResponseCode": code,
    }

    bench.url_map(defaultUrlRedirect=redirect, tests=[test])

    assert bench.get("global/urlMaps/map")["tests"] == [test]


def test_validate_creates_nothing_and_lists_every_error(bench: Workbench) -> None:
    """The answer to "could this be loaded", before anything is changed."""
    service = bench.service("web")
    body = {"name": "map", "defaultService": service, **matcher(service, "bad", "/a*")}

    answer = bench.rest("POST", "global/urlMaps/map/validate", {"resource": body})

    assert result(answer)["loadSucceeded"] is False
    assert len(texts(result(answer), "loadErrors")) == 2
    assert bench.rest("GET", "global/urlMaps/map").status == 404
    assert bench.cloud.calls.named("urlMaps.validate")[0].mutates is False


def test_validate_says_what_a_failing_test_met(bench: Workbench) -> None:
    """What was expected and what came."""
    service, other = bench.service("web"), bench.service("other")
    body = {
        "name": "map",
        "defaultService": service,
        "tests": [{"host": "a.example.com", "path": "/", "service": other}],
    }

    found = result(bench.rest("POST", "global/urlMaps/map/validate", {"resource": body}))

    failure = parts(found, "testFailures")[0]
    assert found["testPassed"] is False
    assert (failure["expectedService"], failure["actualService"]) == (other, service)


def test_validate_takes_the_scheme_to_judge_by(bench: Workbench) -> None:
    """A map that only redirects has no services to tell the scheme from."""
    body = {
        "name": "map",
        "defaultUrlRedirect": {"httpsRedirect": True},
        "headerAction": {"requestHeadersToRemove": ["x"]},
    }

    def verdict(scheme: str) -> object:
        ask = {"resource": body, "loadBalancingSchemes": [scheme]}
        return result(bench.rest("POST", "global/urlMaps/map/validate", ask))["loadSucceeded"]

    assert (verdict("EXTERNAL"), verdict("EXTERNAL_MANAGED")) == (False, True)


def test_validate_reports_a_missing_service(bench: Workbench) -> None:
    """As a load error, with status 200."""
    body = {"name": "map", "defaultService": "global/backendServices/none"}

    found = result(bench.rest("POST", "global/urlMaps/map/validate", {"resource": body}))

    assert texts(found, "loadErrors") == (
        f"The resource '{HOME}/global/backendServices/none' was not found",
    )


def test_google_s_client_validates(bench: Workbench) -> None:
    """Through the types of this client version, which lack the quota usage."""
    service = bench.service("web")

    answer = bench.client(compute_v1.UrlMapsClient).validate(
        project=PROJECT,
        url_map="map",
        url_maps_validate_request_resource=compute_v1.UrlMapsValidateRequest(
            resource=compute_v1.UrlMap(name="map", default_service=service)
        ),
    )

    assert answer.result.load_succeeded
    assert answer.result.test_passed


def test_the_map_says_its_share_of_the_configuration_quota(bench: Workbench) -> None:
    """Units, and the forwarding rules that reach it (URL map size and quota units)."""
    url_map = bench.url_map(defaultService=bench.service("web"))
    bench.frontend(url_map, "one")
    bench.frontend(url_map, "two", portRange="8080")

    status = bench.get("global/urlMaps/map")["status"]

    assert status == {"quotaUsage": {"units": "1", "forwardingRules": 2}}


def test_the_configuration_quota_counts_units_times_rules(bench: Workbench) -> None:
    """A map that no forwarding rule reaches counts nothing."""
    url_map = bench.url_map(defaultService=bench.service("web"))
    bench.cloud.quotas["GLOBAL_EXTERNAL_PROXY_LB_CONFIG"] = 1
    bench.frontend(url_map, "one")

    proxy = "global/targetHttpProxies/one-proxy"
    answer = bench.refused(
        "global/forwardingRules", {"name": "two", "target": proxy, "portRange": "8080"}
    )

    assert (answer.status, answer.reason) == (403, "quotaExceeded")
    assert text(answer.body, "error", "message").startswith(
        "Quota 'GLOBAL_EXTERNAL_PROXY_LB_CONFIG'"
    )


def test_regional_maps_are_validated_as_well(bench: Workbench) -> None:
    """Their request has no list of schemes."""
    home = f"regions/{REGION}"
    service = bench.service("web", home, loadBalancingScheme="EXTERNAL_MANAGED")
    body = {"resource": {"name": "map", "defaultService": service}}

    answer = bench.rest("POST", f"{home}/urlMaps/map/validate", body)
    wrong = bench.rest("POST", f"{home}/urlMaps/map/validate", {**body, "loadBalancingSchemes": []})

    assert result(answer)["loadSucceeded"] is True
    assert wrong.status == 400


@pytest.mark.parametrize(
    ("rewrite", "path", "url"),
    [
        ({"pathPrefixRewrite": "/"}, "/api/v1?q=1", "http://shop.example.com/v1?q=1"),
        ({"hostRewrite": "inner"}, "/api/v1", "http://inner/api/v1"),
        ({}, "/api/v1", "http://shop.example.com/api/v1"),
    ],
)
def test_rewrites_can_be_tested(
    bench: Workbench, rewrite: dict[str, object], path: str, url: str
) -> None:
    """By the URL that the backend is to see; its scheme does not matter beside a service."""
    service = bench.service("web")
    rule = {"paths": ["/api/*"], "service": service, "routeAction": {"urlRewrite": rewrite}}
    test = {
        "host": "shop.example.com",
        "path": path,
        "service": service,
        "expectedOutputUrl": url.replace("http:", "https:"),
    }

    bench.url_map(defaultService=service, tests=[test], extra=matcher(service, pathRules=[rule]))

    assert bench.get("global/urlMaps/map")["tests"] == [test]


@pytest.mark.parametrize(
    ("header", "value", "hit"),
    [
        ({"prefixMatch": "ab"}, "abc", True),
        ({"suffixMatch": "bc"}, "abc", True),
        ({"regexMatch": "a.c"}, "abc", True),
        ({"presentMatch": True}, "abc", True),
        ({"presentMatch": True}, "", False),
        ({"rangeMatch": {"rangeStart": "1", "rangeEnd": "5"}}, "4", True),
        ({"rangeMatch": {"rangeStart": "1", "rangeEnd": "5"}}, "5", False),
    ],
)
def test_headers_match_in_many_ways(
    bench: Workbench, header: dict[str, object], value: str, *, hit: bool
) -> None:
    """As HttpHeaderMatch describes them; the end of a range is excluded."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    other = bench.service("other", loadBalancingScheme="EXTERNAL_MANAGED")
    match = {"prefixMatch": "/", "headerMatches": [{"headerName": "X", **header}]}
    rule = {"priority": 1, "service": other, "matchRules": [match]}
    test = {
        "host": "shop.example.com",
        "path": "/",
        "service": other if hit else service,
        "headers": [{"name": "x", "value": value}] if value else [],
    }

    bench.url_map(defaultService=service, tests=[test], extra=matcher(service, routeRules=[rule]))

    assert bench.get("global/urlMaps/map")["tests"] == [test]


@pytest.mark.parametrize(
    ("redirect", "said"),
    [
        ({"pathRedirect": "/a", "prefixRedirect": "/b"}, "cannot be supplied together"),
        ({"hostRedirect": "h" * 256}, "1 to 255"),
        ({"redirectResponseCode": "TEAPOT"}, "enum"),
    ],
)
def test_redirects_are_checked(bench: Workbench, redirect: dict[str, object], said: str) -> None:
    """As HttpRedirectAction describes them."""
    answer = bench.refused("global/urlMaps", {"name": "map", "defaultUrlRedirect": redirect})

    assert said in answer.message


def test_a_redirect_to_https_is_kept_from_a_served_https_proxy(bench: Workbench) -> None:
    """Also when the map changes after the proxy was made."""
    url_map = bench.url_map(defaultService=bench.service("web"))
    proxy = {"name": "p", "urlMap": url_map, "certificateMap": "//certificatemanager/x"}
    bench.make("global/targetHttpsProxies", proxy)
    change = {
        "fingerprint": bench.get("global/urlMaps/map")["fingerprint"],
        "defaultService": None,
        "defaultUrlRedirect": {"httpsRedirect": True},
    }

    assert "not permitted" in bench.rest("PATCH", "global/urlMaps/map", change).message


def test_route_match_rules_are_checked(bench: Workbench) -> None:
    """One way to match a path at a time, which starts with a slash and is not too long."""
    service = bench.service("web", loadBalancingScheme="EXTERNAL_MANAGED")
    wrong = (
        {"prefixMatch": "/a", "fullPathMatch": "/b"},
        {"prefixMatch": "a"},
        {"fullPathMatch": "/" + "a" * 1024},
    )

    for match in wrong:
        rule = {"priority": 1, "service": service, "matchRules": [match]}
        body = {"name": "map", "defaultService": service, **matcher(service, routeRules=[rule])}
        assert bench.refused("global/urlMaps", body).reason == "invalid"

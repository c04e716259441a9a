"""URL maps: completed, checked against what they serve, tested and validated."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, number, part, parts, text, texts
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import RefusalError, quota_exceeded
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.linking import link
from provisioner.sandbox.gcp.reach import (
    frontend_schemes,
    proxies_of,
    rules_of,
    serves,
    service_schemes,
)
from provisioner.sandbox.gcp.references import ScopeKind
from provisioner.sandbox.gcp.schema import conform
from provisioner.sandbox.gcp.state import Resource
from provisioner.sandbox.gcp.url_map_problems import Problem
from provisioner.sandbox.gcp.url_map_routing import RoutedRequest, route
from provisioner.sandbox.gcp.url_map_rules import https_redirects, units_of, url_map_problems


def url_map_references() -> tuple[Reference, ...]:
    """Every place of a URL map that names a backend service."""
    holders: tuple[tuple[tuple[str, ...], str, str], ...] = (
        ((), "defaultService", "defaultRouteAction"),
        (("pathMatchers", "*"), "defaultService", "defaultRouteAction"),
        (("pathMatchers", "*", "pathRules", "*"), "service", "routeAction"),
        (("pathMatchers", "*", "routeRules", "*"), "service", "routeAction"),
    )
    found = [
        Reference(path=path, collections=("backendServices",))
        for holder, service, action in holders
        for path in (
            (*holder, service),
            (*holder, action, "weightedBackendServices", "*", "backendService"),
            (*holder, action, "requestMirrorPolicy", "backendService"),
        )
    ]
    tests = Reference(path=("tests", "*", "service"), collections=("backendServices",), uses=False)
    return (*found, tests)


def prepare_url_map(change: Change) -> None:
    """Refuse a URL map that breaks a rule or fails its own tests."""
    for problem in _all_problems(change):
        raise problem.error()
    failures = _failed_tests(change.document)
    if failures:
        raise RefusalError(400, "invalid", _test_message(failures[0]))
    check_configuration_size(change.compute, change.ref.url, change.document)


def render_url_map(compute: Compute, resource: Resource) -> Document:
    """Add the usage of the configuration quota ("URL map size and quota units")."""
    return {**resource.document, "status": {"quotaUsage": _usage(compute, resource)}}


def validate(compute: Compute, request: Request, kind: Kind) -> Document:
    """Say whether a URL map could be loaded, and run its tests; nothing is created."""
    body = conform(compute.discovery, request.method.request, request.call.body)
    document = part(body, "resource")
    change = Change(
        compute=compute, ref=request.ref, verb="validate", document=document, previous=None
    )
    errors = list(_load_errors(change, kind, texts(body, "loadBalancingSchemes")))
    result: Document = {"loadSucceeded": not errors}
    if errors:
        result["loadErrors"] = errors
        return {"result": result}
    failures = _failed_tests(change.document)
    result["testPassed"] = not failures
    if failures:
        result["testFailures"] = failures
    known = compute.state.resources.get(request.ref)
    rules = len(list(rules_of(compute, request.ref.url))) if known is not None else 0
    result["quotaUsage"] = {"units": str(units_of(change.document)), "forwardingRules": rules}
    return {"result": result}


def check_configuration_size(
    compute: Compute, url: str, document: Document, *, newcomer: str = ""
) -> None:
    """Refuse what would exceed the configuration size quota, where a test has set one.

    Usage is units times forwarding rules, over all URL maps that a forwarding rule reaches. At
    Google the regional quotas count per network; here they count per region (simplified).

    Args:
        compute: The cloud.
        url: The URL map.
        document: Its new content.
        newcomer: The load balancing scheme of a forwarding rule that is about to reach it.
    """
    schemes = frontend_schemes(compute, url) | ({newcomer} if newcomer else set())
    mine = len(list(rules_of(compute, url))) + bool(newcomer)
    for metric, region in _config_metrics(url, schemes):
        limit = compute.quotas.of_region(region, metric) if region else compute.quotas[metric]
        used = units_of(document) * mine + sum(
            units_of(other.document) * len(list(rules_of(compute, other.ref.url)))
            for other in compute.resources("urlMaps")
            if other.ref.url != url and other.ref.scope.region == region
        )
        if used > limit:
            raise quota_exceeded(metric, limit, f"in region {region}" if region else "globally")


def _config_metrics(url: str, schemes: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the metrics that forwarding rules of some schemes count against, with the region."""
    region = url.partition("/regions/")[2].partition("/")[0]
    if not region:
        if schemes:
            yield "GLOBAL_EXTERNAL_PROXY_LB_CONFIG", ""
        return
    for scheme in sorted(schemes):
        word = "INTERNAL" if scheme == "INTERNAL_MANAGED" else "EXTERNAL"
        yield f"REGIONAL_{word}_PROXY_LB_CONFIG_PER_REGION_PER_VPC_NETWORK", region


def frontend_problems(
    compute: Compute, url_map: Document, frontends: frozenset[str]
) -> Iterator[Problem]:
    """Yield what keeps forwarding rules of some schemes from leading to a URL map."""
    for url, scheme in sorted(service_schemes(compute, url_map).items()):
        for frontend in sorted(frontends):
            if not serves(frontend, scheme):
                message = (
                    f"Its load balancing scheme {scheme} does not match {frontend} of the"
                    " forwarding rule."
                )
                yield Problem(field="resource.backendService", value=url, message=message)


def schemes_of(compute: Compute, url_map: Document, frontends: frozenset[str]) -> frozenset[str]:
    """The schemes whose rules apply: those of its forwarding rules, else of its services."""
    return frontends or frozenset(service_schemes(compute, url_map).values())


def _all_problems(change: Change) -> Iterator[Problem]:
    compute, document = change.compute, change.document
    frontends = frontend_schemes(compute, change.ref.url)
    yield from url_map_problems(
        document, schemes=schemes_of(compute, document, frontends), limits=compute.limits
    )
    yield from frontend_problems(compute, document, frontends)
    yield from _mixed_schemes(change)
    proxies = (proxy.ref.collection for proxy in proxies_of(compute, change.ref.url))
    if "targetHttpsProxies" in proxies and https_redirects(document):
        message = "httpsRedirect is not permitted for a URL map of a target HTTPS proxy."
        yield Problem(field="resource.urlRedirect.httpsRedirect", value="true", message=message)


def _mixed_schemes(change: Change) -> Iterator[Problem]:
    schemes = set(service_schemes(change.compute, change.document).values())
    if len(schemes) > 1 and "INTERNAL_MANAGED" in schemes:
        message = "All backend services of a URL map need the same load balancing scheme."
        yield Problem(
            field="resource.defaultService", value=", ".join(sorted(schemes)), message=message
        )


def _load_errors(change: Change, kind: Kind, schemes: tuple[str, ...]) -> Iterator[str]:
    try:
        link(change, kind)
    except RefusalError as error:
        yield error.message
        return
    compute, document = change.compute, change.document
    asked = frozenset(schemes) - {"LOAD_BALANCING_SCHEME_UNSPECIFIED"}
    frontends = asked or frontend_schemes(compute, change.ref.url)
    problems = [
        *url_map_problems(
            document, schemes=schemes_of(compute, document, frontends), limits=compute.limits
        ),
        *frontend_problems(compute, document, frontends),
        *_mixed_schemes(change),
    ]
    yield from (problem.sentence for problem in problems)


def _failed_tests(url_map: Document) -> list[Document]:
    found = (_test_failure(url_map, test) for test in parts(url_map, "tests"))
    return [failure for failure in found if failure is not None]


def _test_failure(url_map: Document, test: Document) -> Document | None:
    headers = {text(each, "name"): text(each, "value") for each in parts(test, "headers")}
    host = text(test, "host") or headers.get("host", "")
    routed = route(url_map, RoutedRequest(host=host, path=text(test, "path"), headers=headers))
    expected = text(test, "service")
    code, wanted = number(test, "expectedRedirectResponseCode"), text(test, "expectedOutputUrl")
    url_holds = not wanted or _same_url(wanted, routed.url, any_scheme=bool(expected))
    service_holds = not expected or (expected in routed.services and not routed.redirect)
    if service_holds and url_holds and code in (0, routed.redirect):
        return None
    failure: Document = {
        "host": text(test, "host"),
        "path": text(test, "path"),
        "expectedService": expected,
        "actualService": " ".join(routed.services),
        "expectedOutputUrl": wanted,
        "actualOutputUrl": routed.url,
        "expectedRedirectResponseCode": code,
        "actualRedirectResponseCode": routed.redirect,
    }
    return {key: value for key, value in failure.items() if value}


def _same_url(expected: str, actual: str, *, any_scheme: bool) -> bool:
    if any_scheme:
        return expected.partition("://")[2] == actual.partition("://")[2]
    return expected == actual


def _test_message(failure: Document) -> str:
    expected = text(failure, "expectedService") or text(failure, "expectedOutputUrl")
    actual = text(failure, "actualService") or text(failure, "actualOutputUrl")
    return (
        "Invalid value for field 'resource.tests': ''. Test failure: Expect URL"
        f" '{text(failure, 'host')}{text(failure, 'path')}' to map to service '{expected}', but"
        f" actually mapped to '{actual}'."
    )


def _usage(compute: Compute, resource: Resource) -> Document:
    rules = len(list(rules_of(compute, resource.ref.url)))
    return {"units": str(units_of(resource.document)), "forwardingRules": rules}


URL_MAPS = Kind(
    collection="urlMaps",
    schema="UrlMap",
    noun="url_map",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "update", "patch", "delete"}),
    references=url_map_references(),
    prepare=prepare_url_map,
    render=render_url_map,
    fingerprint=True,
    guarded=frozenset({"update", "patch"}),
)

"""What a URL map must keep to, whoever asks: insert, update, patch, validate, a new frontend.

Sources: the field descriptions of ``UrlMap`` in the published schema, "Quotas and limits" of Cloud
Load Balancing, and "URL maps overview". Rules yield problems rather than raise, because
``validate`` lists them all where ``insert`` stops at the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text, texts
from provisioner.sandbox.gcp.limits import FixedLimits
from provisioner.sandbox.gcp.url_map_actions import action_problems
from provisioner.sandbox.gcp.url_map_problems import Problem

_HOST = re.compile(r"(?:\*|\*[-.][a-z0-9.-]+|[a-z0-9][a-z0-9.-]*)(?::\d{1,5})?", re.IGNORECASE)
_LONGEST_PATH = 1024
CLASSIC = "EXTERNAL"
INTERNAL = "INTERNAL_MANAGED"


def url_map_problems(
    url_map: Document, *, schemes: frozenset[str], limits: FixedLimits
) -> Iterator[Problem]:
    """Yield what is wrong with a URL map under load balancing schemes; none means all managed."""
    yield from _sizes(url_map, schemes, limits)
    yield from _hosts(url_map, limits)
    yield from action_problems("resource", _as_rule(url_map), schemes, default=True)
    for index, matcher in enumerate(parts(url_map, "pathMatchers")):
        yield from _path_matcher(f"resource.pathMatchers[{index}]", matcher, schemes, limits)


def size_of(url_map: Document) -> int:
    """Return the bytes that count against the size limit: what the caller wrote, as JSON.

    Google does not say how it measures (inferred).
    """
    written = ("hostRules", "pathMatchers", "tests", "defaultService", "defaultRouteAction")
    kept = {key: value for key, value in url_map.items() if key in written}
    return len(msgspec.json.encode(kept))


def units_of(url_map: Document) -> int:
    """Return the quota units of a URL map.

    "URL map size and quota units" says that they grow with rules, hosts and matchers and gives no
    formula; one unit per host, path, route predicate and matcher is ours (inferred).
    """
    hosts = sum(len(texts(rule, "hosts")) for rule in parts(url_map, "hostRules"))
    matchers = parts(url_map, "pathMatchers")
    return 1 + hosts + len(matchers) + sum(_predicates(matcher) for matcher in matchers)


def services_of(url_map: Document) -> set[str]:
    """Return the URLs of all services that a URL map refers to, tests left out."""
    return set(_services({key: value for key, value in url_map.items() if key != "tests"}))


def _services(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _services(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("service", "defaultService", "backendService") and isinstance(each, str):
                yield each
            else:
                yield from _services(each)


def _sizes(url_map: Document, schemes: frozenset[str], limits: FixedLimits) -> Iterator[Problem]:
    classic, internal = CLASSIC in schemes, schemes == {INTERNAL}
    where = "internal" if internal else "external"
    testing = "classic" if classic else where
    figures = {
        "hostRules": (limits[f"host-rules-per-{where}-url-map"], "host rules"),
        "pathMatchers": (limits[f"path-matchers-per-{where}-url-map"], "path matchers"),
        "tests": (limits[f"tests-per-{testing}-url-map"], "tests"),
    }
    for name, (limit, noun) in figures.items():
        found = len(parts(url_map, name))
        if found > limit:
            yield _too_many(f"resource.{name}", found, limit, noun)
    services = len(services_of(url_map))
    if services > limits["services-per-url-map"]:
        yield _too_many("resource", services, limits["services-per-url-map"], "services")
    size = size_of(url_map)
    most = limits["bytes-per-classic-url-map" if classic else "bytes-per-url-map"]
    if size > most:
        yield Problem(
            field="resource", value=f"{size} bytes", message=f"URL map exceeds {most} bytes."
        )


def _hosts(url_map: Document, limits: FixedLimits) -> Iterator[Problem]:
    matchers = [text(each, "name") for each in parts(url_map, "pathMatchers")]
    for name in sorted({name for name in matchers if matchers.count(name) > 1}):
        yield Problem(field="resource.pathMatchers", value=name, message="Duplicate path matcher.")
    named = {text(rule, "pathMatcher") for rule in parts(url_map, "hostRules")}
    for name in sorted(set(matchers) - named):
        yield Problem(
            field="resource.pathMatchers", value=name, message="No host rule uses this matcher."
        )
    seen: set[str] = set()
    for index, rule in enumerate(parts(url_map, "hostRules")):
        place = f"resource.hostRules[{index}]"
        if text(rule, "pathMatcher") not in matchers:
            yield Problem(
                field=f"{place}.pathMatcher",
                value=text(rule, "pathMatcher"),
                message="Must be the name of a path matcher of this URL map.",
            )
        yield from _host_rule(place, texts(rule, "hosts"), seen, limits)


def _host_rule(
    place: str, hosts: tuple[str, ...], seen: set[str], limits: FixedLimits
) -> Iterator[Problem]:
    if not hosts:
        yield Problem(field=f"{place}.hosts", value="", message="At least one host is required.")
    if len(hosts) > limits["hosts-per-host-rule"]:
        yield _too_many(f"{place}.hosts", len(hosts), limits["hosts-per-host-rule"], "hosts")
    for number_, host in enumerate(hosts):
        if _HOST.fullmatch(host) is None:
            message = "'*' must be the first character and be followed by '-' or '.'."
            yield Problem(field=f"{place}.hosts[{number_}]", value=host, message=message)
        if host.lower() in seen:
            yield Problem(field=f"{place}.hosts[{number_}]", value=host, message="Duplicate host.")
        seen.add(host.lower())


def _path_matcher(
    place: str, matcher: Document, schemes: frozenset[str], limits: FixedLimits
) -> Iterator[Problem]:
    if not text(matcher, "name"):
        yield Problem(field=f"{place}.name", value="", message="The name is required.")
    yield from action_problems(place, _as_rule(matcher), schemes, default=True)
    paths, routes = parts(matcher, "pathRules"), parts(matcher, "routeRules")
    if paths and routes:
        message = "Only one of pathRules or routeRules can be set."
        yield Problem(field=place, value=text(matcher, "name"), message=message)
    yield from _matcher_sizes(place, matcher, limits)
    seen: set[str] = set()
    for index, rule in enumerate(paths):
        rule_place = f"{place}.pathRules[{index}]"
        yield from _paths(rule_place, texts(rule, "paths"), seen)
        yield from action_problems(rule_place, rule, schemes)
    yield from _route_rules(place, routes, schemes)


def _matcher_sizes(place: str, matcher: Document, limits: FixedLimits) -> Iterator[Problem]:
    matches = [
        match for rule in parts(matcher, "routeRules") for match in parts(rule, "matchRules")
    ]
    figures = {
        "rules-per-path-matcher": (
            len(parts(matcher, "pathRules")) + len(parts(matcher, "routeRules")),
            "rules",
        ),
        "match-predicates-per-path-matcher": (_predicates(matcher), "match predicates"),
        "path-templates-per-path-matcher": (
            sum("pathTemplateMatch" in match for match in matches),
            "path templates",
        ),
        "regular-expressions-per-path-matcher": (
            sum("regexMatch" in match for match in matches),
            "regular expressions",
        ),
    }
    for name, (found, noun) in figures.items():
        if found > limits[name]:
            yield _too_many(place, found, limits[name], noun)


def _predicates(matcher: Document) -> int:
    """Count what is compared: each path of path rules; path, headers and query of route rules."""
    paths = sum(len(texts(rule, "paths")) for rule in parts(matcher, "pathRules"))
    one_each = ("prefixMatch", "fullPathMatch", "regexMatch", "pathTemplateMatch")
    return paths + sum(
        sum(name in match for name in one_each)
        + len(parts(match, "headerMatches"))
        + len(parts(match, "queryParameterMatches"))
        for rule in parts(matcher, "routeRules")
        for match in parts(rule, "matchRules")
    )


def _paths(place: str, paths: tuple[str, ...], seen: set[str]) -> Iterator[Problem]:
    if not paths:
        yield Problem(field=f"{place}.paths", value="", message="At least one path is required.")
    for index, path in enumerate(paths):
        field = f"{place}.paths[{index}]"
        if not _is_path(path):
            message = "Paths start with '/'; '*' is allowed only at the end, after a '/'."
            yield Problem(field=field, value=path, message=message)
        if path in seen:
            yield Problem(field=field, value=path, message="Duplicate path in the path matcher.")
        seen.add(path)


def _is_path(path: str) -> bool:
    star = path.find("*")
    return (
        path.startswith("/")
        and len(path) <= _LONGEST_PATH
        and not set("?#") & set(path)
        and (star == -1 or (star == len(path) - 1 and path[-2] == "/"))
    )


def _route_rules(place: str, routes: list[Document], schemes: frozenset[str]) -> Iterator[Problem]:
    priorities = [number(rule, "priority", default=-1) for rule in routes]
    for index, rule in enumerate(routes):
        rule_place = f"{place}.routeRules[{index}]"
        priority = priorities[index]
        if priority < 0 or priorities.count(priority) > 1:
            message = "Each route rule needs a priority of its own, 0 or more."
            yield Problem(field=f"{rule_place}.priority", value=str(priority), message=message)
        for at, match in enumerate(parts(rule, "matchRules")):
            yield from _match_rule(f"{rule_place}.matchRules[{at}]", match)
        yield from action_problems(rule_place, rule, schemes)


def _match_rule(place: str, match: Document) -> Iterator[Problem]:
    ways = ("prefixMatch", "fullPathMatch", "regexMatch", "pathTemplateMatch")
    given = [way for way in ways if text(match, way)]
    if len(given) > 1:
        yield Problem(field=place, value=" and ".join(given), message="Only one can be set.")
    for way in given:
        value = text(match, way)
        if way != "regexMatch" and not value.startswith("/"):
            yield Problem(field=f"{place}.{way}", value=value, message="Must start with '/'.")
        if len(value) > _LONGEST_PATH:
            yield Problem(field=f"{place}.{way}", value=value, message="At most 1024 characters.")


def _as_rule(holder: Document) -> Document:
    return {
        "service": holder.get("defaultService"),
        "urlRedirect": holder.get("defaultUrlRedirect"),
        "routeAction": holder.get("defaultRouteAction"),
        "headerAction": holder.get("headerAction"),
    }


def _too_many(field: str, found: int, limit: int, noun: str) -> Problem:
    return Problem(field=field, value=str(found), message=f"At most {limit} {noun} are allowed.")


def https_redirects(url_map: Document) -> bool:
    """Whether some rule redirects to HTTPS, which target HTTPS proxies do not allow."""
    return any(_redirects(url_map))


def _redirects(value: object) -> Iterator[bool]:
    if isinstance(value, list):
        for each in value:
            yield from _redirects(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("urlRedirect", "defaultUrlRedirect"):
                yield dig(part(each), "httpsRedirect") is True
            else:
                yield from _redirects(each)

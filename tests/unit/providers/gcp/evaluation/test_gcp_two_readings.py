"""Two readings of URL maps, ours and the emulator's, which were written apart, agree."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gcp.evaluation.deciding import attempts
from providers.gcp.evaluation.sending import location, redirect_status, rewritten
from providers.gcp.routing.canonical import REDIRECT, canonical
from providers.gcp.routing.entries import services
from provisioner.core.requests import parse_request
from provisioner.model.resource import Json, Resource, to_json
from provisioner.model.route import Request
from provisioner.sandbox.gcp.url_map_routing import RoutedRequest
from provisioner.sandbox.gcp.url_map_routing import route as emulated
from tests.unit.providers.gcp.routing.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_listener,
    a_path,
    maps,
    spec_of,
)

HOSTS = ["a.example.com", "b.a.example.com", "*.example.com", "*.a.example.com", "*", "x.org"]
PATHS = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b"]
REQUESTED = ["a.example.com", "b.a.example.com", "c.b.a.example.com", "example.com", "x.org", "y"]


@st.composite
def deeds(draw: st.DrawFn) -> dict[str, Json]:
    """Return what a rule does, as the API has it."""
    name = f"projects/p/global/backendServices/s{draw(st.integers(0, 3))}"
    kind = draw(st.sampled_from(["service", "rewrite", "weights", "redirect", "https"]))
    match kind:
        case "rewrite":
            prefix = draw(st.sampled_from(["/", "/v2", "/v2/"]))
            return {"service": name, "routeAction": {"urlRewrite": {"pathPrefixRewrite": prefix}}}
        case "weights":
            weight = draw(st.integers(0, 10))
            shares: list[Json] = [
                {"backendService": name, "weight": weight},
                {"backendService": "projects/p/global/backendServices/z", "weight": 5},
            ]
            return {"routeAction": {"weightedBackendServices": shares}}
        case "redirect":
            return {"urlRedirect": {"pathRedirect": "/moved", "stripQuery": draw(st.booleans())}}
        case "https":
            code = draw(st.sampled_from(["FOUND", "PERMANENT_REDIRECT"]))
            return {"urlRedirect": {"httpsRedirect": True, "redirectResponseCode": code}}
        case _:
            return {"service": name}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Json]:
    """Return a URL map as somebody may have written it: any order, any actions."""
    hosts = draw(st.lists(st.sampled_from(HOSTS), unique=True, max_size=5))
    matchers: list[Json] = []
    for number in range(len(hosts)):
        patterns = draw(
            st.lists(
                st.sampled_from([*PATHS, *(f"{p.rstrip('/')}/*" for p in PATHS)]),
                unique=True,
                max_size=7,
            )
        )
        rules: list[Json] = [{"paths": [pattern], **draw(deeds())} for pattern in patterns]
        matchers.append({"name": f"m{number}", "defaultService": f"d{number}", "pathRules": rules})
    return {
        "defaultService": "projects/p/global/backendServices/default",
        "hostRules": [{"hosts": [h], "pathMatcher": f"m{n}"} for n, h in enumerate(hosts)],
        "pathMatchers": matchers,
    }


@given(
    body=bodies(),
    host=st.sampled_from(REQUESTED),
    path=st.sampled_from([*PATHS, "/a/b/", "/zzz", "/A"]),
    query=st.sampled_from(["", "?q=1"]),
)
def test_both_send_every_request_to_the_same_place(
    body: dict[str, Json], host: str, path: str, query: str
) -> None:
    """Services, rewritten URLs, redirects: whatever the map, whatever the request."""
    request = parse_request(f"http://{host}{path}{query}")

    ours, theirs = _ours(body, request), _theirs(body, request)

    assert ours == theirs


@given(
    paths=st.lists(
        st.tuples(
            st.sampled_from(["a.example.com", "*.example.com", ""]),
            st.sampled_from(PATHS),
            st.sampled_from([EXACT, PREFIX, OTHER]),
            st.sampled_from(["s0", "s1", "s2"]),
        ),
        max_size=8,
    ),
    host=st.sampled_from(REQUESTED),
    path=st.sampled_from([*PATHS, "/a/b/", "/zzz"]),
)
def test_a_planned_map_decides_as_the_ingress_api_says(
    paths: list[tuple[str, str, object, str]], host: str, path: str
) -> None:
    """A third reading, straight from the API's words: host, then Exact, then longest Prefix."""
    rules = [
        a_path(h, p, kind, service=service, place=(0, n))  # type: ignore[arg-type]  # a PathType
        for n, (h, p, kind, service) in enumerate(paths)
    ]
    request = parse_request(f"http://{host}{path}")

    result = maps(a_listener(*rules))

    text = json.dumps(to_json(spec_of(result)))
    body = json.loads(text.replace('{"ref": ', "").replace('.selfLink"}', '"'))
    assert _service_of(_ours(body, request)) == _by_the_book(paths, host, path)
    assert _ours(body, request)[0] == _theirs(body, request)[0]


def _by_the_book(paths: list[tuple[str, str, object, str]], host: str, path: str) -> str:
    """Return who answers, by the words of the Ingress API; of equal ones the first."""
    hosts = {
        "a.example.com": host == "a.example.com",
        "*.example.com": host.endswith(".example.com"),  # Google's wildcard spans labels
        "": True,
    }
    for named, matches in hosts.items():
        of_host = [entry for entry in paths if entry[0] == named]
        if not matches or not of_host:
            continue
        exact = [e for e in of_host if e[2] is EXACT and e[1] == path]
        prefixes = [e for e in of_host if e[2] is PREFIX and _below(e[1], path)]
        others = [e for e in of_host if e[2] is OTHER and e[1] == path]
        longest = max((len(e[1].rstrip("/")) for e in prefixes), default=-1)
        best = [e for e in prefixes if len(e[1].rstrip("/")) == longest]
        literal = [e for e in best if e[1].rstrip("/") == path]
        return next((e[3] for e in (*exact, *literal, *others, *best)), "nothing")
    return "nothing"


def _below(prefix: str, path: str) -> bool:
    stem = prefix.rstrip("/")
    return path == stem or path.startswith(f"{stem}/")


def _service_of(outcome: tuple[tuple[str, ...], str, int]) -> str:
    (service,) = outcome[0]
    name = service.rpartition("/")[0].rpartition("/")[2].partition(":")[0]
    return name if name.startswith("s") and len(name) == 2 else "nothing"  # s0


def _ours(body: dict[str, Json], request: Request) -> tuple[tuple[str, ...], str, int]:
    spec = canonical(body)
    url_map = Resource(kind="UrlMap", address="gcp:url-map/edge/main", group="edge", spec=spec)
    last = attempts(url_map, request, listener="l")[-1]
    redirect = last.action.get(REDIRECT)
    if isinstance(redirect, Mapping):
        where = location(redirect, request, matched=last.matched)
        return (), where, redirect_status(redirect)
    found = services(last.action) or {str(last.action["service"]): 1}
    sent = rewritten(last.action, request, matched=last.matched)
    target = sent.target if sent is not None else request.target
    names = tuple(sorted(name for name, weight in found.items() if weight))
    return names, f"http://{request.host}{target}", 0


def _theirs(body: dict[str, Json], request: Request) -> tuple[tuple[str, ...], str, int]:
    document: dict[str, object] = {**body}
    routed = emulated(document, RoutedRequest(host=request.host, path=request.target))
    return tuple(sorted(routed.services)), routed.url, routed.redirect


@pytest.mark.parametrize("order", [1, -1])
def test_a_literal_path_counts_before_what_is_below_it(order: int) -> None:
    """``/a/`` and ``/a/*`` match as much of ``/a/``; both readings take the literal one."""
    rules: list[Json] = [
        {"paths": ["/a/"], "service": "literal"},
        {"paths": ["/a/*"], "service": "below"},
    ]
    body: dict[str, Json] = {
        "defaultService": "d",
        "hostRules": [{"hosts": ["*"], "pathMatcher": "m"}],
        "pathMatchers": [{"name": "m", "defaultService": "d", "pathRules": rules[::order]}],
    }
    request = parse_request("http://x.org/a/")

    assert _ours(body, request) == _theirs(body, request)
    assert _ours(body, request)[0] == ("literal",)

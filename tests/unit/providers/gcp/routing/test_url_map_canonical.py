"""The one form of a URL map's content, and the body of an update."""

from __future__ import annotations

import json
from collections.abc import Mapping

from providers.gcp.live.merge import merged
from providers.gcp.routing.canonical import canonical, update_body
from providers.gcp.routing.entries import mappings
from provisioner.model.resource import Json, PlainInput, Ref, Spec, to_json
from tests.unit.providers.gcp.routing.building import (
    EXACT,
    a_listener,
    a_path,
    maps,
    plain,
    spec_of,
    to,
)

CONTENT = ("hostRules", "pathMatchers", "defaultService", "defaultRouteAction")


def content_of(spec: Spec) -> dict[str, Json]:
    return {name: plain(spec[name]) for name in CONTENT if name in spec}


def as_answered(spec: Spec) -> dict[str, Json]:
    """Return a spec as the API answers it: links for Refs, and more than it was told."""
    text = json.dumps({name: _linked(to_json(value)) for name, value in spec.items()})
    body: dict[str, Json] = json.loads(text)
    return {**body, "kind": "compute#urlMap", "fingerprint": "abc=", "region": "x", "id": "1"}


def _linked(value: Json) -> Json:
    if isinstance(value, dict):
        if set(value) == {"ref"}:
            return f"https://compute/{str(value['ref']).removesuffix('.selfLink')}"
        return {name: _linked(item) for name, item in value.items()}
    return [_linked(item) for item in value] if isinstance(value, list) else value


def _ref(link: str) -> PlainInput:
    return Ref(link.removeprefix("https://compute/"), "selfLink")


def a_spec() -> Spec:
    return spec_of(
        maps(
            a_listener(
                a_path(path="/b"),
                a_path(path="/a", action=to(("web", 90), ("canary", 10))),
                a_path(host="", path="/x", path_type=EXACT, held=True),
            )
        )
    )


def test_what_the_api_answers_is_brought_to_the_planned_form() -> None:
    """Order, defaults and what others own mean nothing; floats that are whole are integers."""
    spec = a_spec()
    answered = as_answered(spec)
    answered["hostRules"] = list(reversed(answered["hostRules"]))  # type: ignore[arg-type]
    matchers = answered["pathMatchers"]
    assert isinstance(matchers, list)
    for matcher in matchers:
        assert isinstance(matcher, dict)
        matcher["pathRules"] = list(reversed(matcher["pathRules"]))  # type: ignore[arg-type]
        matcher["headerAction"] = {"requestHeadersToAdd": []}
    text = json.dumps(answered).replace('"percentage": 100', '"percentage": 100.0')

    found = canonical(json.loads(text), _ref)

    assert content_of(found) == content_of(spec)


def test_defaults_of_a_redirect_are_left_out() -> None:
    """The API writes out every flag, and the code that nobody named."""
    found = canonical(
        {"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False, "hostRedirect": ""}}
    )

    assert plain(found) == {
        "defaultUrlRedirect": {
            "httpsRedirect": True,
            "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
        }
    }


def test_a_retry_policy_has_one_form() -> None:
    """Zero nanoseconds and the order of conditions are nothing."""
    policy: PlainInput = {
        "numRetries": 2,
        "perTryTimeout": {"seconds": "2", "nanos": 0},
        "retryConditions": ["connect-failure", "5xx"],
    }

    found = canonical({"defaultService": "s", "defaultRouteAction": {"retryPolicy": policy}})

    assert plain(found["defaultRouteAction"]) == {
        "retryPolicy": {
            "numRetries": 2,
            "perTryTimeout": {"seconds": "2"},
            "retryConditions": ["5xx", "connect-failure"],
        }
    }


def test_route_rules_that_somebody_wrote_are_seen() -> None:
    """So that an update takes them away: a path matcher has one kind of rules."""
    rule: dict[str, PlainInput] = {
        "priority": 2,
        "matchRules": [{"prefixMatch": "/", "headerMatches": [{"headerName": "a"}]}],
        "service": "s",
        "description": None,
    }
    body: dict[str, PlainInput] = {"name": "m", "routeRules": [rule, {"priority": 1}]}

    found = canonical({"hostRules": [], "pathMatchers": [body]})

    (matcher,) = mappings(found["pathMatchers"])
    assert plain(matcher["routeRules"]) == [{"priority": 1}, rule]


def test_fractions_stay_fractions() -> None:
    """A fault for half a per cent of the requests is somebody's test."""
    fault: PlainInput = {"abort": {"httpStatus": 503, "percentage": 0.5}}

    found = canonical(
        {"defaultService": "s", "defaultRouteAction": {"faultInjectionPolicy": fault}}
    )

    assert plain(found["defaultRouteAction"]) == {"faultInjectionPolicy": fault}


def after_update(present: Mapping[str, Json], wanted: Spec) -> dict[str, Json]:
    """Return what ``PUT`` would send."""
    body = _linked(to_json(update_body(wanted)))
    assert isinstance(body, dict)
    found: dict[str, Json] = json.loads(merged(json.dumps(present).encode(), body))
    return found


def test_an_update_takes_away_what_is_ours_and_not_wanted() -> None:
    """From weights to a service, from a fault to a default backend; nothing of before is left."""
    before, after = a_spec(), spec_of(maps(a_listener(a_path(path="/a"))))

    body = after_update(_plain_json(before), after)

    assert content_of(canonical(_input(body))) == content_of(canonical(_input(_plain_json(after))))
    assert "weightedBackendServices" not in json.dumps(body)


def test_an_update_keeps_what_somebody_else_wrote() -> None:
    """Fields that we do not answer for, of the map, a matcher and a rule."""
    spec = a_spec()
    present = _plain_json(spec)
    present["tests"] = [{"host": "a", "path": "/", "service": "s"}]
    matchers = present["pathMatchers"]
    assert isinstance(matchers, list)
    assert isinstance(matchers[0], dict)
    matchers[0]["headerAction"] = {"requestHeadersToRemove": ["X"]}
    rules = matchers[0]["pathRules"]
    assert isinstance(rules, list)
    assert isinstance(rules[0], dict)
    rules[0]["customErrorResponsePolicy"] = {"errorService": "s"}

    body = after_update(present, spec)

    assert body == present


def test_an_update_of_a_redirect_restores_its_defaults() -> None:
    """A flag that somebody set by hand is ours, and goes."""
    wanted = canonical({"defaultUrlRedirect": {"httpsRedirect": True}})
    present: dict[str, Json] = {
        "defaultUrlRedirect": {
            "httpsRedirect": True,
            "stripQuery": True,
            "hostRedirect": "evil.example.com",
            "redirectResponseCode": "FOUND",
        }
    }

    assert after_update(present, wanted)["defaultUrlRedirect"] == {
        "httpsRedirect": True,
        "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
    }


def _plain_json(spec: Spec) -> dict[str, Json]:
    found = _linked(to_json(spec))
    assert isinstance(found, dict)
    return found


def _input(body: Mapping[str, Json]) -> Mapping[str, PlainInput]:
    return {name: value for name, value in body.items() if value is not None}

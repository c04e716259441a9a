"""What the published GKE examples must become."""

from __future__ import annotations

from typing import cast

from provisioner.model.resource import Json
from tests.contract.provider.comparing import creations


def created(plan: Json, kind: str) -> list[dict[str, Json]]:
    """Return what a plan creates of a kind, as field -> after."""
    return [spec for found, _, spec in creations(plan) if found == kind]


def check_fanout(plan: Json) -> None:
    """Check the fan-out: one URL map that tells ``/v2/*`` from the rest, two backend services."""
    (url_map,) = created(plan, "UrlMap")
    (rule,) = created(plan, "ForwardingRule")
    services = created(plan, "BackendService")
    assert (rule["portRange"], rule["loadBalancingScheme"]) == ("80-80", "EXTERNAL_MANAGED")
    assert len([each for each in services if each.get("backends")]) == 2
    assert {path for path, _ in _paths(url_map)} >= {"/v2/*"}
    (second,) = [target for path, target in _paths(url_map) if path == "/v2/*"]
    assert "web2:8080" in second


def check_boutique(plan: Json) -> None:
    """Check the boutique: HTTPS with Google's certificate, a policy, and HTTP that redirects."""
    maps = created(plan, "UrlMap")
    services = created(plan, "BackendService")
    redirects = [m for m in maps if cast("dict[str, Json]", m.get("defaultUrlRedirect") or {})]
    assert len(redirects) == 1
    assert cast("dict[str, Json]", redirects[0]["defaultUrlRedirect"])["httpsRedirect"] is True
    assert any(
        "online-boutique-security-policy" in str(each.get("securityPolicy")) for each in services
    )
    (proxy,) = created(plan, "TargetHttpsProxy")
    assert proxy["sslCertificates"]


def _paths(url_map: dict[str, Json]) -> list[tuple[str, str]]:
    matchers = cast("list[dict[str, list[dict[str, Json]]]]", url_map["pathMatchers"])
    return [
        (str(path), str(rule.get("service") or rule.get("routeAction")))
        for matcher in matchers
        for rule in matcher.get("pathRules", [])
        for path in cast("list[Json]", rule["paths"])
    ]

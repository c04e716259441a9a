"""What the published GKE examples become, asked as one reads it in their own documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

import pytest

from provisioner.model.resource import Json
from tests.contract.provider.commands import provisioner
from tests.contract.provider.gcp_examples import created
from tests.contract.provider.under_test import ROOT

ACCOUNT = ROOT / "docs" / "examples" / "account-gcp.yaml"
EXAMPLES = ROOT / "tests" / "data" / "examples"
PROJECT = "projects/example-shop/global"


def asked(command: str, example: str, *arguments: str) -> dict[str, Json]:
    """Return what a command says of an example, as JSON; no cloud, no cluster, no HOME."""
    done = provisioner(
        *(command, *arguments, "--provider", "gcp", "-f", str(EXAMPLES / example)),
        *("--account", str(ACCOUNT), "-o", "json"),
        env={"HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    return cast("dict[str, Json]", json.loads(done.stdout))


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "web"),
        ("/v2/", "web2"),
        ("/v2/hello?name=you", "web2"),
        ("/v2/a/b/c", "web2"),
        ("/v2", "web"),
        ("/v20", "web"),
        ("/V2/", "web"),
    ],
)
def test_the_fan_out_tells_paths_apart(path: str, service: str) -> None:
    """``/v2/*`` is for ``web2``, anything else for ``web``, ``/v2`` without a slash included."""
    answer = asked("route", "gke-fanout", f"http://any.example.com{path}")

    (backend,) = cast("list[Mapping[str, Json]]", answer["backends"])
    assert (backend["service"], backend["port"]) == (f"default/{service}", 8080)
    assert cast("Mapping[str, Json]", answer["action"])["type"] == "forward"


def test_the_boutique_redirects_to_https() -> None:
    """HTTP answers 301 to HTTPS, path and query kept; HTTPS leads to the frontend."""
    plain = asked("route", "gke-online-boutique", "http://any.example.com/cart?item=1")
    secure = asked("route", "gke-online-boutique", "https://any.example.com/cart?item=1")

    assert plain["action"] == {
        "type": "redirect",
        "statusCode": 301,
        "location": "https://any.example.com/cart?item=1",
    }
    assert plain["backends"] == []
    (backend,) = cast("list[Mapping[str, Json]]", secure["backends"])
    assert (backend["service"], backend["port"]) == ("default/frontend", 80)


def test_the_boutique_has_all_that_it_asks_for() -> None:
    """The redirect map, the reserved address, both policies and Google's certificate."""
    plan = asked("plan", "gke-online-boutique")

    (secure,) = created(plan, "TargetHttpsProxy")
    (plain,) = created(plan, "TargetHttpProxy")
    main, redirect = sorted(created(plan, "UrlMap"), key=lambda m: "defaultUrlRedirect" in m)
    policies = {str(s.get("securityPolicy")) for s in created(plan, "BackendService")}
    rules = created(plan, "ForwardingRule")
    assert secure["sslPolicy"] == f"{PROJECT}/sslPolicies/online-boutique-ssl-policy"
    assert secure["sslCertificates"] is None or secure["sslCertificates"]
    assert redirect["defaultUrlRedirect"] == {
        "httpsRedirect": True,
        "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
    }
    assert "redirect" in str(plain["urlMap"])
    assert "redirect" not in str(secure["urlMap"])
    assert main["pathMatchers"]
    assert f"{PROJECT}/securityPolicies/online-boutique-security-policy" in policies
    assert {rule["portRange"] for rule in rules} == {"80-80", "443-443"}
    assert {rule["IPAddress"] for rule in rules} == {"203.0.113.10"}

"""A redirect to HTTPS at an internal load balancer: Google offers it, GKE refuses it.

GKE stops at it before it makes a proxy or a forwarding rule (``ensureRedirectURLMap``).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.intent import Compatibility
from provisioner.model.settings import Settings
from tests.unit.providers.gcp.desired.worlds import (
    FRONTEND_CONFIG,
    HTTP_PROXY,
    PRE_SHARED,
    REGION,
    REGIONAL_IP,
    SETTINGS,
    VARIANT,
    World,
    a_compute_certificate,
    a_static_address,
    a_world,
    addresses_of,
    an_object,
    codes,
    finding,
    link_to,
    ports_of,
    some_facts,
    spec_of,
)

REDIRECT = addresses.url_map("shop/web", "redirect")
INCUMBENT = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)


def redirected(variant: str = "internal", *, enabled: bool = True) -> World:
    """Return an Ingress with HTTP and HTTPS whose FrontendConfig says whether to redirect."""
    shared = a_static_address(
        ip="10.0.0.50", region=REGION, purpose="SHARED_LOADBALANCER_VIP", external=False
    )
    said = {
        VARIANT: f"regional-{variant}",
        FRONTEND_CONFIG: "front",
        PRE_SHARED: "web-cert",
        **({REGIONAL_IP: "web-ip"} if variant == "internal" else {}),
    }
    certificate = a_compute_certificate(region=REGION)
    facts = some_facts(
        certificates={("web-cert", "here"): certificate}, addresses_of={("web-ip", "here"): shared}
    )
    config = an_object(
        "FrontendConfig", "shop/front", spec={"redirectToHttps": {"enabled": enabled}}
    )
    return a_world(said, facts=facts, settings_of=[config])


def test_our_reading_makes_the_regional_map() -> None:
    """Google's regional load balancers redirect as the global ones do."""
    expressed = redirected().express()

    assert spec_of(expressed, HTTP_PROXY)["urlMap"] == link_to(REDIRECT)
    assert spec_of(expressed, REDIRECT)["region"] == REGION
    assert codes(expressed) == []


def test_gkes_reading_makes_nothing_of_it() -> None:
    """The error stands on the Ingress that names the FrontendConfig."""
    expressed = replace(redirected(), settings=INCUMBENT).express()

    problem = finding(expressed, "OBJECT-UNSUPPORTED")
    assert problem.blocking
    assert problem.field == f"metadata.annotations[{FRONTEND_CONFIG}]"
    assert expressed.resources == ()


def test_gkes_reading_leaves_the_ports_that_exist_as_they_are() -> None:
    """They go on without the redirect, and what is behind them is still planned."""
    before = replace(redirected(enabled=False), settings=INCUMBENT)
    after = replace(redirected(), settings=INCUMBENT, observed=before.after().observed)

    expressed = after.express()

    assert codes(expressed) == ["OBJECT-UNSUPPORTED"]
    assert expressed.resources == before.after().express().resources
    assert REDIRECT not in addresses_of(expressed, Kind.URL_MAP)


def test_a_redirect_that_exists_goes_on_under_gkes_reading() -> None:
    """Nobody is suddenly served in plain text because the compatibility was changed."""
    before = redirected()
    after = replace(before, settings=INCUMBENT, observed=before.after().observed)

    assert spec_of(after.express(), HTTP_PROXY)["urlMap"] == link_to(REDIRECT)


@pytest.mark.parametrize("settings", [SETTINGS, INCUMBENT], ids=["ours", "gkes"])
def test_a_regional_external_one_redirects_under_either(settings: Settings) -> None:
    """GKE refuses internal ones alone."""
    expressed = replace(redirected("external"), settings=settings).express()

    assert codes(expressed) == []
    assert ports_of(expressed) == ["443-443", "80-80"]
    assert spec_of(expressed, HTTP_PROXY)["urlMap"] == link_to(REDIRECT)

"""BackendConfig: each block is a field of the backend service, and removed it is undone."""

from __future__ import annotations

import hashlib

import pytest

from providers.gcp.account import Facts
from providers.gcp.backend_config import (
    Affinity,
    BackendConfig,
    CacheKey,
    Cdn,
    Iap,
    Logging,
    NegativeCaching,
    OAuthClient,
    client_secret,
)
from providers.gcp.desired.backends import backends
from providers.gcp.variant import Variant
from provisioner.model.resource import Fingerprint
from tests.unit.providers.gcp.backends.building import (
    INTERNAL,
    PROJECT,
    REGION,
    REGIONAL,
    a_backend,
    a_context,
    all_seen,
    codes,
    service_of,
    some_facts,
)

POLICY = f"projects/{PROJECT}/global/securityPolicies/shop-policy"
CDN_ON = Cdn(enabled=True)
FULL = BackendConfig(
    name="bc",
    timeout_seconds=40,
    draining_seconds=60,
    affinity=Affinity(type="GENERATED_COOKIE", cookie_ttl=50),
    request_headers=("X-Client-Region:{client_region}",),
    response_headers=("X-Frame-Options:DENY",),
    logging=Logging(enable=True, sample_rate=0.5),
    security_policy="shop-policy",
    cdn=CDN_ON,
)


def with_policy() -> Facts:
    """Return a project that has the security policy."""
    return some_facts(security_policies={"shop-policy": POLICY})


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("timeoutSec", 40),
        ("connectionDraining", {"drainingTimeoutSec": 60}),
        ("sessionAffinity", "GENERATED_COOKIE"),
        ("affinityCookieTtlSec", 50),
        ("customRequestHeaders", ["X-Client-Region:{client_region}"]),
        ("customResponseHeaders", ["X-Frame-Options:DENY"]),
        ("logConfig", {"enable": True, "sampleRate": 0.5}),
        ("securityPolicy", POLICY),
        ("enableCDN", True),
    ],
)
def test_every_block_of_a_backend_config(field: str, expected: object) -> None:
    """Each block of a BackendConfig is a field of the backend service; removed, its default."""
    facts = with_policy()
    with_block = service_of(a_context(a_backend("web", FULL), facts=facts))
    without = service_of(a_context(a_backend("web", BackendConfig(name="bc")), facts=facts))

    assert with_block[field] == expected
    assert without.get(field) == service_of(a_context()).get(field) != with_block[field]


def test_a_cache_policy_is_written_out() -> None:
    """With the CDN on, all its defaults are stated (GKE documentation, BackendConfig)."""
    config = BackendConfig(name="bc", cdn=CDN_ON)

    policy = service_of(a_context(a_backend("web", config)))["cdnPolicy"]

    assert policy == {
        "cacheKeyPolicy": {
            "includeHost": True,
            "includeProtocol": True,
            "includeQueryString": True,
        },
        "cacheMode": "CACHE_ALL_STATIC",
        "clientTtl": 3600,
        "defaultTtl": 3600,
        "maxTtl": 86400,
        "negativeCaching": True,
        "requestCoalescing": True,
        "serveWhileStale": 86400,
        "signedUrlCacheMaxAgeSec": "0",
    }


@pytest.mark.parametrize(
    ("cdn", "field", "expected"),
    [
        (Cdn(enabled=True, cache_mode="FORCE_CACHE_ALL"), "maxTtl", None),
        (Cdn(enabled=True, cache_mode="USE_ORIGIN_HEADERS", client_ttl=9), "clientTtl", 0),
        (Cdn(enabled=True, cache_mode="USE_ORIGIN_HEADERS"), "defaultTtl", 0),
        (Cdn(enabled=True, client_ttl=9), "clientTtl", 9),
        (Cdn(enabled=True, max_ttl=99), "maxTtl", 99),
        (Cdn(enabled=True, negative_caching=False), "negativeCaching", False),
        (Cdn(enabled=True, request_coalescing=False), "requestCoalescing", False),
        (Cdn(enabled=True, serve_while_stale=0), "serveWhileStale", 0),
        (
            Cdn(enabled=True, negative_caching_policy=(NegativeCaching(code=404, ttl=60),)),
            "negativeCachingPolicy",
            [{"code": 404, "ttl": 60}],
        ),
        (
            Cdn(enabled=True, bypass_headers=("Pragma",)),
            "bypassCacheOnRequestHeaders",
            [{"headerName": "Pragma"}],
        ),
        (Cdn(enabled=True, signed_url_max_age=7200), "signedUrlCacheMaxAgeSec", "7200"),
        (
            Cdn(
                enabled=True,
                cache_key=CacheKey(include_query_string=True, query_string_whitelist=("page",)),
            ),
            "cacheKeyPolicy",
            {
                "includeHost": False,
                "includeProtocol": False,
                "includeQueryString": True,
                "queryStringWhitelist": ["page"],
            },
        ),
    ],
)
def test_fields_of_the_cache_policy(cdn: Cdn, field: str, expected: object) -> None:
    """A lifetime that the cache mode has no use for is 0 or left out; the rest is as stated."""
    spec = service_of(a_context(a_backend("web", BackendConfig(cdn=cdn))))

    assert spec["cdnPolicy"].get(field) == expected


def test_switching_the_cdn_off_leaves_no_policy() -> None:
    """A block with ``enabled: false`` is a CDN that is off."""
    spec = service_of(a_context(a_backend("web", BackendConfig(cdn=Cdn(enabled=False)))))

    assert spec["enableCDN"] == False  # noqa: E712 - a wrapped value
    assert "cdnPolicy" not in spec


def test_the_oauth_secret_is_compared_by_its_sha256() -> None:
    """Google answers the hash of the secret in its place; the plan holds no secret."""
    client = OAuthClient(client_id="id-1", client_secret=client_secret("s3cret"))
    config = BackendConfig(iap=Iap(enabled=True, client=client))

    iap = service_of(a_context(a_backend("web", config)))["iap"]

    digest = hashlib.sha256(b"s3cret").hexdigest()
    assert iap["oauth2ClientSecret"] == Fingerprint(digest)
    secret = iap["oauth2ClientSecret"].value
    assert isinstance(secret, Fingerprint)
    assert secret.secret == "s3cret"
    assert iap["oauth2ClientId"] == "id-1"


def test_an_oauth_secret_that_nobody_could_read() -> None:
    """Files alone do not hold it, so it is known after apply."""
    client = OAuthClient(secret_name="oauth")
    config = BackendConfig(iap=Iap(enabled=True, client=client))

    iap = service_of(a_context(a_backend("web", config)))["iap"]

    assert iap["oauth2ClientSecret"].unknown


def test_google_may_manage_the_oauth_client() -> None:
    """IAP without credentials says nothing but that it is on."""
    config = BackendConfig(iap=Iap(enabled=True))

    assert service_of(a_context(a_backend("web", config)))["iap"] == {"enabled": True}


def test_there_is_no_way_back_to_googles_own_client() -> None:
    """The API has none, so the path keeps its last good state and its Ingress is told."""
    client = OAuthClient(client_id="id-1", client_secret=client_secret("s3cret"))
    own = a_context(a_backend("web", BackendConfig(iap=Iap(enabled=True, client=client))))
    back = a_backend("web", BackendConfig(iap=Iap(enabled=True)))

    found = backends(a_context(back, observed=all_seen(own)))

    assert codes(found.diagnostics) == ["BACKEND-IAP-CLIENT"]
    assert found.quarantined


@pytest.mark.parametrize(
    ("variant", "config", "words"),
    [
        (REGIONAL, BackendConfig(iap=Iap(enabled=True)), "Identity-Aware Proxy"),
        (REGIONAL, BackendConfig(cdn=CDN_ON), "Cloud CDN"),
        (REGIONAL, BackendConfig(security_policy="shop-policy"), "Security policy"),
        (INTERNAL, BackendConfig(cdn=CDN_ON), "Cloud CDN"),
        (INTERNAL, BackendConfig(security_policy="shop-policy"), "Security policy"),
    ],
)
def test_what_a_regional_load_balancer_lacks_is_refused_by_name(
    variant: Variant, config: BackendConfig, words: str
) -> None:
    """Neither is dropped in silence (GKE documentation: Ingress features by class)."""
    found = backends(a_context(a_backend("web", config), variant=variant))

    (finding,) = found.diagnostics
    assert finding.code == "OBJECT-UNSUPPORTED"
    assert finding.message.startswith(words)
    assert found.quarantined


@pytest.mark.parametrize(
    "config",
    [
        BackendConfig(iap=Iap(enabled=False)),
        BackendConfig(cdn=Cdn(enabled=False)),
        BackendConfig(security_policy=""),
    ],
)
def test_saying_no_to_it_is_fine_everywhere(config: BackendConfig) -> None:
    """A block that switches off what a load balancer lacks anyway asks for nothing."""
    found = backends(a_context(a_backend("web", config), variant=REGIONAL))

    assert not found.diagnostics
    assert found.resources


def test_iap_guards_an_internal_load_balancer() -> None:
    """An internal class lacks the redirect and Cloud Armor only (kubernetes/ingress-gce)."""
    config = BackendConfig(iap=Iap(enabled=True))

    spec = service_of(a_context(a_backend("web", config), variant=INTERNAL))

    assert spec["iap"] == {"enabled": True}
    assert spec["region"] == REGION


def test_a_security_policy_that_is_not_there() -> None:
    """The account knows that the project has none of this name."""
    facts = some_facts(security_policies={"shop-policy": ""})
    config = BackendConfig(name="bc", security_policy="shop-policy")

    found = backends(a_context(a_backend("web", config), facts=facts))

    assert codes(found.diagnostics) == ["CLOUD-SECURITY-POLICY"]
    assert found.quarantined


def test_a_security_policy_that_nobody_could_look_up() -> None:
    """Without a word from the account it is taken at its name."""
    config = BackendConfig(security_policy="shop-policy")

    assert service_of(a_context(a_backend("web", config)))["securityPolicy"] == POLICY


def test_an_empty_security_policy_detaches() -> None:
    """``name: ""`` takes away what is there, and so does removing the block (ingress-gce#1706)."""
    for config in (BackendConfig(security_policy=""), BackendConfig(), None):
        assert service_of(a_context(a_backend("web", config))).get("securityPolicy") == None  # noqa: E711 - a wrapped value

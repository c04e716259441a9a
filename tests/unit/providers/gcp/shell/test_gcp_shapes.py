"""Promises of the one form: what Google fills in or reorders makes no difference."""

from __future__ import annotations

import pytest

from providers.gcp.addresses import Kind
from providers.gcp.shapes import OWNED, shaped, update_body
from provisioner.model.resource import Fingerprint, PlainInput, Ref, Unknown

GROUP = Ref("gcp:network-endpoint-group/shop/web/web:80/pod/z", "selfLink")


@pytest.mark.parametrize(
    ("kind", "wanted", "answered"),
    [
        (
            Kind.BACKEND_SERVICE,
            {"loadBalancingScheme": "EXTERNAL_MANAGED", "healthChecks": ["hc"]},
            {
                "loadBalancingScheme": "EXTERNAL_MANAGED",
                "healthChecks": ["hc"],
                "protocol": "HTTP",
                "port": 80,
                "portName": "http",
                "timeoutSec": 30,
                "sessionAffinity": "NONE",
                "affinityCookieTtlSec": 0,
                "connectionDraining": {"drainingTimeoutSec": 0},
                "localityLbPolicy": "ROUND_ROBIN",
                "enableCDN": False,
                "logConfig": {"enable": False, "sampleRate": 0.0},
                "fingerprint": "x",
                "kind": "compute#backendService",
            },
        ),
        (
            Kind.BACKEND_SERVICE,
            {
                "backends": [{"group": GROUP, "maxRatePerEndpoint": 1}],
                "logConfig": {"enable": True},
            },
            {
                "backends": [
                    {
                        "group": GROUP,
                        "balancingMode": "RATE",
                        "maxRatePerEndpoint": 1.0,
                        "capacityScaler": 1.0,
                        "preference": "DEFAULT",
                    }
                ],
                "logConfig": {"enable": True, "sampleRate": 1.0},
            },
        ),
        (
            Kind.BACKEND_SERVICE,
            {"enableCDN": True, "cdnPolicy": {"clientTtl": 60}},
            {
                "enableCDN": True,
                "cdnPolicy": {
                    "cacheMode": "CACHE_ALL_STATIC",
                    "clientTtl": 60,
                    "cacheKeyPolicy": {
                        "includeHost": True,
                        "includeProtocol": True,
                        "includeQueryString": True,
                    },
                    "signedUrlCacheMaxAgeSec": "0",
                    "signedUrlKeyNames": ["k1"],
                    "negativeCaching": False,
                },
            },
        ),
        (
            Kind.HEALTH_CHECK,
            {"type": "HTTP", "httpHealthCheck": {"portSpecification": "USE_SERVING_PORT"}},
            {
                "type": "HTTP",
                "checkIntervalSec": 5,
                "timeoutSec": 5,
                "healthyThreshold": 2,
                "unhealthyThreshold": 2,
                "logConfig": {"enable": False},
                "httpHealthCheck": {
                    "portSpecification": "USE_SERVING_PORT",
                    "requestPath": "/",
                    "proxyHeader": "NONE",
                },
            },
        ),
        (
            Kind.HEALTH_CHECK,
            {"type": "HTTPS"},
            {
                "type": "HTTPS",
                "httpsHealthCheck": {"port": 443, "proxyHeader": "NONE", "requestPath": "/"},
            },
        ),
        (
            Kind.FORWARDING_RULE,
            {"portRange": "80"},
            {"portRange": "80-80", "IPProtocol": "TCP", "networkTier": "PREMIUM"},
        ),
        (
            Kind.FIREWALL,
            {"sourceRanges": ["b", "a"], "allowed": [{"IPProtocol": "tcp", "ports": ["9", "8"]}]},
            {
                "sourceRanges": ["a", "b"],
                "allowed": [{"IPProtocol": "tcp", "ports": ["8", "9"]}],
                "direction": "INGRESS",
                "priority": 1000,
                "disabled": False,
                "logConfig": {"enable": False},
            },
        ),
        (
            Kind.SSL_CERTIFICATE,
            {"type": "MANAGED", "managed": {"domains": ["a"]}},
            {
                "type": "MANAGED",
                "managed": {"domains": ["a"], "status": "ACTIVE"},
                "certificate": "",
            },
        ),
        (
            Kind.TARGET_HTTPS_PROXY,
            {"sslCertificates": ["c"]},
            {"sslCertificates": ["c"], "quicOverride": "NONE", "tlsEarlyData": "DISABLED"},
        ),
        (Kind.ADDRESS, {}, {"addressType": "EXTERNAL", "networkTier": "PREMIUM"}),
    ],
)
def test_what_google_fills_in_makes_no_difference(
    kind: Kind, wanted: dict[str, PlainInput], answered: dict[str, PlainInput]
) -> None:
    """Both sides pass through here, so a second plan is empty."""
    assert shaped(kind, wanted) == shaped(kind, answered)


@pytest.mark.parametrize("kind", sorted(OWNED))
def test_the_form_of_a_form_is_itself(kind: Kind) -> None:
    """Saying it twice changes nothing."""
    once = shaped(kind, {"name": "x", "description": "{}"})

    assert shaped(kind, once) == once


def test_a_removed_block_is_its_default_again() -> None:
    """GKE leaves the old value in place; a plan restores what Google starts with."""
    before = shaped(Kind.BACKEND_SERVICE, {"timeoutSec": 90, "customRequestHeaders": ["A: b"]})
    after = shaped(Kind.BACKEND_SERVICE, {})

    assert (before["timeoutSec"], after["timeoutSec"]) == (90, 30)
    assert (before["customRequestHeaders"], after["customRequestHeaders"]) == (("A: b",), ())


def test_what_only_the_cluster_knows_stays_unknown() -> None:
    """Anywhere a value may be, its being unknown may stand."""
    unknown = Unknown("depends on the nodes")

    spec = shaped(Kind.BACKEND_SERVICE, {"backends": unknown, "portName": unknown})

    assert (spec["backends"], spec["portName"]) == (unknown, unknown)
    assert shaped(Kind.NETWORK_ENDPOINTS, {"networkEndpoints": unknown})["networkEndpoints"] == (
        unknown
    )


def test_an_oauth_secret_is_known_by_the_hash_that_google_answers() -> None:
    """So that its rotation is a difference, and nothing else is."""
    iap: dict[str, PlainInput] = {
        "enabled": True,
        "oauth2ClientSecret": Fingerprint("salted", "s3cret"),
    }

    found = shaped(Kind.BACKEND_SERVICE, {"iap": iap})["iap"]

    digest = "1ec1c26b50d5d3c58d9583181af8076655fe00756bf7285940ba3670f99fcba0"
    assert found == {"enabled": True, "oauth2ClientSecret": Fingerprint(digest)}


def test_an_update_says_what_is_ours_and_not_wanted() -> None:
    """None takes a field away, at the top and inside the parts that are ours."""
    spec = shaped(Kind.HEALTH_CHECK, {"name": "x", "type": "HTTP"})

    body = update_body(Kind.HEALTH_CHECK, spec)

    assert body["httpsHealthCheck"] is None
    assert body["httpHealthCheck"] == {
        "portSpecification": "USE_FIXED_PORT",
        "port": 80,
        "requestPath": "/",
        "host": None,
    }


def test_a_policy_is_no_part_of_an_update() -> None:
    """It has a call of its own, and an update must not take it off."""
    assert "securityPolicy" not in update_body(
        Kind.BACKEND_SERVICE, shaped(Kind.BACKEND_SERVICE, {})
    )

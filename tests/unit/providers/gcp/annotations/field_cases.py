"""What each field of GKE's objects of settings promises: its value, and what it refuses.

A path names a field of ``spec``; ``x[]`` is the first item of a list. ``beside`` is what the object
needs besides, so that the field means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers.gcp.backend_config import NegativeCaching

CDN: Mapping[str, object] = {"cdn": {"enabled": True}}
CACHE: Mapping[str, object] = {"cdn": {"cachePolicy": {"includeQueryString": True}}}
LOGGED: Mapping[str, object] = {"logging": {"enable": True}}
COOKIE: Mapping[str, object] = {"sessionAffinity": {"affinityType": "GENERATED_COOKIE"}}
KEY: Mapping[str, object] = {"keyName": "key-1", "secretName": "signing"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: ``read`` is where its value is found (``cdn.client_ttl``)."""

    path: str
    good: object
    read: str
    value: object
    wrong: object
    hint: str
    beside: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path


BACKEND_CONFIG = (
    Field(
        path="iap.enabled",
        good=True,
        read="iap.enabled",
        value=True,
        wrong="true",
        hint="without quotes",
    ),
    Field(
        path="iap.oauthclientCredentials.secretName",
        good="oauth",
        read="iap.client.secret_name",
        value="oauth",
        wrong=1,
        hint="put it in quotes",
    ),
    Field(
        path="iap.oauthclientCredentials.clientID",
        good="id",
        read="iap.client.client_id",
        value="id",
        wrong=["id"],
        hint="put it in quotes",
        beside={"iap": {"oauthclientCredentials": {"clientSecret": "word"}}},
    ),
    Field(
        path="iap.oauthclientCredentials.clientSecret",
        good="word",
        read="iap.client.client_secret.secret",
        value="word",
        wrong={"a": "b"},
        hint="put it in quotes",
        beside={"iap": {"oauthclientCredentials": {"clientID": "id"}}},
    ),
    Field(
        path="cdn.enabled",
        good=True,
        read="cdn.enabled",
        value=True,
        wrong=1,
        hint="write true or false",
    ),
    Field(
        path="cdn.cachePolicy.includeHost",
        good=True,
        read="cdn.cache_key.include_host",
        value=True,
        wrong="yes",
        hint="write true or false",
    ),
    Field(
        path="cdn.cachePolicy.includeProtocol",
        good=True,
        read="cdn.cache_key.include_protocol",
        value=True,
        wrong=0,
        hint="write true or false",
    ),
    Field(
        path="cdn.cachePolicy.includeQueryString",
        good=True,
        read="cdn.cache_key.include_query_string",
        value=True,
        wrong=[],
        hint="write true or false",
    ),
    Field(
        path="cdn.cachePolicy.queryStringBlacklist",
        good=["utm"],
        read="cdn.cache_key.query_string_blacklist",
        value=("utm",),
        wrong="utm",
        hint="write queryStringBlacklist: [...]",
        beside=CACHE,
    ),
    Field(
        path="cdn.cachePolicy.queryStringWhitelist",
        good=["page"],
        read="cdn.cache_key.query_string_whitelist",
        value=("page",),
        wrong=[1],
        hint="put it in quotes",
        beside=CACHE,
    ),
    Field(
        path="cdn.cacheMode",
        good="FORCE_CACHE_ALL",
        read="cdn.cache_mode",
        value="FORCE_CACHE_ALL",
        wrong="CACHE_ALL",
        hint="write one of CACHE_ALL_STATIC, USE_ORIGIN_HEADERS, FORCE_CACHE_ALL",
    ),
    Field(
        path="cdn.clientTtl",
        good=0,
        read="cdn.client_ttl",
        value=0,
        wrong=31_622_401,
        hint="write a number from 0 to 31622400",
    ),
    Field(
        path="cdn.defaultTtl",
        good=60,
        read="cdn.default_ttl",
        value=60,
        wrong=-1,
        hint="write a number from 0 to 31622400",
    ),
    Field(
        path="cdn.maxTtl",
        good=7200,
        read="cdn.max_ttl",
        value=7200,
        wrong="7200",
        hint="without quotes",
    ),
    Field(
        path="cdn.negativeCaching",
        good=False,
        read="cdn.negative_caching",
        value=False,
        wrong="false",
        hint="without quotes",
    ),
    Field(
        path="cdn.negativeCachingPolicy",
        good=[{"code": 404, "ttl": 60}, {"code": 301}],
        read="cdn.negative_caching_policy",
        value=(NegativeCaching(code=301), NegativeCaching(code=404, ttl=60)),
        wrong={"code": 404},
        hint="write negativeCachingPolicy: [...]",
    ),
    Field(
        path="cdn.negativeCachingPolicy[].code",
        good=410,
        read="cdn.negative_caching_policy",
        value=(NegativeCaching(code=410),),
        wrong=500,
        hint="write one of 300, 301, 302, 307, 308, 404, 405, 410, 421, 451, 501",
    ),
    Field(
        path="cdn.negativeCachingPolicy[].ttl",
        good=1800,
        read="cdn.negative_caching_policy",
        value=(NegativeCaching(code=404, ttl=1800),),
        wrong=1801,
        hint="write a number from 0 to 1800",
        beside={"cdn": {"negativeCachingPolicy": [{"code": 404}]}},
    ),
    Field(
        path="cdn.requestCoalescing",
        good=False,
        read="cdn.request_coalescing",
        value=False,
        wrong=2,
        hint="write true or false",
    ),
    Field(
        path="cdn.serveWhileStale",
        good=0,
        read="cdn.serve_while_stale",
        value=0,
        wrong=604_801,
        hint="write a number from 0 to 604800",
    ),
    Field(
        path="cdn.bypassCacheOnRequestHeaders[].headerName",
        good="Authorization",
        read="cdn.bypass_headers",
        value=("Authorization",),
        wrong="two words",
        hint="Authorization",
    ),
    Field(
        path="cdn.signedUrlCacheMaxAgeSec",
        good=120,
        read="cdn.signed_url_max_age",
        value=120,
        wrong=1.5,
        hint="write a number from 0",
    ),
    Field(
        path="cdn.signedUrlKeys[].keyName",
        good="key-1",
        read="cdn.signed_url_keys.0.name",
        value="key-1",
        wrong="Key_1",
        hint='write one such as "key-1"',
        beside={"cdn": {"signedUrlKeys": [{"secretName": "signing"}]}},
    ),
    Field(
        path="cdn.signedUrlKeys[].keyValue",
        good="nZtRohdNF9m3cKM24IcK4w==",
        read="cdn.signed_url_keys.0.text",
        value="nZtRohdNF9m3cKM24IcK4w==",
        wrong=7,
        hint="put it in quotes",
        beside={"cdn": {"signedUrlKeys": [{"keyName": "key-1"}]}},
    ),
    Field(
        path="cdn.signedUrlKeys[].secretName",
        good="signing",
        read="cdn.signed_url_keys.0.secret_name",
        value="signing",
        wrong=7,
        hint="put it in quotes",
        beside={"cdn": {"signedUrlKeys": [{"keyName": "key-1"}]}},
    ),
    Field(
        path="securityPolicy.name",
        good="shop-policy",
        read="security_policy",
        value="shop-policy",
        wrong="global/shop-policy",
        hint="shop-policy",
    ),
    Field(
        path="timeoutSec",
        good=120,
        read="timeout_seconds",
        value=120,
        wrong=0,
        hint="write a number from 1 to 2147483647",
    ),
    Field(
        path="connectionDraining.drainingTimeoutSec",
        good=60,
        read="draining_seconds",
        value=60,
        wrong=3601,
        hint="write a number from 0 to 3600",
    ),
    Field(
        path="sessionAffinity.affinityType",
        good="CLIENT_IP",
        read="affinity.type",
        value="CLIENT_IP",
        wrong="COOKIE",
        hint="NONE, CLIENT_IP, GENERATED_COOKIE",
    ),
    Field(
        path="sessionAffinity.affinityCookieTtlSec",
        good=1_209_600,
        read="affinity.cookie_ttl",
        value=1_209_600,
        wrong=1_209_601,
        hint="write a number from 0 to 1209600",
        beside=COOKIE,
    ),
    Field(
        path="customRequestHeaders.headers",
        good=["X-Region:{client_region}", "X-Empty:"],
        read="request_headers",
        value=("X-Region:{client_region}", "X-Empty:"),
        wrong=["X-Region"],
        hint="X-Client-Region:{client_region}",
    ),
    Field(
        path="customResponseHeaders.headers",
        good=["Strict-Transport-Security: max-age=1"],
        read="response_headers",
        value=("Strict-Transport-Security: max-age=1",),
        wrong=["X-One:1", "x-one:2"],
        hint="keep one of the two",
    ),
    Field(
        path="healthCheck.checkIntervalSec",
        good=300,
        read="health_check.interval_seconds",
        value=300,
        wrong=301,
        hint="write a number from 1 to 300",
    ),
    Field(
        path="healthCheck.timeoutSec",
        good=5,
        read="health_check.timeout_seconds",
        value=5,
        wrong=31,
        hint="write at most 30",
        beside={"healthCheck": {"checkIntervalSec": 30}},
    ),
    Field(
        path="healthCheck.healthyThreshold",
        good=1,
        read="health_check.healthy_threshold",
        value=1,
        wrong=0,
        hint="write a number from 1 to 10",
    ),
    Field(
        path="healthCheck.unhealthyThreshold",
        good=10,
        read="health_check.unhealthy_threshold",
        value=10,
        wrong=11,
        hint="write a number from 1 to 10",
    ),
    Field(
        path="healthCheck.type",
        good="HTTP2",
        read="health_check.type",
        value="HTTP2",
        wrong="TCP",
        hint="write one of HTTP, HTTPS, HTTP2",
    ),
    Field(
        path="healthCheck.port",
        good=8080,
        read="health_check.port",
        value=8080,
        wrong="http",
        hint="write a number from 1 to 65535",
    ),
    Field(
        path="healthCheck.requestPath",
        good="/healthz?full=1",
        read="health_check.request_path",
        value="/healthz?full=1",
        wrong="healthz",
        hint='write one such as "/healthz"',
    ),
    Field(
        path="logging.enable",
        good=False,
        read="logging.enable",
        value=False,
        wrong="on",
        hint="write true or false",
    ),
    Field(
        path="logging.sampleRate",
        good=0.25,
        read="logging.sample_rate",
        value=0.25,
        wrong=1.5,
        hint="write a number from 0 to 1",
        beside=LOGGED,
    ),
)

FRONTEND_CONFIG = (
    Field(
        path="sslPolicy",
        good="modern",
        read="ssl_policy",
        value="modern",
        wrong="projects/p/global/sslPolicies/modern",
        hint='write one such as "modern-tls"',
    ),
    Field(
        path="redirectToHttps.enabled",
        good=True,
        read="redirect.enabled",
        value=True,
        wrong="true",
        hint="without quotes",
    ),
    Field(
        path="redirectToHttps.responseCodeName",
        good="PERMANENT_REDIRECT",
        read="redirect.status",
        value=308,
        wrong="308",
        hint="MOVED_PERMANENTLY_DEFAULT, FOUND",
    ),
)

MANAGED_CERTIFICATE = (
    Field(
        path="domains",
        good=["shop.example.com", "www.example.com"],
        read="certificates.0.domains",
        value=("shop.example.com", "www.example.com"),
        wrong=["shop.example.com", "*.example.com"],
        hint="use a certificate map",
    ),
)

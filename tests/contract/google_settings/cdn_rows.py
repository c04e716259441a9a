"""Rows of the ``cdn`` block of a BackendConfig, which global load balancers have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.config_rows import SERVICE, field
from tests.contract.google_settings.row import WORLDWIDE, Row

_ON: Mapping[str, Json] = MappingProxyType({"cdn": {"enabled": True}})
_KEYS: Mapping[str, Json] = MappingProxyType(
    {"cdn": {"enabled": True, "cachePolicy": {"includeQueryString": True}}}
)


def _cached(
    key: str,
    value: Json,
    other: Json,
    *,
    default: Json,
    path: str = "",
    beside: Mapping[str, Json] = _ON,
) -> Row:
    """Return the row of a field that Google has under the same name."""
    return field(
        f"cdn.{key}",
        value,
        other,
        look.service(f"cdnPolicy.{path or key}"),
        ([value], [other], [default]),
        beside=beside,
        on=WORLDWIDE,
        removal=SERVICE if other != default else (),
    )


def _part_of_key(name: str) -> Row:
    """Return the row of one part of the cache key; without the block the key is the whole URL."""
    return field(
        f"cdn.cachePolicy.{name}",
        True,
        False,
        look.service(f"cdnPolicy.cacheKeyPolicy.{name}"),
        ([True], [False], [True]),
        beside=_ON,
        on=WORLDWIDE,
    )


def _signing(letter: str) -> list[Json]:
    return [{"keyName": "key-1", "secretName": f"signing-{letter}"}]


_REPLACED = (
    "backendServices.addSignedUrlKey",
    "backendServices.deleteSignedUrlKey",
    "backendServices.update",
)
"""A key with another value: the old one goes before the new one comes, as GKE has it."""

ROWS: tuple[Row, ...] = (
    field(
        "cdn.enabled",
        True,
        False,
        look.service("enableCDN"),
        ([True], [False], [False]),
        removal=(),
        on=WORLDWIDE,
    ),
    _part_of_key("includeHost"),
    _part_of_key("includeProtocol"),
    _part_of_key("includeQueryString"),
    field(
        "cdn.cachePolicy.queryStringBlacklist",
        ["one"],
        ["one", "two"],
        look.service("cdnPolicy.cacheKeyPolicy.queryStringBlacklist"),
        ([["one"]], [["one", "two"]], [None]),
        beside=_KEYS,
        on=WORLDWIDE,
    ),
    field(
        "cdn.cachePolicy.queryStringWhitelist",
        ["one", "two"],
        ["two"],
        look.service("cdnPolicy.cacheKeyPolicy.queryStringWhitelist"),
        ([["one", "two"]], [["two"]], [None]),
        beside=_KEYS,
        on=WORLDWIDE,
    ),
    _cached("cacheMode", "FORCE_CACHE_ALL", "USE_ORIGIN_HEADERS", default="CACHE_ALL_STATIC"),
    _cached("clientTtl", 60, 120, default=3600),
    _cached("defaultTtl", 60, 120, default=3600),
    _cached("maxTtl", 7200, 9000, default=86_400),
    _cached("negativeCaching", False, True, default=True),
    _cached(
        "negativeCachingPolicy",
        [{"code": 404, "ttl": 60}],
        [{"code": 404, "ttl": 60}, {"code": 501, "ttl": 10}],
        default=None,
    ),
    _cached("requestCoalescing", False, True, default=True),
    _cached("serveWhileStale", 0, 60, default=86_400),
    _cached(
        "bypassCacheOnRequestHeaders",
        [{"headerName": "Authorization"}],
        [{"headerName": "X-One"}, {"headerName": "X-Two"}],
        default=None,
    ),
    field(
        "cdn.signedUrlCacheMaxAgeSec",
        600,
        900,
        look.service("cdnPolicy.signedUrlCacheMaxAgeSec"),
        (["600"], ["900"], ["0"]),
        beside=_ON,
        on=WORLDWIDE,
    ),
    field(
        "cdn.signedUrlKeys",
        _signing("a"),
        _signing("b"),
        look.signing_keys,
        (["key-1"], ["key-1"], []),
        beside=_ON,
        on=WORLDWIDE,
        change=_REPLACED,
        removal=("backendServices.deleteSignedUrlKey", "backendServices.update"),
    ),
)

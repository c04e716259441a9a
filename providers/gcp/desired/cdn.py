"""Cloud CDN: the cache policy of a backend service, every field written out.

With the CDN on, Google has a default for each field that depends on the cache mode; the API takes
no lifetime that the mode has no use for; what has no effect (lists of query parameters where the
query string is no part of the key, a policy for errors that are not cached) is left out, as with
GKE. Sources: the description of ``BackendServiceCdnPolicy`` in the Compute API, and the table of
defaults in GKE's BackendConfig documentation.
"""

from __future__ import annotations

from providers.gcp.backend_config import CacheKey, Cdn
from provisioner.model.resource import PlainInput

DEFAULT_TTL = 3600
LONGEST_TTL = 86_400
SERVE_STALE = 86_400

_ALL_STATIC = "CACHE_ALL_STATIC"
_BY_ORIGIN = "USE_ORIGIN_HEADERS"

# Without a block the whole URL is the key; a block that is there says no to what it leaves out.
_WHOLE_URL = CacheKey(include_host=True, include_protocol=True, include_query_string=True)


def cdn_policy(cdn: Cdn) -> dict[str, PlainInput]:
    """Return the policy of a backend whose CDN is on."""
    mode = cdn.cache_mode or _ALL_STATIC
    by_origin = mode == _BY_ORIGIN
    policy: dict[str, PlainInput] = {
        "cacheMode": mode,
        "cacheKeyPolicy": _cache_key(cdn.cache_key or _WHOLE_URL),
        "clientTtl": 0 if by_origin else _or(cdn.client_ttl, DEFAULT_TTL),
        "defaultTtl": 0 if by_origin else _or(cdn.default_ttl, DEFAULT_TTL),
        "negativeCaching": _or(cdn.negative_caching, default=True),
        "requestCoalescing": _or(cdn.request_coalescing, default=True),
        "serveWhileStale": _or(cdn.serve_while_stale, SERVE_STALE),
        "signedUrlCacheMaxAgeSec": str(cdn.signed_url_max_age or 0),  # int64 is text in JSON
    }
    if mode == _ALL_STATIC:
        policy["maxTtl"] = _or(cdn.max_ttl, LONGEST_TTL)
    if cdn.negative_caching_policy and policy["negativeCaching"]:
        entries = [{"code": each.code, "ttl": each.ttl} for each in cdn.negative_caching_policy]
        policy["negativeCachingPolicy"] = entries
    if cdn.bypass_headers:
        names = [{"headerName": name} for name in cdn.bypass_headers]
        policy["bypassCacheOnRequestHeaders"] = names
    return policy


def _cache_key(key: CacheKey) -> dict[str, PlainInput]:
    policy: dict[str, PlainInput] = {
        "includeHost": key.include_host,
        "includeProtocol": key.include_protocol,
        "includeQueryString": key.include_query_string,
    }
    if key.include_query_string and key.query_string_blacklist:
        policy["queryStringBlacklist"] = key.query_string_blacklist
    if key.include_query_string and key.query_string_whitelist:
        policy["queryStringWhitelist"] = key.query_string_whitelist
    return policy


def _or(value: bool | int | None, default: bool | int) -> bool | int:  # noqa: FBT001 - a JSON value
    return default if value is None else value

"""Read the ``cdn`` block of a BackendConfig.

Fields that have no effect in the chosen cache mode are told, not refused: GKE passes over them.
Source of the ranges: the description of ``BackendServiceCdnPolicy`` in the Compute API.
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.gcp.backend_config import CacheKey, Cdn, NegativeCaching, SignedUrlKey
from providers.gcp.reading.fields import HEADER_NAME, RESOURCE_NAME, WHOLE, Fields

CACHE_ALL_STATIC, USE_ORIGIN_HEADERS = "CACHE_ALL_STATIC", "USE_ORIGIN_HEADERS"
CACHE_MODES = (CACHE_ALL_STATIC, USE_ORIGIN_HEADERS, "FORCE_CACHE_ALL")
DEFAULT_TTL, MAX_TTL = 3600, 86_400
YEAR, WEEK = (0, 31_622_400), (0, 604_800)
NEGATIVE_CODES = (300, 301, 302, 307, 308, 404, 405, 410, 421, 451, 501)
NEGATIVE_TTL = (0, 1800)
_CODES = ", ".join(map(str, NEGATIVE_CODES))
MAX_BYPASS_HEADERS, MAX_KEYS = 5, 3


def cdn(block: Fields | None) -> Cdn | None:
    """Return what the block says, None where there is none."""
    if block is None:
        return None
    found = Cdn(
        enabled=block.boolean("enabled") or False,
        cache_key=_cache_key(block.block("cachePolicy")),
        cache_mode=block.choice("cacheMode", CACHE_MODES),
        client_ttl=block.integer("clientTtl", YEAR),
        default_ttl=block.integer("defaultTtl", YEAR),
        max_ttl=block.integer("maxTtl", YEAR),
        negative_caching=block.boolean("negativeCaching"),
        negative_caching_policy=_negative_caching(block),
        request_coalescing=block.boolean("requestCoalescing"),
        serve_while_stale=block.integer("serveWhileStale", WEEK),
        bypass_headers=_bypass_headers(block),
        signed_url_max_age=block.integer("signedUrlCacheMaxAgeSec", WHOLE),
        signed_url_keys=_keys(block),
    )
    _check_ttls(block, found)
    if found.negative_caching is False and found.negative_caching_policy:
        block.odd(
            "negativeCachingPolicy",
            "it has no effect while negativeCaching is false",
            hint="write negativeCaching: true, or remove it",
        )
    return found


def _check_ttls(block: Fields, found: Cdn) -> None:
    mode = found.cache_mode or CACHE_ALL_STATIC
    ignored = {
        "clientTtl": found.client_ttl if mode == USE_ORIGIN_HEADERS else None,
        "defaultTtl": found.default_ttl if mode == USE_ORIGIN_HEADERS else None,
        "maxTtl": found.max_ttl if mode != CACHE_ALL_STATIC else None,
    }
    for name, ttl in ignored.items():
        if ttl is not None:
            block.odd(name, f"it has no effect with cacheMode {mode}", hint="remove it")
    default = DEFAULT_TTL if found.default_ttl is None else found.default_ttl
    longest = MAX_TTL if found.max_ttl is None else found.max_ttl
    if mode == CACHE_ALL_STATIC and default > longest:
        stated = "defaultTtl" if found.default_ttl is not None else "maxTtl"
        block.wrong(
            stated,
            f"defaultTtl is {default}, longer than maxTtl, which is {longest}",
            hint="say both, the second at least as long as the first",
        )


def _cache_key(block: Fields | None) -> CacheKey | None:
    if block is None:
        return None
    found = CacheKey(
        include_host=block.boolean("includeHost") or False,
        include_protocol=block.boolean("includeProtocol") or False,
        include_query_string=block.boolean("includeQueryString") or False,
        query_string_blacklist=block.texts("queryStringBlacklist"),
        query_string_whitelist=block.texts("queryStringWhitelist"),
    )
    both = found.query_string_blacklist and found.query_string_whitelist
    if both:
        block.wrong(
            "queryStringWhitelist",
            "queryStringBlacklist is there too",
            hint="keep one of the two",
        )
    elif not found.include_query_string:
        for name, listed in (
            ("queryStringBlacklist", found.query_string_blacklist),
            ("queryStringWhitelist", found.query_string_whitelist),
        ):
            if listed:
                block.odd(
                    name,
                    "it has no effect while includeQueryString is not true",
                    hint="write includeQueryString: true, or remove it",
                )
    return found


def _negative_caching(block: Fields) -> tuple[NegativeCaching, ...]:
    """Return the answers by status, which is how Google keeps them."""
    found: dict[int, NegativeCaching] = {}
    for item in block.blocks("negativeCachingPolicy"):
        code = item.integer("code")
        ttl = item.integer("ttl", NEGATIVE_TTL) or 0
        if "code" not in item:
            item.wrong("code", "it is missing", hint=f"write one of {_CODES}")
        elif code in found:
            item.wrong("code", f"{code} is there twice", hint="keep one of the two")
        elif code in NEGATIVE_CODES:
            found[code] = NegativeCaching(code=code, ttl=ttl)
        elif code is not None:
            item.wrong("code", f"{code} is not one of {_CODES}", hint=f"write one of {_CODES}")
    return tuple(found[code] for code in sorted(found))


def _bypass_headers(block: Fields) -> tuple[str, ...]:
    items = block.blocks("bypassCacheOnRequestHeaders")
    found: list[str] = []
    for item in items:
        name = item.matching("headerName", HEADER_NAME, example="Authorization")
        if "headerName" not in item:
            item.wrong("headerName", "it is missing", hint="name a header")
        elif name is not None:
            found.append(name)
    _check_length(block, "bypassCacheOnRequestHeaders", items, most=MAX_BYPASS_HEADERS)
    return tuple(found)


def _keys(block: Fields) -> tuple[SignedUrlKey, ...]:
    items = block.blocks("signedUrlKeys")
    found: dict[str, SignedUrlKey] = {}
    for item in items:
        key = _key(item)
        if key is not None and key.name in found:
            item.wrong("keyName", f"key {key.name} is there twice", hint="keep one of the two")
        elif key is not None:
            found[key.name] = key
    _check_length(block, "signedUrlKeys", items, most=MAX_KEYS)
    return tuple(found.values())


def _key(item: Fields) -> SignedUrlKey | None:
    name = item.matching("keyName", RESOURCE_NAME, example="key-1")
    secret_name = item.text("secretName") or ""
    text = item.text("keyValue") or ""
    if "keyName" not in item:
        item.wrong("keyName", "it is missing", hint="name the key, as in signed URLs")
        return None
    if "secretName" not in item and "keyValue" not in item:
        item.wrong("secretName", "it is missing", hint="name a Secret with the key key_value")
        return None
    if secret_name and text:
        item.odd("keyValue", "secretName outranks it", hint="remove it")
        text = ""
    return None if name is None else SignedUrlKey(name=name, secret_name=secret_name, text=text)


def _check_length(block: Fields, name: str, items: Sequence[Fields], *, most: int) -> None:
    if len(items) > most:
        block.wrong(name, f"it has {len(items)} entries, Cloud CDN takes {most}", hint="shorten it")

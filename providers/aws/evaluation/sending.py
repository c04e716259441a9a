"""What leaves the load balancer: where a redirect points, and the request that a target gets.

A redirect names every part of a URL; ``#{protocol}``, ``#{host}``, ``#{port}``, ``#{path}``
(without its first slash) and ``#{query}`` stand for the request's own. The port is always spelled
out, as an ALB does.

Transforms change what targets see and never which rule matches. Each replaces what its regular
expression matches, ``$1`` being the first group; where nothing matches, the request goes as it
came. A URL is rewritten as one text, path and query. Targets have been seen to get percent-encoded
characters decoded after a rewrite (LBC#4579); that is not shown.

Sources: API reference, ``RedirectActionConfig``, ``RewriteConfig``; "Transforms for listener
rules", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.aws.evaluation.patterns import RegexError, compiled
from provisioner.model.resource import Spec, Value
from provisioner.model.route import Request, Sent

_PLACEHOLDER = re.compile(r"#\{(protocol|host|port|path|query)\}")
_GROUP = re.compile(r"\$(?:(\d)|\{(\d+)\})")
_KEPT: Mapping[str, str] = MappingProxyType(
    {
        "Protocol": "#{protocol}",
        "Host": "#{host}",
        "Port": "#{port}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
)
_STATUS = "HTTP_"
_REWRITES: Mapping[str, str] = MappingProxyType(
    {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}
)


def location(config: Spec, request: Request) -> str:
    """Return the URL that a redirect answers with."""
    parts = {part: _filled(config.get(part, kept), request) for part, kept in _KEPT.items()}
    query = f"?{parts['Query']}" if parts["Query"] else ""
    protocol = parts["Protocol"].lower()
    return f"{protocol}://{parts['Host']}:{parts['Port']}{parts['Path']}{query}"


def redirect_status(config: Spec) -> int:
    """Return the status of a redirect: AWS writes ``HTTP_301``."""
    digits = str(config.get("StatusCode", "")).removeprefix(_STATUS)
    return int(digits) if digits.isdecimal() else 301


def rewritten(transforms: Value, request: Request) -> tuple[Sent | None, tuple[str, ...]]:
    """Return the request as a target gets it (None: as it came), and what could not be said."""
    host, target = request.host_header, request.target
    notes: list[str] = []
    for kind, regex, replace in _rewrites(transforms):
        try:
            if kind == "url-rewrite":
                target = _replaced(regex, replace, target)
            else:
                host = _replaced(regex, replace, host)
        except RegexError as error:
            notes.append(f"what targets get cannot be told: {error}")
    changed = (host, target) != (request.host_header, request.target)
    return (Sent(host=host, target=target) if changed else None), tuple(notes)


def _filled(template: Value, request: Request) -> str:
    own = {
        "protocol": request.scheme,
        "host": request.host,
        "port": str(request.port),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }
    return _PLACEHOLDER.sub(lambda found: own[found.group(1)], str(template))


def _rewrites(transforms: Value) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, regular expression, replacement) of every rewrite."""
    for transform in _mappings(transforms):
        kind = str(transform.get("Type"))
        config = transform.get(_REWRITES.get(kind, ""))
        for rewrite in _mappings(config.get("Rewrites") if isinstance(config, Mapping) else ()):
            yield kind, str(rewrite.get("Regex", "")), str(rewrite.get("Replace", ""))


def _replaced(regex: str, replace: str, text: str) -> str:
    """Return the text with the first match replaced."""
    return compiled(regex).sub(lambda found: _GROUP.sub(lambda g: _of(found, g), replace), text, 1)


def _of(found: re.Match[str], group: re.Match[str]) -> str:
    """Return what a group caught, "" where there is no such group."""
    number = int(group.group(1) or group.group(2))
    return (found.group(number) or "") if number <= found.re.groups else ""


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]

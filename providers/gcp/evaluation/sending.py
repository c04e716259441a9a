"""What leaves the load balancer: where a redirect points, and the request that a backend gets.

A redirect changes the parts that it names and keeps the others; ``prefixRedirect`` and
``pathPrefixRewrite`` stand in place of the part of the path that the rule matched (``/cart/`` of
``/cart/*``). Where no rule matched, that is nothing. Sources: ``HttpRedirectAction`` and
``UrlRewrite``, Compute API.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.gcp.routing.canonical import ACTION, REDIRECT_DEFAULT, REWRITE
from providers.gcp.settings import REDIRECT_STATUS
from provisioner.model.resource import Spec, Value
from provisioner.model.route import Request, Sent


def location(redirect: Mapping[str, Value], request: Request, *, matched: str) -> str:
    """Return the URL that a redirect answers with."""
    scheme = "https" if redirect.get("httpsRedirect") is True else request.scheme
    host = _text(redirect, "hostRedirect") or request.host_header
    prefix = _text(redirect, "prefixRedirect")
    path = _text(redirect, "pathRedirect") or _replaced(request.path, matched, prefix)
    query = request.query if redirect.get("stripQuery") is not True else ""
    return f"{scheme}://{host}{path}" + (f"?{query}" if query else "")


def redirect_status(redirect: Mapping[str, Value]) -> int:
    """Return the status of a redirect."""
    code = _text(redirect, "redirectResponseCode") or REDIRECT_DEFAULT
    return REDIRECT_STATUS.get(code, REDIRECT_STATUS[REDIRECT_DEFAULT])


def rewritten(action: Spec, request: Request, *, matched: str) -> Sent | None:
    """Return the request as a backend gets it, None where it gets it as it came."""
    route = action.get(ACTION)
    rewrite = route.get(REWRITE) if isinstance(route, Mapping) else None
    if not isinstance(rewrite, Mapping):
        return None
    host = _text(rewrite, "hostRewrite") or request.host_header
    path = _replaced(request.path, matched, _text(rewrite, "pathPrefixRewrite"))
    target = f"{path}?{request.query}" if request.query else path
    changed = (host, target) != (request.host_header, request.target)
    return Sent(host=host, target=target) if changed else None


def _replaced(path: str, matched: str, prefix: str) -> str:
    return prefix + path.removeprefix(matched) if prefix else path


def _text(holder: Mapping[str, Value], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""

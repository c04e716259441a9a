"""What one rule of a URL map may do with a request, and under which load balancing scheme.

The published descriptions say of classic Application Load Balancers (scheme EXTERNAL) that
``urlRewrite`` is the only route action and that header actions are not supported.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, dig, number, part, parts, text
from provisioner.sandbox.gcp.url_map_problems import Problem

CLASSIC = "EXTERNAL"
MANAGED = "EXTERNAL_MANAGED"

_CLASSIC_ACTIONS = frozenset({"urlRewrite"})
_GLOBAL_MANAGED_ACTIONS = frozenset(
    {"cachePolicy", "dynamicCompressionPolicy", "imageOptimizationPolicy"}
)
_LARGEST_WEIGHT = 1000
_LONGEST_HOST = 255
_LONGEST_PATH = 1024


def action_problems(
    place: str, rule: Document, schemes: frozenset[str], *, default: bool = False
) -> Iterator[Problem]:
    """Yield what is wrong with what a rule does.

    Args:
        place: The rule's place in the URL map, for messages.
        rule: The rule; defaults of a URL map or path matcher come in the same shape.
        schemes: Load balancing schemes that the URL map serves.
        default: Whether it stands for "nothing else matched", which decides the field names.
    """
    names = (
        ("defaultService", "defaultUrlRedirect", "defaultRouteAction")
        if default
        else ("service", "urlRedirect", "routeAction")
    )
    yield from _destinations(place, rule, names)
    redirect_place, action_place = f"{place}.{names[1]}", f"{place}.{names[2]}"
    yield from _redirect(redirect_place, part(rule, "urlRedirect"))
    action = part(rule, "routeAction")
    yield from _supported(place, action_place, rule, schemes)
    yield from _weights(action_place, action)
    yield from _fault(action_place, action)
    yield from _rewrite(f"{action_place}.urlRewrite", part(action, "urlRewrite"))


def _destinations(place: str, rule: Document, names: tuple[str, str, str]) -> Iterator[Problem]:
    weighted = parts(rule, "routeAction", "weightedBackendServices")
    given = [
        name
        for name, value in (
            (names[0], text(rule, "service")),
            (names[1], part(rule, "urlRedirect")),
            (f"{names[2]}.weightedBackendServices", weighted),
        )
        if value
    ]
    if len(given) != 1:
        all_names = f"{names[0]}, {names[1]} or {names[2]}.weightedBackendServices"
        yield Problem(
            field=place, value=" and ".join(given), message=f"Exactly one of {all_names} is needed."
        )


def _supported(
    place: str, action_place: str, rule: Document, schemes: frozenset[str]
) -> Iterator[Problem]:
    action = part(rule, "routeAction")
    if CLASSIC in schemes:
        for name in sorted(set(action) - _CLASSIC_ACTIONS):
            message = f"{name} is not supported for load balancing scheme EXTERNAL."
            yield Problem(field=f"{action_place}.{name}", value=name, message=message)
        if rule.get("headerAction"):
            message = "headerAction is not supported for load balancing scheme EXTERNAL."
            yield Problem(field=f"{place}.headerAction", value="headerAction", message=message)
    for name in sorted(set(action) & _GLOBAL_MANAGED_ACTIONS):
        if schemes - {MANAGED, CLASSIC}:
            message = f"{name} is only supported for load balancing scheme EXTERNAL_MANAGED."
            yield Problem(field=f"{action_place}.{name}", value=name, message=message)


def _weights(place: str, action: Document) -> Iterator[Problem]:
    weighted = parts(action, "weightedBackendServices")
    for index, each in enumerate(weighted):
        weight, field = number(each, "weight"), f"{place}.weightedBackendServices[{index}]"
        if not 0 <= weight <= _LARGEST_WEIGHT:
            message = "The weight must be between 0 and 1000."
            yield Problem(field=f"{field}.weight", value=str(weight), message=message)
        if not text(each, "backendService"):
            yield Problem(field=field, value="", message="A backendService is required.")
    if weighted and not any(number(each, "weight") for each in weighted):
        message = "At least one weight must be more than zero."
        yield Problem(field=f"{place}.weightedBackendServices", value="0", message=message)


def _fault(place: str, action: Document) -> Iterator[Problem]:
    abort = part(action, "faultInjectionPolicy", "abort")
    field = f"{place}.faultInjectionPolicy.abort"
    status = number(abort, "httpStatus")
    if abort and not 200 <= status <= 599:  # noqa: PLR2004  # the range of the schema's description
        message = "The status must be from 200 to 599."
        yield Problem(field=f"{field}.httpStatus", value=str(status), message=message)
    percentage = dig(abort, "percentage") or 0.0
    if not isinstance(percentage, int | float) or not 0 <= percentage <= 100:  # noqa: PLR2004  # per cent
        message = "The percentage must be from 0 to 100."
        yield Problem(field=f"{field}.percentage", value=str(percentage), message=message)


def _redirect(place: str, redirect: Document) -> Iterator[Problem]:
    path, prefix = text(redirect, "pathRedirect"), text(redirect, "prefixRedirect")
    if path and prefix:
        message = "pathRedirect cannot be supplied together with prefixRedirect."
        yield Problem(field=place, value=path, message=message)
    yield from _lengths(
        place, redirect, {"hostRedirect": _LONGEST_HOST, "pathRedirect": _LONGEST_PATH}
    )


def _rewrite(place: str, rewrite: Document) -> Iterator[Problem]:
    yield from _lengths(
        place, rewrite, {"hostRewrite": _LONGEST_HOST, "pathPrefixRewrite": _LONGEST_PATH}
    )
    ways = ("pathPrefixRewrite", "pathTemplateRewrite", "regexRewrite")
    given = [way for way in ways if rewrite.get(way)]
    if len(given) > 1:
        yield Problem(field=place, value=" and ".join(given), message="Only one can be set.")


def _lengths(place: str, holder: Document, longest: dict[str, int]) -> Iterator[Problem]:
    for name, limit in longest.items():
        value = holder.get(name)
        if isinstance(value, str) and not 1 <= len(value) <= limit:
            message = f"The value must be from 1 to {limit} characters."
            yield Problem(field=f"{place}.{name}", value=value, message=message)

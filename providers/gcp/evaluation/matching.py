"""One host, path, header or query parameter of a URL map against one request.

* A host is compared in any case, with the port that the client wrote and without it. ``*`` stands
  for letters, digits, dots and dashes, any number of them, so a pattern spans labels
  (``HostRule.hosts``, Compute API).
* A path is compared raw, case and all, without the query. ``/cart/*`` takes what begins with
  ``/cart/``; ``/cart`` is not among it (``PathRule.paths``).
* Route rules, which we never write but somebody may, compare paths in five ways, and headers and
  query parameters as well; every predicate of one match must hold (``HttpRouteRuleMatch``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from providers.gcp.routing.canonical import ANY_HOST
from providers.gcp.routing.entries import mappings
from provisioner.model.resource import Spec, Value
from provisioner.model.route import Check, Request, Verdict

_SEGMENT = re.compile(r"\{(?P<name>\w+)(?:=(?P<pattern>[^}]*))?\}")
_WAYS = ("prefixMatch", "fullPathMatch", "regexMatch", "pathTemplateMatch")


def host_check(pattern: str, request: Request) -> Check:
    """Return whether a host rule takes the request's host."""
    sent = {request.host.lower(), request.host_header.lower()}
    return _decided(
        "host", pattern, request.host, holds=any(_takes(pattern, host) for host in sent)
    )


def path_check(pattern: str, request: Request) -> Check:
    """Return whether a pattern of a path rule takes the request's path."""
    below = pattern.endswith("*")
    holds = request.path.startswith(pattern[:-1]) if below else request.path == pattern
    return _decided("path", pattern, request.path, holds=holds)


def path_order(pattern: str) -> tuple[int, bool, str]:
    """Return the sort key by which patterns are tried: the longest first.

    Of two that match as much of a path (``/cart/`` and ``/cart/*``) the literal one comes first;
    Google does not say so, but it is the longer match of the two in every other case.
    """
    return (-len(pattern.removesuffix("*")), pattern.endswith("*"), pattern)


def route_checks(rule: Spec, request: Request) -> tuple[Check, ...]:
    """Return the checks of a route rule: of its first match that holds, else of its last one."""
    checks: tuple[Check, ...] = ()
    for match in mappings(rule.get("matchRules")):
        checks = tuple(_match_checks(match, request))
        if all(check.verdict is Verdict.YES for check in checks):
            break
    return checks


def matched_prefix(rule: Spec, request: Request) -> str:
    """Return the part of the path that a route rule matched, which a rewrite replaces."""
    for match in mappings(rule.get("matchRules")):
        checks = _match_checks(match, request)
        if all(check.verdict is Verdict.YES for check in checks):
            found = match.get("prefixMatch") or match.get("fullPathMatch")
            return found if isinstance(found, str) else ""
    return ""


def _takes(pattern: str, host: str) -> bool:
    pattern = pattern.lower()
    if pattern.startswith(ANY_HOST):
        return host.endswith(pattern.removeprefix(ANY_HOST))
    return host == pattern


def _match_checks(match: Mapping[str, Value], request: Request) -> Iterator[Check]:
    for way in _WAYS:
        wanted = match.get(way)
        if isinstance(wanted, str) and wanted:
            yield _path_by(way, wanted, request, ignore_case=match.get("ignoreCase") is True)
    for header in mappings(match.get("headerMatches")):
        yield _header(header, request)
    for parameter in mappings(match.get("queryParameterMatches")):
        name = str(parameter.get("name"))
        values = [
            value for key, value in parse_qsl(request.query, keep_blank_values=True) if key == name
        ]
        yield _value_check(f"query {name}", parameter, values[0] if values else None)


def _path_by(way: str, wanted: str, request: Request, *, ignore_case: bool) -> Check:
    path, text = request.path, wanted
    if ignore_case and way in ("prefixMatch", "fullPathMatch"):
        path, text = path.lower(), text.lower()
    match way:
        case "prefixMatch":
            return _decided("path", f"{wanted}...", request.path, holds=path.startswith(text))
        case "fullPathMatch":
            return _decided("path", wanted, request.path, holds=path == text)
        case "pathTemplateMatch":
            return _by_regex("path", _template(wanted), wanted, request.path)
        case _:
            return _by_regex("path", wanted, f"regular expression {wanted}", request.path)


def _header(match: Mapping[str, Value], request: Request) -> Check:
    name = str(match.get("headerName"))
    sent = [value for header, value in request.headers if header.lower() == name.lower()]
    check = _value_check(f"header {name}", match, ",".join(sent) if sent else None)
    if match.get("invertMatch") is not True or check.verdict is Verdict.UNDECIDED:
        return check
    return _decided(
        check.what, f"not {check.wanted}", check.found, holds=check.verdict is Verdict.NO
    )


def _value_check(what: str, match: Mapping[str, Value], value: str | None) -> Check:
    found = value or ""
    for way, wanted in match.items():
        text = wanted if isinstance(wanted, str) else ""
        if way == "exactMatch":
            return _decided(what, text, value, holds=value is not None and found == text)
        if way == "prefixMatch":
            return _decided(
                what, f"{text}...", value, holds=value is not None and found.startswith(text)
            )
        if way == "suffixMatch":
            return _decided(
                what, f"...{text}", value, holds=value is not None and found.endswith(text)
            )
        if way == "regexMatch" and value is not None:
            return _by_regex(what, text, f"regular expression {text}", value)
        if way == "rangeMatch" and isinstance(wanted, Mapping):
            return _range(what, wanted, value)
    return _decided(what, "any value", value, holds=value is not None)


def _range(what: str, span: Mapping[str, Value], value: str | None) -> Check:
    start, end = int(str(span.get("rangeStart", 0))), int(str(span.get("rangeEnd", 0)))
    number = value is not None and value.removeprefix("-").isdecimal()
    holds = number and start <= int(value or 0) < end
    return _decided(what, f"{start} to {end - 1}", value, holds=holds)


def _by_regex(what: str, expression: str, wanted: str, found: str) -> Check:
    try:
        return _decided(what, wanted, found, holds=re.fullmatch(expression, found) is not None)
    except re.error as error:
        return Check(
            what=what,
            wanted=wanted,
            found=found,
            verdict=Verdict.UNDECIDED,
            problem=f"this model cannot read the regular expression {expression}: {error}",
        )


def _template(template: str) -> str:
    """Return a path template as a regular expression: ``*`` is one segment, ``**`` the rest."""
    return "/".join(_segment(piece) for piece in template.split("/"))


def _segment(piece: str) -> str:
    named = _SEGMENT.fullmatch(piece)
    pattern = (named["pattern"] or "*") if named is not None else piece
    inner = {"*": "[^/]+", "**": ".*"}
    return inner[pattern] if pattern in inner else re.escape(pattern)


def _decided(what: str, wanted: str, found: str | None, *, holds: bool) -> Check:
    return Check(
        what=what, wanted=wanted, found=found, verdict=Verdict.YES if holds else Verdict.NO
    )

"""One condition of an ALB rule against one request.

All conditions of a rule must hold; of the values of one condition, any. What is compared with what:

* ``host-header``: the Host header without its port, in any case; a regular expression sees the raw
  header, port included, in the case the client wrote;
* ``path-pattern``: the raw path without the query, case and all;
* ``http-header``: header names and values in any case, every occurrence of the header in turn;
* ``http-request-method``: the exact method;
* ``query-string``: keys and values in any case, as they are sent (AWS does not say whether it
  decodes percent signs first, so nothing is decoded);
* ``source-ip``: the address of whoever connects, never that of X-Forwarded-For.

Source: "Condition types for listener rules", Elastic Load Balancing user guide; API reference,
``HttpHeaderConditionConfig``, ``QueryStringConditionConfig``, ``SourceIpConditionConfig``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from types import MappingProxyType

from providers.aws.evaluation.patterns import RegexError, glob_matches, regex_finds
from provisioner.model.resource import Spec, Value
from provisioner.model.route import Check, Request, Verdict

HOST, PATH, HEADER = "host-header", "path-pattern", "http-header"
METHOD, QUERY, SOURCE = "http-request-method", "query-string", "source-ip"

CONFIGS: Mapping[str, str] = MappingProxyType(
    {
        HOST: "HostHeaderConfig",
        PATH: "PathPatternConfig",
        HEADER: "HttpHeaderConfig",
        METHOD: "HttpRequestMethodConfig",
        QUERY: "QueryStringConfig",
        SOURCE: "SourceIpConfig",
    }
)
_VALUES, _REGEXES = "Values", "RegexValues"


def check(condition: Spec, request: Request) -> Check:
    """Return whether a condition holds for a request, and what was compared."""
    field = condition.get("Field")
    match field:
        case "host-header":
            return _host(condition, request)
        case "path-pattern":
            return _texts(condition, "path", (request.path,), ignore_case=False)
        case "http-header":
            return _header(condition, request)
        case "http-request-method":
            methods = strings(condition, _VALUES)
            return _decided("method", methods, request.method, holds=request.method in methods)
        case "query-string":
            return _query(condition, request)
        case "source-ip":
            return _source(condition, request)
        case _:
            return Check(
                what=str(field),
                wanted="something unknown",
                found=None,
                verdict=Verdict.UNDECIDED,
                problem=f"this model knows no condition {field}",
            )


def strings(condition: Spec, key: str) -> tuple[str, ...]:
    """Return the plain texts among a condition's ``Values`` or ``RegexValues``."""
    return tuple(value for value in values(condition, key) if isinstance(value, str))


def values(condition: Spec, key: str) -> tuple[Value, ...]:
    """Return a condition's ``Values`` or ``RegexValues``, wherever they stand."""
    config = condition.get(CONFIGS.get(str(condition.get("Field")), ""))
    inner = config if isinstance(config, Mapping) else condition
    found = inner.get(key)
    return found if isinstance(found, tuple) else ()


def header_name(condition: Spec) -> str:
    """Return which header an ``http-header`` condition is about, in lower case."""
    config = condition.get(CONFIGS[HEADER])
    name = config.get("HttpHeaderName") if isinstance(config, Mapping) else None
    return str(name or "").lower()


def key_values(condition: Spec) -> tuple[tuple[str | None, str], ...]:
    """Return the pairs of a ``query-string`` condition; None where it names no key."""
    found = []
    for pair in values(condition, _VALUES):
        if isinstance(pair, Mapping):
            key = pair.get("Key")
            found.append(
                (key if isinstance(key, str) and key else None, str(pair.get("Value", "")))
            )
    return tuple(found)


def asks_for_host(conditions: Sequence[Spec], request: Request) -> bool:
    """Tell whether a rule names the request's host, whatever else it asks."""
    hosts = [each for each in conditions if each.get("Field") == HOST]
    return any(_host(each, request).verdict is Verdict.YES for each in hosts)


def _host(condition: Spec, request: Request) -> Check:
    is_regex = bool(values(condition, _REGEXES))
    seen = request.host_header if is_regex else request.host
    return _texts(condition, "host", (seen,), ignore_case=True)


def _header(condition: Spec, request: Request) -> Check:
    name = header_name(condition)
    sent = tuple(value for header, value in request.headers if header.lower() == name)
    return _texts(condition, f"header {_spelled(condition)}", sent, ignore_case=True)


def _spelled(condition: Spec) -> str:
    config = condition.get(CONFIGS[HEADER])
    return str(config.get("HttpHeaderName", "")) if isinstance(config, Mapping) else ""


def _texts(condition: Spec, what: str, sent: Sequence[str], *, ignore_case: bool) -> Check:
    """Hold what was sent against globs or regular expressions; the latter know upper and lower."""
    regexes = strings(condition, _REGEXES)
    found = ", ".join(sent) if sent else None
    if regexes:
        return _regexes(what, regexes, sent)
    globs = strings(condition, _VALUES)
    holds = any(glob_matches(g, text, ignore_case=ignore_case) for text in sent for g in globs)
    return _decided(what, globs, found, holds=holds)


def _regexes(what: str, regexes: Sequence[str], sent: Sequence[str]) -> Check:
    found = ", ".join(sent) if sent else None
    wanted = [f"regular expression {expression}" for expression in regexes]
    problem = ""
    for expression in regexes:
        try:
            if any(regex_finds(expression, text) for text in sent):
                return _decided(what, wanted, found, holds=True)
        except RegexError as error:
            problem = problem or str(error)
    if not problem or not sent:
        return _decided(what, wanted, found, holds=False)
    return Check(
        what=what,
        wanted=" or ".join(wanted),
        found=found,
        verdict=Verdict.UNDECIDED,
        problem=problem,
    )


def _query(condition: Spec, request: Request) -> Check:
    pairs = key_values(condition)
    sent = [item.partition("=")[::2] for item in request.query.split("&") if item]
    holds = any(_has_pair(pair, key, value) for pair in pairs for key, value in sent)
    wanted = [value if key is None else f"{key}={value}" for key, value in pairs]
    return _decided("query", wanted, request.query or None, holds=holds)


def _has_pair(pair: tuple[str | None, str], key: str, value: str) -> bool:
    compare: Callable[[str, str], bool] = _query_glob
    return (pair[0] is None or compare(pair[0], key)) and compare(pair[1], value)


def _query_glob(glob: str, text: str) -> bool:
    return glob_matches(glob, text, ignore_case=True, escapes=True)


def _source(condition: Spec, request: Request) -> Check:
    ranges = strings(condition, _VALUES)
    if not request.source_ip:
        return Check(
            what="source",
            wanted=" or ".join(ranges),
            found=None,
            verdict=Verdict.UNDECIDED,
            problem="it depends on the client's address, which was not given (--source-ip)",
        )
    address = ip_address(request.source_ip)
    holds = any(address in ip_network(cidr, strict=False) for cidr in ranges)
    return _decided("source", ranges, request.source_ip, holds=holds)


def _decided(what: str, wanted: Iterable[str], found: str | None, *, holds: bool) -> Check:
    return Check(
        what=what,
        wanted=" or ".join(wanted),
        found=found,
        verdict=Verdict.YES if holds else Verdict.NO,
    )

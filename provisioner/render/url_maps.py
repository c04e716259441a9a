"""URL maps as rules that a person reads: ``host shop.example.com, path /cart -> cart:80/pod``.

Google keeps all hosts and paths of a load balancer in one document of nested lists, so one path
more is a difference of the whole document. Here it is what it means: one decision per host and
path, compared one by one, and paths of a host that lead to the same place told together.

A rule that nothing can reach because ``/*`` is among the paths (the answer to all other paths) is
not told. Everything that is not a decision (names of path matchers, whose rules they are) is
bookkeeping that follows from the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from provisioner.model.change import Action, Step
from provisioner.model.resource import Ref, Value, canonical
from provisioner.render import phrases

_HOSTS, _MATCHERS = "hostRules", "pathMatchers"
_DEEDS: Final[Mapping[str, str]] = {
    "service": "defaultService",
    "urlRedirect": "defaultUrlRedirect",
    "routeAction": "defaultRouteAction",
}
FIELDS: Final = frozenset({_HOSTS, _MATCHERS, "headerAction", *_DEEDS.values()})
"""The fields of a URL map that decide about requests."""

_PERMANENTLY: Final = "MOVED_PERMANENTLY_DEFAULT"
_CODES: Final[Mapping[str, str]] = {
    _PERMANENTLY: "301",
    "FOUND": "302",
    "SEE_OTHER": "303",
    "TEMPORARY_REDIRECT": "307",
    "PERMANENT_REDIRECT": "308",
}
_EVERYTHING: Final = "/*"
_ANY: Final = "*"
_ALWAYS: Final = 100
_EVERYTHING_DECIDED: Final = frozenset({(_ANY, _EVERYTHING), (_ANY, "")})

Fields: TypeAlias = Mapping[str, Value]
_Decisions: TypeAlias = dict[tuple[str, str], str]


def is_url_map(names: Iterable[str]) -> bool:
    """Tell whether fields of these names are those of a URL map."""
    return not FIELDS.isdisjoint(names)


def sentences(spec: Fields, group: str) -> tuple[str, ...]:
    """Return what a URL map decides, the most special host first as the map has it."""
    return tuple(_told(_decisions(spec, group)))


def differences(step: Step) -> Iterator[tuple[str, str]]:
    """Yield the rules that go and come as sign and sentence, at a creation all of them."""
    changed = {c.path: c for c in step.fields if c.path in FIELDS}
    new = _decisions(_whole(step, {p: c.after for p, c in changed.items()}), step.group)
    if step.action is Action.CREATE:
        yield from ((" ", text) for text in _told(new))
        return
    old = _decisions(_whole(step, {p: c.before for p, c in changed.items()}), step.group)
    gone = {place: deed for place, deed in old.items() if new.get(place) != deed}
    come = {place: deed for place, deed in new.items() if old.get(place) != deed}
    yield from (("-", text) for text in _told(gone))
    yield from (("+", text) for text in _told(come))
    if not gone and not come:
        yield ("~", "names and records of the rules; every request goes where it went")


def _sent(step: Step) -> Fields:
    """Return what an update sends: the whole map, of which a difference shows only a part."""
    if step.action is Action.CREATE:
        return {}
    bodies = (call.parameters.get("body") for call in step.calls)
    return next((body for body in bodies if isinstance(body, Mapping) and _HOSTS in body), {})


def _whole(step: Step, changed: Fields) -> Fields:
    rest = {name: value for name, value in _sent(step).items() if name in FIELDS}
    return {**rest, **changed}


def _decisions(spec: Fields, group: str) -> _Decisions:
    """Return what is done with a request, by host and path; "" is every other one."""
    found: _Decisions = {}
    hosts = _hosts_by_matcher(spec)
    for matcher in _objects(spec.get(_MATCHERS)):
        name = str(matcher.get("name"))
        decided = _matcher(matcher, group)
        for host in hosts.get(name, (f"of path matcher {name}",)):
            found |= {(host, path): deed for path, deed in decided.items()}
    if not _EVERYTHING_DECIDED & found.keys():
        deed = _deed({plain: spec.get(name) for plain, name in _DEEDS.items()}, group)
        if deed:
            found["", ""] = deed
    header = _spelled(spec.get("headerAction"), group)
    return {place: f"{deed}{header}" for place, deed in found.items()}


def _hosts_by_matcher(spec: Fields) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule in _objects(spec.get(_HOSTS)):
        name = str(rule.get("pathMatcher"))
        found[name] = (*found.get(name, ()), *_texts(rule.get("hosts")))
    return found


def _matcher(matcher: Fields, group: str) -> dict[str, str]:
    found: dict[str, str] = {}
    header = _spelled(matcher.get("headerAction"), group)
    for rule in _objects(matcher.get("pathRules")):
        deed = _deed(rule, group)
        found |= dict.fromkeys(_texts(rule.get("paths")), f"{deed}{header}")
    for rule in _objects(matcher.get("routeRules")):
        conditions = phrases.phrase(rule.get("matchRules"), group)
        found[f"rule {phrases.phrase(rule.get('priority'))} ({conditions})"] = _deed(rule, group)
    if _EVERYTHING not in found:
        default = _deed({plain: matcher.get(name) for plain, name in _DEEDS.items()}, group)
        if default:
            found[""] = f"{default}{header}"
    return found


def _told(decisions: _Decisions) -> Iterator[str]:
    """Yield sentences: paths of one host that lead to one place stand in one of them."""
    together: dict[tuple[str, str, bool], list[str]] = {}
    for (host, path), deed in decisions.items():
        together.setdefault((host, deed, not path), []).append(path)
    for (host, deed, others), paths in together.items():
        where = (
            [_host(host)] if host else ["every other host" if len(decisions) > 1 else "any host"]
        )
        if host and others:
            where.append("every other path")
        elif host:
            where.append(f"path {', '.join(paths)}")
        yield phrases.rule(", ".join(where), deed)


def _host(host: str) -> str:
    return "any host" if host == _ANY else f"host {host}"


def _deed(holder: Fields, group: str) -> str:
    """Return what is done: ``-> web:80/pod``, ``redirect 301 to ...``, ``answer 404``."""
    redirect = holder.get("urlRedirect")
    if isinstance(redirect, Mapping) and _clean(redirect):
        return _redirect(_clean(redirect))
    action = holder.get("routeAction")
    action = _clean(action) if isinstance(action, Mapping) else {}
    answer = _answer(action.get("faultInjectionPolicy"))
    if answer:
        return answer  # given to everybody, so the service behind it is asked for nothing
    weighted = _objects(action.get("weightedBackendServices"))
    where = _weighted(weighted, group) if weighted else _service(holder.get("service"), group)
    rest = {k: v for k, v in action.items() if k != "weightedBackendServices"}
    return f"{where}{_rewrite(rest.pop('urlRewrite', None))}{_spelled(rest, group)}"


def _service(value: Value, group: str) -> str:
    return f"-> {_name(value, group)}" if value is not None else ""


def _weighted(items: Iterable[Fields], group: str) -> str:
    names = (
        f"{_name(item.get('backendService'), group)} (weight {phrases.phrase(item.get('weight'))})"
        + _spelled(item.get("headerAction"), group)
        for item in items
    )
    return f"-> {', '.join(names)}"


def _name(value: Value, group: str) -> str:
    if isinstance(value, Ref):
        return phrases.short_address(value.address, group).removeprefix("backend-service ")
    return phrases.phrase(value, group)


def _rewrite(value: Value) -> str:
    if not isinstance(value, Mapping):
        return ""
    parts = (("host", value.get("hostRewrite")), ("path prefix", value.get("pathPrefixRewrite")))
    return "".join(f", {what} becomes {phrases.phrase(to)}" for what, to in parts if to is not None)


def _answer(fault: Value) -> str:
    """Return the status that every request gets, "" where it is some of them or none."""
    abort = fault.get("abort") if isinstance(fault, Mapping) else None
    if not isinstance(abort, Mapping) or abort.get("percentage") != _ALWAYS:
        return ""
    return f"answer {phrases.phrase(abort.get('httpStatus'))}"


def _redirect(redirect: Fields) -> str:
    code = str(redirect.get("redirectResponseCode") or _PERMANENTLY)
    scheme = "https" if redirect.get("httpsRedirect") else "#{protocol}"
    host = str(redirect.get("hostRedirect") or "#{host}")
    path = str(redirect.get("pathRedirect") or "/#{path}")
    if prefix := redirect.get("prefixRedirect"):
        path = f"{phrases.phrase(prefix).rstrip('/')}/#{{rest of path}}"
    query = "" if redirect.get("stripQuery") else "?#{query}"
    return f"redirect {_CODES.get(code, code)} to {scheme}://{host}{path}{query}"


def _spelled(value: Value, group: str) -> str:
    """Return further fields as they are called; "" for none."""
    fields = _clean(value) if isinstance(value, Mapping) else {}
    return f", with {phrases.phrase(fields, group)}" if fields else ""


def _clean(fields: Fields) -> dict[str, Value]:
    """Return fields without what an update sends only to say that it is not wanted."""
    found: dict[str, Value] = {}
    for name, value in fields.items():
        kept: Value = _clean(value) if isinstance(value, Mapping) else value
        if kept is not None and canonical(kept) != "{}":
            found[name] = kept
    return found


def _objects(value: Value) -> list[Fields]:
    items = value if isinstance(value, tuple) else ()
    return [item for item in items if isinstance(item, Mapping)]


def _texts(value: Value) -> list[str]:
    items = value if isinstance(value, tuple) else ()
    return [str(item) for item in items]

"""The one form of a URL map's content, which planned and observed maps share.

Google answers with more than it was told (fingerprints, defaults, ``false`` for every flag) and
keeps rules in the order in which somebody wrote them, although that order means nothing: "The order
by which path rules are specified does not matter. Matches are always done on the
longest-path-first basis" (``PathMatcher.pathRules``, Compute API). So here

* only the fields that we answer for are left, and no default is written out;
* hosts stand by how they are tried, path rules by their paths, weighted services by address;
* whole numbers are integers (``percentage`` comes as ``100.0``).

``update_body`` goes the other way for a ``PUT``: it says ``None`` for everything that we answer for
and do not want, so that merging it into what is there takes it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from provisioner.model.resource import PlainInput, Ref, Spec, Unknown, Value, freeze_spec

Fields = Mapping[str, PlainInput]
Link = Callable[[str], PlainInput]

ANY_HOST = "*"
REDIRECT_DEFAULT = "MOVED_PERMANENTLY_DEFAULT"

SERVICE, REDIRECT, ACTION = "service", "urlRedirect", "routeAction"
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {SERVICE: "defaultService", REDIRECT: "defaultUrlRedirect", ACTION: "defaultRouteAction"}
)
"""The three things that a rule may do, and what they are called where no rule matched."""

WEIGHTED, REWRITE, FAULT, RETRY = (
    "weightedBackendServices",
    "urlRewrite",
    "faultInjectionPolicy",
    "retryPolicy",
)
_FAULT_PARTS = ("abort", "delay")
_REWRITE_PARTS = ("hostRewrite", "pathPrefixRewrite")
_REDIRECT_TEXTS = ("hostRedirect", "pathRedirect", "prefixRedirect")
_REDIRECT_FLAGS = ("httpsRedirect", "stripQuery")
_RETRY_PARTS = ("numRetries", "perTryTimeout", "retryConditions")


def canonical(body: Fields, link: Link = lambda text: text) -> Spec:
    """Return the content of a URL map in its one form.

    Name, description and region are not content.

    Args:
        body: The URL map as the API has it.
        link: What stands in a spec for a link.
    """
    matchers = {str(each.get("name")): each for each in _objects(body.get("pathMatchers"))}
    rules = sorted(_objects(body.get("hostRules")), key=_host_order)
    found: dict[str, PlainInput] = {**_deed(body, link, names=DEFAULTS)}
    if rules:
        found["hostRules"] = [
            {"hosts": sorted(_texts(rule.get("hosts"))), "pathMatcher": _text(rule, "pathMatcher")}
            for rule in rules
        ]
    named = list(dict.fromkeys(_text(rule, "pathMatcher") for rule in rules))
    order = [*named, *sorted(matchers.keys() - set(named))]
    if matchers:
        found["pathMatchers"] = [_matcher(matchers[n], link) for n in order if n in matchers]
    return freeze_spec(found)


def canonical_action(rule: Fields, link: Link = lambda text: text) -> Spec:
    """Return what a rule does in its one form; both spellings of the fields are understood."""
    default = any(name in rule for name in DEFAULTS.values())
    deed = _deed(rule, link, names=DEFAULTS if default else _AS_THEY_ARE)
    plain = {DEFAULTS[name]: name for name in DEFAULTS}
    return freeze_spec({plain.get(name, name): value for name, value in deed.items()})


def as_default(action: Spec) -> dict[str, Value]:
    """Return an action with the names that its fields have where no rule matched."""
    return {DEFAULTS.get(name, name): value for name, value in action.items()}


def update_body(spec: Spec) -> Spec:
    """Return what to send for a URL map: ``None`` for what we answer for and do not want."""
    body: dict[str, PlainInput] = {**spec, **_full(spec, DEFAULTS)}
    body["hostRules"] = spec.get("hostRules", ())
    body["pathMatchers"] = [
        {
            **matcher,
            **_full(matcher, DEFAULTS),
            "description": matcher.get("description", ""),
            "routeRules": matcher.get("routeRules"),
            "pathRules": [
                {**rule, **_full(rule, _AS_THEY_ARE)} for rule in _objects(matcher.get("pathRules"))
            ],
        }
        for matcher in _objects(spec.get("pathMatchers"))
    ]
    return freeze_spec(body)


_AS_THEY_ARE: Mapping[str, str] = MappingProxyType({name: name for name in DEFAULTS})


def _full(holder: Fields, names: Mapping[str, str]) -> dict[str, PlainInput]:
    """Return everything that a rule may do, ``None`` where it does not."""
    action, redirect = holder.get(names[ACTION]), holder.get(names[REDIRECT])
    return {
        names[SERVICE]: holder.get(names[SERVICE]),
        names[REDIRECT]: _with_nones(redirect, (*_REDIRECT_TEXTS, *_REDIRECT_FLAGS)),
        names[ACTION]: _full_action(action if isinstance(action, Mapping) else {}),
    }


def _full_action(action: Fields) -> dict[str, PlainInput]:
    rewrite = action.get(REWRITE)
    return {
        WEIGHTED: action.get(WEIGHTED),
        REWRITE: _with_nones(rewrite, _REWRITE_PARTS),
        FAULT: _with_nones(action.get(FAULT), _FAULT_PARTS),
        RETRY: _with_nones(action.get(RETRY), _RETRY_PARTS),
    }


def _with_nones(value: PlainInput, names: Iterable[str]) -> PlainInput:
    if not isinstance(value, Mapping):
        return None
    return {**dict.fromkeys(names), **value}


def _matcher(matcher: Fields, link: Link) -> dict[str, PlainInput]:
    found: dict[str, PlainInput] = {
        "name": _text(matcher, "name"),
        "description": _text(matcher, "description"),
        **_deed(matcher, link, names=DEFAULTS),
    }
    rules: list[dict[str, PlainInput]] = [
        _path_rule(rule, link) for rule in _objects(matcher.get("pathRules"))
    ]
    rules.sort(key=_first_paths)
    if rules:
        found["pathRules"] = rules
    routes = _objects(matcher.get("routeRules"))
    if routes:
        found["routeRules"] = [_route_rule(rule, link) for rule in sorted(routes, key=_priority)]
    return found


def _path_rule(rule: Fields, link: Link) -> dict[str, PlainInput]:
    deed = _deed(rule, link, names=_AS_THEY_ARE)
    return {"paths": sorted(_texts(rule.get("paths"))), **deed}


def _route_rule(rule: Fields, link: Link) -> dict[str, PlainInput]:
    """Return a route rule. None of ours: whatever else somebody wrote in it stays as it is."""
    rest = {name: _plain(value) for name, value in rule.items() if name not in _AS_THEY_ARE}
    return {**rest, **_deed(rule, link, names=_AS_THEY_ARE)}


def _deed(holder: Fields, link: Link, *, names: Mapping[str, str]) -> dict[str, PlainInput]:
    """Return what a rule does: service, redirect and action, those that it has."""
    found: dict[str, PlainInput] = {}
    service = holder.get(names[SERVICE])
    if service:
        found[names[SERVICE]] = _linked(service, link)
    redirect = holder.get(names[REDIRECT])
    if isinstance(redirect, Mapping) and redirect:
        found[names[REDIRECT]] = _redirect(redirect)
    action = holder.get(names[ACTION])
    kept = _action(action, link) if isinstance(action, Mapping) else {}
    if kept:
        found[names[ACTION]] = kept
    return found


def _redirect(redirect: Fields) -> dict[str, PlainInput]:
    found: dict[str, PlainInput] = {
        name: redirect[name] for name in _REDIRECT_TEXTS if redirect.get(name)
    }
    found |= {name: True for name in _REDIRECT_FLAGS if redirect.get(name) is True}
    found["redirectResponseCode"] = redirect.get("redirectResponseCode") or REDIRECT_DEFAULT
    return found


def _action(action: Fields, link: Link) -> dict[str, PlainInput]:
    found: dict[str, PlainInput] = {}
    weighted: list[dict[str, PlainInput]] = [
        {"backendService": _linked(each.get("backendService"), link), "weight": _number(each)}
        for each in _objects(action.get(WEIGHTED))
    ]
    weighted.sort(key=_service_text)
    if weighted:
        found[WEIGHTED] = weighted
    rewrite = action.get(REWRITE)
    kept = (
        {name: rewrite[name] for name in _REWRITE_PARTS if rewrite.get(name)}
        if isinstance(rewrite, Mapping)
        else {}
    )
    if kept:
        found[REWRITE] = kept
    fault, retry = action.get(FAULT), action.get(RETRY)
    if isinstance(fault, Mapping) and fault:
        found[FAULT] = _plain(fault)
    if isinstance(retry, Mapping) and retry:
        found[RETRY] = _retry(retry)
    return found


def _retry(retry: Fields) -> dict[str, PlainInput]:
    found: dict[str, PlainInput] = {"numRetries": retry.get("numRetries") or 1}
    timeout = retry.get("perTryTimeout")
    if isinstance(timeout, Mapping) and any(timeout.values()):
        found["perTryTimeout"] = {name: value for name, value in timeout.items() if value}
    conditions = sorted(_texts(retry.get("retryConditions")))
    return {**found, "retryConditions": conditions} if conditions else found


def _linked(value: PlainInput, link: Link) -> PlainInput:
    return link(value) if isinstance(value, str) else value


def _number(weighted: Fields) -> int:
    weight = weighted.get("weight")
    return int(weight) if isinstance(weight, int | float) else 0


def _plain(value: PlainInput) -> PlainInput:
    """Return a value with whole numbers as integers."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, str | int | Ref | Unknown) or value is None:
        return value
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, Sequence) else value


def host_order(host: str) -> tuple[int, int, str]:
    """Return the sort key by which hosts are tried: exact ones, longer patterns first, any."""
    if host == ANY_HOST:
        return (2, 0, host)
    if host.startswith(ANY_HOST):
        return (1, -len(host), host)
    return (0, 0, host)


def _host_order(rule: Fields) -> tuple[tuple[int, int, str], ...]:
    return tuple(sorted(host_order(host) for host in _texts(rule.get("hosts"))))


def _first_paths(rule: Fields) -> list[str]:
    return _texts(rule.get("paths"))


def _service_text(weighted: Fields) -> str:
    return str(weighted.get("backendService"))


def _priority(rule: Fields) -> int:
    priority = rule.get("priority")
    return priority if isinstance(priority, int) else 0


def _objects(value: PlainInput) -> list[Fields]:
    if not isinstance(value, list | tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def _texts(value: PlainInput) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _text(holder: Fields, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""

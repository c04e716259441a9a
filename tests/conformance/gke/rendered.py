"""What the command prints, made comparable: by the names that the cloud sees, links followed.

This is the one place where something is left out: words of our own in descriptions, which say whose
a resource is and which GKE knows nothing of. Everything else is compared whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tests.conformance.incumbent.rendered import Finding

OWN: Final = "ingress-provisioner.io/"
SECRET: Final = "secret"
LATER: Final = "later"
NAMELESS: Final = ""

_DEFAULTS: Final = ("defaultService", "defaultUrlRedirect", "defaultRouteAction")

Resources = Mapping[str, Mapping[str, object]]


class Resource(msgspec.Struct):
    """A resource."""

    kind: str
    address: str
    name: str | None
    ingresses: list[str]
    spec: dict[str, object]


class LoadBalancer(msgspec.Struct):
    """A load balancer."""

    group: str
    resources: list[Resource]


class Rendered(msgspec.Struct, rename="camel"):
    """What ``provisioner render -o json`` prints."""

    load_balancers: list[LoadBalancer]
    diagnostics: list[Finding]

    def resources(self) -> dict[str, dict[str, object]]:
        """Return every resource by its identity; two of one identity are an error."""
        listed = [each for balancer in self.load_balancers for each in balancer.resources]
        named = {each.address: _identity(each) for each in listed if each.name != NAMELESS}
        named |= {each.address: _member(each, named) for each in listed if each.name == NAMELESS}
        assert len(set(named.values())) == len(listed), sorted(named.values())
        return {named[each.address]: _plain(each, named) for each in listed}

    def findings(self) -> list[str]:
        """Return the diagnostics, sorted."""
        return sorted(f"{d.severity} {d.code} {d.subject} {d.field}" for d in self.diagnostics)


def _identity(resource: Resource) -> str:
    """Return kind, place and name: what tells a resource apart in a project."""
    place = resource.spec.get("zone") or resource.spec.get("region")
    name = LATER if resource.name is None else resource.name
    return f"{resource.kind} {place}/{name}" if place else f"{resource.kind} {name}"


def _member(resource: Resource, named: Mapping[str, str]) -> str:
    """Return the identity of what has no name: that of what it belongs to, and its own kind."""
    spec = resource.spec
    parent = spec.get("networkEndpointGroup") or spec.get("instanceGroup")
    if resource.kind == "SignedUrlKey":
        return f"SignedUrlKey {_named(spec['backendService'], named)} {spec['keyName']}"
    if isinstance(parent, dict):
        return f"{resource.kind} {_named(parent, named).partition(' ')[2]}"
    return f"{resource.kind} {resource.address.rpartition('/')[2]}"


def _named(value: object, named: Mapping[str, str]) -> str:
    assert isinstance(value, dict)
    address, _, attribute = str(value["ref"]).rpartition(".")
    return named[address] if attribute == "selfLink" else f"{named[address]} {attribute}"


def _plain(resource: Resource, named: Mapping[str, str]) -> dict[str, object]:
    """Return all of a resource: its fields, its name where it has one, and its Ingresses."""
    found = {key: _comparable(value, named) for key, value in resource.spec.items()}
    name = LATER if resource.name is None else resource.name
    assert found.pop("name", NAMELESS) == name
    if resource.kind == "UrlMap":
        found |= {"hosts": _hosts(found.pop("hostRules", ()), found.pop("pathMatchers", ()))}
    if "description" in found:
        found["description"] = _words(found["description"])
    found["(ingresses)"] = resource.ingresses
    return found


def _comparable(value: object, named: Mapping[str, str]) -> object:
    """Return a value with identities for references and one word for all that is secret."""
    match value:
        case {"fingerprint": str()}:
            return SECRET
        case {"ref": str()}:
            return _named(value, named)
        case None:
            return LATER
        case dict():
            return {key: _comparable(item, named) for key, item in value.items()}
        case list():
            return [_comparable(item, named) for item in value]
        case _:
            return value


def _words(text: object) -> object:
    """Return the words of a description that are not ours."""
    if text == LATER:
        return LATER
    words = json.loads(str(text))
    assert any(key.startswith(OWN) for key in words), f"nobody's: {text}"
    return {key: word for key, word in words.items() if not key.startswith(OWN)}


def _hosts(rules: object, matchers: object) -> dict[str, object]:
    """Return the hosts of a URL map; the order of host and path rules means nothing to it."""
    by_name = {each["name"]: each for each in msgspec.convert(matchers, list[dict[str, object]])}
    found: dict[str, object] = {}
    for rule in msgspec.convert(rules, list[dict[str, object]]):
        (host,) = msgspec.convert(rule["hosts"], list[str])
        assert host not in found, f"two rules for host {host}"
        found[host] = _matcher(by_name.pop(rule["pathMatcher"]))
    assert not by_name, f"no host has {sorted(map(str, by_name))}"
    return found


def _matcher(matcher: Mapping[str, object]) -> dict[str, object]:
    left = {key: value for key, value in matcher.items() if key not in {"pathRules", *_DEFAULTS}}
    assert not left.pop("description") or not _words(matcher["description"])
    paths: dict[str, object] = {}
    for rule in msgspec.convert(matcher["pathRules"], list[dict[str, object]]):
        (path,) = msgspec.convert(rule.pop("paths"), list[str])
        assert path not in paths, f"two rules for {path}"
        service = rule.get("service")
        paths[path] = service if rule == {"service": service} else rule
    return {
        **left,
        **{key: matcher[key] for key in _DEFAULTS if key in matcher},
        "paths": paths,
    }


def differences(expected: Resources, found: Resources) -> Iterator[str]:
    """Yield every field that is not as expected; nothing is left out on either side."""
    for identity in sorted({*expected, *found}):
        if identity not in found:
            yield f"{identity} is missing"
        elif identity not in expected:
            yield f"{identity} is one too many: {dict(found[identity])}"
        else:
            wanted, there = expected[identity], found[identity]
            for name in sorted({*wanted, *there}):
                one, other = wanted.get(name, "(absent)"), there.get(name, "(absent)")
                if one != other:
                    yield f"{identity}, {name}: expected {one}, found {other}"

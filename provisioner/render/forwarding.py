"""Where a load balancer of Google's listens: its forwarding rules in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from provisioner.model.resource import Ref, Resource, Value

KIND: Final = "ForwardingRule"

_SCHEMES: Final[Mapping[tuple[str, bool], str]] = {
    ("EXTERNAL_MANAGED", False): "global external",
    ("EXTERNAL", False): "classic external",
    ("EXTERNAL_MANAGED", True): "regional external",
    ("INTERNAL_MANAGED", True): "regional internal",
}


def facts(resources: Iterable[Resource]) -> tuple[str, ...]:
    """Return the kind of the load balancer, then where it listens: ``HTTP 80``, ``HTTPS 443``."""
    rules = [resource for resource in resources if resource.kind == KIND]
    kinds = dict.fromkeys(filter(None, (_kind(rule) for rule in rules)))
    return (*kinds, *(listener(rule) for rule in sorted(rules, key=_port)))


def listener(rule: Resource) -> str:
    """Return ``HTTPS 443`` of a forwarding rule, by what it leads to."""
    target = rule.spec.get("target")
    text = target.address if isinstance(target, Ref) else str(target)
    protocol = "HTTPS" if "https" in text.lower() else "HTTP"
    return f"{protocol} {_port(rule)}"


def _kind(rule: Resource) -> str:
    scheme = str(rule.spec.get("loadBalancingScheme", ""))
    return _SCHEMES.get((scheme, "region" in rule.spec), scheme)


def _port(rule: Resource) -> int:
    """Return the port of a range that is always one port."""
    return _first(rule.spec.get("portRange"))


def _first(value: Value) -> int:
    first = str(value).partition("-")[0]
    return int(first) if first.isdecimal() else 0

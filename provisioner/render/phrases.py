"""Specs in a person's words: one short phrase per value, whatever the cloud's spelling.

A rule's ``Conditions`` are forty lines of JSON that say "host shop.example.com, path /cart". The
shapes of the cloud APIs are few, so they are recognised here by their field names, once, for all
renderers. What is not recognised is printed field by field; nothing is ever left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from provisioner.model.resource import Fingerprint, Ref, Unknown, Value
from provisioner.model.settings import ANNOTATION_PREFIX

_CONDITION_WORDS: Final[Mapping[str, str]] = {
    "host-header": "host",
    "path-pattern": "path",
    "http-header": "header",
    "http-request-method": "method",
    "query-string": "query",
    "source-ip": "source",
}
_LINK: Final = "selfLink"
_GOOGLE_LINK: Final = re.compile(
    r"projects/([\w.:-]+)/(?:global|regions/([\w-]+)|zones/([\w-]+))/([\w-]+/[\w-]+)"
)
_RANGE_KEYS: Final = ("CidrIp", "CidrIpv6", "PrefixListId", "GroupId")
_RANGE_LISTS: Final = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")


def phrase(value: Value, group: str = "") -> str:
    """Return ``value`` on one line.

    Args:
        value: Any part of a spec.
        group: The load balancer that is being printed; its name is left out of addresses.
    """
    match value:
        case Ref():
            return _reference(value, group)
        case Unknown():
            return f"(known after apply: {value.why})" if value.why else "(known after apply)"
        case Fingerprint():
            return f"(secret, fingerprint {value.digest[:8]})"
        case bool() | int() | float() | str() | None:
            return _scalar(value)
        case tuple():
            return ", ".join(phrase(item, group) for item in value) if value else "none"
        case Mapping():
            return _mapping(value, group)


def _scalar(value: bool | float | str | None) -> str:  # noqa: FBT001 - a value of JSON
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case str():
            return short_link(value) or '""'
        case int() | float():
            return str(value)


def _mapping(value: Mapping[str, Value], group: str) -> str:
    """Recognise the shapes that the clouds use most; spell out the rest."""
    known = _shape_of_aws(value, group) or _shape_of_google(value, group)
    return (
        known or ", ".join(f"{key} {phrase(item, group)}" for key, item in value.items()) or "none"
    )


def _shape_of_aws(value: Mapping[str, Value], group: str) -> str:
    keys = value.keys()
    if keys == {"Key", "Value"}:
        return f"{phrase(value['Key'])}={phrase(value['Value'], group)}"
    if "Field" in keys:
        return condition(value)
    if "Type" in keys and isinstance(value["Type"], str):
        return action(value, group)
    if "Id" in keys and keys <= {"Id", "Port", "AvailabilityZone"}:
        return target(value)
    if keys == {"CertificateArn"}:
        return phrase(value["CertificateArn"])
    if "IpProtocol" in keys:
        return permission(value, group)
    if keys == {"RuleArn", "Priority"}:
        return f"{phrase(value['Priority'])}: {_ref_name(value['RuleArn'], group)}"
    return ""


def _shape_of_google(value: Mapping[str, Value], group: str) -> str:
    keys = value.keys()
    if {"group", "balancingMode"} <= keys:
        return backend(value, group)
    if keys == {"IPProtocol", "ports"}:
        return f"{phrase(value['IPProtocol'])} {phrase(value['ports'])}"
    return ""


def _reference(ref: Ref, group: str) -> str:
    """Return what a Ref takes from where; on Google nearly every one takes the link."""
    where = short_address(ref.address, group)
    return where if ref.field == _LINK else f"{ref.field} of {where}"


def short_link(text: str) -> str:
    """Return a link of Google's without the words that every link has.

    ``projects/shop/regions/europe-west1/subnetworks/a`` is ``shop/europe-west1/subnetworks/a``: the
    project stays, because networks and firewalls may be another's.
    """
    found = _GOOGLE_LINK.fullmatch(text)
    return "/".join(part for part in found.groups() if part) if found else text


def backend(value: Mapping[str, Value], group: str = "") -> str:
    """Return a group behind a backend service: ``... web:80/pod/zone-a (RATE)``."""
    details = [phrase(value["balancingMode"])]
    rest = {k: v for k, v in value.items() if k not in {"group", "balancingMode"}}
    if rest.get("capacityScaler") == 1:
        del rest["capacityScaler"]
    details.extend(f"{key} {phrase(item)}" for key, item in rest.items())
    return f"{phrase(value['group'], group)} ({', '.join(details)})"


def short_address(address: str, group: str) -> str:
    """Return an address without provider and group, where the group is what is being printed."""
    _, _, tail = address.partition(":")
    kind, slash, rest = tail.partition("/")
    if group and slash and (rest == group or rest.startswith((f"{group}/", f"{group}@"))):
        rest = rest[len(group) :].lstrip("/")
        return f"{kind} {rest}" if rest else kind
    return address


def _ref_name(value: Value, group: str) -> str:
    """Return what a Ref points at, without its field: the name of a backend."""
    if not isinstance(value, Ref):
        return phrase(value, group)
    return short_address(value.address, group).removeprefix("target-group ")


def condition(value: Mapping[str, Value]) -> str:
    """Return one rule condition: ``host shop.example.com``, ``header X-Beta: yes``."""
    field = phrase(value["Field"])
    word = _CONDITION_WORDS.get(field, field)
    for config in value.values():
        if isinstance(config, Mapping):
            return _condition_config(word, config)
    return f"{word} {phrase(value.get('Values'))}"


def _condition_config(word: str, config: Mapping[str, Value]) -> str:
    name = config.get("HttpHeaderName")
    head = f"{word} {name}:" if isinstance(name, str) else word
    if config.get("RegexValues"):
        return f"{head} matching {phrase(config['RegexValues'])}"
    return f"{head} {phrase(config.get('Values'))}"


def action(value: Mapping[str, Value], group: str = "") -> str:
    """Return one rule action: ``-> web:80/pod``, ``redirect 301 to ...``, ``answer 404``."""
    match value["Type"]:
        case "forward":
            return f"-> {_forward(value, group)}"
        case "redirect":
            return _redirect(_config(value, "RedirectConfig"))
        case "fixed-response":
            return _fixed_response(_config(value, "FixedResponseConfig"))
        case kind:
            rest = {k: v for k, v in value.items() if k not in {"Type", "Order"}}
            detail = "; ".join(phrase(item, group) for item in rest.values())
            return f"{phrase(kind)} ({detail})" if detail else phrase(kind)


def rule(where: str, what: str) -> str:
    """Return conditions and actions as one sentence: ``host a, path /b -> web:80/pod``."""
    if not where or not what:
        return where or what
    return f"{where} {what}" if what.startswith("->") else f"{where} -> {what}"


def _config(value: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    config = value.get(key)
    return config if isinstance(config, Mapping) else {}


def _forward(value: Mapping[str, Value], group: str) -> str:
    config = _config(value, "ForwardConfig")
    members = config.get("TargetGroups")
    if not isinstance(members, tuple) or not members:
        return _ref_name(value.get("TargetGroupArn"), group)
    parts = []
    for member in members:
        if isinstance(member, Mapping):
            name = _ref_name(member.get("TargetGroupArn"), group)
            weight = member.get("Weight")
            parts.append(name if len(members) == 1 else f"{name} (weight {phrase(weight)})")
    stickiness = _config(config, "TargetGroupStickinessConfig")
    if stickiness.get("Enabled"):
        parts.append(f"sticky for {phrase(stickiness.get('DurationSeconds'))} s")
    return ", ".join(parts)


def _redirect(config: Mapping[str, Value]) -> str:
    status = phrase(config.get("StatusCode")).removeprefix("HTTP_")
    protocol = str(config.get("Protocol") or "#{protocol}").lower()
    host = str(config.get("Host") or "#{host}")
    port = str(config.get("Port") or "#{port}")
    path = str(config.get("Path") or "/#{path}")
    query = str(config["Query"]) if "Query" in config else "#{query}"
    tail = f"?{query}" if query else ""
    return f"redirect {status} to {protocol}://{host}:{port}{path}{tail}"


def _fixed_response(config: Mapping[str, Value]) -> str:
    body = config.get("MessageBody")
    text = f"answer {phrase(config.get('StatusCode'))}"
    return f'{text} "{body}"' if isinstance(body, str) and body else text


def target(value: Mapping[str, Value]) -> str:
    """Return one target: ``10.0.1.7:8080``."""
    port = f":{phrase(value['Port'])}" if "Port" in value else ""
    return f"{phrase(value['Id'])}{port}"


def permission(value: Mapping[str, Value], group: str = "") -> str:
    """Return one security group permission: ``tcp 80 from 0.0.0.0/0, ::/0``."""
    low, high = value.get("FromPort"), value.get("ToPort")
    protocol = phrase(value["IpProtocol"])
    if protocol == "-1":
        protocol = "everything"
    ports = "" if low is None else f" {low}" if low == high else f" {phrase(low)}-{phrase(high)}"
    return f"{protocol}{ports} from {', '.join(_sources(value, group)) or 'nobody'}"


def _sources(value: Mapping[str, Value], group: str) -> Iterable[str]:
    for listing in _RANGE_LISTS:
        ranges = value.get(listing)
        if isinstance(ranges, Unknown):
            yield phrase(ranges)
        for item in ranges if isinstance(ranges, tuple) else ():
            if isinstance(item, Mapping):
                yield from (phrase(item[key], group) for key in _RANGE_KEYS if key in item)


def is_pair_list(value: Value) -> bool:
    """Tell whether a value is a list of ``{"Key", "Value"}`` (tags, attributes)."""
    return (
        isinstance(value, tuple)
        and bool(value)
        and all(isinstance(item, Mapping) and item.keys() == {"Key", "Value"} for item in value)
    )


def pairs(value: Value) -> Mapping[str, Value]:
    """Return such a list by key."""
    if not isinstance(value, tuple):
        return {}
    found = (item for item in value if isinstance(item, Mapping))
    return {str(item.get("Key")): item.get("Value") for item in found}


def is_mark(key: str) -> bool:
    """Tell whether a tag is one of our marks, which a reader need not see in full."""
    return key.startswith(ANNOTATION_PREFIX)


def counted(number: int, noun: str) -> str:
    """Return ``1 target``, ``12 targets``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

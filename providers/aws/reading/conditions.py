"""``conditions.${name}``: what else must hold for the paths that lead to Service ``${name}``.

Every condition makes a rule narrower, so one that is not understood is refused: AWS Load Balancer
Controller drops an unknown ``field``, and the rule then answers more requests than was asked for.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import TypeVar

from provisioner.core.json_values import JsonObject, json_objects
from provisioner.core.values import quoted
from provisioner.model.annotation import AnnotationError
from provisioner.model.resource import PlainInput, Spec, freeze_spec

_CONFIGS = {
    "host-header": "hostHeaderConfig",
    "path-pattern": "pathPatternConfig",
    "http-header": "httpHeaderConfig",
    "http-request-method": "httpRequestMethodConfig",
    "query-string": "queryStringConfig",
    "source-ip": "sourceIPConfig",
}
_BOTOCORE = {"sourceIPConfig": "SourceIpConfig"}
_FIELDS = ", ".join(_CONFIGS)
_LONGEST = 128
_LONGEST_NAME = 40
_HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # a token of RFC 7230
_METHOD = r"[A-Z_-]+"

Config = Mapping[str, PlainInput]
T = TypeVar("T")


def conditions(raw: str) -> tuple[Spec, ...]:
    """Return the conditions of a JSON list, in AWS's own form and in written order."""
    return tuple(_condition(item) for item in json_objects(raw))


def _condition(item: JsonObject) -> Spec:
    field = item.text("field") or ""
    if field not in _CONFIGS:
        raise AnnotationError(
            f"{item.where}: field {quoted(field)} is not one of {_FIELDS}",
            hint=f"write one of {_FIELDS}",
        )
    name = _CONFIGS[field]
    config = item.object(name)
    if config is None:
        raise AnnotationError(
            f"{item.where}: field {field} needs {name}", hint=f'add "{name}": {{"values": [...]}}'
        )
    spelled = _BOTOCORE.get(name, name[0].upper() + name[1:])
    return freeze_spec({"Field": field, spelled: _config(field, config)})


def _config(field: str, config: JsonObject) -> Config:
    match field:
        case "http-header":
            return {"HttpHeaderName": _header(config), **_values(config)}
        case "http-request-method":
            return {"Values": _methods(config)}
        case "query-string":
            return {"Values": [_pair(item) for item in _some(config.objects("values"), config)]}
        case "source-ip":
            return {"Values": _networks(config)}
        case _:
            return _values(config)


def _values(config: JsonObject) -> Config:
    """Return values or regular expressions; both together would need two conditions."""
    values, regexes = config.texts("values"), config.texts("regexValues")
    if values and regexes:
        raise AnnotationError(
            f"{config.where} has values and regexValues", hint="keep one of the two"
        )
    for value in _some(values or regexes, config):
        _check(value, config)
    return {"RegexValues": regexes} if regexes else {"Values": values}


def _header(config: JsonObject) -> str:
    name = config.text("httpHeaderName") or ""
    if not re.fullmatch(_HEADER, name) or len(name) > _LONGEST_NAME:
        raise AnnotationError(
            f"{config.where}.httpHeaderName {quoted(name)} is not the name of a header",
            hint=f"names have 1 to {_LONGEST_NAME} letters, digits or -",
        )
    if name.lower() == "host":
        raise AnnotationError(
            f"{config.where}: the host has a condition of its own", hint="use field host-header"
        )
    return name


def _methods(config: JsonObject) -> tuple[str, ...]:
    for method in _some(config.texts("values"), config):
        if not re.fullmatch(_METHOD, method) or len(method) > _LONGEST_NAME:
            raise AnnotationError(
                f"{config.where}: {quoted(method)} is not a request method",
                hint="write methods in upper case, such as GET; they take no wildcards",
            )
    return config.texts("values")


def _pair(item: JsonObject) -> Config:
    key, value = item.text("key"), item.required_text("value")
    _check(value, item)
    if not key:
        return {"Value": value}
    _check(key, item)
    return {"Key": key, "Value": value}


def _networks(config: JsonObject) -> tuple[str, ...]:
    for block in _some(config.texts("values"), config):
        try:
            ok = "/" in block and bool(ipaddress.ip_network(block, strict=False))
        except ValueError:
            ok = False
        if not ok:
            raise AnnotationError(
                f"{config.where}: {quoted(block)} is not a CIDR block",
                hint='write blocks such as "10.0.0.0/8"',
            )
    return config.texts("values")


def _some(items: tuple[T, ...], config: JsonObject) -> tuple[T, ...]:
    if not items:
        raise AnnotationError(f"{config.where} has no values", hint='add "values": [...]')
    return items


def _check(value: str, config: JsonObject) -> None:
    if not value or len(value) > _LONGEST:
        raise AnnotationError(
            f"{config.where}: {quoted(value)} has not 1 to {_LONGEST} characters",
            hint="AWS takes no other",
        )

"""Conditions of rules: which are refused and how they read back.

The figures are those of the pages "Condition types for listener rules" and "Quotas for your
Application Load Balancers": five values and five wildcards per rule, 128 characters per value,
one condition each of host, path, method and source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws.errors import RefusalError, invalid
from provisioner.sandbox.aws.limits import AccountLimits

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import RuleConditionOutputTypeDef

LONGEST_VALUE = 128
LONGEST_HEADER_NAME = 40
LONGEST_METHOD = 40
ONCE_PER_RULE = ("host-header", "path-pattern", "http-request-method", "source-ip")
WITH_SHORT_VALUES = ("host-header", "path-pattern")
WITH_REGEX = ("host-header", "path-pattern", "http-header")
CONFIGS = MappingProxyType(
    {
        "host-header": "HostHeaderConfig",
        "path-pattern": "PathPatternConfig",
        "http-header": "HttpHeaderConfig",
        "http-request-method": "HttpRequestMethodConfig",
        "query-string": "QueryStringConfig",
        "source-ip": "SourceIpConfig",
    }
)
HOST = re.compile(r"[A-Za-z0-9*?.-]*\.[A-Za-z]+")
VISIBLE = re.compile(r"[!-~]+")
METHOD = re.compile(r"[A-Z_-]+")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What the page lists as not supported: look-around, back references, atomic groups, possessive
# quantifiers, named subroutines and recursion.
UNSUPPORTED_REGEX = re.compile(r"\(\?[=!>&PR0-9]|\(\?<[=!]|\\[1-9]|[*+?}]\+")

Config = dict[str, object]


def normal_conditions(
    conditions: Sequence[RuleConditionOutputTypeDef], limits: AccountLimits
) -> tuple[RuleConditionOutputTypeDef, ...]:
    """Check the conditions of one rule and bring them into the form in which AWS answers."""
    if not conditions:
        raise invalid("A condition must be specified")
    kinds = Counter(condition.get("Field", "") for condition in conditions)
    for kind in ONCE_PER_RULE:
        if kinds[kind] > 1:
            raise invalid(f"A rule can only have one '{kind}' condition")
    normal = tuple(_normal(condition) for condition in conditions)
    texts = [text for condition in normal for text in _texts(condition)]
    _check_count(len(texts), "condition values", limits["condition-values-per-alb-rule"])
    wildcards = sum(text.count("*") + text.count("?") for text in _wildcard_texts(normal))
    _check_count(wildcards, "wildcards", limits["condition-wildcards-per-alb-rule"])
    return normal


def check_regex(expression: str, *, longest: int = LONGEST_VALUE) -> None:
    """Refuse a regular expression that the service would refuse."""
    if not 1 <= len(expression) <= longest:
        raise invalid(f"The regular expression '{expression}' must have 1 to {longest} characters")
    if UNSUPPORTED_REGEX.search(expression):
        raise invalid(f"The regular expression '{expression}' uses an unsupported feature")
    try:
        re.compile(expression)
    except re.error as error:
        raise invalid(f"The regular expression '{expression}' is not valid: {error}") from None


def _normal(condition: RuleConditionOutputTypeDef) -> RuleConditionOutputTypeDef:
    kind = condition.get("Field", "")
    if kind not in CONFIGS:
        raise invalid(f"Condition field '{kind}' must be one of {', '.join(CONFIGS)}")
    own = CONFIGS[kind]
    foreign = [each for each in CONFIGS.values() if each != own and each in condition]
    if foreign:
        raise invalid(f"{foreign[0]} cannot be specified for a condition of type '{kind}'")
    config = _config(condition, kind, own)
    CHECKS[kind](config)
    answer: dict[str, object] = {"Field": kind, own: config}
    if kind in WITH_SHORT_VALUES and "Values" in config:
        answer["Values"] = config["Values"]
    return cast("RuleConditionOutputTypeDef", answer)


def _config(condition: RuleConditionOutputTypeDef, kind: str, own: str) -> Config:
    """The condition's config, the short forms folded into it."""
    given: Config = dict(condition.get(own) or {})  # type: ignore[call-overload]  # likewise
    for key, kinds in (("Values", WITH_SHORT_VALUES), ("RegexValues", WITH_REGEX)):
        short = condition.get(key)
        if not short:
            continue
        if kind not in kinds:
            raise invalid(f"The '{key}' field is not compatible with '{kind}'")
        if key in given and given[key] != short:
            raise invalid(f"You cannot provide both {key} and {own} for a condition")
        if key == "Values" and key not in given and len(_strings(short)) > 1:
            raise invalid(f"The '{kind}' field contains too many values; the limit is '1'")
        given[key] = short
    filled = {key: value for key, value in given.items() if value != []}
    if ("Values" in filled) == ("RegexValues" in filled):
        raise invalid(
            f"A condition of type '{kind}' must have either values or regular expressions"
        )
    if kind not in WITH_REGEX and "RegexValues" in filled:
        raise invalid(f"Regular expressions are not supported for '{kind}'")
    for expression in _strings(filled.get("RegexValues")):
        check_regex(expression)
    return filled


def _check_host(config: Config) -> None:
    for value in _limited(config, "host-header"):
        if not HOST.fullmatch(value):
            raise invalid(
                f"Condition value '{value}' contains a character that is not valid, has no dot, or "
                "has other than letters after the last dot"
            )


def _check_path(config: Config) -> None:
    for value in _limited(config, "path-pattern"):
        if not VISIBLE.fullmatch(value):
            raise invalid(f"Condition value '{value}' contains a character that is not valid")


def _check_header(config: Config) -> None:
    name = str(config.get("HttpHeaderName", ""))
    if not 1 <= len(name) <= LONGEST_HEADER_NAME or not HEADER_NAME.fullmatch(name):
        raise invalid(f"The header name '{name}' is not valid or longer than {LONGEST_HEADER_NAME}")
    if name.lower() == "host":
        raise invalid("The host header needs a host-header condition")
    _limited(config, "http-header")


def _check_method(config: Config) -> None:
    for value in _strings(config.get("Values")):
        if len(value) > LONGEST_METHOD or not METHOD.fullmatch(value):
            raise invalid(f"The http-request-method '{value}' is not valid")


def _check_query(config: Config) -> None:
    pairs = config["Values"]
    assert isinstance(pairs, list)
    for pair in pairs:
        if "Value" not in pair:
            raise invalid("A value must be specified for a query-string condition")
        if max(len(pair.get("Key", "")), len(pair["Value"])) > LONGEST_VALUE:
            raise invalid(f"A query-string key or value is longer than {LONGEST_VALUE} characters")


def _check_source(config: Config) -> None:
    for value in _strings(config.get("Values")):
        try:
            ip_network(value)
        except ValueError:
            raise invalid(f"The source-ip '{value}' is not a CIDR block") from None
        if "/" not in value:
            raise invalid(f"The source-ip '{value}' is not in CIDR format")


CHECKS: MappingProxyType[str, Callable[[Config], None]] = MappingProxyType(
    {
        "host-header": _check_host,
        "path-pattern": _check_path,
        "http-header": _check_header,
        "http-request-method": _check_method,
        "query-string": _check_query,
        "source-ip": _check_source,
    }
)


def _limited(config: Config, kind: str) -> list[str]:
    values = _strings(config.get("Values"))
    for value in values:
        if not 1 <= len(value) <= LONGEST_VALUE:
            raise invalid(f"The '{kind}' value must have 1 to {LONGEST_VALUE} characters")
    return values


def _texts(condition: RuleConditionOutputTypeDef) -> list[str]:
    """Every comparison string of a condition; a query pair is one."""
    config: Config = condition[CONFIGS[condition["Field"]]]  # type: ignore[literal-required]  # the key is chosen at run time
    pairs = config.get("Values", config.get("RegexValues"))
    assert isinstance(pairs, list)
    return [
        each if isinstance(each, str) else f"{each.get('Key', '')}={each['Value']}"
        for each in pairs
    ]


def _wildcard_texts(conditions: Sequence[RuleConditionOutputTypeDef]) -> list[str]:
    """Comparison strings in which * and ? are wildcards, escaped ones taken out."""
    with_wildcards = ("host-header", "path-pattern", "http-header", "query-string")
    return [
        re.sub(r"\\[*?]", "", text)
        for condition in conditions
        if condition["Field"] in with_wildcards
        and "RegexValues" not in condition[CONFIGS[condition["Field"]]]  # type: ignore[literal-required]  # the key is chosen at run time
        for text in _texts(condition)
    ]


def _strings(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _check_count(count: int, noun: str, most: int) -> None:
    if count > most:
        raise RefusalError("ValidationError", f"A rule can only have '{most}' {noun}")

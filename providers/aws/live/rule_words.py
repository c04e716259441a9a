"""Spell conditions and actions of rules and listeners as we would have asked for them.

* an action's ``TargetGroupArn`` beside the same ``ForwardConfig`` goes, a lone one becomes a
  ``ForwardConfig``; a single target group has no weight; stickiness that is off, and the order of
  a single action, go; a redirect says all its parts; secrets that AWS hides stand as digests;
* a condition keeps its ``...Config`` form; plain ``Values`` beside it go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws.live.plain import Object, Plain, Refs, plain, without_empty
from providers.aws.sealed import unsealed
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Value, canonical, freeze

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import RuleTypeDef

REDIRECT_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "Protocol": "#{protocol}",
        "Port": "#{port}",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
)
"""What AWS takes a redirect to keep where a part is not given."""

FIXED_RESPONSE_PARTS: Mapping[str, str] = MappingProxyType({"ContentType": "text/plain"})
"""What a fixed response is where it does not say: the incumbent controller may leave it out."""

CONDITION_CONFIGS: Mapping[str, str] = MappingProxyType(
    {
        "host-header": "HostHeaderConfig",
        "path-pattern": "PathPatternConfig",
        "http-header": "HttpHeaderConfig",
        "http-request-method": "HttpRequestMethodConfig",
        "query-string": "QueryStringConfig",
        "source-ip": "SourceIpConfig",
    }
)
LAST_CONDITIONS = ("host-header", "path-pattern")


def rule_title(answer: RuleTypeDef) -> str:
    """Return which hosts and paths a rule is for, in a few words."""
    configs = [each for each in answer.get("Conditions", []) if each["Field"] in LAST_CONDITIONS]
    configs.sort(key=lambda each: LAST_CONDITIONS.index(each["Field"]))
    values = [
        value
        for each in configs
        for config in (each.get("HostHeaderConfig", {}), each.get("PathPatternConfig", {}))
        for value in (*config.get("Values", []), *config.get("RegexValues", []))
    ]
    return " ".join(values)


def conditions(answers: Iterable[Object]) -> Value:
    """Return conditions in their canonical form and order."""
    found = [_condition(answer) for answer in answers]
    found.sort(key=_condition_order)
    return freeze(found)


def actions(answers: Iterable[Object], refs: Refs, tags: Mapping[str, str] = NO_STRINGS) -> Value:
    """Return actions in their canonical form, in the order in which they are taken.

    Args:
        answers: As AWS describes them.
        refs: What is ours.
        tags: Of the rule or listener; they hold the digests of its secrets.
    """
    ordered = sorted(answers, key=_order_of)
    several = len(ordered) > 1
    found = freeze([_action(answer, refs, numbered=several) for answer in ordered])
    return unsealed(found, tags)


def _condition(answer: Object) -> Plain:
    field = str(answer["Field"])
    config = CONDITION_CONFIGS.get(field, "")
    said = {key: value for key, value in answer.items() if key.endswith("Config") and value}
    if not said and config:  # written with plain Values
        said = {config: {"Values": answer.get("Values", [])}}
    return {"Field": field, **{key: without_empty(value) for key, value in said.items()}}


def _condition_order(condition: Plain) -> tuple[int, str]:
    """Return the place of a condition: host and path last, the others by what they say."""
    field = str(condition["Field"])
    place = LAST_CONDITIONS.index(field) + 1 if field in LAST_CONDITIONS else 0
    return place, canonical(freeze(condition))


def _order_of(answer: Object) -> int:
    order = answer.get("Order")
    return order if isinstance(order, int) else 0


def _action(answer: Object, refs: Refs, *, numbered: bool) -> Plain:
    kind = str(answer["Type"])
    action: Plain = {"Type": kind}
    if numbered:
        action["Order"] = _order_of(answer)
    if kind == "forward":
        action["ForwardConfig"] = _forward(answer, refs)
    elif kind == "redirect":
        said = plain(answer.get("RedirectConfig", {}))
        action["RedirectConfig"] = {**REDIRECT_PARTS, **(said if isinstance(said, dict) else {})}
    elif kind == "fixed-response":
        said = plain(answer.get("FixedResponseConfig", {}))
        config = said if isinstance(said, dict) else {}
        action["FixedResponseConfig"] = without_empty({**FIXED_RESPONSE_PARTS, **config})
    else:  # authentication, JWT validation
        action |= {
            key: without_empty(value) for key, value in answer.items() if key.endswith("Config")
        }
    return action


def _forward(answer: Object, refs: Refs) -> Plain:
    config = answer.get("ForwardConfig")
    said = config if isinstance(config, Mapping) else {}
    groups = [_weighted(each, refs) for each in said.get("TargetGroups", [])]
    if not groups and answer.get("TargetGroupArn"):
        groups = [{"TargetGroupArn": refs.of(str(answer["TargetGroupArn"]))}]
    if len(groups) == 1:
        groups[0].pop("Weight", None)
    groups.sort(key=lambda each: str(each["TargetGroupArn"]))
    forward: Plain = {"TargetGroups": groups}
    stickiness = said.get("TargetGroupStickinessConfig", {})
    if stickiness.get("Enabled"):
        forward["TargetGroupStickinessConfig"] = plain(stickiness)
    return forward


def _weighted(answer: Object, refs: Refs) -> Plain:
    weight = answer.get("Weight", 1)
    return {
        "TargetGroupArn": refs.of(str(answer["TargetGroupArn"])),
        "Weight": weight if isinstance(weight, int) else 1,
    }

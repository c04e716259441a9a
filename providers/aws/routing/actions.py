"""Actions of listeners and rules, in the one spelling that survives a round trip.

AWS and its emulators read actions back with things added. The canonical form, which desired specs
use and observed ones are brought to, is the shortest that loses nothing:

* ``forward`` always has a ``ForwardConfig``, never a ``TargetGroupArn`` beside it. A single target
  group has no ``Weight``; several have one each and stand in order of their addresses. Stickiness
  is written only where it is on;
* ``redirect`` always has all six fields; what a redirect keeps is its placeholder (``#{host}``);
* ``fixed-response`` has a ``MessageBody`` only where there is one;
* ``Order`` is written only where a list has several actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from provisioner.model.intent import BackendId, FixedResponse, Forward, Redirect, RuleAction
from provisioner.model.resource import PlainInput, Ref, Value, freeze

TARGET_GROUP_ARN = "TargetGroupArn"

UNAVAILABLE = FixedResponse(status=503)
"""What answers for a backend that cannot be expressed and never could."""


def actions(action: RuleAction, target_groups: Mapping[BackendId, str]) -> Value:
    """Return the action list of a rule or the default actions of a listener.

    A forward to a backend without a target group (one that was refused) answers 503.

    Args:
        action: What the intent says.
        target_groups: Addresses of target groups.
    """
    match action:
        case Forward():
            if any(weighted.backend not in target_groups for weighted in action.backends):
                return _fixed_response(UNAVAILABLE)
            return forward_to(_weights(action, target_groups))
        case Redirect():
            return _redirect(action)
        case FixedResponse():
            return _fixed_response(action)
        case _:
            assert_never(action)


def forward_to(weights: Mapping[str, int]) -> Value:
    """Return the action list that forwards to target groups (by address) with these weights."""
    groups: list[PlainInput] = [
        {TARGET_GROUP_ARN: Ref(address, TARGET_GROUP_ARN), "Weight": weights[address]}
        for address in sorted(weights)
    ]
    if len(weights) == 1:
        groups = [{TARGET_GROUP_ARN: Ref(address, TARGET_GROUP_ARN)} for address in weights]
    return freeze([{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


def weights_of(action_list: Value) -> dict[str, int]:
    """Return what an action list forwards to: address of the target group -> weight.

    Target groups that are not ours are left out. Empty for everything but a forward.
    """
    found: dict[str, int] = {}
    for action in _mappings(action_list):
        config = action.get("ForwardConfig")
        groups = config.get("TargetGroups") if isinstance(config, Mapping) else None
        for group in _mappings(groups):
            arn, weight = group.get(TARGET_GROUP_ARN), group.get("Weight", 1)
            if isinstance(arn, Ref):
                found[arn.address] = weight if isinstance(weight, int) else 1
    return found


def with_weights(action_list: Value, weights: Mapping[str, int]) -> Value:
    """Return an action list whose forward has these weights; all else (stickiness, login) stays."""
    replaced: list[PlainInput] = [
        _reweighted(action, weights) if "ForwardConfig" in action else action
        for action in _mappings(action_list)
    ]
    return freeze(replaced)


def describe(action: RuleAction) -> str:
    """Return an action in a few words."""
    match action:
        case Forward():
            if len(action.backends) == 1:
                return str(action.backends[0].backend)
            return ", ".join(f"{w.backend} ({_weight(w.weight)})" for w in action.backends)
        case Redirect():
            return f"redirect {action.status}"
        case FixedResponse():
            return str(action.status)
        case _:
            assert_never(action)


def _reweighted(action: Mapping[str, Value], weights: Mapping[str, int]) -> Mapping[str, Value]:
    config = action["ForwardConfig"]
    rest = dict(config) if isinstance(config, Mapping) else {}
    groups: list[PlainInput] = [
        {TARGET_GROUP_ARN: Ref(address, TARGET_GROUP_ARN), "Weight": weights[address]}
        for address in sorted(weights)
    ]
    return {**action, "ForwardConfig": {**rest, "TargetGroups": freeze(groups)}}


def _weights(action: Forward, target_groups: Mapping[BackendId, str]) -> dict[str, int]:
    """Return weights by address; a backend that is named twice gets the sum."""
    weights: dict[str, int] = {}
    for weighted in action.backends:
        address = target_groups[weighted.backend]
        weights[address] = weights.get(address, 0) + _weight(weighted.weight)
    return weights


def _weight(weight: int | None) -> int:
    return 1 if weight is None else weight


def _redirect(action: Redirect) -> Value:
    path = action.path if action.path is not None else "/#{path}"
    return freeze(
        [
            {
                "Type": "redirect",
                "RedirectConfig": {
                    "Protocol": action.protocol or "#{protocol}",
                    "Host": action.host or "#{host}",
                    "Port": action.port or "#{port}",
                    "Path": path,
                    "Query": action.query if action.query is not None else "#{query}",
                    "StatusCode": f"HTTP_{action.status}",
                },
            }
        ]
    )


def _fixed_response(action: FixedResponse) -> Value:
    config = {"StatusCode": str(action.status), "ContentType": action.content_type}
    if action.body:
        config["MessageBody"] = action.body
    return freeze([{"Type": "fixed-response", "FixedResponseConfig": config}])


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]

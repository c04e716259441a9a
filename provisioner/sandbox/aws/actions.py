"""Actions of rules and listeners: what is refused and how they read back.

AWS answers actions in a normal form, not as they were written: a forward action always carries
the ``ForwardConfig`` with weights and stickiness, and the short ``TargetGroupArn`` as well when
there is one target group; a redirect has all its parts filled in; client secrets are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.authentication import checked_jwt, normal_cognito, normal_oidc
from provisioner.sandbox.aws.errors import RefusalError, invalid
from provisioner.sandbox.aws.limits import AccountLimits

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        ForwardActionConfigOutputTypeDef,
        RedirectActionConfigTypeDef,
        TargetGroupStickinessConfigTypeDef,
        TargetGroupTupleTypeDef,
    )

ROUTING = ("forward", "redirect", "fixed-response")
AUTHENTICATING = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
CONFIGS = {
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
}
CONTENT_TYPES = (
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
)
HIGHEST_WEIGHT = 999
HIGHEST_PORT = 65_535
LONGEST_STICKINESS = 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The listener that actions are for, as far as they depend on it."""

    protocol: str
    port: int
    kind: str = "application"


def normal_actions(
    actions: Sequence[ActionOutputTypeDef],
    place: Place,
    limits: AccountLimits,
    *,
    existing: Sequence[ActionOutputTypeDef] = (),
) -> tuple[ActionOutputTypeDef, ...]:
    """Check the actions of one rule and bring them into the form in which AWS answers.

    Args:
        actions: As they were written.
        place: The listener they are for.
        limits: Limits in force.
        existing: The actions that they replace, whose client secrets they may keep.
    """
    _check_composition(actions, place, limits)
    normal = []
    for action in actions:
        _check_config(action)
        if action["Type"] == "authenticate-oidc":
            normal.append(normal_oidc(action, existing))
        else:
            normal.append(_normal(action, place, limits))
    return tuple(normal)


def kept_secrets(actions: Sequence[ActionOutputTypeDef]) -> list[ActionOutputTypeDef]:
    """Actions as they were answered, written so that they can be sent again."""
    written = [action.copy() for action in actions]
    for action in written:
        if "AuthenticateOidcConfig" in action:
            config = action["AuthenticateOidcConfig"].copy()
            config["UseExistingClientSecret"] = True
            action["AuthenticateOidcConfig"] = config
    return written


def _check_composition(
    actions: Sequence[ActionOutputTypeDef], place: Place, limits: AccountLimits
) -> None:
    if not actions:
        raise invalid("An action must be specified")
    if len(actions) > limits["actions-per-rule"]:
        raise RefusalError(
            "TooManyActions",
            f"The maximum number of actions per rule '{limits['actions-per-rule']}' has been "
            "reached",
        )
    orders = [action.get("Order") for action in actions]
    if len(actions) > 1 and (None in orders or len(set(orders)) < len(orders)):
        raise invalid("Each of several actions must have an order of its own")
    ordered = sorted(actions, key=lambda action: action.get("Order", 0))
    if [action["Type"] in ROUTING for action in ordered].count(True) != 1:
        raise _bad_action("A rule must have exactly one forward, redirect or fixed-response action")
    if ordered[-1]["Type"] not in ROUTING:
        raise _bad_action("The forward, redirect or fixed-response action must be the last one")
    if place.kind == "network" and ordered[-1]["Type"] != "forward":
        raise _bad_action("A listener of a network load balancer can only forward")
    if len(ordered) > 1 and place.protocol != "HTTPS":
        raise _bad_action("Authenticating actions are supported on HTTPS listeners only")


def _normal(
    action: ActionOutputTypeDef, place: Place, limits: AccountLimits
) -> ActionOutputTypeDef:
    match action["Type"]:
        case "forward":
            return _normal_forward(action, limits, place.kind)
        case "redirect":
            redirect = action.copy()
            redirect["RedirectConfig"] = _normal_redirect(action["RedirectConfig"], place)
            return redirect
        case "fixed-response":
            content_type = action["FixedResponseConfig"].get("ContentType")
            if content_type is not None and content_type not in CONTENT_TYPES:
                raise _bad_action(f"The ContentType must be one of {', '.join(CONTENT_TYPES)}")
            return action
        case "authenticate-cognito":
            return normal_cognito(action)
        case "jwt-validation":
            return checked_jwt(action)
        case _:
            return action


def _check_config(action: ActionOutputTypeDef) -> None:
    kind = action["Type"]
    own = CONFIGS.get(kind)
    if own is not None and own not in action:
        raise invalid(f"An action of type '{kind}' must have a {own}")
    foreign = [each for each in CONFIGS.values() if each != own and each in action]
    if foreign:
        raise invalid(f"{foreign[0]} cannot be specified for an action of type '{kind}'")


def _normal_forward(
    action: ActionOutputTypeDef, limits: AccountLimits, kind: str
) -> ActionOutputTypeDef:
    config = action.get("ForwardConfig", {})
    short = action.get("TargetGroupArn")
    groups = config.get("TargetGroups") or ([{"TargetGroupArn": short}] if short else [])
    if not groups:
        raise invalid("A forward action must name a target group")
    if short and [each.get("TargetGroupArn") for each in groups] != [short]:
        raise invalid("TargetGroupArn and ForwardConfig must name the same single target group")
    most = limits[f"target-groups-per-action-on-{kind}-load-balancer"]
    if len(groups) > most:
        raise RefusalError(
            "TooManyTargetGroups",
            f"The maximum number of target groups per action '{most}' has been reached",
        )
    arns = [each.get("TargetGroupArn", "") for each in groups]
    if len(set(arns)) < len(arns):
        raise invalid("A target group can be named only once per action")
    forward: ForwardActionConfigOutputTypeDef = {
        "TargetGroups": [_normal_tuple(each, alone=len(groups) == 1) for each in groups],
        "TargetGroupStickinessConfig": _normal_stickiness(config),
    }
    normal: ActionOutputTypeDef = {"Type": "forward", "ForwardConfig": forward}
    if len(arns) == 1:
        normal["TargetGroupArn"] = arns[0]
    if "Order" in action:
        normal["Order"] = action["Order"]
    return normal


def _normal_tuple(group: TargetGroupTupleTypeDef, *, alone: bool) -> TargetGroupTupleTypeDef:
    weight = group.get("Weight")
    if weight is None and not alone:
        raise invalid("Each of several target groups must have a weight")
    if weight is not None and not 0 <= weight <= HIGHEST_WEIGHT:
        raise invalid(f"The weight '{weight}' is not between 0 and {HIGHEST_WEIGHT}")
    return {
        "TargetGroupArn": group.get("TargetGroupArn", ""),
        "Weight": 1 if weight is None else weight,
    }


def _normal_stickiness(
    config: ForwardActionConfigOutputTypeDef,
) -> TargetGroupStickinessConfigTypeDef:
    stickiness = config.get("TargetGroupStickinessConfig", {})
    if not stickiness.get("Enabled"):
        return {"Enabled": False}
    seconds = stickiness.get("DurationSeconds")
    if seconds is None or not 1 <= seconds <= LONGEST_STICKINESS:
        raise invalid(f"The stickiness duration must be 1 to {LONGEST_STICKINESS} seconds")
    return {"Enabled": True, "DurationSeconds": seconds}


def _normal_redirect(
    config: RedirectActionConfigTypeDef, place: Place
) -> RedirectActionConfigTypeDef:
    normal: RedirectActionConfigTypeDef = {
        "Protocol": config.get("Protocol", "#{protocol}"),
        "Port": config.get("Port", "#{port}"),
        "Host": config.get("Host", "#{host}"),
        "Path": config.get("Path", "/#{path}"),
        "Query": config.get("Query", "#{query}"),
        "StatusCode": config["StatusCode"],
    }
    if place.protocol == "HTTPS" and normal["Protocol"] == "HTTP":
        raise _bad_action("HTTPS cannot be redirected to HTTP")
    if not normal["Path"].startswith("/"):
        raise _bad_action("The path of a redirect must begin with '/'")
    port = normal["Port"]
    if port != "#{port}" and not (port.isdecimal() and 1 <= int(port) <= HIGHEST_PORT):
        raise _bad_action(f"The port '{port}' of a redirect must be 1 to 65535 or #{{port}}")
    _check_loop(normal, place)
    return normal


def _check_loop(config: RedirectActionConfigTypeDef, place: Place) -> None:
    stays = (
        config["Protocol"] in ("#{protocol}", place.protocol)
        and config["Port"] in ("#{port}", str(place.port))
        and config["Host"] == "#{host}"
        and config["Path"] == "/#{path}"
        and config["Query"] == "#{query}"
    )
    if stays:
        raise _bad_action(
            "The redirect configuration is not valid because it creates a loop: at least one of "
            "protocol, host, port, path or query must change"
        )


def _bad_action(message: str) -> RefusalError:
    return RefusalError("InvalidLoadBalancerAction", message)

"""Actions that admit a client before its request is routed: OIDC, Cognito and JSON web tokens.

Pages AuthenticateOidcActionConfig, AuthenticateCognitoActionConfig and
JwtValidationActionConfig. A client secret goes in and never comes out again; a later change
either repeats it or asks to keep the one there is. Messages are inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import RefusalError, invalid

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        AuthenticateCognitoActionConfigOutputTypeDef,
        AuthenticateOidcActionConfigOutputTypeDef,
        JwtValidationActionConfigOutputTypeDef,
    )

DEFAULT_COOKIE = "AWSELBAuthSessionCookie"
DEFAULT_SCOPE = "openid"
DEFAULT_TIMEOUT = 604_800
MOST_PARAMETERS = 10
MOST_CLAIMS = 10
LONGEST_TEXT = 256
VALIDATED_ANYWAY = ("exp", "iss", "nbf", "iat")


def normal_oidc(
    action: ActionOutputTypeDef, existing: Iterable[ActionOutputTypeDef]
) -> ActionOutputTypeDef:
    """An OIDC action with its defaults and without its secret.

    Args:
        action: As it was written.
        existing: The actions that it replaces, whose secret it may keep.
    """
    config = action["AuthenticateOidcConfig"].copy()
    urls = {
        "Issuer": config["Issuer"],
        "AuthorizationEndpoint": config["AuthorizationEndpoint"],
        "TokenEndpoint": config["TokenEndpoint"],
        "UserInfoEndpoint": config["UserInfoEndpoint"],
    }
    for name, url in urls.items():
        _check_url(name, url)
    _check_secret(config, existing)
    config.pop("ClientSecret", None)
    config.pop("UseExistingClientSecret", None)
    _fill(config)
    normal = action.copy()
    normal["AuthenticateOidcConfig"] = config
    return normal


def normal_cognito(action: ActionOutputTypeDef) -> ActionOutputTypeDef:
    """A Cognito action with its defaults."""
    config = action["AuthenticateCognitoConfig"].copy()
    if ":cognito-idp:" not in config["UserPoolArn"]:
        raise _bad_action(f"'{config['UserPoolArn']}' is not the ARN of a user pool")
    _fill(config)
    normal = action.copy()
    normal["AuthenticateCognitoConfig"] = config
    return normal


def checked_jwt(action: ActionOutputTypeDef) -> ActionOutputTypeDef:
    """An action that validates web tokens, or a refusal; it reads back as it was written."""
    config: JwtValidationActionConfigOutputTypeDef = action["JwtValidationConfig"]
    _check_url("JwksEndpoint", config["JwksEndpoint"])
    for name, text in (("JwksEndpoint", config["JwksEndpoint"]), ("Issuer", config["Issuer"])):
        if not 1 <= len(text) <= LONGEST_TEXT:
            raise _bad_action(f"{name} must have 1 to {LONGEST_TEXT} characters")
    claims = config.get("AdditionalClaims", [])
    if len(claims) > MOST_CLAIMS:
        raise _bad_action(f"At most {MOST_CLAIMS} additional claims can be validated")
    names = [claim["Name"] for claim in claims]
    if len(set(names)) < len(names):
        raise _bad_action("A claim can be named only once")
    for claim in claims:
        if claim["Name"] in VALIDATED_ANYWAY:
            raise _bad_action(f"The claim '{claim['Name']}' is validated anyway")
        _check_values(claim["Format"], claim["Values"])
    return action


def _check_values(format_name: str, values: Sequence[str]) -> None:
    if not values:
        raise _bad_action("A claim must have a value")
    if format_name == "single-string" and len(values) > 1:
        raise _bad_action("A claim of format single-string can have only one value")


def _check_secret(
    config: AuthenticateOidcActionConfigOutputTypeDef, existing: Iterable[ActionOutputTypeDef]
) -> None:
    secret, keeps = config.get("ClientSecret"), config.get("UseExistingClientSecret", False)
    if secret is not None and keeps:
        raise _bad_action("ClientSecret and UseExistingClientSecret cannot be used together")
    if secret is not None:
        return
    if not keeps:
        raise invalid("A client secret must be specified")
    present = [each["AuthenticateOidcConfig"] for each in existing if _is_oidc(each)]
    if not any(each["ClientId"] == config["ClientId"] for each in present):
        raise _bad_action("There is no existing client secret of this client to use")


def _is_oidc(action: ActionOutputTypeDef) -> bool:
    return action["Type"] == "authenticate-oidc"


def _fill(
    config: AuthenticateOidcActionConfigOutputTypeDef
    | AuthenticateCognitoActionConfigOutputTypeDef,
) -> None:
    """Add the defaults that AWS answers."""
    config.setdefault("SessionCookieName", DEFAULT_COOKIE)
    config.setdefault("Scope", DEFAULT_SCOPE)
    config.setdefault("SessionTimeout", DEFAULT_TIMEOUT)
    config.setdefault("OnUnauthenticatedRequest", "authenticate")
    if not 1 <= config["SessionTimeout"] <= DEFAULT_TIMEOUT:
        raise _bad_action(f"The session timeout must be 1 to {DEFAULT_TIMEOUT} seconds")
    if len(config.get("AuthenticationRequestExtraParams", {})) > MOST_PARAMETERS:
        raise _bad_action(f"At most {MOST_PARAMETERS} extra parameters can be sent")


def _check_url(name: str, url: str) -> None:
    if not url.startswith("https://") or url == "https://":
        raise _bad_action(f"{name} '{url}' must be a full URL with the HTTPS protocol")


def _bad_action(message: str) -> RefusalError:
    return RefusalError("InvalidLoadBalancerAction", message)

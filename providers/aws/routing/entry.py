"""What a client has to pass before a rule answers: sign in, or show a token.

An ALB does both on HTTPS listeners only; ``open_doors`` tells whoever is on another one.

The defaults are that controller's, not the API's, so that a rule of its making is found unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from providers.aws.settings import (
    AUTH_COGNITO,
    AUTH_OIDC,
    AUTH_ON_UNAUTHENTICATED,
    AUTH_SCOPE,
    AUTH_SESSION_COOKIE,
    AUTH_SESSION_TIMEOUT,
    AUTH_TYPE,
    JWT,
    PREFIX,
    AuthType,
    JwtValidation,
)
from provisioner.core.rule_findings import RuleError
from provisioner.model.annotation import Setting
from provisioner.model.intent import ListenerProtocol
from provisioner.model.resource import PlainInput, Spec, Unknown, freeze_spec

DEFAULT_SCOPE = "openid"
DEFAULT_COOKIE = "AWSELBAuthSessionCookie"
DEFAULT_TIMEOUT = 604_800
DEFAULT_ON_UNAUTHENTICATED = "authenticate"

T = TypeVar("T")
Options = Mapping[str, object]


def entry(options: Options, protocol: ListenerProtocol, *, namespace: str) -> tuple[Spec, ...]:
    """Return the actions that stand before the one that answers; none on an HTTP listener.

    Args:
        options: Of the rule, or of the listener's default backend.
        protocol: What the listener speaks.
        namespace: Where the Secrets are that the options name.

    Raises:
        RuleError: They ask for what an ALB cannot do, or do not say enough.
    """
    if protocol is not ListenerProtocol.HTTPS:
        return ()
    kind = _get(options, AUTH_TYPE) or AuthType.NONE
    token = _get(options, JWT)
    if kind is AuthType.NONE:
        return () if token is None else (_token(token),)
    if token is not None:
        raise RuleError(
            "AUTH-CONFLICT",
            f"it asks for both sign-in ({kind}) and a token; an ALB rule does one of the two",
            hint=f"remove {PREFIX}{AUTH_TYPE.name} or {PREFIX}{JWT.name}",
            field=field_of(JWT),
        )
    match kind:
        case AuthType.OIDC:
            return (_oidc(options, namespace=namespace),)
        case AuthType.COGNITO:
            return (_cognito(options),)


def guard(options: Options) -> str:
    """Return the field that asks clients to sign in or show a token, "" where none does."""
    if (_get(options, AUTH_TYPE) or AuthType.NONE) is not AuthType.NONE:
        return field_of(AUTH_TYPE)
    return "" if _get(options, JWT) is None else field_of(JWT)


def _oidc(options: Options, *, namespace: str) -> Spec:
    provider = _needed(options, AUTH_OIDC, AuthType.OIDC)
    secret = Unknown(f"depends on Secret {namespace}/{provider.secret_name}")
    config: dict[str, PlainInput] = {
        "Issuer": provider.issuer,
        "AuthorizationEndpoint": provider.authorization_endpoint,
        "TokenEndpoint": provider.token_endpoint,
        "UserInfoEndpoint": provider.user_info_endpoint,
        "ClientId": provider.client_id or secret,
        "ClientSecret": provider.client_secret or secret,
        **_session(options, provider.extra_params),
    }
    return freeze_spec({"Type": "authenticate-oidc", "AuthenticateOidcConfig": config})


def _cognito(options: Options) -> Spec:
    pool = _needed(options, AUTH_COGNITO, AuthType.COGNITO)
    config: dict[str, PlainInput] = {
        "UserPoolArn": pool.user_pool_arn,
        "UserPoolClientId": pool.user_pool_client_id,
        "UserPoolDomain": pool.user_pool_domain,
        **_session(options, pool.extra_params),
    }
    return freeze_spec({"Type": "authenticate-cognito", "AuthenticateCognitoConfig": config})


def _session(options: Options, extra_params: Mapping[str, str]) -> dict[str, PlainInput]:
    """Return what both ways to sign in have in common."""
    timeout = _get(options, AUTH_SESSION_TIMEOUT)
    on_unauthenticated = _get(options, AUTH_ON_UNAUTHENTICATED) or DEFAULT_ON_UNAUTHENTICATED
    if on_unauthenticated not in _ON_UNAUTHENTICATED:
        raise RuleError(
            "AUTH-VALUE",
            f'"{on_unauthenticated}" is nothing that an ALB does with who has not signed in',
            hint="write " + ", ".join(_ON_UNAUTHENTICATED),
            field=field_of(AUTH_ON_UNAUTHENTICATED),
        )
    found: dict[str, PlainInput] = {
        "Scope": _get(options, AUTH_SCOPE) or DEFAULT_SCOPE,
        "SessionCookieName": _get(options, AUTH_SESSION_COOKIE) or DEFAULT_COOKIE,
        "SessionTimeout": DEFAULT_TIMEOUT if timeout is None else timeout,
        "OnUnauthenticatedRequest": on_unauthenticated,
    }
    if extra_params:
        found["AuthenticationRequestExtraParams"] = dict(extra_params)
    return found


def _token(validation: JwtValidation) -> Spec:
    config: dict[str, PlainInput] = {
        "JwksEndpoint": validation.jwks_endpoint,
        "Issuer": validation.issuer,
    }
    claims = [
        {"Format": claim.format, "Name": claim.name, "Values": list(claim.values)}
        for claim in validation.claims
    ]
    if claims:
        config["AdditionalClaims"] = claims
    return freeze_spec({"Type": "jwt-validation", "JwtValidationConfig": config})


def _needed(options: Options, setting: Setting[T], kind: AuthType) -> T:
    found = _get(options, setting)
    if found is None:
        raise RuleError(
            "AUTH-INCOMPLETE",
            f"{AUTH_TYPE.name} is {kind}, but nothing says where people sign in",
            hint=f"add annotation {PREFIX}{setting.name}",
            field=field_of(AUTH_TYPE),
        )
    return found


def _get(options: Options, setting: Setting[T]) -> T | None:
    """Return the value of a setting; the table that fills options ties its type to the setting."""
    return cast("T | None", options.get(setting.name))


def field_of(setting: Setting[T]) -> str:
    """Return the field path of a setting's annotation."""
    return f"metadata.annotations[{PREFIX}{setting.name}]"


_ON_UNAUTHENTICATED = ("authenticate", "allow", "deny")

"""Annotations that make people sign in, or tokens be checked, before a request is forwarded.

They are about rules: an Ingress states them for its own, a Service for the rules that forward to
it alone. Which of them belong together (a type and its provider) is judged where a rule is made.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from providers.aws import settings as aws
from providers.aws.reading.rows import on_backend, on_ingress
from providers.aws.settings import AuthType, CognitoPool, JwtClaim, JwtValidation, OidcProvider
from provisioner.core.json_values import JsonObject, json_object
from provisioner.core.values import choice, integer, quoted, required_text
from provisioner.model.annotation import Annotation, AnnotationError, Merge

UNAUTHENTICATED = ("authenticate", "allow", "deny")
CLAIM_FORMATS = ("single-string", "string-array", "space-separated-values")

_WEEK = 604_800
_MOST = 10  # extra parameters, claims, values of a claim
_LONGEST = 256  # of an issuer, a key set's URL and a claim's value
_CHECKED_ANYWAY = frozenset({"exp", "iss", "nbf", "iat"})
_HTTPS = r"https://[^\s/]+(/\S*)?"

_OIDC_HINT = (
    "write a JSON object with issuer, authorizationEndpoint, tokenEndpoint, userInfoEndpoint and"
    " secretName"
)
_COGNITO_HINT = "write a JSON object with userPoolARN, userPoolClientID and userPoolDomain"
_JWT_HINT = 'write {"jwksEndpoint": "https://...", "issuer": "https://..."}'


def oidc(raw: str) -> OidcProvider:
    """Return an OpenID Connect provider; the Secret that it names is read elsewhere."""
    said = json_object(raw)
    return OidcProvider(
        issuer=_url(said, "issuer", _OIDC_HINT),
        authorization_endpoint=_url(said, "authorizationEndpoint", _OIDC_HINT),
        token_endpoint=_url(said, "tokenEndpoint", _OIDC_HINT),
        user_info_endpoint=_url(said, "userInfoEndpoint", _OIDC_HINT),
        secret_name=_required(said, "secretName", _OIDC_HINT),
        extra_params=_extra_params(said),
    )


def cognito(raw: str) -> CognitoPool:
    """Return a Cognito user pool."""
    said = json_object(raw)
    return CognitoPool(
        user_pool_arn=_required(said, "userPoolARN", _COGNITO_HINT),
        user_pool_client_id=_required(said, "userPoolClientID", _COGNITO_HINT),
        user_pool_domain=_required(said, "userPoolDomain", _COGNITO_HINT),
        extra_params=_extra_params(said),
    )


def jwt(raw: str) -> JwtValidation:
    """Return which tokens are accepted."""
    said = json_object(raw)
    endpoint = _url(said, "jwksEndpoint", _JWT_HINT)
    issuer = _required(said, "issuer", _JWT_HINT)
    for name, value in (("jwksEndpoint", endpoint), ("issuer", issuer)):
        if len(value) > _LONGEST:
            raise AnnotationError(f"{name} is longer than {_LONGEST} characters", hint=_JWT_HINT)
    claims = tuple(_claim(item) for item in said.objects("additionalClaims"))
    if len(claims) > _MOST:
        raise AnnotationError(
            f"{len(claims)} additional claims are too many", hint=f"AWS checks up to {_MOST}"
        )
    return JwtValidation(jwks_endpoint=endpoint, issuer=issuer, claims=claims)


def _claim(item: JsonObject) -> JwtClaim:
    form = item.text("format") or ""
    if form not in CLAIM_FORMATS:
        formats = ", ".join(CLAIM_FORMATS)
        raise AnnotationError(
            f"{item.where}: format {quoted(form)} is not one of {formats}",
            hint=f"write one of {formats}",
        )
    name = item.required_text("name")
    if name in _CHECKED_ANYWAY:
        raise AnnotationError(
            f"{item.where}: claim {name} is checked anyway", hint="leave this claim out"
        )
    return JwtClaim(format=form, name=name, values=_claim_values(item, form))


def _claim_values(item: JsonObject, form: str) -> tuple[str, ...]:
    values = item.texts("values")
    if not 0 < len(values) <= _MOST:
        raise AnnotationError(
            f"{item.where}: it lists {len(values)} values", hint=f"list 1 to {_MOST} values"
        )
    if form == "single-string" and len(values) > 1:
        raise AnnotationError(
            f"{item.where}: format single-string has one value, {len(values)} are listed",
            hint="list one value, or use format string-array",
        )
    for value in values:
        if not value or len(value) > _LONGEST:
            raise AnnotationError(
                f"{item.where}: {quoted(value)} is not a value of a claim",
                hint=f"values have 1 to {_LONGEST} characters",
            )
        if form == "space-separated-values" and " " in value:
            raise AnnotationError(
                f"{item.where}: {quoted(value)} holds a space", hint="list each word as a value"
            )
    return values


def _required(said: JsonObject, name: str, hint: str) -> str:
    value = said.text(name)
    if not value:
        raise AnnotationError(f"{name} is required", hint=hint)
    return value


def _url(said: JsonObject, name: str, hint: str) -> str:
    value = _required(said, name, hint)
    if not re.fullmatch(_HTTPS, value):
        raise AnnotationError(
            f"{name} {quoted(value)} is not a full https URL",
            hint='write one such as "https://idp.example.com/oauth2"',
        )
    return value


def _extra_params(said: JsonObject) -> MappingProxyType[str, str]:
    found = said.text_map("authenticationRequestExtraParams")
    if len(found) > _MOST:
        raise AnnotationError(
            f"{len(found)} authenticationRequestExtraParams are too many",
            hint=f"AWS sends up to {_MOST}",
        )
    return MappingProxyType(dict(found))


ROWS: tuple[Annotation[object], ...] = (
    on_backend(
        "auth-type",
        aws.AUTH_TYPE,
        choice({kind.value: kind for kind in AuthType}),
        merge=Merge.RULE,
        kind="none | oidc | cognito",
        summary="How people are made to sign in; only rules of HTTPS ports do it.",
        default="none",
    ),
    on_backend(
        "auth-idp-cognito",
        aws.AUTH_COGNITO,
        cognito,
        merge=Merge.RULE,
        kind="JSON object",
        summary="The Cognito user pool of auth-type cognito.",
    ),
    on_backend(
        "auth-idp-oidc",
        aws.AUTH_OIDC,
        oidc,
        merge=Merge.RULE,
        kind="JSON object",
        summary="The provider of auth-type oidc; its Secret holds clientID and clientSecret.",
    ),
    on_backend(
        "auth-on-unauthenticated-request",
        aws.AUTH_ON_UNAUTHENTICATED,
        choice({word: word for word in UNAUTHENTICATED}),
        merge=Merge.RULE,
        kind=" | ".join(UNAUTHENTICATED),
        summary="What happens to those who are not signed in.",
        default="authenticate",
    ),
    on_backend(
        "auth-scope",
        aws.AUTH_SCOPE,
        required_text,
        merge=Merge.RULE,
        kind="words separated by spaces",
        summary="What is asked of the provider about a person.",
        default="openid",
    ),
    on_backend(
        "auth-session-cookie",
        aws.AUTH_SESSION_COOKIE,
        required_text,
        merge=Merge.RULE,
        kind="string",
        summary="Name of the cookie that holds a session.",
        default="AWSELBAuthSessionCookie",
    ),
    on_backend(
        "auth-session-timeout",
        aws.AUTH_SESSION_TIMEOUT,
        integer(1, _WEEK),
        merge=Merge.RULE,
        kind=f"seconds, 1 to {_WEEK}",
        summary="How long a session lasts.",
        default="604800",
    ),
    on_ingress(
        "jwt-validation",
        aws.JWT,
        jwt,
        Merge.RULE,
        kind="JSON object",
        summary="Which JSON web tokens requests must carry; only rules of HTTPS ports check them.",
        default="none",
    ),
)
"""The annotations of this level, in the order of the reference page."""

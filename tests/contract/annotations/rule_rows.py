"""Rows of the annotations that speak of rules: who has to sign in, and what a path does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from tests.contract.annotations import look
from tests.contract.annotations.row import HTTPS, NATIVE, Path, Row

_RULE = ("ModifyRule",)
_ON_BOTH_PORTS = ("ModifyRule", "ModifyRule")
_POOL = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/pool"


def _oidc(issuer: str) -> str:
    return json.dumps(
        {
            "issuer": issuer,
            "authorizationEndpoint": f"{issuer}/auth",
            "tokenEndpoint": f"{issuer}/token",
            "userInfoEndpoint": f"{issuer}/user",
            "secretName": "idp",
        }
    )


def _cognito(domain: str) -> str:
    return json.dumps(
        {"userPoolARN": _POOL, "userPoolClientID": "client", "userPoolDomain": domain}
    )


def _jwt(issuer: str) -> str:
    return json.dumps({"jwksEndpoint": "https://idp.example.com/keys", "issuer": issuer})


def _signed_in(**more: str) -> Mapping[str, str]:
    return MappingProxyType(
        {
            **HTTPS,
            f"{NATIVE}auth-type": "oidc",
            f"{NATIVE}auth-idp-oidc": _oidc("https://idp.example.com"),
            **{f"{NATIVE}{key.replace('_', '-')}": value for key, value in more.items()},
        }
    )


def _answer(code: str) -> str:
    return json.dumps({"type": "fixed-response", "fixedResponseConfig": {"statusCode": code}})


def _rewrite(target: str) -> str:
    rewrites = [{"regex": "^/(.*)$$", "replace": f"/{target}/$$1"}]
    return json.dumps([{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": rewrites}}])


def _query(value: str) -> str:
    config = {"values": [{"key": "version", "value": value}]}
    return json.dumps([{"field": "query-string", "queryStringConfig": config}])


_OIDC, _COGNITO = "authenticate-oidc", "authenticate-cognito"

_AUTHENTICATION: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}auth-type",
        value="oidc",
        other="none",
        probe=look.action_types,
        seen=([_OIDC, "forward"], ["forward"], ["forward"]),
        change=("ModifyRule", "RemoveTags"),  # the fingerprint of the client secret goes
        removal=(),
        beside=MappingProxyType(
            {**HTTPS, f"{NATIVE}auth-idp-oidc": _oidc("https://idp.example.com")}
        ),
        on_service=True,
    ),
    Row(
        key=f"{NATIVE}auth-idp-cognito",
        value=_cognito("one"),
        other=_cognito("two"),
        probe=look.rule_action(_COGNITO, "UserPoolDomain"),
        seen=(["one"], ["two"], ["two"]),  # without its pool the last good rule stays
        change=_RULE,
        removal=(),
        beside=MappingProxyType({**HTTPS, f"{NATIVE}auth-type": "cognito"}),
    ),
    Row(
        key=f"{NATIVE}auth-idp-oidc",
        value=_oidc("https://one.example.com"),
        other=_oidc("https://two.example.com"),
        probe=look.rule_action(_OIDC, "Issuer"),
        seen=(
            ["https://one.example.com"],
            ["https://two.example.com"],
            ["https://two.example.com"],
        ),
        change=_RULE,
        removal=(),
        beside=MappingProxyType({**HTTPS, f"{NATIVE}auth-type": "oidc"}),
    ),
    Row(
        key=f"{NATIVE}auth-on-unauthenticated-request",
        value="deny",
        other="allow",
        probe=look.rule_action(_OIDC, "OnUnauthenticatedRequest"),
        seen=(["deny"], ["allow"], ["authenticate"]),
        change=_RULE,
        removal=_RULE,
        beside=_signed_in(),
    ),
    Row(
        key=f"{NATIVE}auth-scope",
        value="openid email",
        other="openid profile",
        probe=look.rule_action(_OIDC, "Scope"),
        seen=(["openid email"], ["openid profile"], ["openid"]),
        change=_RULE,
        removal=_RULE,
        beside=_signed_in(),
        on_service=True,
    ),
    Row(
        key=f"{NATIVE}auth-session-cookie",
        value="session-one",
        other="session-two",
        probe=look.rule_action(_OIDC, "SessionCookieName"),
        seen=(["session-one"], ["session-two"], ["AWSELBAuthSessionCookie"]),
        change=_RULE,
        removal=_RULE,
        beside=_signed_in(),
    ),
    Row(
        key=f"{NATIVE}auth-session-timeout",
        value="3600",
        other="7200",
        probe=look.rule_action(_OIDC, "SessionTimeout"),
        seen=([3600], [7200], [604800]),
        change=_RULE,
        removal=_RULE,
        beside=_signed_in(),
    ),
    Row(
        key=f"{NATIVE}jwt-validation",
        value=_jwt("https://one.example.com"),
        other=_jwt("https://two.example.com"),
        probe=look.rule_action("jwt-validation", "Issuer"),
        seen=(["https://one.example.com"], ["https://two.example.com"], None),
        change=_RULE,
        removal=_RULE,
    ),
)

_ROUTING: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}actions.*",
        suffix="go",
        value=_answer("418"),
        other=_answer("410"),
        probe=look.rule_action("fixed-response", "StatusCode"),
        seen=(["418"], ["410"], ["410"]),  # a path without its action keeps its last good rule
        change=_ON_BOTH_PORTS,
        removal=(),
        paths=(Path(service="go", port="use-annotation"),),
    ),
    Row(
        key=f"{NATIVE}conditions.*",
        suffix="web",
        value=_query("1"),
        other=_query("2"),
        probe=look.condition("query-string", "QueryStringConfig"),
        seen=(
            [[{"Key": "version", "Value": "1"}]],
            [[{"Key": "version", "Value": "2"}]],
            [],
        ),
        change=_ON_BOTH_PORTS,
        # A path with further conditions may stand beside the same path without: another rule.
        removal=("CreateRule", "CreateRule", "DeleteRule", "DeleteRule"),
    ),
    Row(
        key=f"{NATIVE}transforms.*",
        suffix="web",
        value=_rewrite("one"),
        other=_rewrite("two"),
        probe=look.rewrites,
        seen=([["^/(.*)$$", "/one/$$1"]], [["^/(.*)$$", "/two/$$1"]], []),
        change=_ON_BOTH_PORTS,
        removal=_ON_BOTH_PORTS,
    ),
    Row(
        key=f"{NATIVE}use-regex-path-match",
        value="true",
        other="false",
        probe=look.condition("path-pattern", "PathPatternConfig"),
        seen=([["a/*"]], [["/a/*"]], [["/a/*"]]),
        change=_ON_BOTH_PORTS,
        removal=(),
        paths=(Path(path="/a/*", path_type="ImplementationSpecific"),),
    ),
)

ROWS: tuple[Row, ...] = (*_AUTHENTICATION, *_ROUTING)

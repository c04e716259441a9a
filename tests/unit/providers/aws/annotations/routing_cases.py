"""Rows of the table test: backends, authentication and rules.

Sources: AWS Load Balancer Controller 3.5.0, pkg/ingress/config_types.go and auth_config_builder.go;
ranges of the Elastic Load Balancing API reference.
"""

from __future__ import annotations

from providers.aws.settings import AuthType, CognitoPool, JwtClaim, JwtValidation, OidcProvider
from provisioner.core.annotations import ModeWish
from provisioner.model.annotation import Merge, Place
from provisioner.model.intent import BackendProtocol, FixedResponse, ProtocolVersion
from tests.unit.providers.aws.annotations.cases import BOTH, INGRESS, Case

_BOOLEAN = 'write "true" or "false"'

_OIDC = """{"issuer": "https://idp.example.com", "authorizationEndpoint": "https://idp.example.com/a",
 "tokenEndpoint": "https://idp.example.com/t", "userInfoEndpoint": "https://idp.example.com/u",
 "secretName": "%s", "authenticationRequestExtraParams": {"prompt": "login"}}"""
_COGNITO = '{"userPoolARN": "arn:aws:cognito-idp:eu-west-1:1:userpool/p", "userPoolClientID": "%s",'
_COGNITO += ' "userPoolDomain": "shop"}'
_JWT = """{"jwksEndpoint": "https://idp.example.com/keys", "issuer": "%s", "additionalClaims":
 [{"format": "string-array", "name": "roles", "values": ["buyer", "admin"]}]}"""
_ANSWER = '{"type": "fixed-response", "fixedResponseConfig": {"statusCode": "%s"}}'
_HEADER = (
    '[{"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "X-Shop", "values": %s}}]'
)
_REWRITE = '[{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "^/a", "replace":'
_REWRITE += ' "%s"}]}}]'


def _row(
    suffix: str,
    *,
    good: str,
    value: object,
    other: str,
    wrong: str = "",
    hint: str = "",
    default: str = "",
    setting: str = "",
    star: str = "",
    merge: Merge = Merge.OWN,
    places: tuple[Place, ...] = BOTH,
) -> Case:
    return Case(
        suffix=suffix,
        setting=setting or suffix.removesuffix(".*"),
        good=good,
        value=value,
        other=other,
        wrong=wrong,
        hint=hint,
        merge=merge,
        default=default,
        places=places,
        star=star,
    )


BACKENDS = (
    _row(
        "target-type",
        setting="target-mode",
        good="ip",
        value=ModeWish.POD,
        other="instance",
        wrong="pod",
        hint="write one of ip, instance",
        default="decided by the arithmetic of both",
    ),
    _row(
        "backend-protocol",
        good="HTTPS",
        value=BackendProtocol.HTTPS,
        other="HTTP",
        wrong="GRPC",
        hint="write one of HTTP, HTTPS",
        default="HTTP",
    ),
    _row(
        "backend-protocol-version",
        good="GRPC",
        value=ProtocolVersion.GRPC,
        other="HTTP2",
        wrong="HTTP/2",
        hint="write one of HTTP1, HTTP2, GRPC",
        default="HTTP1",
    ),
    _row(
        "target-group-attributes",
        good="deregistration_delay.timeout_seconds=30,stickiness.enabled=true",
        value={"deregistration_delay.timeout_seconds": "30", "stickiness.enabled": "true"},
        other="deregistration_delay.timeout_seconds=60",
        wrong="stickyness.enabled=true",
        hint="did you mean stickiness.enabled?",
    ),
    _row(
        "healthcheck-port",
        setting="health-check-port",
        good="8080",
        value="8080",
        other="traffic-port",
        wrong=" ",
        hint="give it a value",
        default="traffic-port",
    ),
    _row(
        "healthcheck-protocol",
        setting="health-check-protocol",
        good="HTTPS",
        value=BackendProtocol.HTTPS,
        other="HTTP",
        wrong="TCP",
        hint="write one of HTTP, HTTPS",
        default="the backend protocol",
    ),
    _row(
        "healthcheck-path",
        setting="health-check-path",
        good="/healthz?deep=1",
        value="/healthz?deep=1",
        other="/",
        default="/, for GRPC /AWS.ALB/healthcheck",
    ),
    _row(
        "healthcheck-interval-seconds",
        setting="health-check-interval-seconds",
        good="30",
        value=30,
        other="15",
        wrong="4",
        hint="from 5 to 300",
        default="15",
    ),
    _row(
        "healthcheck-timeout-seconds",
        setting="health-check-timeout-seconds",
        good="10",
        value=10,
        other="5",
        wrong="121",
        hint="from 2 to 120",
        default="5",
    ),
    _row(
        "healthy-threshold-count",
        setting="health-check-healthy-threshold",
        good="3",
        value=3,
        other="2",
        wrong="1",
        hint="from 2 to 10",
        default="2",
    ),
    _row(
        "unhealthy-threshold-count",
        setting="health-check-unhealthy-threshold",
        good="3",
        value=3,
        other="2",
        wrong="two",
        hint="from 2 to 10",
        default="2",
    ),
    _row(
        "success-codes",
        setting="health-check-success-codes",
        good="200-299,301",
        value="200-299,301",
        other="200",
        wrong=" ",
        hint="give it a value",
        default="200, for GRPC 12",
    ),
    _row(
        "target-node-labels",
        good="pool=web,arch=arm64",
        value={"pool": "web", "arch": "arm64"},
        other="pool=batch",
        wrong="pool",
        hint='write "key1=value1,key2=value2"',
        default="every eligible node",
    ),
    _row(
        "multi-cluster-target-group",
        good="true",
        value=True,
        other="false",
        wrong="yes",
        hint=_BOOLEAN,
        default="false",
    ),
    _row(
        "target-control-port.*",
        star="web.80",
        good="9000",
        value=9000,
        other="9001",
        wrong="70000",
        hint="from 1 to 65535",
        default="none",
    ),
)

AUTHENTICATION = (
    _row(
        "auth-type",
        good="oidc",
        value=AuthType.OIDC,
        other="none",
        wrong="basic",
        hint="write one of none, oidc, cognito",
        merge=Merge.RULE,
        default="none",
    ),
    _row(
        "auth-idp-cognito",
        good=_COGNITO % "c1",
        value=CognitoPool(
            user_pool_arn="arn:aws:cognito-idp:eu-west-1:1:userpool/p",
            user_pool_client_id="c1",
            user_pool_domain="shop",
        ),
        other=_COGNITO % "c2",
        wrong='{"userPoolARN": "arn:aws:cognito-idp:eu-west-1:1:userpool/p"}',
        hint="userPoolClientID and userPoolDomain",
        merge=Merge.RULE,
    ),
    _row(
        "auth-idp-oidc",
        good=_OIDC % "login",
        value=OidcProvider(
            issuer="https://idp.example.com",
            authorization_endpoint="https://idp.example.com/a",
            token_endpoint="https://idp.example.com/t",
            user_info_endpoint="https://idp.example.com/u",
            secret_name="login",
            extra_params={"prompt": "login"},
        ),
        other=_OIDC % "sign-in",
        wrong='{"issuer": "https://idp.example.com"}',
        hint="authorizationEndpoint, tokenEndpoint, userInfoEndpoint and secretName",
        merge=Merge.RULE,
    ),
    _row(
        "auth-on-unauthenticated-request",
        good="deny",
        value="deny",
        other="allow",
        wrong="refuse",
        hint="write one of authenticate, allow, deny",
        merge=Merge.RULE,
        default="authenticate",
    ),
    _row(
        "auth-scope",
        good="openid email",
        value="openid email",
        other="openid",
        wrong=" ",
        hint="give it a value",
        merge=Merge.RULE,
        default="openid",
    ),
    _row(
        "auth-session-cookie",
        good="shop-session",
        value="shop-session",
        other="store-session",
        wrong=" ",
        hint="give it a value",
        merge=Merge.RULE,
        default="AWSELBAuthSessionCookie",
    ),
    _row(
        "auth-session-timeout",
        good="86400",
        value=86400,
        other="3600",
        wrong="604801",
        hint="from 1 to 604800",
        merge=Merge.RULE,
        default="604800",
    ),
    _row(
        "jwt-validation",
        good=_JWT % "https://idp.example.com",
        value=JwtValidation(
            jwks_endpoint="https://idp.example.com/keys",
            issuer="https://idp.example.com",
            claims=(JwtClaim(format="string-array", name="roles", values=("buyer", "admin")),),
        ),
        other=_JWT % "https://other.example.com",
        wrong='{"issuer": "https://idp.example.com"}',
        hint='write {"jwksEndpoint":',
        merge=Merge.RULE,
        places=INGRESS,
        default="none",
    ),
)

ROUTING = (
    _row(
        "actions.*",
        star="web",
        good=_ANSWER % "503",
        value=FixedResponse(status=503, content_type="text/plain", body=None),
        other=_ANSWER % "404",
        wrong='{"type": "answer"}',
        hint="write one of forward, redirect, fixed-response",
        places=INGRESS,
    ),
    _row(
        "conditions.*",
        star="web",
        good=_HEADER % '["yes"]',
        value=(
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Shop", "Values": ("yes",)},
            },
        ),
        other=_HEADER % '["no"]',
        wrong='[{"field": "cookie", "cookieConfig": {"values": ["a"]}}]',
        hint="write one of host-header, path-pattern",
        places=INGRESS,
    ),
    _row(
        "transforms.*",
        star="web",
        good=_REWRITE % "/b",
        value=(
            {
                "Type": "url-rewrite",
                "UrlRewriteConfig": {"Rewrites": ({"Regex": "^/a", "Replace": "/b"},)},
            },
        ),
        other=_REWRITE % "/c",
        wrong='[{"type": "body-rewrite"}]',
        hint="write one of url-rewrite, host-header-rewrite",
        places=INGRESS,
    ),
    _row(
        "use-regex-path-match",
        good="true",
        value=True,
        other="false",
        wrong="regex",
        hint=_BOOLEAN,
        places=INGRESS,
        default="false",
    ),
    _row("dry-run-plan", good='{"id": 1}', value='{"id": 1}', other="", places=INGRESS),
)

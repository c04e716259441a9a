"""What a client has to pass first: sign-in and tokens, spelled as AWS spells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from providers.aws.routing.defaults import default_actions
from providers.aws.routing.rules import ListenerRules
from providers.aws.settings import (
    AuthType,
    CognitoPool,
    JwtClaim,
    JwtValidation,
    OidcProvider,
)
from provisioner.model.intent import FixedResponse, ListenerIntent, Member, Redirect
from provisioner.model.kube import Key
from provisioner.model.resource import Fingerprint, Json, to_json
from tests.unit.providers.aws.rules.building import (
    HTTPS,
    LISTENER,
    OTHER,
    a_backend_id,
    a_listener,
    a_path,
    a_request,
    codes,
    express,
    field,
    group_address,
    incumbent,
    seen,
    to,
)

PROVIDER = OidcProvider(
    issuer="https://id.example.com",
    authorization_endpoint="https://id.example.com/authorize",
    token_endpoint="https://id.example.com/token",
    user_info_endpoint="https://id.example.com/me",
    secret_name="login",
    client_id=Fingerprint("id-digest", secret="client"),
    client_secret=Fingerprint("secret-digest", secret="hush"),
)
OIDC: Mapping[str, object] = {"auth-type": AuthType.OIDC, "auth-idp-oidc": PROVIDER}
POOL = CognitoPool(
    user_pool_arn="arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a",
    user_pool_client_id="abc",
    user_pool_domain="shop",
)
COGNITO: Mapping[str, object] = {"auth-type": AuthType.COGNITO, "auth-idp-cognito": POOL}
TOKENS = JwtValidation(
    jwks_endpoint="https://id.example.com/keys",
    issuer="https://id.example.com",
    claims=(JwtClaim(format="string-array", name="scope", values=("read", "write")),),
)
JWT: Mapping[str, object] = {"jwt-validation": TOKENS}
TARGET = f"{group_address(a_backend_id())}.TargetGroupArn"
FORWARD: Json = {
    "Type": "forward",
    "Order": 2,
    "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"ref": TARGET}}]},
}


def secure(options: Mapping[str, object], **said: object) -> ListenerIntent:
    """Return an HTTPS listener with one path that has these options."""
    return a_listener(a_path(options={**options, **said}), port=HTTPS)


def test_people_sign_in_before_the_backend_answers() -> None:
    """Order 1 and 2, AWS's field names, the incumbent's defaults."""
    [rule] = express(secure(OIDC)).resources

    assert field(rule, "Actions") == [
        {
            "Type": "authenticate-oidc",
            "Order": 1,
            "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com",
                "AuthorizationEndpoint": "https://id.example.com/authorize",
                "TokenEndpoint": "https://id.example.com/token",
                "UserInfoEndpoint": "https://id.example.com/me",
                "ClientId": {"fingerprint": "id-digest"},
                "ClientSecret": {"fingerprint": "secret-digest"},
                "Scope": "openid",
                "SessionCookieName": "AWSELBAuthSessionCookie",
                "SessionTimeout": 604800,
                "OnUnauthenticatedRequest": "authenticate",
            },
        },
        FORWARD,
    ]


def test_everything_about_a_session_can_be_said() -> None:
    """The four settings that both ways to sign in share, and what is sent along."""
    listener = secure(
        COGNITO,
        **{
            "auth-idp-cognito": CognitoPool(
                user_pool_arn=POOL.user_pool_arn,
                user_pool_client_id="abc",
                user_pool_domain="shop",
                extra_params={"display": "page"},
            ),
            "auth-scope": "email openid",
            "auth-session-cookie": "mine",
            "auth-session-timeout": 60,
            "auth-on-unauthenticated-request": "deny",
        },
    )

    [rule] = express(listener).resources

    assert field(rule, "Actions") == [
        {
            "Type": "authenticate-cognito",
            "Order": 1,
            "AuthenticateCognitoConfig": {
                "UserPoolArn": POOL.user_pool_arn,
                "UserPoolClientId": "abc",
                "UserPoolDomain": "shop",
                "Scope": "email openid",
                "SessionCookieName": "mine",
                "SessionTimeout": 60,
                "OnUnauthenticatedRequest": "deny",
                "AuthenticationRequestExtraParams": {"display": "page"},
            },
        },
        FORWARD,
    ]


def test_tokens_are_checked_before_the_backend_answers() -> None:
    """``jwt-validation`` with its claims."""
    [rule] = express(secure(JWT)).resources

    assert field(rule, "Actions") == [
        {
            "Type": "jwt-validation",
            "Order": 1,
            "JwtValidationConfig": {
                "JwksEndpoint": "https://id.example.com/keys",
                "Issuer": "https://id.example.com",
                "AdditionalClaims": [
                    {"Format": "string-array", "Name": "scope", "Values": ["read", "write"]}
                ],
            },
        },
        FORWARD,
    ]


@pytest.mark.parametrize("options", [OIDC, COGNITO, JWT])
def test_over_http_nobody_is_asked(options: Mapping[str, object]) -> None:
    """An ALB cannot; a lone action has no order."""
    [rule] = express(a_listener(a_path(options=options))).resources

    assert field(rule, "Actions") == [
        {
            "Type": "forward",
            "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": {"ref": TARGET}}]},
        }
    ]


@pytest.mark.parametrize("answer", [Redirect(status=302, path="/x"), FixedResponse(status=200)])
def test_redirects_and_fixed_responses_are_guarded_as_well(
    answer: Redirect | FixedResponse,
) -> None:
    """Whatever answers, it answers those who have signed in."""
    [rule] = incumbent(a_listener(a_path(action=answer, options=JWT), port=HTTPS)).resources

    actions = rule.spec["Actions"]
    assert isinstance(actions, tuple)
    assert next(a["Type"] for a in actions if isinstance(a, Mapping)) == "jwt-validation"
    assert len(actions) == 2


def test_an_open_door_is_told_once_per_ingress() -> None:
    """Guarded paths on an HTTP port without redirect are open to everybody."""
    paths = [a_path(path=f"/{n}", place=(0, n), options=OIDC) for n in range(3)]

    found = express(a_listener(*paths)).diagnostics

    assert [(d.code, d.ingress) for d in found] == [("AUTH-HTTP", Key("shop", "web"))]
    assert "port 80" in found[0].message
    assert express(a_listener(*paths, port=HTTPS)).diagnostics == ()


def test_a_guarded_default_backend_is_an_open_door_too() -> None:
    """Its listener has no rule to say so."""
    listener = a_listener(
        a_path(), default=to(), default_ingress="shop/web", default_options=COGNITO
    )

    assert codes(express(listener).diagnostics) == ["AUTH-HTTP"]


@pytest.mark.parametrize("compatible", [express, incumbent])
def test_a_door_that_redirects_is_not_open(
    compatible: Callable[[ListenerIntent], ListenerRules],
) -> None:
    """The classic redirect rule keeps every request from what stands behind it."""
    https = Redirect(protocol="HTTPS", port="443")
    listener = a_listener(
        a_path("", "/*", OTHER, place=(0, 0), action=https, options=OIDC),
        a_path("", "/a", OTHER, place=(0, 1), options=OIDC),
        default=to(),
        default_ingress="shop/web",
        default_options=OIDC,
    )

    assert "AUTH-HTTP" not in codes(compatible(listener).diagnostics)


def test_two_entries_at_once_are_refused() -> None:
    """An ALB rule signs people in or checks a token, never both; only that path is refused."""
    listener = a_listener(
        a_path(path="/both", options={**OIDC, **JWT}, place=(0, 0)),
        a_path(path="/ok", place=(0, 1)),
        port=HTTPS,
    )

    result = express(listener)

    assert codes(result.diagnostics) == ["AUTH-CONFLICT"]
    assert result.diagnostics[0].field == (
        "metadata.annotations[alb.ingress.kubernetes.io/jwt-validation]"
    )
    assert [q.path for q in result.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert [r.title.split(" ", 1)[1] for r in result.resources] == [
        "/both (Prefix) -> 503",
        "/ok (Prefix) -> web:80",
    ]


@pytest.mark.parametrize("kind", [AuthType.OIDC, AuthType.COGNITO])
def test_sign_in_without_a_provider_is_refused(kind: AuthType) -> None:
    """Nothing says where people sign in, so nobody is let in without."""
    result = express(secure({"auth-type": kind}))

    assert codes(result.diagnostics) == ["AUTH-INCOMPLETE"]
    assert [r.title for r in result.resources] == ["shop.example.com / (Prefix) -> 503"]


def test_what_an_alb_does_not_do_with_strangers_is_refused() -> None:
    """allow, deny or authenticate."""
    result = express(secure(OIDC, **{"auth-on-unauthenticated-request": "ask"}))

    assert codes(result.diagnostics) == ["AUTH-VALUE"]


def test_a_provider_without_a_type_asks_nobody() -> None:
    """auth-type is what turns it on; none is its default."""
    [rule] = express(secure({"auth-idp-oidc": PROVIDER})).resources

    actions = rule.spec["Actions"]
    assert isinstance(actions, tuple)
    assert len(actions) == 1


def test_a_secret_that_nobody_could_read_is_known_after_apply() -> None:
    """Files alone hold no Secrets; the rest of the rule is planned all the same."""
    unread = OidcProvider(
        issuer=PROVIDER.issuer,
        authorization_endpoint=PROVIDER.authorization_endpoint,
        token_endpoint=PROVIDER.token_endpoint,
        user_info_endpoint=PROVIDER.user_info_endpoint,
        secret_name="login",
    )

    result = express(secure(OIDC, **{"auth-idp-oidc": unread}))

    text = str(result.resources[0].spec["Actions"])
    assert result.diagnostics == ()
    assert "depends on Secret shop/login" in text


def test_a_path_that_can_no_longer_be_guarded_keeps_its_last_good_rule() -> None:
    """It must not fall open because of a mistake."""
    before = express(secure(OIDC))

    result = express(secure({**OIDC, **JWT}), observed=[seen(r) for r in before.resources])

    assert result.resources[0].spec["Actions"] == before.resources[0].spec["Actions"]


def test_secrets_are_not_part_of_what_is_printed() -> None:
    """Specs show fingerprints; the secret is behind them alone."""
    [rule] = express(secure(OIDC)).resources

    assert "hush" not in repr(rule)
    assert "hush" not in str(to_json(rule.spec))


def test_default_backends_are_guarded_too() -> None:
    """The listener's default action signs people in before it forwards."""
    listener = a_listener(
        a_path(),
        port=HTTPS,
        default=to("fallback"),
        default_ingress="shop/web",
        default_options=JWT,
    )
    request = a_request(listener)
    groups = {a_backend_id("fallback"): group_address(a_backend_id("fallback"))}

    found = to_json(default_actions(request, listener, target_groups=groups))

    assert isinstance(found, list)
    assert [a["Type"] for a in found if isinstance(a, dict)] == ["jwt-validation", "forward"]


def test_a_default_backend_that_cannot_be_guarded_answers_503_or_what_it_did() -> None:
    """Falling open would be the worse mistake; the owner is told with the rules."""
    listener = a_listener(
        a_path(),
        port=HTTPS,
        default=to(),
        default_ingress="shop/web",
        default_options={**OIDC, **JWT},
    )
    groups = {a_backend_id(): group_address(a_backend_id())}

    fresh = default_actions(a_request(listener), listener, target_groups=groups)
    result = express(listener)

    assert to_json(fresh) == [
        {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"},
        }
    ]
    assert [(q.path, q.diagnostic.code) for q in result.quarantined] == [
        ("spec.defaultBackend", "AUTH-CONFLICT")
    ]
    assert LISTENER not in str(result.quarantined)


def test_closing_rules_are_guarded_like_the_default_backend_that_they_give() -> None:
    """A closing rule is its Ingress's default backend, with everything that belongs to it."""
    listener = a_listener(
        a_path("shop.example.com", "/cart"), a_path("", "/", ingress="z/all"), port=HTTPS
    )
    members = [
        Member(ingress=Key("shop", "web"), default_backend=to("fallback"), default_options=JWT),
        Member(ingress=Key("z", "all")),
    ]

    result = express(listener, members=members)

    [closing] = [r for r in result.resources if "everything else" in r.title]
    actions = closing.spec["Actions"]
    assert isinstance(actions, tuple)
    assert [a["Type"] for a in actions if isinstance(a, Mapping)] == ["jwt-validation", "forward"]

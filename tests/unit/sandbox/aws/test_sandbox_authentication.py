"""Actions that admit a client before its request is routed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.unit.sandbox.aws.workbench import Workbench, forward, not_found, path, refused

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ActionOutputTypeDef, ActionTypeDef

SECRET = "a-secret-of-the-client"  # what must not come out again


def last() -> ActionTypeDef:
    """The routing action behind it."""
    return {**not_found(), "Order": 2}


def oidc(**changes: object) -> ActionTypeDef:
    """An OIDC action with a secret."""
    config = {
        "Issuer": "https://idp.example.com",
        "AuthorizationEndpoint": "https://idp.example.com/authorize",
        "TokenEndpoint": "https://idp.example.com/token",
        "UserInfoEndpoint": "https://idp.example.com/userinfo",
        "ClientId": "web",
        "ClientSecret": SECRET,
        **changes,
    }
    kept = {key: value for key, value in config.items() if value is not None}
    action = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": kept}
    return cast("ActionTypeDef", action)


def cognito() -> ActionTypeDef:
    """A Cognito action."""
    return {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_x",
            "UserPoolClientId": "client",
            "UserPoolDomain": "shop",
        },
    }


def jwt(**changes: object) -> ActionTypeDef:
    """An action that validates web tokens."""
    config = {
        "JwksEndpoint": "https://idp.example.com/jwks.json",
        "Issuer": "https://idp.example.com",
        **changes,
    }
    action = {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": config}
    return cast("ActionTypeDef", action)


def claim(**changes: object) -> dict[str, object]:
    """An additional claim."""
    return {"Format": "single-string", "Name": "role", "Values": ["admin"], **changes}


def actions_of(bench: Workbench, rule: str) -> list[ActionOutputTypeDef]:
    """The actions of a rule as they are described."""
    return bench.elbv2.describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]


def test_a_client_secret_never_comes_out(bench: Workbench) -> None:
    """In no answer, neither of the call that sent it nor of a later one."""
    listener = bench.secure_listener(bench.balancer(), DefaultActions=[oidc(), last()])
    created = bench.elbv2.create_rule(
        ListenerArn=listener, Priority=1, Conditions=[path("/x")], Actions=[oidc(), last()]
    )

    listeners = bench.elbv2.describe_listeners(ListenerArns=[listener])
    rules = bench.elbv2.describe_rules(ListenerArn=listener)

    assert SECRET not in f"{created}{listeners}{rules}"
    assert "UseExistingClientSecret" not in f"{created}{listeners}{rules}"


def test_defaults_of_a_session_are_filled_in(bench: Workbench) -> None:
    """Pages AuthenticateOidcActionConfig and AuthenticateCognitoActionConfig."""
    listener = bench.secure_listener(bench.balancer())
    defaults = {
        "SessionCookieName": "AWSELBAuthSessionCookie",
        "Scope": "openid",
        "SessionTimeout": 604_800,
        "OnUnauthenticatedRequest": "authenticate",
    }

    first = actions_of(bench, bench.rule(listener, 1, Actions=[oidc(), last()]))[0]
    second = actions_of(bench, bench.rule(listener, 2, Actions=[cognito(), last()]))[0]

    assert defaults.items() <= first["AuthenticateOidcConfig"].items()
    assert defaults.items() <= second["AuthenticateCognitoConfig"].items()


def test_an_existing_secret_can_be_kept(bench: Workbench) -> None:
    """UseExistingClientSecret, for the same client; otherwise there is none to use."""
    listener = bench.secure_listener(bench.balancer())
    rule = bench.rule(listener, Actions=[oidc(), last()])
    kept = oidc(ClientSecret=None, UseExistingClientSecret=True, Scope="openid email")

    bench.elbv2.modify_rule(RuleArn=rule, Actions=[kept, last()])

    assert actions_of(bench, rule)[0]["AuthenticateOidcConfig"]["Scope"] == "openid email"
    other = oidc(ClientId="other", ClientSecret=None, UseExistingClientSecret=True)
    with refused("InvalidLoadBalancerAction", saying="no existing client secret"):
        bench.elbv2.modify_rule(RuleArn=rule, Actions=[other, last()])
    with refused("InvalidLoadBalancerAction", saying="no existing client secret"):
        bench.rule(listener, 11, Actions=[kept, last()])
    with refused("InvalidLoadBalancerAction", saying="cannot be used together"):
        bench.rule(listener, 12, Actions=[oidc(UseExistingClientSecret=True), last()])
    with refused("ValidationError", saying="client secret must be specified"):
        bench.rule(listener, 13, Actions=[oidc(ClientSecret=None), last()])


def test_changing_a_listeners_port_keeps_its_authentication(bench: Workbench) -> None:
    """The default action, secret included, is not what the call was about."""
    listener = bench.secure_listener(bench.balancer(), DefaultActions=[oidc(), last()])

    answer = bench.elbv2.modify_listener(ListenerArn=listener, Port=8443)

    kinds = [each["Type"] for each in answer["Listeners"][0]["DefaultActions"]]
    assert kinds == ["authenticate-oidc", "fixed-response"]


@pytest.mark.parametrize("action", [oidc(), cognito(), jwt()], ids=["oidc", "cognito", "jwt"])
def test_admission_needs_https_and_a_routing_action(
    bench: Workbench, action: ActionTypeDef
) -> None:
    """InvalidLoadBalancerAction on HTTP, alone, and behind the routing action."""
    balancer = bench.balancer()
    plain, secure = bench.listener(balancer), bench.secure_listener(balancer)

    with refused("InvalidLoadBalancerAction", saying="HTTPS"):
        bench.rule(plain, Actions=[action, last()])
    with refused("InvalidLoadBalancerAction", saying="exactly one"):
        bench.rule(secure, Actions=[action])
    with refused("InvalidLoadBalancerAction", saying="last one"):
        bench.rule(secure, Actions=[{**action, "Order": 3}, last()])
    with refused("ValidationError", saying="order of its own"):
        bench.rule(secure, Actions=[{**action, "Order": 2}, last()])
    bench.rule(secure, Actions=[action, {**forward(bench.group()), "Order": 2}])


@pytest.mark.parametrize(
    "name", ["Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"]
)
def test_endpoints_must_use_https(bench: Workbench, name: str) -> None:
    """Page AuthenticateOidcActionConfig: a full URL including the HTTPS protocol."""
    listener = bench.secure_listener(bench.balancer())

    with refused("InvalidLoadBalancerAction", saying=name):
        bench.rule(listener, Actions=[oidc(**{name: "http://idp.example.com"}), last()])


def test_web_tokens_read_back_as_written(bench: Workbench) -> None:
    """With their additional claims."""
    listener = bench.secure_listener(bench.balancer())
    action = jwt(
        AdditionalClaims=[claim(), claim(Name="aud", Format="string-array", Values=["a", "b"])]
    )

    rule = bench.rule(listener, Actions=[action, last()])

    assert actions_of(bench, rule)[0] == action


@pytest.mark.parametrize(
    ("changes", "saying"),
    [
        ({"JwksEndpoint": "http://idp.example.com/jwks.json"}, "HTTPS"),
        ({"Issuer": "i" * 257}, "1 to 256"),
        ({"AdditionalClaims": [claim(Name="exp")]}, "validated anyway"),
        ({"AdditionalClaims": [claim(Values=["a", "b"])]}, "only one value"),
        ({"AdditionalClaims": [claim(), claim()]}, "only once"),
        ({"AdditionalClaims": [claim(Name=f"c{n}") for n in range(11)]}, "At most 10"),
    ],
)
def test_senseless_claims_are_refused(
    bench: Workbench, changes: dict[str, object], saying: str
) -> None:
    """Page JwtValidationActionAdditionalClaim."""
    listener = bench.secure_listener(bench.balancer())

    with refused("InvalidLoadBalancerAction", saying=saying):
        bench.rule(listener, Actions=[jwt(**changes), last()])


def test_a_config_belongs_to_its_type(bench: Workbench) -> None:
    """A forward action with an OIDC config is a mistake, not a wish."""
    listener = bench.secure_listener(bench.balancer())
    mixed = {**not_found(), "AuthenticateOidcConfig": oidc()["AuthenticateOidcConfig"]}

    with refused("ValidationError", saying="AuthenticateOidcConfig"):
        bench.rule(listener, Actions=[mixed])

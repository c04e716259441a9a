"""Promises of sign-in and token annotations: what AWS needs is there before anything is planned."""

from __future__ import annotations

import json

import pytest

from providers.aws.reading.authentication import cognito, jwt, oidc
from providers.aws.settings import CognitoPool, JwtClaim, JwtValidation, OidcProvider
from provisioner.model.annotation import AnnotationError

IDP = {
    "issuer": "https://idp.example.com",
    "authorizationEndpoint": "https://idp.example.com/authorize",
    "tokenEndpoint": "https://idp.example.com/token",
    "userInfoEndpoint": "https://idp.example.com/me",
    "secretName": "login",
}
POOL = {
    "userPoolARN": "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/p",
    "userPoolClientID": "client",
    "userPoolDomain": "shop",
}
TOKENS = {"jwksEndpoint": "https://idp.example.com/keys", "issuer": "https://idp.example.com"}
TOO_MANY = {f"p{number}": "v" for number in range(11)}


def claims(*found: object) -> str:
    """Return a validation with additional claims."""
    return json.dumps({**TOKENS, "additionalClaims": list(found)})


def claim(**more: object) -> dict[str, object]:
    """Return a claim."""
    return {"format": "single-string", "name": "aud", "values": ["shop"], **more}


def test_a_provider_is_read_without_its_secret() -> None:
    """What the Secret holds is not in the annotation, so it is not here either."""
    found = oidc(json.dumps({**IDP, "authenticationRequestExtraParams": {"prompt": "login"}}))

    assert found == OidcProvider(
        issuer="https://idp.example.com",
        authorization_endpoint="https://idp.example.com/authorize",
        token_endpoint="https://idp.example.com/token",
        user_info_endpoint="https://idp.example.com/me",
        secret_name="login",
        extra_params={"prompt": "login"},
    )
    assert (found.client_id, found.client_secret) == (None, None)


def test_a_user_pool_is_read_in_any_case_of_its_fields() -> None:
    """AWS's own documents write userPoolArn and userPoolClientId as well."""
    found = cognito(
        '{"userPoolArn": "arn:aws:cognito-idp:eu-west-1:1:userpool/p", "userPoolClientId": "c",'
        ' "UserPoolDomain": "shop"}'
    )

    assert found == CognitoPool(
        user_pool_arn="arn:aws:cognito-idp:eu-west-1:1:userpool/p",
        user_pool_client_id="c",
        user_pool_domain="shop",
    )


def test_tokens_may_have_to_carry_claims() -> None:
    """Formats are AWS's words."""
    found = jwt(
        claims(claim(), claim(format="space-separated-values", name="scope", values=["a", "b"]))
    )

    assert found == JwtValidation(
        jwks_endpoint="https://idp.example.com/keys",
        issuer="https://idp.example.com",
        claims=(
            JwtClaim(format="single-string", name="aud", values=("shop",)),
            JwtClaim(format="space-separated-values", name="scope", values=("a", "b")),
        ),
    )


@pytest.mark.parametrize("missing", IDP)
def test_a_provider_needs_each_of_its_fields(missing: str) -> None:
    """AWS refuses a rule without one of them."""
    with pytest.raises(AnnotationError, match=f"{missing} is required"):
        oidc(json.dumps({name: value for name, value in IDP.items() if name != missing}))


@pytest.mark.parametrize("missing", POOL)
def test_a_user_pool_needs_each_of_its_fields(missing: str) -> None:
    """AWS refuses a rule without one of them."""
    with pytest.raises(AnnotationError, match=f"{missing} is required"):
        cognito(json.dumps({**POOL, missing: ""}))


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ({"tokenEndpoint": "http://idp.example.com/token"}, "not a full https URL"),
        ({"issuer": "idp.example.com"}, "not a full https URL"),
        ({"secretName": 7}, "is not text"),
        ({"authenticationRequestExtraParams": {"a": 1}}, "not text"),
        ({"authenticationRequestExtraParams": []}, "not a JSON object"),
        ({"authenticationRequestExtraParams": TOO_MANY}, "11 .* too many"),
    ],
)
def test_a_provider_that_aws_would_refuse_is_refused(said: dict[str, object], part: str) -> None:
    """URLs are full https ones, and up to ten extra parameters are sent."""
    with pytest.raises(AnnotationError, match=part):
        oidc(json.dumps({**IDP, **said}))


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("x", "not JSON"),
        ("{}", "jwksEndpoint is required"),
        (json.dumps({"jwksEndpoint": "https://idp.example.com/keys"}), "issuer is required"),
        (json.dumps({**TOKENS, "jwksEndpoint": "http://idp.example.com"}), "https URL"),
        (json.dumps({**TOKENS, "issuer": "i" * 257}), "issuer is longer than 256"),
        (json.dumps({**TOKENS, "additionalClaims": {}}), "not a list"),
        (claims(claim(format="text")), 'format "text" is not one of'),
        (claims(claim(name="")), "name is required"),
        (claims(claim(name="exp")), "checked anyway"),
        (claims(claim(values=[])), "lists 0 values"),
        (claims(claim(values=["v"] * 11)), "lists 11 values"),
        (claims(claim(values=["a", "b"])), "single-string has one value"),
        (claims(claim(values=["v" * 257])), "not a value of a claim"),
        (claims(claim(format="space-separated-values", values=["a b"])), "holds a space"),
        (claims(*[claim()] * 11), "11 additional claims are too many"),
    ],
)
def test_a_validation_that_aws_would_refuse_is_refused(raw: str, part: str) -> None:
    """Limits of JwtValidationActionConfig, Elastic Load Balancing API reference."""
    with pytest.raises(AnnotationError, match=part):
        jwt(raw)

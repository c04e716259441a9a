"""Promises about client secrets: their rotation shows, and they themselves never do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.aws.addresses import Kind
from providers.aws.sealed import SECRETS, sealed, sendable, unsealed
from provisioner.model.resource import Fingerprint, PlainInput, Resource, Value, freeze, to_json
from tests.unit.providers.aws.express.words import pairs

ID, SECRET = Fingerprint("d1", "the id"), Fingerprint("d2", "the secret")
TAGS: PlainInput = [{"Key": "team", "Value": "shop"}]


def a_login(**config: PlainInput) -> PlainInput:
    """Return an action that makes people sign in."""
    return {
        "Type": "authenticate-oidc",
        "Order": 1,
        "AuthenticateOidcConfig": {"Issuer": "https://id.example.com", **config},
    }


def a_rule(*actions: PlainInput, tags: PlainInput = TAGS) -> Resource:
    """Return a rule with these actions."""
    rule = Resource(kind=Kind.LISTENER_RULE.value, address="aws:listener-rule/a/1/b", group="a")
    return rule.with_spec(Actions=list(actions), Tags=tags)


def config_of(actions: Value) -> Mapping[str, Value]:
    """Return the configuration of the first action."""
    assert isinstance(actions, tuple)
    assert isinstance(actions[0], Mapping)
    config = actions[0]["AuthenticateOidcConfig"]
    assert isinstance(config, Mapping)
    return config


def test_the_digests_stand_in_a_tag() -> None:
    """That is all that is kept of a secret."""
    rule = sealed(a_rule(a_login(ClientId=ID, ClientSecret=SECRET)))

    assert pairs(rule.spec["Tags"]) == {SECRETS: "d1 d2", "team": "shop"}
    assert "the secret" not in repr(rule)


def test_reading_puts_the_digests_back() -> None:
    """What was sent and what is read are equal, so a second plan finds nothing to do."""
    actions = freeze([a_login(ClientId=ID, ClientSecret=SECRET)])
    hidden = freeze([a_login(ClientId="the id")])

    assert unsealed(hidden, {SECRETS: "d1 d2"}) == actions


@pytest.mark.parametrize("tags", [{}, {SECRETS: "d1"}, {SECRETS: "d1 other"}])
def test_another_secret_is_a_difference(tags: Mapping[str, str]) -> None:
    """Also where nobody knows which one AWS has."""
    hidden = freeze([a_login(ClientId="the id")])

    assert unsealed(hidden, tags) != freeze([a_login(ClientId=ID, ClientSecret=SECRET)])


def test_what_is_kept_stays_sealed_as_it_is() -> None:
    """A rule that is only read and kept needs no secret, and no write."""
    read = unsealed(freeze([a_login(ClientId="the id")]), {SECRETS: "d1 d2"})
    assert isinstance(read, tuple)
    tags: PlainInput = [{"Key": SECRETS, "Value": "d1 d2"}]
    rule = a_rule(tags=tags).with_spec(Actions=read)

    assert sealed(rule) == rule


def test_a_rule_that_asks_nobody_to_sign_in_any_more_loses_the_tag() -> None:
    """A digest of a secret that is nowhere in use is of no use."""
    tags: PlainInput = [{"Key": SECRETS, "Value": "d1 d2"}, {"Key": "team", "Value": "shop"}]

    assert pairs(sealed(a_rule(tags=tags)).spec["Tags"]) == {"team": "shop"}


def test_a_secret_at_hand_is_sent_and_one_that_is_not_stays() -> None:
    """UseExistingClientSecret is AWS's word for the latter."""
    at_hand = sendable(freeze([a_login(ClientId=ID, ClientSecret=SECRET)]))
    kept = sendable(freeze([a_login(ClientId=ID, ClientSecret=Fingerprint("d2"))]))

    assert config_of(at_hand)["ClientSecret"] == SECRET
    assert "ClientSecret" not in config_of(kept)
    assert config_of(kept)["UseExistingClientSecret"] is True


def test_json_shows_digests_alone() -> None:
    """Plans, account files and logs are made of it."""
    text = str(to_json(sealed(a_rule(a_login(ClientId=ID, ClientSecret=SECRET))).spec))

    assert "the secret" not in text
    assert "the id" not in text

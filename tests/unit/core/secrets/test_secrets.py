"""Promises about what Secrets hold: filled in where it is needed, hidden everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from providers.aws import provider
from providers.aws.settings import OidcProvider
from provisioner.core.secrets import Secrets, named_secrets, sealed
from provisioner.model.kube import IngressTls, Key, Secret
from provisioner.model.resource import canonical
from provisioner.model.settings import Identity
from provisioner.model.snapshot import Snapshot
from tests.factories import (
    a_meta,
    a_path,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    an_ingress_class,
    some_settings,
)

WEB = Key("shop", "web")
OIDC = OidcProvider(
    issuer="https://idp",
    authorization_endpoint="https://idp/a",
    token_endpoint="https://idp/t",
    user_info_endpoint="https://idp/u",
    secret_name="sign-in",
)
ANNOTATION = (
    '{"issuer": "https://idp", "authorizationEndpoint": "https://idp/a",'
    ' "tokenEndpoint": "https://idp/t", "userInfoEndpoint": "https://idp/u",'
    ' "secretName": "sign-in"}'
)


@dataclass(frozen=True, slots=True)
class World:
    """A snapshot with one Secret, or without."""

    snapshot: Snapshot

    def fill(self) -> tuple[OidcProvider, list[str]]:
        """Return the provider as filled, and the codes of what was wrong."""
        filled = Secrets(self.snapshot, some_settings()).fill(WEB, {"auth-idp-oidc": OIDC})
        found = filled.options["auth-idp-oidc"]
        assert isinstance(found, OidcProvider)
        return found, [problem.code for problem in filled.problems]


def a_world(data: Mapping[str, str] | None, **about: object) -> World:
    """Return a snapshot whose only Secret holds this (None: there is no Secret)."""
    key = Key("shop", "sign-in")
    held = {name: text.encode() for name, text in (data or {}).items()}
    secret = Secret(meta=a_meta("shop/sign-in"), data=held)
    base = Snapshot(secrets={key: secret} if data is not None else {})
    return World(replace(base, **about))  # type: ignore[arg-type]  # fields of a snapshot


def test_equal_secrets_are_equal_only_for_one_owner_and_purpose() -> None:
    """The fingerprint is public; it must not say that two clusters share a secret."""
    mine, other = Identity(cluster_name="one"), Identity(cluster_name="two")

    one = sealed("secret", identity=mine, purpose="a")

    assert one == sealed("secret", identity=mine, purpose="a")
    assert one.secret == "secret"
    assert one != sealed("secret", identity=other, purpose="a")
    assert one != sealed("secret", identity=mine, purpose="b")
    assert one != sealed("secret2", identity=mine, purpose="a")


def test_a_sealed_secret_shows_in_no_text() -> None:
    """Neither as a value nor inside anything that holds it."""
    found, _ = a_world({"clientID": "my-client", "clientSecret": "my-secret"}).fill()
    assert found.client_id is not None
    assert found.client_secret is not None

    said = f"{found} {found!r} {canonical(found.client_id)} {canonical(found.client_secret)}"

    assert "my-client" not in said
    assert "my-secret" not in said


@pytest.mark.parametrize(
    ("data", "client_id", "client_secret"),
    [
        ({"clientID": "c", "clientSecret": "s"}, "c", "s"),
        ({"clientId": "c", "clientSecret": "s"}, "c", "s"),
        ({"clientID": "new", "clientId": "old", "clientSecret": "s"}, "new", "s"),
        ({"clientID": " c \t\n ", "clientSecret": "s"}, " c", "s"),
        ({"clientID": "c", "clientSecret": " s \r\n\x00\x7f"}, "c", " s "),
        ({"clientID": "c", "clientSecret": "s\n "}, "c", "s\n "),
    ],
)
def test_line_ends_left_behind_by_editors_are_taken_off(
    data: Mapping[str, str], client_id: str, client_secret: str
) -> None:
    """The id loses white space at its end, the secret control characters (LBC trims alike)."""
    found, problems = a_world(data).fill()

    assert problems == []
    assert found.client_id is not None
    assert found.client_secret is not None
    assert (found.client_id.secret, found.client_secret.secret) == (client_id, client_secret)


@pytest.mark.parametrize(
    ("world", "code"),
    [
        (a_world(None, live=True), "SECRET-MISSING"),
        (a_world(None, complete=True), "SECRET-MISSING"),
        (a_world(None, asked_cluster=True), "SECRET-MISSING"),
        (a_world(None, unread_secrets={Key("shop", "sign-in"): "no"}), "SECRET-UNREADABLE"),
        (a_world({"clientID": "c"}), "SECRET-CONTENT"),
        (a_world({"clientSecret": "s"}), "SECRET-CONTENT"),
        (a_world({"clientID": "\n", "clientSecret": "s"}), "SECRET-CONTENT"),
    ],
)
def test_what_is_missing_is_told_to_the_ingress(world: World, code: str) -> None:
    """Absent, unreadable and incomplete are three different things."""
    found, problems = world.fill()

    assert problems == [code]
    assert found.client_secret is None


def test_files_alone_cannot_tell_what_a_secret_holds() -> None:
    """That is no mistake: it is known after apply."""
    found, problems = a_world(None).fill()

    assert problems == []
    assert found.client_id is None


def test_only_secrets_that_an_ingress_of_ours_names_are_asked_for() -> None:
    """Identity providers on Ingress or Service, and TLS where certificates come from Secrets."""
    tls = (IngressTls(hosts=("a.example.com",), secret_name="tls"),)
    taking = an_ingress(
        "shop/a", annotations={"ingress-provisioner.io/certificates": "from-secret"}
    )
    not_taking = an_ingress("shop/b")
    signing = an_ingress("shop/c", annotations={"auth-type": "oidc", "auth-idp-oidc": ANNOTATION})
    behind = an_ingress("other/d", rules=[a_rule("d.example.com", a_path("/", "api:80"))])
    foreign = an_ingress("shop/e", class_name="nginx", annotations={"auth-idp-oidc": ANNOTATION})
    service = a_service("other/api", annotations={"auth-idp-oidc": ANNOTATION})
    snapshot = a_snapshot(
        an_ingress_class(),
        replace(taking, tls=tls),
        replace(not_taking, tls=tls),
        signing,
        behind,
        foreign,
        service,
    )

    found = named_secrets(snapshot, provider, some_settings())

    assert found == {
        Key("shop", "a"): {Key("shop", "tls")},
        Key("shop", "c"): {Key("shop", "sign-in")},
        Key("other", "d"): {Key("other", "sign-in")},
    }

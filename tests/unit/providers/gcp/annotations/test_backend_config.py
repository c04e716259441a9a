"""What a BackendConfig promises beyond its single fields: what goes together, Secrets, defaults."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.gcp.backend_config import BackendConfig, Cdn, Iap, OAuthClient
from providers.gcp.reading.backend_config import BackendConfigNames, backend_config
from provisioner.core.object_error import ObjectError
from provisioner.core.secret_error import SecretError
from provisioner.model.kube import ServicePort
from provisioner.model.resource import Fingerprint
from tests.unit.providers.gcp.annotations.cases import an_object


def read(spec: Mapping[str, object]) -> BackendConfig:
    """Return what a BackendConfig ``shop/bc`` says."""
    return backend_config(an_object("BackendConfig", "shop/bc", spec))


def refusals(spec: Mapping[str, object]) -> list[str]:
    """Return the fields of a BackendConfig that are refused."""
    with pytest.raises(ObjectError) as caught:
        read(spec)
    return [problem.field for problem in (caught.value, *caught.value.more)]


def remarks(spec: Mapping[str, object]) -> list[str]:
    """Return the fields of a BackendConfig that are odd."""
    return [remark.field for remark in read(spec).object_remarks]


def seal(text: str, purpose: str) -> Fingerprint:
    """Hide a text so that the test can see for what."""
    return Fingerprint(digest=f"{purpose}:{len(text)}", secret=text)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (ServicePort(port=443, name="https"), ("by-name",)),
        (ServicePort(port=80, name="http"), ("by-number",)),
        (ServicePort(port=8443, name="other"), ("rest",)),
        (ServicePort(port=8443), ("rest",)),
        (None, ()),
    ],
)
def test_a_port_has_its_own_object_by_name_then_by_number_then_the_default(
    port: ServicePort | None, expected: tuple[str, ...]
) -> None:
    """GKE looks for the port's name first; a specific port beats the default."""
    names = BackendConfigNames(
        default="rest", ports={"https": "by-name", "443": "never", "80": "by-number"}
    )

    assert names.object_names(port) == expected


def test_a_port_that_nothing_names_has_no_object() -> None:
    """Without a default the other ports keep Google's own settings."""
    names = BackendConfigNames(ports={"http": "bc"})

    assert names.object_names(ServicePort(port=443, name="https")) == ()
    assert names.filled({}) is None


def test_iap_and_cdn_exclude_each_other() -> None:
    """The cache would hand to everybody what the proxy let one person see."""
    assert refusals({"iap": {"enabled": True}, "cdn": {"enabled": True}}) == ["spec.iap.enabled"]
    assert read({"iap": {"enabled": True}, "cdn": {"enabled": False}}).cdn == Cdn(enabled=False)


def test_iap_without_credentials_is_googles_own_client() -> None:
    """Google manages a client where the block names none."""
    assert read({"iap": {"enabled": True}}).iap == Iap(enabled=True, client=None)
    assert read({"iap": {"enabled": True, "oauthclientCredentials": {}}}).iap == Iap(enabled=True)


def test_a_secret_outranks_credentials_in_the_object() -> None:
    """GKE puts what the Secret holds over them; they do not belong there in the first place."""
    spec = {
        "iap": {
            "enabled": True,
            "oauthclientCredentials": {"secretName": "oauth", "clientID": "i", "clientSecret": "s"},
        }
    }

    config = read(spec)

    assert config.iap is not None
    assert config.iap.client == OAuthClient(secret_name="oauth")
    assert remarks(spec) == ["spec.iap.oauthclientCredentials.secretName"]


def test_what_is_switched_off_needs_no_secret() -> None:
    """A Secret may be gone before IAP is switched on again."""
    off = read(
        {
            "iap": {"enabled": False, "oauthclientCredentials": {"secretName": "oauth"}},
            "cdn": {"enabled": False, "signedUrlKeys": [{"keyName": "k", "secretName": "signing"}]},
        }
    )

    assert off.secret_names == ()
    assert off.with_secrets({}, seal) == off


def test_secrets_enter_behind_fingerprints() -> None:
    """The digest of a client's secret is the SHA-256 that Google shows of it."""
    config = read(
        {
            "iap": {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}},
            "logging": {"enable": True},
        }
    )

    filled = config.with_secrets(
        {"oauth": {"client_id": b"id.apps\n", "client_secret": b"hello\n"}}, seal
    )

    assert config.secret_names == ("oauth",)
    assert filled.iap is not None
    assert filled.iap.client is not None
    assert filled.iap.client.client_id == "id.apps"
    assert filled.iap.client.client_secret == Fingerprint(
        digest="2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", secret="hello"
    )
    assert filled.logging == config.logging


def test_keys_that_sign_urls_are_sealed_each_for_itself() -> None:
    """One from a Secret, one from the object; neither shows in a text made of the config."""
    config = read(
        {
            "cdn": {
                "enabled": True,
                "signedUrlKeys": [
                    {"keyName": "old", "keyValue": "nZtRohdNF9m3cKM24IcK4w=="},
                    {"keyName": "new", "secretName": "signing"},
                ],
            }
        }
    )

    filled = config.with_secrets({"signing": {"key_value": b"c2VjcmV0LWtleS0xMjM0NQ==\n"}}, seal)

    assert config.secret_names == ("signing",)
    assert filled.cdn is not None
    assert [(key.name, key.value, key.text) for key in filled.cdn.signed_url_keys] == [
        ("old", seal("nZtRohdNF9m3cKM24IcK4w==", "signed-url-key-old"), ""),
        ("new", seal("c2VjcmV0LWtleS0xMjM0NQ==", "signed-url-key-new"), ""),
    ]
    assert "nZtRohdN" not in repr(config)
    assert "nZtRohdN" not in repr(filled)


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        ({"client_id": b"id"}, "has no key client_secret"),
        ({"client_secret": b"word"}, "has no key client_id"),
        ({"client_id": b"", "client_secret": b"word"}, "has nothing under key client_id"),
        ({"client_id": b"id", "client_secret": b"\n"}, "has nothing under key client_secret"),
        ({"client_id": b"\xff", "client_secret": b"word"}, "what is no text"),
    ],
)
def test_a_secret_that_lacks_a_client_is_named(held: Mapping[str, bytes], complaint: str) -> None:
    """Half a client lets nobody in."""
    config = read({"iap": {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}})

    with pytest.raises(SecretError, match=complaint) as caught:
        config.with_secrets({"oauth": held}, seal)

    assert caught.value.name == "oauth"


@pytest.mark.parametrize(
    ("held", "complaint"),
    [({}, "has no key key_value"), ({"key_value": b" \n"}, "has nothing under key key_value")],
)
def test_a_secret_without_a_signing_key_is_named(held: Mapping[str, bytes], complaint: str) -> None:
    """Its key is called key_value, as GKE has it."""
    config = read(
        {"cdn": {"enabled": True, "signedUrlKeys": [{"keyName": "k", "secretName": "signing"}]}}
    )

    with pytest.raises(SecretError, match=complaint) as caught:
        config.with_secrets({"signing": held}, seal)

    assert caught.value.name == "signing"


def test_a_written_key_beside_a_secret_is_told() -> None:
    """The Secret counts."""
    keys = [{"keyName": "k", "secretName": "signing", "keyValue": "nZtRohdNF9m3cKM24IcK4w=="}]
    spec = {"cdn": {"enabled": True, "signedUrlKeys": keys}}

    assert remarks(spec) == ["spec.cdn.signedUrlKeys[0].keyValue"]


@pytest.mark.parametrize(
    ("cdn", "field"),
    [
        ({"signedUrlKeys": [{"keyName": f"k{i}", "secretName": "s"} for i in range(4)]}, "Keys"),
        ({"signedUrlKeys": [{"keyName": "k", "secretName": "s"}] * 2}, "signedUrlKeys[1].keyName"),
        (
            {"bypassCacheOnRequestHeaders": [{"headerName": f"X-{i}"} for i in range(6)]},
            "bypassCacheOnRequestHeaders",
        ),
        (
            {"negativeCachingPolicy": [{"code": 404}, {"code": 404}]},
            "negativeCachingPolicy[1].code",
        ),
        ({"negativeCachingPolicy": [404]}, "negativeCachingPolicy[0]"),
        ({"bypassCacheOnRequestHeaders": [{}]}, "bypassCacheOnRequestHeaders[0].headerName"),
        (
            {"bypassCacheOnRequestHeaders": [{"headerName": "a b"}, {"headerName": "X"}]},
            "bypassCacheOnRequestHeaders[0].headerName",
        ),
        ({"negativeCachingPolicy": [{"code": "404"}]}, "negativeCachingPolicy[0].code"),
        (
            {
                "cachePolicy": {
                    "includeQueryString": True,
                    "queryStringBlacklist": ["a"],
                    "queryStringWhitelist": ["b"],
                }
            },
            "cachePolicy.queryStringWhitelist",
        ),
        ({"defaultTtl": 100, "maxTtl": 60}, "defaultTtl"),
        ({"maxTtl": 60}, "maxTtl"),
        ({"defaultTtl": 90_000}, "defaultTtl"),
    ],
)
def test_what_the_cdn_cannot_hold_together_is_refused(
    cdn: Mapping[str, object], field: str
) -> None:
    """Three keys, five headers, each status once, one list of parameters, and TTLs in order."""
    [refused] = refusals({"cdn": {"enabled": True, **cdn}})

    assert refused.startswith("spec.cdn.")
    assert refused.endswith(field)


@pytest.mark.parametrize(
    ("cdn", "field"),
    [
        ({"cacheMode": "USE_ORIGIN_HEADERS", "clientTtl": 5}, "clientTtl"),
        ({"cacheMode": "USE_ORIGIN_HEADERS", "defaultTtl": 5}, "defaultTtl"),
        ({"cacheMode": "FORCE_CACHE_ALL", "maxTtl": 5}, "maxTtl"),
        (
            {"negativeCaching": False, "negativeCachingPolicy": [{"code": 404}]},
            "negativeCachingPolicy",
        ),
        ({"cachePolicy": {"queryStringBlacklist": ["a"]}}, "cachePolicy.queryStringBlacklist"),
        ({"cachePolicy": {"queryStringWhitelist": ["a"]}}, "cachePolicy.queryStringWhitelist"),
    ],
)
def test_what_has_no_effect_in_the_cdn_is_told(cdn: Mapping[str, object], field: str) -> None:
    """GKE passes over it in silence."""
    assert remarks({"cdn": {"enabled": True, **cdn}}) == [f"spec.cdn.{field}"]


def test_what_has_no_effect_elsewhere_is_told() -> None:
    """A cookie's life without a cookie, a rate of logs that are off."""
    assert remarks(
        {"sessionAffinity": {"affinityType": "CLIENT_IP", "affinityCookieTtlSec": 5}}
    ) == ["spec.sessionAffinity.affinityCookieTtlSec"]
    assert remarks({"logging": {"sampleRate": 0.5}}) == ["spec.logging.sampleRate"]


@pytest.mark.parametrize("block", ["customRequestHeaders", "customResponseHeaders"])
@pytest.mark.parametrize(
    "headers", [[f"X-{i}:1" for i in range(17)], ["X-Long:" + "a" * 8192], ["X-Bad:a\nX-B:b"]]
)
def test_headers_are_counted_and_measured(block: str, headers: list[str]) -> None:
    """A backend service takes 16 headers of 8 KB in all, in each direction."""
    [refused] = refusals({block: {"headers": headers}})

    assert refused.startswith(f"spec.{block}.headers")


@pytest.mark.parametrize(
    "name", ["X-Google-Region", "X-Goog-Meta", "x-gfe-id", "X-Amz-Date", "authority", "CDN-Loop"]
)
def test_headers_that_are_googles_own_are_refused(name: str) -> None:
    """The API refuses them, and those that no proxy passes on ("Create custom headers")."""
    assert refusals({"customRequestHeaders": {"headers": [f"{name}:1", "TE:trailers"]}}) == [
        "spec.customRequestHeaders.headers[0]",
        "spec.customRequestHeaders.headers[1]",
    ]
    assert read({"customRequestHeaders": {"headers": ["Host:shop.example.com"]}}).request_headers


def test_sixteen_headers_of_eight_kilobytes_fit() -> None:
    """The limits themselves are still good."""
    headers = [f"X-{i:02}:" + "a" * (512 - 5) for i in range(16)]

    assert sum(map(len, headers)) == 8192
    assert read({"customRequestHeaders": {"headers": headers}}).request_headers == tuple(headers)


def test_an_empty_policy_name_takes_the_policy_away() -> None:
    """It is said, unlike a block that is not there."""
    assert read({"securityPolicy": {"name": ""}}).security_policy == ""
    assert read({"securityPolicy": {}}).security_policy == ""
    assert read({}).security_policy is None


def test_draining_and_affinity_without_a_value_are_what_go_makes_of_them() -> None:
    """GKE sends a zero for the one, NONE for the other."""
    config = read({"connectionDraining": {}, "sessionAffinity": {"affinityType": ""}})

    assert config.draining_seconds == 0
    assert config.affinity is not None
    assert (config.affinity.type, config.affinity.cookie_ttl) == ("NONE", None)


def test_objects_that_say_the_same_are_equal() -> None:
    """What counts is what they say: a name must not make two backends of one."""
    twin = backend_config(an_object("BackendConfig", "shop/twin", {"timeoutSec": 5, "odd": 1}))

    assert read({"timeoutSec": 5}) == twin
    assert twin.name == "twin"

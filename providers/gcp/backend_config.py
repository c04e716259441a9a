"""What a BackendConfig says: Google Cloud's settings of one backend, as values.

Every block and every field is None where the object does not have it. Whoever expresses a backend
service states Google's default then, so that removing a block undoes it. ``reading`` parses the
object; the secrets that it names come in by ``with_secrets``, behind fingerprints.

Source: the CustomResourceDefinition BackendConfig, cloud.google.com/v1, of GKE.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from provisioner.core.object_error import ObjectRemark
from provisioner.core.secret_error import SecretError
from provisioner.model.resource import Fingerprint

CLIENT_ID, CLIENT_SECRET, KEY_VALUE = "client_id", "client_secret", "key_value"
"""What the keys in Secrets are called."""

_CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))

SecretData = Mapping[str, Mapping[str, bytes]]
Seal = Callable[[str, str], Fingerprint]


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """The OAuth client that people sign in with, from a Secret or from the object itself.

    ``client_secret`` is None until the Secret was read. Its digest is the SHA-256 that Google shows
    of a secret, so what exists can be compared with what is wanted.
    """

    secret_name: str = ""
    client_id: str = ""
    client_secret: Fingerprint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Iap:
    """Identity-Aware Proxy. Without a ``client`` Google manages one itself."""

    enabled: bool = False
    client: OAuthClient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheKey:
    """What makes two requests the same to the cache."""

    include_host: bool = False
    include_protocol: bool = False
    include_query_string: bool = False
    query_string_blacklist: tuple[str, ...] = ()
    query_string_whitelist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeCaching:
    """How long answers of one status stay in the cache."""

    code: int
    ttl: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUrlKey:
    """A key that signs URLs. ``value`` is None until its Secret was read (``text``: is written)."""

    name: str
    secret_name: str = ""
    value: Fingerprint | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdn:
    """Cloud CDN. What is None takes the defaults that Google has with the CDN switched on."""

    enabled: bool = False
    cache_key: CacheKey | None = None
    cache_mode: str | None = None
    client_ttl: int | None = None
    default_ttl: int | None = None
    max_ttl: int | None = None
    negative_caching: bool | None = None
    negative_caching_policy: tuple[NegativeCaching, ...] = ()
    request_coalescing: bool | None = None
    serve_while_stale: int | None = None
    bypass_headers: tuple[str, ...] = ()
    signed_url_max_age: int | None = None
    signed_url_keys: tuple[SignedUrlKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    """Session affinity: ``NONE``, ``CLIENT_IP`` or ``GENERATED_COOKIE``."""

    type: str = "NONE"
    cookie_ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheckSettings:
    """What the object says of the health check, field by field; the rest is derived."""

    interval_seconds: int | None = None
    timeout_seconds: int | None = None
    healthy_threshold: int | None = None
    unhealthy_threshold: int | None = None
    type: str | None = None  # HTTP | HTTPS | HTTP2
    port: int | None = None
    request_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """Logging of requests; ``sample_rate`` None is all of them."""

    enable: bool = False
    sample_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendConfig:
    """The settings of one backend. Two objects that say the same are equal, whatever their names.

    ``security_policy`` "" takes away what is there.
    """

    iap: Iap | None = None
    cdn: Cdn | None = None
    security_policy: str | None = None
    timeout_seconds: int | None = None
    draining_seconds: int | None = None
    affinity: Affinity | None = None
    request_headers: tuple[str, ...] | None = None
    response_headers: tuple[str, ...] | None = None
    health_check: HealthCheckSettings | None = None
    logging: Logging | None = None
    name: str = field(default="", compare=False)
    object_remarks: tuple[ObjectRemark, ...] = field(default=(), compare=False)

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The Secrets that it needs: of the OAuth client, of keys that sign URLs."""
        client = self.iap.client if self.iap is not None and self.iap.enabled else None
        keys = self.cdn.signed_url_keys if self.cdn is not None and self.cdn.enabled else ()
        named = (client.secret_name if client else "", *(key.secret_name for key in keys))
        return tuple(dict.fromkeys(name for name in named if name))

    def place_of_secret(self, name: str) -> tuple[str, str, str]:
        """Return the object and the field that names a Secret (``core.secrets.SaysWhere``)."""
        keys = self.cdn.signed_url_keys if self.cdn is not None else ()
        field_ = "spec.iap.oauthclientCredentials.secretName"
        for index, key in enumerate(keys):
            if key.secret_name == name:
                field_ = f"spec.cdn.signedUrlKeys[{index}].secretName"
        return "BackendConfig", self.name, field_

    def with_secrets(self, data: SecretData, seal: Seal) -> BackendConfig:
        """Return it with what its Secrets hold (``core.secrets.NamesSecrets``)."""
        return replace(self, iap=_with_client(self.iap, data), cdn=_with_keys(self.cdn, data, seal))


NO_BACKEND_CONFIG = BackendConfig()
"""That of a Service that names none."""


def client_secret(text: str) -> Fingerprint:
    """Return the secret of an OAuth client behind the digest that Google shows of it."""
    return Fingerprint(digest=hashlib.sha256(text.encode()).hexdigest(), secret=text)


def _with_client(iap: Iap | None, data: SecretData) -> Iap | None:
    client = iap.client if iap is not None else None
    if iap is None or client is None or not iap.enabled or not client.secret_name:
        return iap
    held = data[client.secret_name]
    client_id = _text(held, CLIENT_ID, client.secret_name).rstrip()
    secret = _text(held, CLIENT_SECRET, client.secret_name).rstrip(_CONTROLS)
    for key, text in ((CLIENT_ID, client_id), (CLIENT_SECRET, secret)):
        if not text:
            raise SecretError(f"has nothing under key {key}", name=client.secret_name)
    client = replace(client, client_id=client_id, client_secret=client_secret(secret))
    return replace(iap, client=client)


def _with_keys(cdn: Cdn | None, data: SecretData, seal: Seal) -> Cdn | None:
    if cdn is None or not cdn.enabled:
        return cdn
    return replace(cdn, signed_url_keys=tuple(_sealed(k, data, seal) for k in cdn.signed_url_keys))


def _sealed(key: SignedUrlKey, data: SecretData, seal: Seal) -> SignedUrlKey:
    text = key.text
    if key.secret_name:
        text = _text(data[key.secret_name], KEY_VALUE, key.secret_name).strip()
        if not text:
            raise SecretError(f"has nothing under key {KEY_VALUE}", name=key.secret_name)
    return replace(key, value=seal(text, f"signed-url-key-{key.name}"), text="")


def _text(held: Mapping[str, bytes], key: str, name: str) -> str:
    """Return a key of a Secret as text; editors and ``echo`` leave line ends behind."""
    if key not in held:
        needed = f"the key {KEY_VALUE}" if key == KEY_VALUE else "the keys client_id, client_secret"
        raise SecretError(f"has no key {key}", name=name, hint=f"it needs {needed}")
    try:
        return held[key].decode()
    except UnicodeDecodeError:
        raise SecretError(f"holds under key {key} what is no text", name=name) from None

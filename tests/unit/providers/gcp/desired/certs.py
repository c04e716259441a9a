"""Certificates for tests of the Google expression: Secrets, names, and how to look at proxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.gcp.account import SslCertificate
from providers.gcp.addresses import Kind
from provisioner.model.expression import Expressed
from provisioner.model.kube import Key, Secret
from provisioner.model.resource import Resource
from tests.factories import a_meta
from tests.unit.core.secrets.pems import Issued, a_pair
from tests.unit.providers.gcp.desired.worlds import (
    CERTIFICATES,
    HTTPS_PROXY,
    PRE_SHARED,
    VARIANT,
    World,
    a_world,
    some_facts,
    spec_of,
)

WEB = Key("shop", "web")
PAIR = a_pair("shop.example.com")
REGIONAL = {VARIANT: "regional-external"}
ISSUE = {CERTIFICATES: "managed"}
SECRET_WORD = "ingress-provisioner.io/secret"


def a_tls_secret(pair: Issued | None = PAIR, name: str = "shop/tls", **data: str) -> Secret:
    """Return a TLS Secret."""
    held = {"tls.crt": pair.certificate, "tls.key": pair.key} if pair is not None else {}
    content = {key: text.encode() for key, text in {**held, **data}.items()}
    return Secret(meta=a_meta(name), type="kubernetes.io/tls", data=content)


def with_secret(secret: Secret, annotations: Mapping[str, str] | None = None) -> World:
    """Return an Ingress whose ``spec.tls`` names this Secret."""
    return a_world(annotations or {}, secrets={"tls": secret})


def naming(
    *names: str,
    known: Mapping[tuple[str, str], SslCertificate | None] | None = None,
    annotations: Mapping[str, str] | None = None,
    unread: Sequence[str] = (),
) -> World:
    """Return an Ingress that names certificates, and what the project knows of them."""
    said = {PRE_SHARED: ",".join(names), **(annotations or {})}
    return a_world(said, facts=some_facts(certificates=known or {}, unread=unread))


def served(expressed: Expressed, proxy: str = HTTPS_PROXY) -> tuple[object, ...]:
    """Return the certificates of the HTTPS proxy."""
    found = spec_of(expressed, proxy)["sslCertificates"]
    assert isinstance(found, tuple)
    return found


def certificates(expressed: Expressed) -> list[Resource]:
    """Return the certificates of ours."""
    return [r for r in expressed.resources if r.kind == Kind.SSL_CERTIFICATE]


def the_certificate(expressed: Expressed) -> Resource:
    """Return the only certificate of ours."""
    (found,) = certificates(expressed)
    return found

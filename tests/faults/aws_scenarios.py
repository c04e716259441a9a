"""Changes of a load balancer that AWS hangs all it has on: secrets, guards, weights, mutual TLS."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from uuid import uuid4

from provisioner.model.kube import NO_STRINGS
from provisioner.sandbox.aws.clients import Login, client
from tests.contract.annotations.site import a_client_secret, a_tls_secret
from tests.contract.annotations.things import make_trust_store, make_web_acl, subscribe
from tests.contract.provider import manifests
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document, Route, ingress
from tests.unit.core.secrets.pems import an_rsa_key

NATIVE = "alb.ingress.kubernetes.io/"
HOST = "shop.example.com"
_IDP = "https://idp.example.com"
_FRAMES = "routing.http.response.x_frame_options.header_value"


@functools.cache
def _first() -> Document:
    return a_tls_secret(HOST)


@functools.cache
def _second() -> Document:
    """Return a certificate that ACM does not take in place of the first: another kind of key."""
    return a_tls_secret(HOST, key=an_rsa_key())


@functools.cache
def _name() -> str:
    return f"edge-{uuid4().hex[:8]}"


def login_of(desk: Desk) -> Login:
    """Return how to ask the account with plain boto3."""
    access_key = desk.cloud.environment["AWS_ACCESS_KEY_ID"]
    return Login(endpoint_url=desk.cloud.url, access_key=access_key)


def furnish(desk: Desk) -> None:
    """Have a trust store, a web ACL, Shield Advanced, and a second Service."""
    login = login_of(desk)
    make_trust_store(login, _name())
    _make_web_acl_once(login, _name())
    subscribe(login)
    desk.put(manifests.service("cart", node_port=30081))
    desk.scale("cart", 1, first=4)
    desk.put(_first(), a_client_secret("one"))


def _make_web_acl_once(login: Login, name: str) -> None:
    """Make it unless it is there: clearing an account keeps web ACLs, a new emulator has none."""
    listed = client(login, "wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
    if all(acl["Name"] != name for acl in listed):
        make_web_acl(login, name)


def guarded(desk: Desk, *, extra: Mapping[str, str] = NO_STRINGS, group: str = "") -> None:
    """Ask for all of it at once, and for what else is said."""
    _put(desk, weight=10, frames="DENY", mode="verify", extra=extra, group=group)


def changed(desk: Desk) -> None:
    """Rotate both Secrets, and change all that can be changed in place."""
    desk.put(_second(), a_client_secret("two"))
    _put(desk, weight=50, frames="SAMEORIGIN", mode="passthrough")


def _put(
    desk: Desk,
    *,
    weight: int,
    frames: str,
    mode: str,
    extra: Mapping[str, str] = NO_STRINGS,
    group: str = "",
) -> None:
    store = {"trustStore": _name()} if mode == "verify" else {}
    said = {
        "listen-ports": "HTTPS:443",
        "certificates": "from-secret",
        "weights": f"web:80={100 - weight},cart:80={weight}",
        f"{NATIVE}auth-type": "oidc",
        f"{NATIVE}auth-idp-oidc": json.dumps(
            {
                "issuer": _IDP,
                "authorizationEndpoint": f"{_IDP}/auth",
                "tokenEndpoint": f"{_IDP}/token",
                "userInfoEndpoint": f"{_IDP}/user",
                "secretName": "idp",
            }
        ),
        f"{NATIVE}wafv2-acl-name": _name(),
        f"{NATIVE}shield-advanced-protection": "true",
        f"{NATIVE}mutual-authentication": json.dumps([{"port": 443, "mode": mode, **store}]),
        f"{NATIVE}listener-attributes.HTTPS-443": f"{_FRAMES}={frames}",
        **extra,
    }
    made = ingress("web", Route(host=HOST), group=group, annotations=said)
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["tls"] = [{"hosts": [HOST], "secretName": "tls"}]
    desk.put(made)

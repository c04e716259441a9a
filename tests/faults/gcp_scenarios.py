"""Changes of a load balancer with what only Google Cloud has: promotion, rotation, redirects."""

from __future__ import annotations

import functools

from tests.contract.annotations.site import a_tls_secret
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document, Route, ingress

HOST = "shop.example.com"
GKE = "networking.gke.io/"


@functools.cache
def _first() -> Document:
    return a_tls_secret(HOST)


@functools.cache
def _second() -> Document:
    return a_tls_secret(HOST)


def secured(desk: Desk) -> None:
    """Ask for HTTPS beside HTTP, so that both need one address, with a certificate of a Secret."""
    desk.put(_first())
    _put(desk, redirect=False)


def changed(desk: Desk) -> None:
    """Rotate the certificate, and let HTTP redirect, which takes a URL map of its own."""
    desk.put(_second())
    _put(desk, redirect=True)


def _put(desk: Desk, *, redirect: bool) -> None:
    said = {"ssl-redirect": "443"} if redirect else {}
    made = ingress("web", Route(), Route(path="/cart"), annotations=said)
    spec = made["spec"]
    assert isinstance(spec, dict)
    spec["tls"] = [{"hosts": [HOST], "secretName": "tls"}]
    desk.put(made)

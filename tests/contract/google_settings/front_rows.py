"""Rows of what an Ingress says of its front, by annotations and by the objects that they name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.row import (
    OF_A_REGION,
    PORTABLE,
    WORLDWIDE,
    Kind,
    Row,
    Where,
)

_OURS: Json = ["*.shop.example.com"]
_SECURE: Mapping[str, Json] = MappingProxyType({f"{PORTABLE}listen-ports": "HTTPS:443"})
_CERTIFICATES = ("targetHttpsProxies.setSslCertificates",)
_POLICY = ("targetHttpsProxies.setSslPolicy",)
_MAP = ("targetHttpsProxies.setCertificateMap",)
_MOVE = ("globalForwardingRules.delete", "globalForwardingRules.insert")
_TO_HTTPS: Json = [True, "MOVED_PERMANENTLY_DEFAULT"]
_BOTH: Json = ["80-80", "443-443"]
_REDIRECT: Mapping[str, Json] = MappingProxyType({"redirectToHttps": {"enabled": True}})
_NEW_PORT = (
    "globalAddresses.insert",
    "globalForwardingRules.insert",
    "targetHttpProxies.insert",
    "urlMaps.update",  # how many rules lead to it, which a quota counts, is noted there
)


def _address(key: str, name: str, on: tuple[Kind, ...]) -> Row:
    """Return the row of a static address; once it is not named any more it stays all the same."""
    return Row(
        key=key,
        value=f"{name}-a",
        other=f"{name}-b",
        probe=look.address,
        seen=([f"{name}-a"], [f"{name}-b"], [f"{name}-b"]),
        change=_MOVE,
        removal=(),
        on=on,
    )


NATIVE: tuple[Row, ...] = (
    _address("kubernetes.io/ingress.global-static-ip-name", "own", WORLDWIDE),
    _address("kubernetes.io/ingress.regional-static-ip-name", "own", (Kind.REGIONAL,)),
    _address("kubernetes.io/ingress.regional-static-ip-name", "own-internal", (Kind.INTERNAL,)),
    Row(
        key="networking.gke.io/v1beta1.FrontendConfig",
        value="front-a",
        other="front-b",
        probe=look.ssl_policy,
        seen=("own-a", "own-b", None),
        change=_POLICY,
        removal=_POLICY,
        tls=True,
    ),
    Row(
        key="kubernetes.io/ingress.allow-http",
        value="false",
        other="true",
        probe=look.ports,
        seen=(["443-443"], _BOTH, _BOTH),
        change=_NEW_PORT,
        removal=(),
        tls=True,
    ),
    Row(
        key="ingress.gcp.kubernetes.io/pre-shared-cert",
        value="own-a,own-b",
        other="own-b",
        probe=look.certificates,
        seen=(["own-a", "own-b", _OURS], ["own-b", _OURS], [_OURS]),
        change=_CERTIFICATES,
        removal=_CERTIFICATES,
        tls=True,
    ),
    Row(
        key="networking.gke.io/managed-certificates",
        value="ordered-a",
        other="ordered-b",
        probe=look.certificates,
        seen=(["own-a", _OURS], ["own-b", _OURS], [_OURS]),
        change=_CERTIFICATES,
        removal=_CERTIFICATES,
        tls=True,
    ),
    Row(
        key="networking.gke.io/certmap",
        value="map-a",
        other="map-b",
        probe=lambda seen: [look.certificate_map(seen), look.certificates(seen)],
        seen=(["map-a", []], ["map-b", []], [None, [_OURS]]),
        change=_MAP,
        removal=("sslCertificates.insert", *_MAP, *_CERTIFICATES),
        on=WORLDWIDE,
        tls=True,
    ),
)

OBJECTS: tuple[Row, ...] = (
    Row(
        key="sslPolicy",
        where=Where.FRONTEND_CONFIG,
        value="own-a",
        other="own-b",
        probe=look.ssl_policy,
        seen=("own-a", "own-b", None),
        change=_POLICY,
        removal=_POLICY,
        tls=True,
    ),
    Row(
        key="redirectToHttps.enabled",
        where=Where.FRONTEND_CONFIG,
        value=True,
        other=False,
        probe=look.redirects,
        seen=(_TO_HTTPS, [None, None], [None, None]),
        change=("targetHttpProxies.setUrlMap", "urlMaps.delete", "urlMaps.update"),
        removal=(),
        tls=True,
    ),
    Row(
        key="redirectToHttps.responseCodeName",
        where=Where.FRONTEND_CONFIG,
        value="FOUND",
        other="PERMANENT_REDIRECT",
        probe=look.redirects,
        seen=([True, "FOUND"], [True, "PERMANENT_REDIRECT"], _TO_HTTPS),
        change=("urlMaps.update",),
        removal=("urlMaps.update",),
        beside=_REDIRECT,
        tls=True,
    ),
    Row(
        key="certificateName",
        where=Where.MANAGED_CERTIFICATE,
        value="own-a",
        other="own-b",
        probe=look.certificates,
        seen=(["own-a"], ["own-b"], ["own-b"]),  # what is served stays until there is another
        change=_CERTIFICATES,
        removal=(),
    ),
)

_PORT_8080 = (*_NEW_PORT,)

PORTABLE_ROWS: tuple[Row, ...] = (
    Row(
        key=f"{PORTABLE}timeout-seconds",
        value="90",
        other="120",
        probe=look.service("timeoutSec"),
        seen=([90], [120], [30]),
        change=("backendServices.update",),
        removal=("backendServices.update",),
        of_each=True,
    ),
    Row(
        key=f"{PORTABLE}access-logs",
        value="0.5",
        other="false",
        probe=look.service("logConfig.enable", "logConfig.sampleRate"),
        seen=([True, 0.5], [False, None], [False, None]),
        change=("backendServices.update",),
        removal=(),
        of_each=True,
    ),
    Row(
        key=f"{PORTABLE}listen-ports",
        value="HTTP:80",
        other="HTTP:80, HTTP:8080",
        probe=look.ports,
        seen=(["80-80"], ["80-80", "8080-8080"], ["80-80"]),
        change=_PORT_8080,
        removal=("globalForwardingRules.delete", "targetHttpProxies.delete", "urlMaps.update"),
    ),
    Row(
        key=f"{PORTABLE}ssl-redirect",
        value="443",
        other="443",  # Google redirects to no other port
        probe=look.redirects,
        seen=(_TO_HTTPS, _TO_HTTPS, [None, None]),
        change=(),
        removal=("targetHttpProxies.setUrlMap", "urlMaps.delete", "urlMaps.update"),
        tls=True,
    ),
    Row(
        key=f"{PORTABLE}certificates",
        value="own-a",
        other="from-secret",
        probe=look.certificates,
        seen=(["own-a"], [_OURS], [_OURS]),
        change=("sslCertificates.insert", *_CERTIFICATES),
        removal=(),
        tls=True,
        beside=_SECURE,
        on=OF_A_REGION,
    ),
    Row(
        key=f"{PORTABLE}certificates",
        value="own-a",
        other="managed",
        probe=look.issued,
        seen=(
            [["SELF_MANAGED", None]],
            [["MANAGED", ["r4.shop.example.com"]]],
            [["SELF_MANAGED", None]],
        ),
        change=("sslCertificates.insert", *_CERTIFICATES * 2),  # both until Google has issued it
        removal=("sslCertificates.delete", "sslCertificates.insert", *_CERTIFICATES),
        tls=True,
        beside=_SECURE,
        on=WORLDWIDE,
    ),
)

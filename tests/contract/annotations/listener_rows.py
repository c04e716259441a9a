"""Rows of the annotations that speak of listeners."""

from __future__ import annotations

from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.row import HTTPS, NATIVE, Row

_AUTHORITY = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/{}"
_ISSUED = MappingProxyType({**HTTPS, f"{NATIVE}create-acm-cert": "true"})
_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_STRICT = "ELBSecurityPolicy-TLS13-1-3-2021-06"
_STRICTER = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
_FRAMES = "routing.http.response.x_frame_options.header_value"


def _verified(letter: str) -> str:
    return f'[{{"port": 443, "mode": "verify", "trustStore": "$store_name_{letter}"}}]'


_VERIFIED_A: Json = ["verify", "$store_a"]

ROWS: tuple[Row, ...] = (
    Row(
        key=f"{NATIVE}listen-ports",
        value='[{"HTTP": 80}, {"HTTPS": 443}]',
        other='[{"HTTP": 8080}, {"HTTPS": 443}]',
        probe=look.ports,
        seen=(["HTTP:80", "HTTPS:443"], ["HTTPS:443", "HTTP:8080"], ["HTTP:80"]),
        change=(
            "AuthorizeSecurityGroupIngress",
            "CreateListener",
            "CreateRule",
            "DeleteListener",
            "RevokeSecurityGroupIngress",
        ),
        removal=(
            "AuthorizeSecurityGroupIngress",
            "CreateListener",
            "CreateRule",
            "DeleteListener",
            "DeleteListener",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupIngress",
        ),
        beside=MappingProxyType({}),
    ),
    Row(
        key=f"{NATIVE}ssl-redirect",
        value="443",
        other="8443",
        probe=look.redirects_to,
        seen=(["443", 0], ["8443", 0], [None, 1]),
        change=("ModifyListener",),
        removal=("CreateRule", "ModifyListener"),
        beside=MappingProxyType(
            {f"{NATIVE}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}, {"HTTPS": 8443}]'}
        ),
    ),
    Row(
        key=f"{NATIVE}certificate-arn",
        value="$certificate_a,$certificate_b",
        other="$certificate_b",
        probe=look.certificates,
        seen=(
            ["$certificate_a", "$certificate_b"],
            ["$certificate_b"],
            ["$shop_certificate"],
        ),
        change=("ModifyListener", "RemoveListenerCertificates"),
        removal=("ModifyListener",),
    ),
    Row(
        key=f"{NATIVE}ssl-policy",
        value=_STRICT,
        other=_STRICTER,
        probe=look.listener("SslPolicy"),
        seen=(_STRICT, _STRICTER, _POLICY),
        change=("ModifyListener",),
        removal=("ModifyListener",),
    ),
    Row(
        key=f"{NATIVE}mutual-authentication",
        value=_verified("a"),
        other='[{"port": 443, "mode": "passthrough"}]',
        probe=look.mutual_tls,
        seen=(_VERIFIED_A, ["passthrough", None], ["off", None]),
        change=("ModifyListener",),
        removal=("ModifyListener", "RemoveTags"),
    ),
    Row(
        key=f"{NATIVE}listener-attributes.*",
        suffix="HTTPS-443",
        value=f"{_FRAMES}=DENY",
        other=f"{_FRAMES}=SAMEORIGIN",
        probe=look.listener_attribute(_FRAMES),
        seen=("DENY", "SAMEORIGIN", "SAMEORIGIN"),  # what nobody lists is left alone
        change=("ModifyListenerAttributes",),
        removal=("RemoveTags",),
    ),
    Row(
        key=f"{NATIVE}create-acm-cert",
        value="true",
        other="false",
        probe=look.requested,
        seen=(
            ["PRIVATE", _AUTHORITY.format("a"), ["$host"]],
            ["IMPORTED", "", ["*.shop.example.com", "shop.example.com"]],
            ["IMPORTED", "", ["*.shop.example.com", "shop.example.com"]],
        ),
        change=("DeleteCertificate", "ModifyListener"),
        removal=(),
        beside=MappingProxyType({**HTTPS, f"{NATIVE}acm-pca-arn": _AUTHORITY.format("a")}),
    ),
    Row(
        key=f"{NATIVE}acm-pca-arn",
        value=_AUTHORITY.format("a"),
        other=_AUTHORITY.format("b"),
        probe=look.requested,
        seen=(
            ["PRIVATE", _AUTHORITY.format("a"), ["$host"]],
            ["PRIVATE", _AUTHORITY.format("b"), ["$host"]],
            ["AMAZON_ISSUED", "", ["$host"]],
        ),
        change=("DeleteCertificate", "ModifyListener", "RequestCertificate"),
        removal=("DeleteCertificate", "ModifyListener", "RequestCertificate"),
        beside=_ISSUED,
    ),
)

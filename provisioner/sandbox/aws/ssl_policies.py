"""TLS policies of listeners.

The page "Security policies for your Application Load Balancer" lists more policies than moto
knows; the missing ones are added here with the protocols that their names and that page give.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from moto.elbv2.ssl_policies import SSL_POLICIES, build_policy

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import DescribeSSLPoliciesInputTypeDef

DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08"
_TLS_1_2 = ("TLSv1.2",)
_TLS_1_1 = ("TLSv1.1", *_TLS_1_2)
_TLS_1_0 = ("TLSv1", *_TLS_1_1)
_FORWARD_SECRET = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
)
_TLS_1_3 = "TLSv1.3"
_FIPS = {
    "TLS13-1-3-FIPS": (_TLS_1_3,),
    "TLS13-1-2-Res-FIPS": (_TLS_1_3, *_TLS_1_2),
    "TLS13-1-2-FIPS": (_TLS_1_3, *_TLS_1_2),
    "TLS13-1-2-Ext0-FIPS": (_TLS_1_3, *_TLS_1_2),
    "TLS13-1-2-Ext1-FIPS": (_TLS_1_3, *_TLS_1_2),
    "TLS13-1-2-Ext2-FIPS": (_TLS_1_3, *_TLS_1_2),
    "TLS13-1-0-FIPS": (_TLS_1_3, *_TLS_1_0),
}
# Protocols by name; their ciphers are nearly those listed, which nothing here depends on.
_ADDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{f"ELBSecurityPolicy-{name}-2023-04": found for name, found in _FIPS.items()},
        **{f"ELBSecurityPolicy-{name}-PQ-2025-09": found for name, found in _FIPS.items()},
        "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04": (_TLS_1_3, *_TLS_1_1),
        "ELBSecurityPolicy-FS-2018-06": _TLS_1_0,
        "ELBSecurityPolicy-FS-1-1-2019-08": _TLS_1_1,
        "ELBSecurityPolicy-FS-1-2-2019-08": _TLS_1_2,
        "ELBSecurityPolicy-FS-1-2-Res-2019-08": _TLS_1_2,
        "ELBSecurityPolicy-2015-05": _TLS_1_0,
        "ELBSecurityPolicy-TLS-1-0-2015-04": _TLS_1_0,
    }
)


def describe_ssl_policies(region: Region, request: DescribeSSLPoliciesInputTypeDef) -> Answer:
    """List TLS policies: all, or some by name."""
    names = list(request.get("Names", ())) or [*SSL_POLICIES, *_ADDED]
    for name in names:
        check_ssl_policy(name)
    page, marker = region.page(names, request)
    return {"SslPolicies": [_policy(name) for name in page], **marker}


def check_ssl_policy(name: str) -> None:
    """Refuse a policy that does not exist."""
    if name not in SSL_POLICIES and name not in _ADDED:
        raise RefusalError("SSLPolicyNotFound", f"SSL policy '{name}' not found")


def _policy(name: str) -> object:
    if name in SSL_POLICIES:
        return build_policy(name, SSL_POLICIES[name])
    protocols = list(_ADDED[name])
    return build_policy(
        name, {"name": name, "ciphers": list(_FORWARD_SECRET), "ssl_protocols": protocols}
    )

"""What makes a listener secure: certificate, TLS policy and mutual authentication.

Mutual authentication is described on the page "Mutual authentication with TLS in Application
Load Balancer"; that at most two listeners of a load balancer verify is a quota. The error codes of
its refusals are inferred from those that CreateListener lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.sandbox.aws.certificate_store import is_usable
from provisioner.sandbox.aws.errors import RefusalError, invalid, misconfigured
from provisioner.sandbox.aws.region import Region
from provisioner.sandbox.aws.ssl_policies import DEFAULT_SSL_POLICY, check_ssl_policy
from provisioner.sandbox.aws.trust_stores import trust_store_by_arn

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        CertificateTypeDef,
        CreateListenerInputTypeDef,
        MutualAuthenticationAttributesTypeDef,
    )

SECURE = "HTTPS"
MODES = ("off", "passthrough", "verify")
FOR_VERIFYING = ("TrustStoreArn", "IgnoreClientCertificateExpiry", "AdvertiseTrustStoreCaNames")

Security = tuple[str | None, str | None, "MutualAuthenticationAttributesTypeDef | None"]


def checked_security(
    region: Region, request: CreateListenerInputTypeDef, protocol: str, *, replaces: str = ""
) -> Security:
    """Certificate, TLS policy and mutual authentication, which belong to HTTPS alone.

    Args:
        region: Where.
        request: What is asked for.
        protocol: Of the listener.
        replaces: ARN of the listener that is modified; empty for a new one.
    """
    certificates = request.get("Certificates", ())
    policy = request.get("SslPolicy")
    mutual = request.get("MutualAuthentication")
    if protocol != SECURE:
        if certificates or policy or mutual:
            raise misconfigured(
                "Certificates, an SSL policy and mutual authentication need an HTTPS listener"
            )
        return None, None, None
    if not certificates:
        raise invalid("A certificate must be specified for HTTPS listeners")
    if len(certificates) > 1:
        raise invalid("You must provide a list containing exactly one certificate")
    if policy is not None:
        check_ssl_policy(policy)
    checked = _checked_mutual(region, mutual or {"Mode": "off"})
    if checked.get("Mode") == "verify":
        _check_verifying(region, request["LoadBalancerArn"], replaces)
    certificate = checked_certificate(region, certificates[0])
    return certificate, policy or DEFAULT_SSL_POLICY, checked


def checked_certificate(region: Region, given: CertificateTypeDef) -> str:
    """The ARN of a certificate that a listener can have, or a refusal."""
    arn = given.get("CertificateArn", "")
    usable = is_usable(region, arn)
    if usable is None:
        raise RefusalError("CertificateNotFound", f"Certificate '{arn}' not found")
    if not usable:
        raise RefusalError(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported "
            "signature, and a supported key size.",
        )
    return arn


def _checked_mutual(
    region: Region, mutual: MutualAuthenticationAttributesTypeDef
) -> MutualAuthenticationAttributesTypeDef:
    """Mutual authentication in the form in which AWS answers."""
    mode, store = mutual.get("Mode", "off"), mutual.get("TrustStoreArn")
    if mode not in MODES:
        raise misconfigured(
            f"Mutual authentication mode '{mode}' is not off, passthrough or verify"
        )
    if mode != "verify":
        for name in FOR_VERIFYING:
            if name in mutual:
                raise misconfigured(f"{name} needs the verify mode, not '{mode}'")
        return {"Mode": mode}
    if store is None:
        raise misconfigured("A trust store is needed for the verify mode")
    trust_store_by_arn(region, store)
    return {
        "Mode": mode,
        "TrustStoreArn": store,
        "IgnoreClientCertificateExpiry": mutual.get("IgnoreClientCertificateExpiry", False),
        "TrustStoreAssociationStatus": "active",
        "AdvertiseTrustStoreCaNames": mutual.get("AdvertiseTrustStoreCaNames", "off"),
    }


def _check_verifying(region: Region, balancer_arn: str, replaces: str) -> None:
    most = region.limits["verify-listeners-per-application-load-balancer"]
    verifying = [
        each
        for each in region.state.listeners_of(balancer_arn)
        if each.arn != replaces and (each.mutual_authentication or {}).get("Mode") == "verify"
    ]
    if len(verifying) >= most:
        raise misconfigured(
            f"The maximum number of listeners with mutual authentication in verify mode '{most}' "
            f"has been reached on load balancer '{balancer_arn}'"
        )

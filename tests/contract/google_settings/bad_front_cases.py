"""What people get wrong about addresses, ports and certificates, and what they must read of it."""

from __future__ import annotations

from tests.contract.google_settings.bad import Case, case
from tests.contract.google_settings.site import secret, settings
from tests.contract.google_settings.things import pair

FRONT = "networking.gke.io/v1beta1.FrontendConfig"
ORDERED = "networking.gke.io/managed-certificates"
SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
GLOBAL_IP = "kubernetes.io/ingress.global-static-ip-name"
REGIONAL_IP = "kubernetes.io/ingress.regional-static-ip-name"

MANY = tuple(f"many-{number}" for number in range(16))
"""One certificate more than a proxy takes."""

_A, _B = pair("a.shop.example.com"), pair("b.shop.example.com")

CASES: tuple[Case, ...] = (
    case(
        "address-missing",
        (
            "CLOUD-ADDRESS-MISSING",
            "Ingress shop/$me",
            f"metadata.annotations[{GLOBAL_IP}]",
            "global static address nowhere does not exist",
            "gcloud compute addresses create nowhere --global",
        ),
        ingress={GLOBAL_IP: "nowhere"},
    ),
    case(
        "address-scope",
        (
            "CLOUD-ADDRESS-SCOPE",
            "Ingress shop/$me",
            f"metadata.annotations[{REGIONAL_IP}]",
            "static address own-a is regional",
            "kubernetes.io/ingress.global-static-ip-name",
        ),
        ingress={REGIONAL_IP: "own-a"},
    ),
    case(
        "address-both",
        (
            "ANNOTATION-CONTRADICTION",
            "Ingress shop/$me",
            f"metadata.annotations[{REGIONAL_IP}]",
            "kubernetes.io/ingress.regional-static-ip-name say different things",
            "keep one of the two",
        ),
        ingress={GLOBAL_IP: "own-a", REGIONAL_IP: "own-b"},
    ),
    case(
        "address-number",
        (
            "ANNOTATION-VALUE",
            "Ingress shop/$me",
            f"metadata.annotations[{GLOBAL_IP}]",
            '"198.18.0.1" is not a name of a Compute resource',
            "write the name alone",
        ),
        ingress={GLOBAL_IP: "198.18.0.1"},
    ),
    case(
        "ordered-missing",
        (
            "OBJECT-MISSING",
            "Ingress shop/$me",
            f"metadata.annotations[{ORDERED}]",
            "ManagedCertificate shop/nowhere does not exist",
            "add ManagedCertificate shop/nowhere",
        ),
        ingress={ORDERED: "nowhere"},
    ),
    case(
        "ordered-wildcard",
        (
            "OBJECT-CONTENT",
            "ManagedCertificate shop/wild",
            "spec.domains[0]",
            '"*.example.com" is a wildcard',
            "networking.gke.io/certmap",
        ),
        ingress={ORDERED: "wild"},
        objects=[settings("ManagedCertificate", "wild", {"domains": ["*.example.com"]})],
    ),
    case(
        "front-missing",
        (
            "OBJECT-MISSING",
            "Ingress shop/$me",
            f"metadata.annotations[{FRONT}]",
            "FrontendConfig shop/nowhere does not exist",
            "add FrontendConfig shop/nowhere",
        ),
        ingress={FRONT: "nowhere"},
    ),
    case(
        "front-wrong-word",
        (
            "OBJECT-CONTENT",
            "FrontendConfig shop/seen",
            "spec.redirectToHttps.responseCodeName",
            '"MOVED" is not one of MOVED_PERMANENTLY_DEFAULT, FOUND',
            "write one of MOVED_PERMANENTLY_DEFAULT",
        ),
        ingress={FRONT: "seen"},
        objects=[
            settings(
                "FrontendConfig",
                "seen",
                {"redirectToHttps": {"enabled": True, "responseCodeName": "MOVED"}},
            )
        ],
    ),
    case(
        "front-policy-missing",
        (
            "CLOUD-SSL-POLICY-MISSING",
            "Ingress shop/$me",
            f"metadata.annotations[{FRONT}]",
            "SSL policy nowhere does not exist among the global ones",
            "gcloud compute ssl-policies create nowhere",
        ),
        ingress={FRONT: "policy"},
        objects=[settings("FrontendConfig", "policy", {"sslPolicy": "nowhere"})],
        tls=["tls"],
    ),
    case(
        "nothing-open",
        (
            "LISTENER-NONE",
            "Ingress shop/$me",
            "metadata.annotations",
            "HTTP is turned off, and no certificate is named for HTTPS",
            "name a certificate, or allow HTTP",
        ),
        ingress={"kubernetes.io/ingress.allow-http": "false"},
    ),
    case(
        "allow-http-word",
        (
            "ANNOTATION-VALUE",
            "Ingress shop/$me",
            "metadata.annotations[kubernetes.io/ingress.allow-http]",
            '"nope" is not a boolean',
            'write "true" or "false"',
        ),
        ingress={"kubernetes.io/ingress.allow-http": "nope"},
    ),
    case(
        "shared-missing",
        (
            "CERTIFICATE-MISSING",
            "Ingress shop/$me",
            f"metadata.annotations[{SHARED}]",
            "SSL certificate nowhere does not exist among the global ones",
            "gcloud compute ssl-certificates create",
        ),
        ingress={SHARED: "nowhere"},
    ),
    case(
        "too-many-certificates",
        (
            "LIMIT-EXCEEDED",
            "Ingress shop/$me",
            "",
            "would need 16 of 15 Compute certificates per HTTPS proxy: 16 (shop/$me)",
            "annotation networking.gke.io/certmap",
        ),
        ingress={SHARED: ",".join(MANY)},
    ),
    case(
        "tls-missing",
        (
            "SECRET-MISSING",
            "Ingress shop/$me",
            "spec.tls[0].secretName",
            "Secret shop/nowhere does not exist",
            "create it",
        ),
        tls=["nowhere"],
    ),
    case(
        "tls-no-key",
        (
            "SECRET-CONTENT",
            "Ingress shop/$me",
            "spec.tls[0].secretName",
            "Secret shop/half has no key tls.key",
            "kubectl create secret tls",
        ),
        tls=["half"],
        objects=[secret("half", {"tls.crt": _A.certificate})],
    ),
    case(
        "tls-other-key",
        (
            "SECRET-CONTENT",
            "Ingress shop/$me",
            "spec.tls[0].secretName",
            "the private key in Secret shop/mixed is not that of its certificate",
            "the certificate that tls.key belongs to",
        ),
        tls=["mixed"],
        objects=[secret("mixed", {"tls.crt": _A.certificate, "tls.key": _B.key}, of="tls")],
    ),
    case(
        "kind-word",
        (
            "ANNOTATION-VALUE",
            "Ingress shop/$me",
            "metadata.annotations[ingress-provisioner.io/google-load-balancer]",
            '"modern" is not one of global-external',
            "write one of global-external",
        ),
        ingress={"ingress-provisioner.io/google-load-balancer": "modern"},
    ),
)

"""What people get wrong about backends, and what they must read of it."""

from __future__ import annotations

from provisioner.model.resource import Json
from tests.contract.google_settings.bad import Case, case
from tests.contract.google_settings.site import settings

CONFIG = "cloud.google.com/backend-config"


def _by_config(name: str, told: tuple[str, str, str, str, str], spec: dict[str, Json]) -> Case:
    return case(
        name,
        told,
        service={CONFIG: f'{{"default": "{name}"}}'},
        objects=[settings("BackendConfig", name, spec)],
    )


CASES: tuple[Case, ...] = (
    case(
        "config-missing",
        (
            "OBJECT-MISSING",
            "Ingress shop/$me",
            "spec.rules[0].http.paths[0].backend.service.name",
            f"BackendConfig shop/nowhere does not exist (annotation {CONFIG} on Service shop/$me)",
            "add BackendConfig shop/nowhere",
        ),
        service={CONFIG: '{"default": "nowhere"}'},
    ),
    case(
        "config-bad-json",
        (
            "ANNOTATION-VALUE",
            "Service shop/$me",
            f"metadata.annotations[{CONFIG}]",
            "the value is not JSON",
            'it takes: JSON {"default": name',
        ),
        service={CONFIG: '{"default": '},
    ),
    case(
        "config-empty",
        (
            "ANNOTATION-VALUE",
            "Service shop/$me",
            f"metadata.annotations[{CONFIG}]",
            "no BackendConfig is named",
            'write {"default": "NAME"}',
        ),
        service={CONFIG: "{}"},
    ),
    _by_config(
        "config-wrong-type",
        (
            "OBJECT-CONTENT",
            "BackendConfig shop/$me",
            "spec.timeoutSec",
            '"soon" is not a whole number from 1 to 2147483647',
            "without quotes",
        ),
        {"timeoutSec": "soon"},
    ),
    _by_config(
        "config-wrong-word",
        (
            "OBJECT-CONTENT",
            "BackendConfig shop/$me",
            "spec.sessionAffinity.affinityType",
            '"COOKIE" is not one of NONE, CLIENT_IP, GENERATED_COOKIE',
            "write one of NONE, CLIENT_IP, GENERATED_COOKIE",
        ),
        {"sessionAffinity": {"affinityType": "COOKIE"}},
    ),
    _by_config(
        "config-iap-and-cdn",
        (
            "OBJECT-CONTENT",
            "BackendConfig shop/$me",
            "spec.iap.enabled",
            "Identity-Aware Proxy and Cloud CDN are both switched on",
            "switch one of the two off",
        ),
        {"iap": {"enabled": True}, "cdn": {"enabled": True}},
    ),
    _by_config(
        "config-check",
        (
            "OBJECT-CONTENT",
            "BackendConfig shop/$me",
            "spec.healthCheck.timeoutSec",
            "9 is longer than checkIntervalSec, which is 5",
            "write at most 5",
        ),
        {"healthCheck": {"checkIntervalSec": 5, "timeoutSec": 9}},
    ),
    _by_config(
        "config-policy-missing",
        (
            "CLOUD-SECURITY-POLICY",
            "Ingress shop/$me",
            "spec.rules[0].http.paths[0]",
            "names security policy nowhere, which project sandbox-project does not have",
            "create the Cloud Armor policy",
        ),
        {"securityPolicy": {"name": "nowhere"}},
    ),
    _by_config(
        "oauth-missing",
        (
            "SECRET-MISSING",
            "BackendConfig shop/$me",
            "spec.iap.oauthclientCredentials.secretName",
            "Secret shop/nowhere does not exist",
            "create it",
        ),
        {"iap": {"enabled": True, "oauthclientCredentials": {"secretName": "nowhere"}}},
    ),
    _by_config(
        "oauth-wrong-key",
        (
            "SECRET-CONTENT",
            "BackendConfig shop/$me",
            "spec.iap.oauthclientCredentials.secretName",
            "Secret shop/signing-a has no key client_id",
            "the keys client_id, client_secret",
        ),
        {"iap": {"enabled": True, "oauthclientCredentials": {"secretName": "signing-a"}}},
    ),
    _by_config(
        "signing-missing",
        (
            "SECRET-MISSING",
            "BackendConfig shop/$me",
            "spec.cdn.signedUrlKeys[0].secretName",
            "Secret shop/nowhere does not exist",
            "create it",
        ),
        {
            "cdn": {
                "enabled": True,
                "signedUrlKeys": [{"keyName": "key-1", "secretName": "nowhere"}],
            }
        },
    ),
    _by_config(
        "signing-wrong-key",
        (
            "SECRET-CONTENT",
            "BackendConfig shop/$me",
            "spec.cdn.signedUrlKeys[0].secretName",
            "Secret shop/oauth-a has no key key_value",
            "it needs the key key_value",
        ),
        {
            "cdn": {
                "enabled": True,
                "signedUrlKeys": [{"keyName": "key-1", "secretName": "oauth-a"}],
            }
        },
    ),
    case(
        "neg-bad-json",
        (
            "ANNOTATION-VALUE",
            "Service shop/$me",
            "metadata.annotations[cloud.google.com/neg]",
            "the value is not JSON",
            'it takes: JSON {"ingress": boolean',
        ),
        service={"cloud.google.com/neg": '{"ingress": tru'},
    ),
    case(
        "protocol-unknown",
        (
            "ANNOTATION-VALUE",
            "Service shop/$me",
            "metadata.annotations[cloud.google.com/app-protocols]",
            '"GRPC" for port "http" is not one of HTTP, HTTPS, HTTP2',
            "upper case",
        ),
        service={"cloud.google.com/app-protocols": '{"http": "GRPC"}'},
    ),
    case(
        "scaler-range",
        (
            "ANNOTATION-VALUE",
            "Service shop/$me",
            "metadata.annotations[networking.gke.io/capacity-scaler]",
            '"0.05" is out of range',
            "write 0, or a number from 0.1 to 1",
        ),
        service={"networking.gke.io/capacity-scaler": "0.05"},
    ),
    case(
        "service-missing",
        (
            "BACKEND-SERVICE-MISSING",
            "Ingress shop/$me",
            "spec.rules[0].http.paths[0].backend.service.name",
            "Service shop/nowhere does not exist",
            "add Service shop/nowhere",
        ),
        backend="nowhere",
    ),
    case(
        "port-missing",
        (
            "BACKEND-PORT-MISSING",
            "Ingress shop/$me",
            "spec.rules[0].http.paths[0].backend.service.port",
            "Service shop/$me has no TCP port 81",
            "its ports are 80 (http)",
        ),
        port=81,
    ),
    case(
        "path-star",
        (
            "PATH-WILDCARD",
            "Ingress shop/$me",
            "spec.rules[0].http.paths[0]",
            '"/a*b" holds "*"',
            "write pathType Prefix",
        ),
        path="/a*b",
    ),
)

"""Ports and certificates of an Ingress where a cloud adds no rule of its own to portable words."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.core.annotations import CERTIFICATES, FROM_SECRETS
from provisioner.model.intent import ListenerProtocol
from provisioner.model.words import FrontWords

HTTP = (80, ListenerProtocol.HTTP)
HTTPS = (443, ListenerProtocol.HTTPS)


def from_secrets(values: Mapping[str, object]) -> bool:
    """Tell whether ``certificates`` asks for those of the Secrets in ``spec.tls``."""
    said = values.get(CERTIFICATES.name)
    return isinstance(said, tuple) and FROM_SECRETS in said


def certificates_or_http(values: Mapping[str, object], *settings: str) -> FrontWords:
    """Return HTTPS where a certificate is named, HTTP where none is.

    Args:
        values: What class and Ingress say, by setting.
        settings: Further settings that bring a certificate.
    """
    named = any(values.get(name) for name in (CERTIFICATES.name, *settings))
    return FrontWords(ports=(HTTPS,) if named else (HTTP,), tls_secrets=from_secrets(values))

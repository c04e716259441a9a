"""What a cloud's native settings mean, in words that the Intent has fields for.

A portable annotation for the same thing counts before any of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendProtocol,
    ListenerProtocol,
    ProtocolVersion,
    TargetMode,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendWords:
    """What a provider makes of the settings of one backend.

    Attributes:
        protocol: What targets speak, None where nothing native says it.
        protocol_version: Which HTTP they speak.
        mode: The target mode that an object asks for in native words.
        mode_source: Where it does ("annotation cloud.google.com/neg on Service shop/web").
        default_mode: The mode where no object asks for one, None: ``auto`` decides.
    """

    protocol: BackendProtocol | None = None
    protocol_version: ProtocolVersion | None = None
    mode: TargetMode | None = None
    mode_source: str = ""
    default_mode: TargetMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontWords:
    """What a provider makes of the settings of one Ingress, for its listeners.

    Attributes:
        ports: The ports where nothing names any; () where nothing is left to listen on.
        tls_secrets: Its certificates come from the Secrets in ``spec.tls``.
        goes_on: A Secret that cannot be used costs it that certificate alone, not all it is.
        certificates: Names of certificates that native settings bring, after those that the
            portable annotation names.
        certificate_elsewhere: A certificate comes from where it has no name here, or not yet.
        diagnostics: What is wrong between settings that are sound by themselves.
    """

    ports: tuple[tuple[int, ListenerProtocol], ...] = ((80, ListenerProtocol.HTTP),)
    tls_secrets: bool = False
    goes_on: bool = False
    certificates: tuple[str, ...] = ()
    certificate_elsewhere: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()

"""What GKE's settings mean for listeners and backends, in the words of the Intent.

GKE opens HTTP unless it is told not to, and HTTPS as soon as anything brings a certificate; the
Secrets of ``spec.tls`` count without a word in an annotation, and one that is not there costs HTTPS
alone. A portable annotation keeps the meaning that it has on every cloud: ``certificates`` alone
opens HTTPS alone, and ``listen-ports`` settles the ports.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.gcp.settings import (
    ALLOW_HTTP,
    APP_PROTOCOLS,
    CERTIFICATE_MAP,
    CLOUD_PREFIX,
    INGRESS_PREFIX,
    MANAGED_CERTIFICATES,
    NEG,
    PRE_SHARED_CERTIFICATES,
    VARIANT,
    AppProtocol,
    ManagedCertificates,
)
from providers.gcp.variant import Variant
from provisioner.core.annotations import CERTIFICATES, LISTEN_PORTS, SCHEME
from provisioner.core.front import HTTP, HTTPS, from_secrets
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import (
    BackendProtocol,
    Compatibility,
    ListenerProtocol,
    ProtocolVersion,
    Scheme,
    TargetMode,
)
from provisioner.model.kube import Ingress, ServicePort
from provisioner.model.words import BackendWords, FrontWords

_SPOKEN: Mapping[AppProtocol, tuple[BackendProtocol, ProtocolVersion]] = {
    AppProtocol.HTTP: (BackendProtocol.HTTP, ProtocolVersion.HTTP1),
    AppProtocol.HTTPS: (BackendProtocol.HTTPS, ProtocolVersion.HTTP1),
    AppProtocol.HTTP2: (BackendProtocol.HTTPS, ProtocolVersion.HTTP2),
}


def front_words(ingress: Ingress, values: Mapping[str, object]) -> FrontWords:
    """Return the ports and certificates of an Ingress, and where it contradicts itself."""
    named = values.get(CERTIFICATES.name)
    tls_secrets = from_secrets(values) or (
        not named and any(tls.secret_name for tls in ingress.tls)
    )
    certificates, pending = _native_certificates(values)
    elsewhere = pending or CERTIFICATE_MAP.name in values
    native = bool(certificates) or elsewhere or (tls_secrets and not named)
    allowed = values.get(ALLOW_HTTP.name)
    http = allowed is True or (allowed is None and (native or not named))
    return FrontWords(
        ports=(*((HTTP,) if http else ()), *((HTTPS,) if native or named else ())),
        tls_secrets=tls_secrets,
        goes_on=True,
        certificates=certificates,
        certificate_elsewhere=elsewhere,
        diagnostics=_contradictions(ingress, values),
    )


def _native_certificates(values: Mapping[str, object]) -> tuple[tuple[str, ...], bool]:
    """Return the names that GKE's annotations bring, and whether one of them is still to come."""
    shared = values.get(PRE_SHARED_CERTIFICATES.name)
    managed = values.get(MANAGED_CERTIFICATES.name)
    ordered = managed.certificates if isinstance(managed, ManagedCertificates) else ()
    issued = tuple(one.certificate_name for one in ordered if one.certificate_name)
    names = (*(shared if isinstance(shared, tuple) else ()), *issued)
    return tuple(dict.fromkeys(names)), managed is not None and len(issued) < max(1, len(ordered))


def _contradictions(ingress: Ingress, values: Mapping[str, object]) -> tuple[Diagnostic, ...]:
    ports = values.get(LISTEN_PORTS.name)
    listed = ports if isinstance(ports, tuple) else ()
    if values.get(ALLOW_HTTP.name) is not False:
        return ()
    if not any(port.protocol is ListenerProtocol.HTTP for port in listed):
        return ()
    return (
        error(
            "ANNOTATION-CONTRADICTION",
            f"Ingress {ingress.key}",
            message="listen-ports opens a port for HTTP, and allow-http is false",
            field=f"metadata.annotations[{INGRESS_PREFIX}{ALLOW_HTTP.name}]",
            hint="keep one of the two",
            ingress=ingress.key,
        ),
    )


def backend_words(
    values: Mapping[str, object], port: ServicePort, *, compatibility: Compatibility
) -> BackendWords:
    """Return what a Service says of the way to its pods, and GKE's way where it says nothing."""
    protocols = values.get(APP_PROTOCOLS.name)
    word = protocols.get(port.name) if isinstance(protocols, Mapping) and port.name else None
    spoken = _SPOKEN[word] if isinstance(word, AppProtocol) else (None, None)
    straight = values.get(NEG.name) is True
    return BackendWords(
        protocol=spoken[0],
        protocol_version=spoken[1],
        mode=TargetMode.POD if straight else None,
        mode_source=f"annotation {CLOUD_PREFIX}{NEG.name} on the Service" if straight else "",
        default_mode=_default_mode(values, compatibility),
    )


def _default_mode(values: Mapping[str, object], compatibility: Compatibility) -> TargetMode | None:
    """Return the mode where no object asks for one: regional load balancers take only pods."""
    variant = values.get(VARIANT.name)
    if isinstance(variant, Variant):
        regional = variant.regional
    else:
        regional = values.get(SCHEME.name) is Scheme.INTERNAL
    if regional:
        return TargetMode.POD
    return TargetMode.NODE_PORT if compatibility is Compatibility.INCUMBENT else None

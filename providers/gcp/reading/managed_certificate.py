"""Read ManagedCertificates: GKE's orders for certificates, and what became of them.

They stay GKE's: its controller has a certificate issued, and its status says which. An order that
cannot be carried out is told, because that controller says so nowhere that people look.

Sources: the CustomResourceDefinition ManagedCertificate, networking.gke.io/v1, and "Use
Google-managed SSL certificates" in the GKE documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.gcp.reading import words
from providers.gcp.reading.fields import Fields, Notes
from providers.gcp.settings import (
    MANAGED_CERTIFICATE_KIND,
    ManagedCertificate,
    ManagedCertificates,
)
from provisioner.core.object_error import ObjectRemark
from provisioner.core.values import quoted, strings
from provisioner.model.annotation import AnnotationError
from provisioner.model.kube import Parameters, ServicePort

MAX_DOMAINS = 100
MAX_FIRST_BYTES = 64  # the first domain becomes the common name


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedCertificateNames:
    """Which ManagedCertificates an Ingress names (``core.objects.NamesObject``)."""

    names: tuple[str, ...]

    @classmethod
    def parse(cls, raw: str) -> ManagedCertificateNames:
        """Return the names in an annotation, each once."""
        names = tuple(dict.fromkeys(words.object_name(item) for item in strings(raw)))
        if not names:
            raise AnnotationError(
                f"{quoted(raw)} names none", hint="name a ManagedCertificate, or remove it"
            )
        return cls(names=names)

    @property
    def object_kind(self) -> str:
        """The kind of object that is named."""
        return MANAGED_CERTIFICATE_KIND

    def object_names(self, port: ServicePort | None) -> tuple[str, ...]:  # noqa: ARG002 - of a front
        """Return the names."""
        return self.names

    def filled(self, found: Mapping[str, Parameters]) -> ManagedCertificates:
        """Return what the objects say, in written order."""
        remarks: list[ObjectRemark] = []
        certificates: list[ManagedCertificate] = []
        for name in self.names:
            if name in found:
                certificate, said = managed_certificate(found[name])
                certificates.append(certificate)
                remarks += said
        return ManagedCertificates(certificates=tuple(certificates), object_remarks=tuple(remarks))


def managed_certificate(
    parameters: Parameters,
) -> tuple[ManagedCertificate, tuple[ObjectRemark, ...]]:
    """Return what a ManagedCertificate says, and the remarks on it.

    Raises:
        ObjectError: Something in it cannot be.
    """
    notes = Notes(parameters.meta.name)
    spec = Fields(parameters.spec, where="spec", notes=notes)
    domains = spec.texts("domains")
    status = parameters.status
    certificate = ManagedCertificate(
        name=parameters.meta.name,
        domains=domains,
        certificate_name=_text(status.get("certificateName")),
        status=_text(status.get("certificateStatus")),
        live=bool(parameters.meta.uid),
    )
    _check(spec, domains, issued=bool(certificate.certificate_name))
    return certificate, notes.finished()


def _check(spec: Fields, domains: tuple[str, ...], *, issued: bool) -> None:
    """Judge the domains; where a certificate exists already, it serves whatever they say now."""
    note = spec.odd if issued else spec.wrong
    if not domains:
        note("domains", "it is empty", hint="name the hosts that the certificate is for")
        return
    if len(domains) > MAX_DOMAINS:
        note(
            "domains",
            f"it has {len(domains)} entries, a managed certificate takes {MAX_DOMAINS}",
            hint="use several ManagedCertificates, or a certificate map",
        )
    if len(domains[0].encode()) > MAX_FIRST_BYTES:
        note(
            "domains[0]",
            f"{quoted(domains[0])} is longer than {MAX_FIRST_BYTES} bytes",
            hint="put a shorter name first",
        )
    for index, domain in enumerate(domains):
        if "*" in domain:
            note(
                f"domains[{index}]",
                f"{quoted(domain)} is a wildcard, for which Google issues no certificate here",
                hint="name the hosts, or use a certificate map (networking.gke.io/certmap)",
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

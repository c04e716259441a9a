"""Choose the certificates of an HTTPS port, from five sources.

Those that annotations name, GKE's ManagedCertificates among them; those that Ingresses bring along
in Secrets; those that Google is to issue; a map of Certificate Manager, which takes the place of
all others; and those of Ingresses that cannot be planned just now, which stay. So do those of
Secrets that are gone or broken.

The first certificate answers clients that send no server name. Named ones come first, in the order
they were named in, then those of Secrets, as GKE has it. A name that the project does not have
costs the Ingress that names it this certificate, and nobody else anything.

Sources: "SSL certificates overview", Cloud Load Balancing; ``TargetHttpsProxy``, Compute API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from providers.gcp import addresses
from providers.gcp.account import HERE, Source, SslCertificate
from providers.gcp.desired.context import Context
from providers.gcp.desired.lookups import link, look_up, unread_hint
from providers.gcp.desired.own_certificates import Own, brought, requested, secret_of
from providers.gcp.settings import CERTIFICATE_MAP, managed_certificates
from provisioner.core.expiry import has_passed, is_near
from provisioner.core.keeping import as_resource
from provisioner.core.translate import CERTIFICATES_OF
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import ListenerIntent, TlsSecret
from provisioner.model.kube import Key
from provisioner.model.resource import ObservedResource, Ref, Resource, Unknown, Value

_MAPS = "//certificatemanager.googleapis.com/"
_FIELD = "metadata.annotations[ingress.gcp.kubernetes.io/pre-shared-cert]"
_MANAGED_FIELD = "metadata.annotations[networking.gke.io/managed-certificates]"
_OFFLINE = Unknown("depends on the SSL certificates of the project")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChoice:
    """The certificates of a port, its default first; () where there are none.

    ``map`` is a map of Certificate Manager, None for none. ``resources`` are certificates of ours.
    ``explained`` says that somebody was told why there is none: it is refused, or yet to come.
    """

    certificates: tuple[Value, ...] = ()
    map: Value = None
    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    explained: bool = False

    @property
    def serves(self) -> bool:
        """Whether a port can speak HTTPS with this."""
        return bool(self.certificates) or self.map is not None


def choose_certificates(context: Context, listener: ListenerIntent) -> CertificateChoice:
    """Return the certificates of one HTTPS port."""
    choosing = _Choosing(context, listener)
    return choosing.choice()


class _Choosing:
    """The choice for one port, source by source."""

    def __init__(self, context: Context, listener: ListenerIntent) -> None:
        self._context = context
        self._listener = listener
        self._certificates: list[Value] = []
        self._resources: list[Resource] = []
        self._findings: list[Diagnostic] = []
        self._awaited = False

    def choice(self) -> CertificateChoice:
        the_map = self._map()
        for name in self._listener.certificates:
            self._add_named(name)
        self._await_managed()
        for secret in self._listener.secrets:
            self._add(brought(self._context, secret))
        for own in requested(self._context, self._listener):
            self._add(own)
        self._keep()
        certificates = tuple(dict.fromkeys(self._certificates))
        if the_map is not None:
            self._findings += self._idle(certificates)
            return CertificateChoice(map=the_map, diagnostics=tuple(self._findings))
        return CertificateChoice(
            certificates=certificates,
            resources=tuple(self._resources),
            diagnostics=tuple(self._findings),
            explained=self._awaited or any(d.blocking for d in self._findings),
        )

    def _add(self, own: Own) -> None:
        self._findings += own.diagnostics
        if own.resource is not None and own.ref is not None:
            self._certificates.append(own.ref)
            self._resources.append(own.resource)

    # -- a map of Certificate Manager ------------------------------------------------------------

    def _map(self) -> Value:
        """Return the map that somebody names, as far as this load balancer can have one."""
        context = self._context
        name = context.intent.options.get(CERTIFICATE_MAP.name)
        if not isinstance(name, str) or not name:
            return self._present_map()
        if context.variant.regional:
            self._findings += context.errors(
                "CERTIFICATE-MAP-REGIONAL",
                f"a {context.variant} load balancer cannot use certificate map {name}: only global"
                " ones take maps",
                hint="name SSL certificates of the region instead",
                setting=CERTIFICATE_MAP.name,
            )
            return None
        if not context.facts.project:
            return Unknown(f"depends on the project of certificate map {name}")
        project = context.facts.project
        return f"{_MAPS}projects/{project}/locations/global/certificateMaps/{name}"

    def _present_map(self) -> Value:
        """Return the map that a held Ingress may have asked for."""
        proxy = self._proxy
        return proxy.spec.get("certificateMap") if proxy and self._context.holding else None

    def _idle(self, certificates: Sequence[Value]) -> tuple[Diagnostic, ...]:
        if not certificates:
            return ()
        return self._context.warnings(
            "CERTIFICATE-MAP-COVERS",
            f"HTTPS port {self._listener.port} has a certificate map, so its"
            f" {len(certificates)} other certificates serve nobody",
            hint="put them into the map, or take the map away",
            setting=CERTIFICATE_MAP.name,
        )

    # -- by name ---------------------------------------------------------------------------------

    def _add_named(self, name: str) -> None:
        context, facts = self._context, self._context.facts
        key = (name, HERE if context.variant.regional else "")
        lookup = look_up(key, facts.ssl_certificates, facts, Source.SSL_CERTIFICATES)
        if lookup.missing:
            self._tell(name, self._missing(name))
            return
        if lookup.found is not None:
            self._tell(name, _end(lookup.found, now=facts.observed_at))
            self._certificates.append(lookup.found.link)
            return
        if lookup.unchecked:
            self._tell(name, _unchecked(name))
        self._certificates.append(self._by_name(name))

    def _by_name(self, name: str) -> Value:
        """Return the link of a certificate that nobody looked up."""
        region, facts = self._context.region, self._context.facts
        if not facts.project or isinstance(region, Unknown):
            return _OFFLINE
        return link(facts, "sslCertificates", name, region=region)

    def _missing(self, name: str) -> Diagnostic:
        facts, regional = self._context.facts, self._context.variant.regional
        place = f"in region {facts.region}" if regional else "among the global ones"
        other = facts.ssl_certificates.get((name, "" if regional else HERE))
        return error(
            "CERTIFICATE-MISSING",
            "",
            message=f"SSL certificate {name} does not exist {place}",
            hint=f"the one of this name is {'global' if regional else 'regional'}: upload it again"
            if other is not None
            else "check the name, or upload it: gcloud compute ssl-certificates create",
        )

    def _tell(self, name: str, finding: Diagnostic | None) -> None:
        """Tell a finding on a certificate to those members on this port that name it."""
        if finding is None:
            return
        naming = self._context.intent.options.get(CERTIFICATES_OF)
        users: Sequence[Key] = naming.get(name, ()) if isinstance(naming, Mapping) else ()
        owners = [key for key in users if key in self._listener.members]
        for owner in owners or self._listener.members:
            subject = f"Ingress {owner}"
            finding = replace(finding, subject=subject, field=_FIELD, ingress=owner)
            self._findings.append(finding)

    # -- of GKE's ManagedCertificates --------------------------------------------------------------

    def _await_managed(self) -> None:
        """Add what is known of ManagedCertificates that GKE has made nothing of yet.

        Files rarely hold their status: then the name is known after apply.
        """
        for member in self._context.intent.members:
            if member.ingress not in self._listener.members:
                continue
            for managed in managed_certificates(member.options):
                if managed.certificate_name:
                    continue
                if not managed.live:
                    why = f"the certificate that GKE makes of ManagedCertificate {managed.name}"
                    self._certificates.append(Unknown(why))
                    continue
                self._awaited = True
                self._findings.append(_waiting(member.ingress, managed.name))

    # -- of what cannot be planned -----------------------------------------------------------------

    @property
    def _proxy(self) -> ObservedResource | None:
        context = self._context
        address = addresses.target_proxy(
            context.group, self._listener.port, https=True, balancer=context.balancer
        )
        return context.at(address)

    def _keep(self) -> None:
        """Add the certificates that a port has and that must stay.

        Those are the ones of held Ingresses; and all of them where there would be none otherwise,
        since a port that has lost its certificates would be a port that is gone.
        """
        proxy = self._proxy
        present = proxy.spec.get("sslCertificates") if proxy is not None else ()
        everything = not self._certificates
        for value in present if isinstance(present, tuple) else ():
            if value in self._certificates or not (everything or self._is_held(value)):
                continue
            self._certificates.append(value)
            found = self._context.at(value.address) if isinstance(value, Ref) else None
            if found is not None:
                self._resources.append(as_resource(found))

    def _is_held(self, certificate: Value) -> bool:
        """Tell whether a certificate may be there for a held Ingress; a foreign one always may."""
        context = self._context
        if not context.holding:
            return False
        found = context.at(certificate.address) if isinstance(certificate, Ref) else None
        if found is None:
            return True
        secret = secret_of(found)
        namespaces = {key.namespace for key in context.held}
        return bool(context.held.intersection(found.ingresses)) or (
            secret is not None and secret.namespace in namespaces
        )


def lost(listener: ListenerIntent) -> tuple[TlsSecret, ...]:
    """Return the Secrets of a port that hold nothing to be used; their members know."""
    return tuple(secret for secret in listener.secrets if secret.lost)


def without_certificate(listener: ListenerIntent) -> Iterator[Diagnostic]:
    """Yield the errors of a port that nobody brings a certificate for, but for who knows."""
    told = {member for secret in lost(listener) for member in secret.members}
    for member in (key for key in listener.members if key not in told):
        yield error(
            "LISTENER-NO-CERTIFICATE",
            f"Ingress {member}",
            message=f"HTTPS port {listener.port} has no certificate that can be used",
            field="spec.tls",
            hint="name a Secret in spec.tls, or a certificate in annotation"
            " ingress.gcp.kubernetes.io/pre-shared-cert",
            ingress=member,
        )


def _end(certificate: SslCertificate, *, now: str) -> Diagnostic | None:
    """Return what is to be said of a certificate that has ended, or soon will.

    It is attached all the same, since someone insists. Those of Google renew themselves.
    """
    name, end = certificate.name, certificate.not_after
    if certificate.managed:
        return None
    if has_passed(end, now=now):
        return error(
            "CERTIFICATE-EXPIRED",
            "",
            message=f"SSL certificate {name} expired at {end}",
            hint="name another certificate; clients refuse an expired one",
        )
    if is_near(end, now=now):
        return warning(
            "CERTIFICATE-EXPIRES",
            "",
            message=f"SSL certificate {name} expires at {end}",
            hint="see to its renewal",
        )
    return None


def _unchecked(name: str) -> Diagnostic:
    return warning(
        "CERTIFICATE-UNREAD",
        "",
        message=f"nobody may look whether SSL certificate {name} exists",
        hint=unread_hint(Source.SSL_CERTIFICATES),
    )


def _waiting(member: Key, name: str) -> Diagnostic:
    return info(
        "CERTIFICATE-PENDING",
        f"Ingress {member}",
        message=f"GKE has not made a certificate of ManagedCertificate {name} yet",
        field=_MANAGED_FIELD,
        hint="see why with: kubectl describe managedcertificate",
        ingress=member,
    )

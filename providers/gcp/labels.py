"""What the resources of one load balancer are called and described as: our words, or GKE's.

Names and descriptions are decided in one place because both readings of an Ingress share everything
else: under ``incumbent`` compatibility a load balancer bears the names that GKE would give it, and
what GKE writes into descriptions beside our own marks.

GKE knows no groups and no ports but 80 and 443; what it would not have made bears our names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import addresses, incumbent, marks, names
from providers.gcp.incumbent import Part
from providers.gcp.marks import NOTHING, Word
from providers.gcp.variant import Variant
from provisioner.model.expression import Expression
from provisioner.model.intent import BackendIntent, Compatibility, TargetMode
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED, Fingerprint, Unknown
from provisioner.model.settings import Identity

NO_CLUSTER = "no-cluster"
"""The kube-system UID of an identity that nobody told it."""

HTTP_PORT = 80
HTTPS_PORT = 443

_NO_KUBE_SYSTEM = Unknown("the UID of the namespace kube-system")
_NO_INGRESS_UID = Unknown("the uid in the ConfigMap kube-system/ingress-uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The names and descriptions of one load balancer's resources."""

    request: Expression

    @classmethod
    def of(cls, request: Expression) -> Labels:
        """Return the labels for what a request expresses."""
        return cls(request=request)

    @property
    def is_incumbent(self) -> bool:
        """Whether the load balancer is named and described as GKE would."""
        return self.request.intent.compatibility is Compatibility.INCUMBENT

    @property
    def identity(self) -> Identity:
        """Who we are."""
        return self.request.settings.identity

    @property
    def theirs(self) -> Key | None:
        """The one Ingress of the load balancer as GKE has them, None where it has no such one."""
        intent = self.request.intent
        whole = self.is_incumbent and not intent.explicit and self.request.generation == 1
        return Key.parse(intent.name) if whole else None

    @property
    def kube_system_uid(self) -> str | Unknown:
        """The identifier in the names of frontends."""
        uid = self.identity.cluster_uid
        return _NO_KUBE_SYSTEM if uid == NO_CLUSTER else uid

    @property
    def ingress_uid(self) -> str | Unknown:
        """The identifier in the names of everything behind a URL map."""
        return self.identity.ingress_uid or _NO_INGRESS_UID

    def address_name(self, address: str) -> str | Unknown:
        """Return the name of a reserved IP address; GKE calls it as the rule for HTTP."""
        return self._frontend(address, Part.HTTP_RULE)

    def forwarding_rule_name(self, address: str, port: int, *, https: bool) -> str | Unknown:
        """Return the name of what takes connections on one port."""
        return self._frontend(address, _rule_part(port, https=https), str(port))

    def target_proxy_name(self, address: str, port: int, *, https: bool) -> str | Unknown:
        """Return the name of what speaks HTTP or HTTPS on one port."""
        return self._frontend(address, _proxy_part(port, https=https), str(port))

    def url_map_name(self, address: str, name: str = addresses.MAIN) -> str | Unknown:
        """Return the name of a URL map: the main one, the redirect, or that of a port alone."""
        parts = {addresses.MAIN: Part.URL_MAP, addresses.REDIRECT: Part.REDIRECT_MAP}
        extra = () if name in parts else (name,)
        return self._frontend(address, parts.get(name), *extra)

    def certificate_name(self, address: str, content: Fingerprint | None = None) -> str | Unknown:
        """Return the name of a certificate of ours.

        Args:
            address: Its address, which the content is a part of.
            content: ``tls.crt`` of the Secret that it comes from; None where Google issues it.
        """
        theirs, uid = self.theirs, self.kube_system_uid
        if theirs is None or content is None or not content.secret:
            return self._own(address)
        if isinstance(uid, Unknown):
            return uid
        return incumbent.certificate(theirs, content.secret, kube_system_uid=uid)

    def backend_service_name(
        self,
        backend: BackendIntent,
        mode: TargetMode,
        *,
        address: str,
        variant: Variant,
        taken: Collection[str] = (),
    ) -> str | Unknown:
        """Return the name of a backend service, or of its health check: GKE has one for both.

        Args:
            backend: The backend.
            mode: How traffic reaches its pods.
            address: Its address, which ours is made of.
            variant: GKE's names behind a regional external load balancer are others.
            taken: Names of others. GKE's name says little of what cannot be changed, so two could
                meet; ours then takes its place.
        """
        theirs = self._theirs(backend, mode, apart=variant is Variant.REGIONAL_EXTERNAL)
        if theirs is None or theirs in taken:
            return self._of_backend(address, backend)
        return theirs

    def health_check_name(
        self,
        backend: BackendIntent,
        mode: TargetMode,
        *,
        address: str,
        variant: Variant,
        taken: Collection[str] = (),
    ) -> str | Unknown:
        """Return the name of a backend's health check."""
        return self.backend_service_name(
            backend, mode, address=address, variant=variant, taken=taken
        )

    def endpoint_group_name(
        self, backend: BackendIntent, *, address: str, zone: str = "", taken: Collection[str] = ()
    ) -> str | Unknown:
        """Return the name of a backend's network endpoint group in one zone.

        GKE has one name in all zones; so have we up to the hash, which tells the zones apart.
        """
        theirs = self._theirs(backend, TargetMode.POD, apart=False)
        if theirs is None or theirs in taken:
            return self._of_backend(address, backend, zone)
        return theirs

    def backend_description(
        self,
        backend: BackendIntent,
        mode: TargetMode,
        *,
        address: str,
        group: str = "",
        features: Sequence[str] = (),
        more: Mapping[str, Word] = NOTHING,
    ) -> str:
        """Return the ``description`` of a backend service, with GKE's words."""
        del mode  # GKE tells it by the features that it lists
        port = str(backend.service_port or backend.id.port)
        words = incumbent.service_words(backend.id.service, port, features)
        return self.description(
            address, ingress=self._user(backend, group), group=group, more=more, foreign=words
        )

    def endpoint_group_description(
        self, backend: BackendIntent, *, address: str, group: str = ""
    ) -> str:
        """Return the ``description`` of a network endpoint group, with GKE's words."""
        uid = self.kube_system_uid
        words: Mapping[str, Word] = NOTHING
        if not isinstance(uid, Unknown):
            port = str(backend.service_port or backend.id.port)
            words = incumbent.endpoint_group_words(backend.id.service, port, kube_system_uid=uid)
        return self.description(
            address, ingress=self._user(backend, group), group=group, foreign=words
        )

    def _user(self, backend: BackendIntent, group: str) -> Key | None:
        """Return the Ingress that a backend is for; in ``shared`` it is for several."""
        return None if group == SHARED else backend.id.ingress

    def _theirs(
        self, backend: BackendIntent, mode: TargetMode, *, apart: bool
    ) -> str | Unknown | None:
        """Return GKE's name for a backend, None where it would have none."""
        service, uid = backend.id.service, self.ingress_uid
        if not self.is_incumbent or self.request.generation > 1:
            return None
        if isinstance(uid, Unknown):
            return uid
        if mode is TargetMode.NODE_PORT:
            if not backend.node_port:
                return Unknown(f"the node port that the cluster gives Service {service}")
            return incumbent.node_port_backend(backend.node_port, ingress_uid=uid)
        if not backend.service_port:
            return Unknown(f"the port that Service {service} has")
        port = backend.service_port
        return incumbent.pod_backend(service, port, ingress_uid=uid, regional_external=apart)

    def _of_backend(self, address: str, backend: BackendIntent, *extra: str) -> str:
        service = backend.id.service
        readable = (service.namespace, service.name, str(backend.service_port or backend.id.port))
        return names.name(self.identity, address, *readable, *extra)

    def description(
        self,
        address: str,
        *,
        ingress: Key | None = None,
        group: str = "",
        more: Mapping[str, Word] = NOTHING,
        foreign: Mapping[str, Word] = NOTHING,
    ) -> str:
        """Return the ``description`` of a resource.

        Args:
            address: Its address.
            ingress: The Ingress that it is for, where that is one.
            group: ``shared`` for what several load balancers use; else it is this one's.
            more: Further words of ours.
            foreign: GKE's words; only what GKE could have made bears them.
        """
        return marks.description(
            self.identity,
            group=group or self.request.intent.name,
            address=address,
            ingress=ingress,
            more=more,
            foreign=foreign if self.is_incumbent else NOTHING,
        )

    def frontend_description(self, address: str) -> str:
        """Return the ``description`` of a forwarding rule or proxy, with GKE's words."""
        theirs = self.theirs
        words = incumbent.ingress_words(theirs) if theirs is not None else NOTHING
        return self.description(address, ingress=self.only_ingress, foreign=words)

    @property
    def only_ingress(self) -> Key | None:
        """The Ingress of an implicit group."""
        intent = self.request.intent
        return None if intent.explicit else Key.parse(intent.name)

    def _frontend(self, address: str, part: Part | None, *extra: str) -> str | Unknown:
        """Return the name of a part; what exists keeps its own, of whichever generation."""
        present = self.request.observed.resources.get(address)
        if present is not None and present.name:
            return present.name
        theirs, uid = self.theirs, self.kube_system_uid
        if theirs is None or part is None:
            return self._own(address, *extra)
        if isinstance(uid, Unknown):
            return uid
        return incumbent.frontend(part, theirs, kube_system_uid=uid)

    def _own(self, address: str, *extra: str) -> str:
        readable = (*self.request.intent.name.split("/"), *extra)
        return names.name(self.identity, address, *readable)


def _rule_part(port: int, *, https: bool) -> Part | None:
    if https:
        return Part.HTTPS_RULE if port == HTTPS_PORT else None
    return Part.HTTP_RULE if port == HTTP_PORT else None


def _proxy_part(port: int, *, https: bool) -> Part | None:
    if https:
        return Part.HTTPS_PROXY if port == HTTPS_PORT else None
    return Part.HTTP_PROXY if port == HTTP_PORT else None

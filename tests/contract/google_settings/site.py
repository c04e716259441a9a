"""A cluster beside a project that holds everything which settings can name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioner.model.resource import Json
from provisioner.sandbox.gcp.server import CloudServer
from tests.contract.google_settings.look import Look, Project
from tests.contract.google_settings.things import make_things, pair
from tests.contract.provider import manifests
from tests.contract.provider.desk import Desk, failures
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.gcp_things import Rest
from tests.contract.provider.manifests import NAMESPACE, Document

GKE_DEFAULT = "default-http-backend"
"""The Service that GKE installs in every cluster; classic load balancers lead there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One cluster and its project.

    Attributes:
        desk: The cluster: nodes, Services ``web`` and ``cart``, a certificate in the Secret
            ``tls``, OAuth clients in ``oauth-a`` and ``oauth-b``, keys that sign URLs in
            ``signing-a`` and ``signing-b``.
        cloud: The project.
        server: Its emulator.
        rest: Plain REST for looking at it.
    """

    desk: Desk
    cloud: GcpUnderTest
    server: CloudServer
    rest: Rest

    def look(self, name: str, service: str = "web") -> Look:
        """Look at the load balancer of an Ingress."""
        return Look(Project(self.rest), f"{NAMESPACE}/{name}", service)

    def clear_out(self) -> None:
        """Delete every Ingress, apply, and hold that nothing but the things is left."""
        self.desk.drop(*[key for key in self.desk.documents if key.startswith("Ingress ")])
        failed = failures(self.desk.apply())
        assert not failed, failed
        left = {
            kind: [name for name in names if not name.rpartition("/")[2].startswith("own-")]
            for kind, names in self.cloud.leftovers().items()
        }
        assert not any(left.values()), left


def make_site(
    server: CloudServer, cloud: GcpUnderTest, rest: Rest, folder: Path, *, things: bool = True
) -> Site:
    """Empty the project but for its network, and fill it with things to name unless without."""
    cloud.reset()
    if things:
        make_things(server, cloud)
    desk = Desk(cloud=cloud, folder=folder)
    desk.furnish("web", "cart")
    for document in (manifests.service(GKE_DEFAULT, node_port=30099), _default_endpoints(cloud)):
        desk.put({**document, "metadata": {**_meta(document), "namespace": "kube-system"}})
    tls = pair("*.shop.example.com")
    desk.put(secret("tls", {"tls.crt": tls.certificate, "tls.key": tls.key}, of="tls"))
    for letter in "ab":
        client = {"client_id": f"id-{letter}", "client_secret": f"word-{letter}"}
        desk.put(
            secret(f"oauth-{letter}", client),
            secret(f"signing-{letter}", {"key_value": signing_key(letter)}),
        )
    return Site(desk=desk, cloud=cloud, server=server, rest=rest)


def _default_endpoints(cloud: GcpUnderTest) -> Document:
    return manifests.endpoints(GKE_DEFAULT, cloud.pods[-2:])


def _meta(document: Document) -> Mapping[str, Json]:
    meta = document["metadata"]
    assert isinstance(meta, dict)
    return meta


def signing_key(letter: str) -> str:
    """Return 16 bytes as Cloud CDN wants them."""
    return base64.urlsafe_b64encode(letter.encode() * 16).decode()


def secret(name: str, data: Mapping[str, str], *, of: str = "") -> Document:
    """Return a Secret."""
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "type": f"kubernetes.io/{of}" if of else "Opaque",
        "data": dict(encoded),
    }


_GROUPS = {
    "BackendConfig": "cloud.google.com/v1",
    "FrontendConfig": "networking.gke.io/v1beta1",
    "ManagedCertificate": "networking.gke.io/v1",
}


def settings(
    kind: str, name: str, spec: Mapping[str, Json], *, status: Mapping[str, Json] | None = None
) -> Document:
    """Return an object of settings."""
    made: Document = {
        "apiVersion": _GROUPS[kind],
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": dict(spec),
    }
    return {**made, "status": dict(status)} if status is not None else made

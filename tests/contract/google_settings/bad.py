"""Ingresses with something wrong: what must be said of each, and who must not suffer from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.plan import Plan
from provisioner.model.resource import Json
from tests.contract.google_settings.site import GKE_DEFAULT, Site
from tests.contract.provider import manifests
from tests.contract.provider.gcp_things import path_of, routes
from tests.contract.provider.manifests import NAMESPACE, Document

HOST = "{}.shop.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said: the code, on which object, which field, words of the message and a hint."""

    code: str
    subject: str
    field: str
    says: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something wrong with one Ingress; its Service has the same name.

    Attributes:
        name: Of the Ingress and its Service.
        told: What must be said; "$me" stands for the name.
        ingress: Annotations of the Ingress.
        service: Annotations of the Service.
        objects: Further objects that are part of what is wrong.
        tls: Names of the Secrets in ``spec.tls``.
        path: The only path.
        port: The port of the Service that the path names.
        backend: The Service that the path names, where it is not its own.
        node_port: The node port of the Service; 0 for none.
    """

    name: str
    told: Told
    ingress: Mapping[str, str]
    service: Mapping[str, str]
    objects: tuple[Document, ...] = ()
    tls: tuple[str, ...] = ()
    path: str = "/"
    port: int = 80
    backend: str = ""
    node_port: int = 0

    def documents(self, kind: str) -> Iterator[Document]:
        """Yield the objects as they are wrong."""
        yield from self.objects
        yield ingress(
            self.name,
            {"ingress-provisioner.io/google-load-balancer": kind, **self.ingress},
            tls=self.tls,
            path=self.path,
            port=self.port,
            service=self.backend or self.name,
        )
        yield service(self.name, self.service, node_port=self.node_port)

    def well(self, kind: str) -> Iterator[Document]:
        """Yield the same Ingress and Service with nothing wrong."""
        yield ingress(self.name, {"ingress-provisioner.io/google-load-balancer": kind})
        yield service(self.name, {})


def case(
    name: str,
    told: tuple[str, str, str, str, str],
    *,
    ingress: Mapping[str, str] | None = None,
    service: Mapping[str, str] | None = None,
    objects: Sequence[Document] = (),
    tls: Sequence[str] = (),
    path: str = "/",
    port: int = 80,
    backend: str = "",
    node_port: int = 0,
) -> Case:
    """Return a case; ``told`` is code, subject, field, part of the message, part of the hint."""
    code, subject, field, says, hint = (text.replace("$me", name) for text in told)
    return Case(
        name=name,
        told=Told(code=code, subject=subject, field=field, says=says, hint=hint),
        ingress=ingress or {},
        service=service or {},
        objects=tuple(objects),
        tls=tuple(tls),
        path=path,
        port=port,
        backend=backend,
        node_port=node_port,
    )


def ingress(
    name: str,
    said: Mapping[str, str],
    *,
    tls: Sequence[str] = (),
    path: str = "/",
    port: int = 80,
    service: str = "",
) -> Document:
    """Return an Ingress with one path; its pods are reached straight."""
    host = HOST.format(name)
    backend: Json = {"service": {"name": service or name, "port": {"number": port}}}
    entry: Json = {"path": path, "pathType": "Prefix", "backend": backend}
    secured: list[Json] = [{"hosts": [host], "secretName": each} for each in tls]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": {"ingress-provisioner.io/target-mode": "pod", **said},
        },
        "spec": {
            "ingressClassName": "",
            "rules": [{"host": host, "http": {"paths": [entry]}}],
            **({"tls": secured} if secured else {}),
        },
    }


def service(name: str, said: Mapping[str, str], *, node_port: int = 0) -> Document:
    """Return a Service with annotations, whose only port is called ``http``."""
    made = manifests.service(name, node_port=node_port)
    spec = made["spec"]
    assert isinstance(spec, dict)
    port: dict[str, Json] = {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}
    if node_port:
        port["nodePort"] = node_port
    metadata: dict[str, Json] = {"name": name, "namespace": NAMESPACE, "annotations": dict(said)}
    return {
        **made,
        "metadata": metadata,
        "spec": {**spec, "type": "NodePort" if node_port else "ClusterIP", "ports": [port]},
    }


def scale(site: Site, names: Sequence[str], pods: int) -> None:
    """Give every Service so many ready pods."""
    ports: list[Json] = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    ready = site.cloud.pods[:pods]
    site.desk.put(*({**manifests.endpoints(name, ready), "ports": ports} for name in names))


def errors(plan: Plan) -> dict[str, list[Diagnostic]]:
    """Return the errors of a plan by the name of the Ingress that they are about."""
    found: dict[str, list[Diagnostic]] = {}
    for each in plan.diagnostics:
        if each.severity.value == "error":
            found.setdefault(each.ingress.name if each.ingress else "", []).append(each)
    return found


def untold(cases: Sequence[Case], plan: Plan) -> dict[str, Json]:
    """Return the cases of which not exactly the right thing is said: name -> what was said."""
    said = errors(plan)
    wrong: dict[str, Json] = {
        each.name: [repr(d) for d in said.get(each.name, [])]
        for each in cases
        if [_is(each.told, d) for d in said.get(each.name, [])] != [True]
    }
    known = {each.name for each in cases}
    strangers: list[Json] = [repr(d) for name, ds in said.items() if name not in known for d in ds]
    return {**wrong, "": strangers} if strangers else wrong


def _is(told: Told, found: Diagnostic) -> bool:
    return (
        (found.code, found.subject, found.field) == (told.code, told.subject, told.field)
        and told.says in found.message
        and told.hint in found.hint
        and bool(told.hint)
    )


def served(site: Site) -> dict[str, list[str]]:
    """Return the addresses of pods that requests for each host reach, by the name of the host.

    GKE's default backend, which answers what no rule does, is not among them.
    """
    found: dict[str, set[str]] = {}
    for url_map in site.rest.everything("urlMaps"):
        for route, targets in routes(url_map):
            for target in targets:
                if GKE_DEFAULT not in target:
                    found.setdefault(route.partition(".")[0], set()).update(_pods(site, target))
    return {name: sorted(pods) for name, pods in found.items() if pods}


def _pods(site: Site, link: str) -> Iterator[str]:
    body = site.rest.call("GET", path_of(link))
    for backend in body.get("backends", []):
        group = path_of(backend["group"])
        if "/networkEndpointGroups/" in group:
            listed = site.rest.call("POST", f"{group}/listNetworkEndpoints", {})
            yield from (each["networkEndpoint"]["ipAddress"] for each in listed.get("items", []))

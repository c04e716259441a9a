"""A world of rows on one kind of load balancer, all in one cluster.

What an Ingress says has an Ingress of its own, with a load balancer of its own; what a Service or
its BackendConfig says has a Service of its own, and all of those stand behind one Ingress.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from provisioner.model.plan import Plan
from provisioner.model.resource import SHARED, Json
from tests.contract.google_settings.look import Look, Project
from tests.contract.google_settings.row import PORTABLE, Kind, Row, Where
from tests.contract.google_settings.site import Site, settings
from tests.contract.provider import manifests
from tests.contract.provider.manifests import NAMESPACE, Document
from tests.contract.provider.under_test import Pod

ALL = "all"
"""The Ingress of all rows that are of a backend."""

_NAMED = re.compile(r"[/-](r\d+)(?::80)?/")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Rows at work, by the name of their Ingress or Service."""

    site: Site
    kind: Kind
    rows: Mapping[str, Row]

    def say(self, number: int | None) -> None:
        """Write what every row is made with (0), its other value (1), or nothing (None)."""
        documents: list[Document] = []
        for name, row in self.rows.items():
            documents += _documents(name, row, number, self.kind)
        behind_one = [name for name, row in self.rows.items() if row.of_backend]
        documents += [_endpoints(name, self.site.cloud.pods) for name in behind_one]
        if behind_one:
            documents.append(_ingress_of_all(self.kind, behind_one, self.rows))
        self.site.desk.put(*documents)

    def converge(self) -> dict[str, tuple[str, ...]]:
        """Apply what was said, without an error, and return the calls of each row."""
        plan = self.site.desk.converge()
        wrong = [d for d in plan.diagnostics if d.severity.value == "error"]
        assert not wrong, wrong
        return self.calls(plan)

    def differences(self, number: int) -> dict[str, Json]:
        """Return what is not as a row expects: its key -> what was seen and expected."""
        found: dict[str, Json] = {}
        project = Project(self.site.rest)
        for name, row in self.rows.items():
            owner, service = (ALL, name) if row.of_backend else (name, "web")
            seen = row.probe(Look(project, f"{NAMESPACE}/{owner}", service))
            if seen != row.seen[number]:
                found[row.name] = {"seen": seen, "expected": row.seen[number]}
        return found

    def calls(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Return the calls of each row, not of what several share."""
        found: dict[str, Counter[str]] = {}
        for step in plan.steps:
            row = self.rows.get(_owner(step.id))
            if row is not None and step.group != SHARED and step.counts:
                found.setdefault(row.name, Counter()).update(dict(step.counts))
        return {key: tuple(sorted(counts.elements())) for key, counts in found.items()}


def _owner(address: str) -> str:
    found = _NAMED.search(f"{address}/")
    return found[1] if found else ""


def _documents(name: str, row: Row, number: int | None, kind: Kind) -> Iterator[Document]:
    said = _said(row, number)
    match row.where:
        case Where.INGRESS:
            yield an_ingress(name, row, said, kind)
        case Where.SERVICE:
            yield from _service(name, row, said)
        case Where.BACKEND_CONFIG:
            named: Json = '{"default": "' + name + '"}'
            yield from _service(name, row, {"cloud.google.com/backend-config": named})
            yield settings("BackendConfig", name, said)
        case Where.FRONTEND_CONFIG:
            used: Json = name
            yield an_ingress(name, row, {"networking.gke.io/v1beta1.FrontendConfig": used}, kind)
            yield settings("FrontendConfig", name, said)
        case Where.MANAGED_CERTIFICATE:
            ordered: Json = name
            yield an_ingress(name, row, {"networking.gke.io/managed-certificates": ordered}, kind)
            spec: dict[str, Json] = {"domains": ["shop.example.com"]}
            yield settings("ManagedCertificate", name, spec, status=said)


def _said(row: Row, number: int | None) -> Mapping[str, Json]:
    if number is None:
        return row.beside if row.without is None else row.without
    value = (row.value, row.other)[number]
    if row.where in {Where.INGRESS, Where.SERVICE}:
        return {**row.beside, row.key: value}
    spec: dict[str, Json] = copy.deepcopy(dict(row.beside))
    *blocks, last = row.key.split(".")
    inner = spec
    for block in blocks:
        found = inner.setdefault(block, {})
        assert isinstance(found, dict)
        inner = found
    inner[last] = value
    return spec


def an_ingress(name: str, row: Row, said: Mapping[str, Json], kind: Kind) -> Document:
    """Return the Ingress of a row."""
    mode = {f"{PORTABLE}target-mode": row.mode} if row.mode else {}
    host = f"{name}.shop.example.com"
    tls: list[Json] = [{"hosts": [host], "secretName": "tls"}]
    spec = _spec({host: [(path, "web") for path in row.paths]})
    return _ingress(
        name,
        {f"{PORTABLE}google-load-balancer": kind.value, **mode, **said},
        {**spec, **({"tls": tls} if row.tls else {})},
    )


def _ingress_of_all(kind: Kind, names: list[str], rows: Mapping[str, Row]) -> Document:
    hosts = {f"{n}.shop.example.com": [(path, n) for path in rows[n].paths] for n in names}
    return _ingress(ALL, {f"{PORTABLE}google-load-balancer": kind.value}, _spec(hosts))


def _ingress(name: str, said: Mapping[str, Json], spec: Mapping[str, Json]) -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": dict(said)},
        "spec": {"ingressClassName": "", **spec},
    }


def _spec(hosts: Mapping[str, list[tuple[str, str]]]) -> Mapping[str, Json]:
    return {"rules": [{"host": h, "http": {"paths": _paths(led)}} for h, led in hosts.items()]}


def _paths(led: list[tuple[str, str]]) -> list[Json]:
    return [
        {
            "path": path,
            "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": 80}}},
        }
        for path, service in led
    ]


def _service(name: str, row: Row, said: Mapping[str, Json]) -> Iterator[Document]:
    """Yield the Service of a row."""
    made = manifests.service(name)
    mode = {f"{PORTABLE}target-mode": row.mode} if row.mode else {}
    spec = made["spec"]
    assert isinstance(spec, dict)
    yield {
        **made,
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": {**mode, **said}},
        "spec": {**spec, "ports": [_port(name)]},
    }


def _port(name: str) -> Json:
    """Return a port whose node port follows from the name of the row."""
    number = 30100 + int(name.removeprefix("r"))
    return {
        "name": "http",
        "port": 80,
        "targetPort": 8080,
        "protocol": "TCP",
        "nodePort": number,
    }


def _endpoints(name: str, pods: Sequence[Pod]) -> Document:
    """Return the two ready pods of a row's Service."""
    ports: list[Json] = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    return {**manifests.endpoints(name, pods[:2]), "ports": ports}

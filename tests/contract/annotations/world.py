"""A world of rows: each is an Ingress with a load balancer of its own, all in one cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from provisioner.model.plan import Plan
from provisioner.model.resource import SHARED, Json
from tests.contract.annotations.look import Look
from tests.contract.annotations.row import PORTABLE, Path, Row
from tests.contract.annotations.site import Site
from tests.contract.annotations.things import Things
from tests.contract.provider import manifests
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import NAMESPACE, Document


@dataclass(slots=True)
class World:
    """Rows at work.

    Attributes:
        site: Their cluster and account.
        rows: By the name of their Ingress.
    """

    site: Site
    rows: Mapping[str, Row]

    @property
    def desk(self) -> Desk:
        """Their cluster."""
        return self.site.desk

    def say(self, number: int | None) -> None:
        """Write what every row is made with (0), its other value (1), or nothing (None)."""
        for name, row in self.rows.items():
            value = None if number is None else (row.value, row.other)[number]
            said = {} if value is None else {row.written: self._filled(name, value)}
            beside = {key: self._filled(name, text) for key, text in row.beside.items()}
            on_ingress = {**beside, **({} if row.on_service else said)}
            self.desk.put(
                an_ingress(name, row, on_ingress),
                a_service(name if row.on_service else "web", said if row.on_service else {}),
            )
            if row.on_service:
                self.desk.scale(name, 2)

    def differences(self, number: int) -> dict[str, Json]:
        """Return what is not as a row expects: its key -> what was seen and expected."""
        found: dict[str, Json] = {}
        for name, row in self.rows.items():
            look = Look(self.site.cloud.account, f"{NAMESPACE}/{name}")
            seen, expected = row.probe(look), self._named(name).filled(row.seen[number])
            if seen != expected:
                found[row.key] = {"seen": seen, "expected": expected}
        return found

    def _filled(self, name: str, text: str) -> str:
        return self._named(name).fill(text)

    def _named(self, name: str) -> Things:
        more = {"host": host_of(name), "imported": self._imported()}
        return Things(names={**self.site.things.names, **more})

    def _imported(self) -> str:
        """Return the ARN of the certificate that was imported from the Secret, "" before."""
        acm = self.site.cloud.account.login.acm()
        listed = acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})
        return next((c["CertificateArn"] for c in listed["CertificateSummaryList"]), "")


def host_of(name: str) -> str:
    """Return the host of a row's Ingress."""
    return f"{name}.shop.example.com"


def calls_by_row(plan: Plan, rows: Mapping[str, Row]) -> dict[str, tuple[str, ...]]:
    """Return the calls of each load balancer by the key of its row, not of what all share."""
    found: dict[str, Counter[str]] = {}
    for step in plan.steps:
        if step.group != SHARED:
            row = rows[step.group.rpartition("/")[2]]
            found.setdefault(row.key, Counter()).update(dict(step.counts))
    return {key: tuple(sorted(counts.elements())) for key, counts in found.items() if counts}


def an_ingress(name: str, row: Row, said: Mapping[str, str]) -> Document:
    """Return the Ingress of a row."""
    mode = {f"{PORTABLE}target-mode": row.mode} if row.mode else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": {f"{PORTABLE}scheme": "external", **mode, **said},
        },
        "spec": {
            "ingressClassName": "",
            "tls": [{"hosts": [host_of(name)], "secretName": "tls"}],
            "rules": [{"host": host_of(name), "http": {"paths": list(_paths(name, row))}}],
        },
    }


def _paths(name: str, row: Row) -> Iterator[Json]:
    for path in row.paths:
        service = name if row.on_service else path.service
        yield {
            "path": path.path,
            "pathType": path.path_type,
            "backend": {"service": {"name": service, "port": _port(path)}},
        }


def _port(path: Path) -> Json:
    return {"number": path.port} if isinstance(path.port, int) else {"name": path.port}


def a_service(name: str, said: Mapping[str, str]) -> Document:
    """Return a Service with annotations; its node port follows from its name."""
    number = 30080 if name == "web" else 30100 + int(name.removeprefix("r"))
    made = manifests.service(name, node_port=number)
    metadata: dict[str, Json] = {"name": name, "namespace": NAMESPACE, "annotations": dict(said)}
    return {**made, "metadata": metadata}

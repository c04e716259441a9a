"""The corpus: cases in YAML files, each one or several Ingresses and all that they become on GKE.

Expectations are written by hand from what GKE Ingress (kubernetes/ingress-gce) does. The cluster is
that of its published vectors (UID of kube-system ``kubesystem-uid1``, uid of the ConfigMap
``ingress-uid`` starting with ``01234567``, Ingress and Service ``namespace/name``). Names whose
hashes no vector states were computed in a shell from the documented formulas, with ``sha256sum``,
``md5sum``, ``cut``, ``od`` and ``awk``, and stand here as literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import yaml

from tests.conformance.gke.expected import Fields, Spelling, Stack, firewall, nodes
from tests.conformance.gke.manifests import Change, Document, Ingress, changed, manifest

FOLDER: Final = Path(__file__).parent / "corpus"


class Case(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """One Ingress, or several, and what comes of them.

    Attributes:
        rule: Which behaviour of GKE it is about.
        services: What Services of the world have differently, by ``namespace/name``.
        objects: What is applied besides.
        account: An account file of the corpus, "" for none.
        options: Further options of the command.
        code: How the command ends.
        like: Parts that the expectation starts from.
        firewall: Ports that the firewall rule opens; none: there is no rule.
        sources: Where it lets in from besides Google's front ends.
        node_ports: Named ports of the instance groups; none: there are no groups.
        says: All diagnostics, as ``<severity> <code> <subject> <field>``.
        hidden: Secrets that nothing of the output may hold.
    """

    title: str
    rule: str
    ingresses: list[Ingress]
    services: dict[str, Change | None] = {}
    objects: list[Document] = []
    account: str = "account.yaml"
    options: list[str] = []
    code: int = 0
    like: list[str] = []
    firewall: list[str] = []
    sources: list[str] = []
    node_ports: list[int] = []
    expect: dict[str, dict[str, object] | None] = {}
    says: list[str] = []
    hidden: list[str] = []

    def manifests(self, *, backwards: bool = False) -> bytes:
        """Return everything that is applied, in one file: a stream of YAML documents."""
        documents = [*changed(world(), self.services), *map(manifest, self.ingresses)]
        documents += self.objects
        order = reversed(documents) if backwards else documents
        return b"\n---\n".join(map(msgspec.json.encode, order))

    def expected(self, parts: Parts) -> dict[str, dict[str, object]]:
        """Return every resource that is expected, by identity."""
        found: dict[str, Fields] = {}
        for name in self.like:
            _lay(parts.stacks[name], found, parts.spelling)
        if self.node_ports:
            found |= nodes(self.node_ports)
        if self.firewall:
            found |= firewall(self.firewall, self.sources)
        _lay(self.expect, found, parts.spelling)
        return parts.spelling.spelled(found)


class Parts(msgspec.Struct, forbid_unknown_fields=True):
    """What the notation stands for, and parts that many expectations have in common."""

    spelling: Spelling
    stacks: dict[str, dict[str, dict[str, object] | None]]


@cache
def world() -> tuple[Document, ...]:
    """Return the objects of every case."""
    return tuple(yaml.safe_load_all((FOLDER / "world.yaml").read_text(encoding="utf-8")))


def load_parts() -> Parts:
    """Return the parts."""
    return msgspec.convert(_read(FOLDER / "parts.yaml"), Parts)


def load_cases() -> dict[str, Case]:
    """Return every case by ``<file>: <title>``."""
    found: dict[str, Case] = {}
    for path in sorted((FOLDER / "cases").glob("*.yaml")):
        for case in msgspec.convert(_read(path), list[Case]):
            name = f"{path.stem}: {case.title}"
            assert name not in found, f"two cases are called {name}"
            found[name] = case
    return found


def _read(path: Path) -> object:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _lay(stack: Stack, onto: dict[str, Fields], spelling: Spelling) -> None:
    """Lay a part over what is there: fields over fields; null takes away."""
    short: Mapping[str, Fields | None] = stack
    for word, fields in short.items():
        identity = spelling.identity(word)
        if fields is None:
            del onto[identity]
        else:
            onto[identity] = {**onto.get(identity, {}), **fields}

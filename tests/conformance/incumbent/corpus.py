"""The corpus: cases in YAML files, each an Ingress group and all that it is expected to become.

Expectations are written by hand from what AWS Load Balancer Controller does. Names whose last ten
digits no public test vector states were computed in a shell with ``printf '%s' ... | sha256sum``
over that controller's inputs (cluster, group, and so on, without separators), and stand here as
literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import yaml

from tests.conformance.incumbent.expected import SHARED, Fields, Group, ResourceOf, node_rule
from tests.conformance.incumbent.manifests import Ingress, manifest

FOLDER: Final = Path(__file__).parent / "corpus"
WORLD: Final = FOLDER / "world.yaml"

Resources = dict[str, dict[str, dict[str, object]]]


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One Ingress group, or several, and what comes of them.

    Attributes:
        rule: Which behaviour of the incumbent it is about.
        objects: What is applied besides the Ingresses and the objects of every case.
        account: An account file of the corpus, "" for none.
        options: Further options of the command.
        code: How the command ends.
        like: Parts that the expectation starts from.
        nodes: Ports that the nodes open: ``30001`` or the range ``30001-30002``.
        members: Ingresses of each explicit group.
        says: All diagnostics, as ``<severity> <code> <subject> <field>``.
        hidden: Secrets that nothing of the output may hold.
    """

    title: str
    rule: str
    ingresses: list[Ingress]
    objects: list[dict[str, object]] = []
    account: str = "account.yaml"
    options: list[str] = []
    code: int = 0
    like: list[str] = msgspec.field(default_factory=lambda: ["bare"])
    nodes: str = ""
    members: dict[str, list[str]] = {}
    expect: dict[str, dict[str, dict[str, object] | None] | None] = {}
    says: list[str] = []
    hidden: list[str] = []

    def manifests(self) -> str:
        """Return everything that is applied, in one file."""
        documents = [*map(manifest, self.ingresses), *self.objects]
        return yaml.safe_dump_all(documents, sort_keys=False)

    def expected(self, parts: Parts) -> Resources:
        """Return every resource that is expected, by load balancer and identity."""
        groups: dict[str, dict[str, Fields]] = {}
        for name in self.like:
            _lay(parts.stacks[name], groups)
        _lay(self.expect, groups)
        if self.nodes:
            identity, fields = node_rule(self.nodes)
            groups.setdefault(SHARED, {})[identity] = fields
        return {
            group: self._spelled(group, resources, parts.kinds)
            for group, resources in groups.items()
            if resources
        }

    def _spelled(
        self, group: str, resources: Mapping[str, Fields], kinds: Mapping[str, Fields]
    ) -> dict[str, dict[str, object]]:
        alone = [] if group == SHARED else [group]
        of = ResourceOf(group, kinds, members=self.members.get(group, alone))
        return of.spelled(resources)


class Parts(msgspec.Struct, forbid_unknown_fields=True):
    """The plain resource of each kind, and parts that many expectations have in common."""

    kinds: dict[str, dict[str, object]]
    stacks: dict[str, dict[str, dict[str, dict[str, object] | None] | None]]


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


def _lay(stack: Mapping[str, Group | None], onto: dict[str, dict[str, Fields]]) -> None:
    """Lay a part over what is there: fields over fields; null takes away."""
    for group, resources in stack.items():
        if resources is None:
            onto.pop(group, None)
            continue
        mine = onto.setdefault(group, {})
        for identity, fields in resources.items():
            if fields is None:
                del mine[identity]
            else:
                mine[identity] = {**mine.get(identity, {}), **fields}

"""Sort Ingresses into load balancers: one each, or one per named group.

Everything that later decides between members uses the order made here: ``group-order``, then age,
then name. An Ingress that cannot be read still belongs to its group, because what it has there must
stay; one that cannot even say which group keeps the place where the cloud shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from provisioner.core.annotations import GROUP, GROUP_ORDER, LISTEN_PORTS
from provisioner.core.classes import ClassPolicy
from provisioner.core.dialect import Dialect
from provisioner.core.objects import Objects
from provisioner.core.reading import Reading, Table, Values, read_annotations
from provisioner.core.select import Selected, Standing
from provisioner.model.annotation import Place
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Ingress, Key
from provisioner.model.resource import SHARED, Observed
from provisioner.model.settings import FINALIZER
from provisioner.model.snapshot import Snapshot
from provisioner.model.words import FrontWords

Placed = Mapping[Key, tuple[str, ...]]
"""Ingress -> groups in which the cloud holds something of it."""

Welcome = Callable[["Candidate", str], Sequence[Diagnostic]]
"""Says what stands against an Ingress in a group: blocking findings, and remarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An Ingress that wants to be on a load balancer.

    Attributes:
        values: What class and Ingress say together, strongest first.
        own: What its own annotations say (a rule's options come from there alone).
        front: What the provider makes of the values for its listeners.
        failed: Settings that it or its class states unreadably.
        problems: Why it cannot be planned; () for a healthy one.
        placed: Something of it may exist already, so what it claims must stay claimed.
        seen: The cloud holds something of it. A finalizer says that something may exist; anybody
            can write one.
        limited: A limit has no room for what it asks; what it has stays, what it asks does not
            count.
    """

    ingress: Ingress
    policy: ClassPolicy
    values: Values
    own: Values
    front: FrontWords
    failed: frozenset[str] = frozenset()
    problems: tuple[Diagnostic, ...] = ()
    placed: bool = False
    seen: bool = False
    limited: bool = False

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.ingress.key

    @property
    def subject(self) -> str:
        """The Ingress in the words of a diagnostic."""
        return f"Ingress {self.key}"

    @property
    def order(self) -> int:
        """Its ``group-order``."""
        return self.values.get(GROUP_ORDER) or 0

    @property
    def age(self) -> tuple[bool, str, str, str]:
        """Sort key of age: oldest first; what was never created (a file) is youngest."""
        created = self.ingress.meta.created
        return (not created, created, self.key.namespace, self.key.name)

    @property
    def rank(self) -> tuple[int, tuple[bool, str, str, str]]:
        """Sort key among the members of a group: order, then age; the incumbent asks the name.

        AWS Load Balancer Controller compares ``namespace/name`` as one text.
        """
        if self.policy.compatibility is Compatibility.INCUMBENT:
            return (self.order, (False, "", str(self.key), ""))
        return (self.order, self.age)

    @property
    def seniority(self) -> tuple[bool, bool, int, tuple[bool, str, str, str]]:
        """Sort key of whose word counts: who is there already by age, then newcomers in order.

        ``group-order`` and finalizers are anybody's to write; they must not take from others what
        they have.
        """
        return (not self.seen, not self.placed, 0 if self.placed else self.order, self.age)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The Ingresses of one load balancer; ``candidates`` in group order."""

    name: str
    explicit: bool
    candidates: tuple[Candidate, ...]
    leaving: tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """All groups by name, and the remarks on the annotations of their Ingresses."""

    groups: tuple[Group, ...]
    remarks: tuple[Diagnostic, ...]


class IngressReader:
    """Reads what Ingresses say, with the objects of settings that they name."""

    def __init__(self, snapshot: Snapshot, dialect: Dialect, *, table: Table) -> None:
        self._table = table
        self._objects = Objects(snapshot)
        self.dialect = dialect

    def read(self, item: Selected) -> Reading:
        """Return what an Ingress says by itself."""
        key = item.ingress.key
        reading = read_annotations(
            item.ingress.meta,
            Place.INGRESS,
            table=self._table,
            ingress=key,
            compatibility=item.policy.compatibility,
        )
        return self._objects.in_reading(
            reading,
            key,
            compatibility=item.policy.compatibility,
            elsewhere=self._table.of_services,
        )


def placed_in(observed: Observed) -> Placed:
    """Return where the cloud holds something of an Ingress, going by the marks."""
    found: dict[Key, set[str]] = {}
    for resource in observed.resources.values():
        if resource.group != SHARED:
            for ingress in resource.ingresses:
                found.setdefault(ingress, set()).add(resource.group)
    return {key: tuple(sorted(groups)) for key, groups in found.items()}


def group(
    selected: Sequence[Selected],
    *,
    reader: IngressReader,
    placed: Placed,
    refused: Mapping[Key, Diagnostic],
    welcome: Welcome = lambda _candidate, _group: (),
) -> Grouping:
    """Return the load balancers that the selected Ingresses make up.

    Args:
        selected: Ingresses that are or were ours.
        reader: Reads what they say.
        placed: Where the cloud holds something of an Ingress, as far as anyone looked.
        refused: Ingresses that a limit has no room for, and what they are told.
        welcome: What a policy says to an Ingress in a group.
    """
    staying: dict[str, list[Candidate]] = {}
    leaving: dict[str, set[Key]] = {}
    remarks: list[Diagnostic] = []
    for item in selected:
        reading = reader.read(item)
        candidate = _candidate(item, reading, reader=reader, placed=placed)
        if (refusal := refused.get(candidate.key)) is not None:
            problems = (*candidate.problems, refusal)
            candidate = replace(candidate, problems=problems, limited=True)
        candidate, name, said = _seated(candidate, placed, welcome)
        left = set(placed.get(candidate.key, ()))
        if item.standing is Standing.LEAVING:
            left.add(name)
        else:
            left.discard(name)
            staying.setdefault(name, []).append(candidate)
            found = (*reading.diagnostics, *candidate.front.diagnostics, *said)
            remarks.extend(d for d in found if not d.blocking)
        for group_name in left:
            leaving.setdefault(group_name, set()).add(candidate.key)
    groups = tuple(
        _group(name, staying.get(name, []), leaving=leaving.get(name, set()))
        for name in sorted({*staying, *leaving})
    )
    return Grouping(groups=groups, remarks=tuple(remarks))


def _group(name: str, candidates: list[Candidate], *, leaving: set[Key]) -> Group:
    return Group(
        name=name,
        explicit="/" not in name,
        candidates=tuple(sorted(candidates, key=lambda c: c.rank)),
        leaving=tuple(sorted(leaving)),
    )


def _candidate(
    item: Selected, reading: Reading, *, reader: IngressReader, placed: Placed
) -> Candidate:
    key = item.ingress.key
    policy = item.policy
    enforced, defaults = policy.enforced, policy.defaults
    overruled = frozenset(enforced.values.said)
    blocking = tuple(d for d in reading.diagnostics if d.blocking)
    values = policy.imposed_on(reading.values).over(defaults.values)
    failed = enforced.failed | defaults.failed | (reading.failed - overruled)
    said = {name: one.value for name, one in values.said.items()}
    front = reader.dialect.front_words(item.ingress, said)
    problems = (
        *item.problems,
        *(replace(d, ingress=key) for d in blocking),
        *(d for d in front.diagnostics if d.blocking),
    )
    if not problems and not front.ports and LISTEN_PORTS.name not in {*said, *failed}:
        problems = (_no_ports(item.ingress),)
    return Candidate(
        ingress=item.ingress,
        policy=policy,
        values=values,
        own=reading.values,
        front=front,
        failed=failed,
        problems=problems,
        placed=key in placed or FINALIZER in item.ingress.meta.finalizers,
        seen=key in placed,
    )


def _no_ports(ingress: Ingress) -> Diagnostic:
    return error(
        "LISTENER-NONE",
        f"Ingress {ingress.key}",
        message="it has nothing to listen on: HTTP is turned off, and no certificate is named for"
        " HTTPS",
        field="metadata.annotations",
        hint="name a certificate, or allow HTTP",
        ingress=ingress.key,
    )


def _seated(
    candidate: Candidate, placed: Placed, welcome: Welcome
) -> tuple[Candidate, str, Sequence[Diagnostic]]:
    """Return an Ingress with the name of its group and what was said about it there.

    One that cannot be in the group that it asks for, or not as it is now, stays where the cloud
    shows it: leaving what serves before arriving where it may not would be an outage. One that can
    is a newcomer there, however long it has been elsewhere.
    """
    here = placed.get(candidate.key, ())
    if GROUP.name in candidate.failed:
        return candidate, min(here or (str(candidate.key),)), ()
    name = candidate.values.get(GROUP) or str(candidate.key)
    said = welcome(candidate, name)
    blocking = tuple(d for d in said if d.blocking)
    candidate = replace(candidate, problems=(*candidate.problems, *blocking))
    if not here or name in here:
        return candidate, name, said
    if candidate.problems:
        return candidate, min(here), said
    return replace(candidate, placed=False, seen=False), name, said

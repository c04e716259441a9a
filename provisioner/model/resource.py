"""Cloud resources as values: what we want to exist, and what was seen to exist.

A resource's ``spec`` is spelled in the cloud API's own field names and value types, so that a
reader can hold a plan against the provider's documentation, and so that one generic diff serves
every kind of every cloud. Three things in a spec are not plain JSON:

* ``Ref``: a value that another resource provides (an ARN, an id). Observed specs carry the same
  Refs, put back in place of the ids, so desired and observed compare without any lookup.
* ``Unknown``: a value that only the cluster or the cloud can tell, later. It is printed as
  ``null`` with ``knownAfterApply`` and never guessed.
* ``Fingerprint``: stands where a secret would; equal secrets give equal fingerprints.

Specs are immutable: mappings and tuples all the way down (``freeze`` makes them so).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType, NoneType
from typing import Protocol, TypeAlias, TypeVar, Union

from provisioner.model.kube import Key


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A value that the resource at ``address`` provides in its field ``field``."""

    address: str
    field: str

    def __str__(self) -> str:
        return f"{self.address}.{self.field}"


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A value that is known after apply. ``why`` says to a person what it depends on."""

    why: str


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """A salted hash in place of a secret value.

    ``secret`` is the value itself where somebody has to send it; it takes no part in comparison and
    is never printed. What was observed or saved has the digest alone.
    """

    digest: str
    secret: str = field(default="", repr=False, compare=False)


Value: TypeAlias = Union[
    bool,
    int,
    float,
    str,
    Ref,
    Unknown,
    Fingerprint,
    "tuple[Value, ...]",
    "Mapping[str, Value]",
    None,
]
Spec: TypeAlias = Mapping[str, Value]
PlainInput: TypeAlias = Union[
    bool,
    int,
    float,
    str,
    Ref,
    Unknown,
    Fingerprint,
    "Sequence[PlainInput]",
    "Mapping[str, PlainInput]",
    None,
]

NO_SPEC: Spec = MappingProxyType({})

# ``json.dumps`` would make one for every value.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)

# Asked first, everywhere: most values are leaves, and asking for an abstract Mapping is slow.
_LEAVES = (str, int, float, NoneType, Ref, Unknown, Fingerprint)


def freeze(value: PlainInput) -> Value:
    """Return ``value`` with every list a tuple and every mapping read-only, keys sorted."""
    if isinstance(value, _LEAVES):
        return value
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(value[key]) for key in sorted(value)})
    return tuple(freeze(item) for item in value)


def freeze_spec(spec: Mapping[str, PlainInput]) -> Spec:
    """Return a spec made of plain dicts and lists as an immutable one."""
    return MappingProxyType({key: freeze(spec[key]) for key in sorted(spec)})


def references(value: Value) -> Iterator[Ref]:
    """Yield every Ref inside ``value``."""
    if isinstance(value, _LEAVES):
        if isinstance(value, Ref):
            yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from references(item)
    else:
        for item in value.values():
            yield from references(item)


def has_unknown(value: Value) -> bool:
    """Tell whether some part of ``value`` is known only after apply."""
    if isinstance(value, _LEAVES):
        return isinstance(value, Unknown)
    items = value if isinstance(value, tuple) else value.values()
    return any(has_unknown(item) for item in items)


def secrets_in(value: Value) -> Iterator[str]:
    """Yield every secret that a fingerprint inside ``value`` stands for."""
    if isinstance(value, _LEAVES):
        if isinstance(value, Fingerprint) and value.secret:
            yield value.secret
        return
    for item in value if isinstance(value, tuple) else value.values():
        yield from secrets_in(item)


Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]


def to_json(value: Value) -> Json:
    """Return ``value`` as plain JSON: Refs as ``{"ref": ...}``, unknowns as null."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Ref():
            return {"ref": str(value)}
        case Unknown():
            return None
        case Fingerprint():
            return {"fingerprint": value.digest}
        case tuple():
            return [to_json(item) for item in value]
        case Mapping():
            return {key: to_json(item) for key, item in value.items()}


def canonical(value: Value) -> str:
    """Return the one JSON text that equal values share; used for digests and sorting."""
    return _ENCODER.encode(to_json(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that should exist in the cloud.

    Attributes:
        kind: The cloud's own word (``TargetGroup``).
        address: Logical, stable, printed everywhere: ``aws:target-group/shop/web/web:80/pod``.
        group: The load balancer it belongs to (``shop/web``), or ``shared``.
        name: The physical name, "" where the kind has none, Unknown where only the cluster tells.
        ingresses: Who it is for, sorted; several where members share it.
        spec: Field name -> value, in the API's words.
        title: A few words for people (``shop.example.com /cart -> web:80``); never compared.
        after: Addresses that must exist first although no Ref says so.
    """

    kind: str
    address: str
    group: str
    name: str | Unknown = ""
    ingresses: tuple[Key, ...] = ()
    spec: Spec = field(default_factory=lambda: NO_SPEC)
    title: str = ""
    after: tuple[str, ...] = ()

    def with_spec(self, **fields: PlainInput) -> Resource:
        """Return a copy whose spec has these fields replaced."""
        return replace(self, spec=freeze_spec({**self.spec, **fields}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedResource:
    """Something of ours that was seen in the cloud.

    ``outputs`` are the values that Refs to it stand for (``LoadBalancerArn``, ``GroupId``).
    ``healthy`` counts healthy targets (target groups only). ``state`` is the provider's word for
    its condition (``active``, ``provisioning``). ``order`` is its place among its siblings (a
    rule's priority). None of these is ever compared with what is desired.
    """

    kind: str
    address: str
    group: str
    name: str = ""
    ingresses: tuple[Key, ...] = ()
    spec: Spec = field(default_factory=lambda: NO_SPEC)
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    healthy: int | None = None
    state: str = ""
    order: int = 0


class Grouped(Protocol):
    """Anything that belongs to one load balancer, or to ``shared``."""

    @property
    def group(self) -> str:
        """Whose it is."""
        ...


G = TypeVar("G", bound=Grouped)


def by_group(items: Iterable[G]) -> dict[str, list[G]]:
    """Return the items by load balancer, each in the order given."""
    found: dict[str, list[G]] = {}
    for item in items:
        found.setdefault(item.group, []).append(item)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything of ours that was seen, by address; complete for the groups it was asked for.

    Resources of other groups may be outlines: they exist, but nobody looked at their specs.
    ``unread`` are kinds that nobody may list: none of them is seen, and whether there are any is
    not known.
    """

    resources: Mapping[str, ObservedResource] = field(default_factory=lambda: MappingProxyType({}))
    unread: frozenset[str] = frozenset()
    _by_group: Mapping[str, tuple[ObservedResource, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Sort the resources by group once; planning asks for every group."""
        ordered = (resource for _, resource in sorted(self.resources.items()))
        found = {group: tuple(resources) for group, resources in by_group(ordered).items()}
        object.__setattr__(self, "_by_group", MappingProxyType(found))

    def of_group(self, group: str) -> tuple[ObservedResource, ...]:
        """Return the resources of one load balancer (or of ``shared``), by address."""
        return self._by_group.get(group, ())

    @property
    def groups(self) -> tuple[str, ...]:
        """Return every group that owns something, sorted, ``shared`` left out."""
        return tuple(sorted(self._by_group.keys() - {SHARED}))


SHARED = "shared"
"""The pseudo-group of what several load balancers share; no explicit group may take the name."""

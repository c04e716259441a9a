"""What one load balancer needs of the part that all share: the words of these notes.

A load balancer does not make instance groups, named ports, firewall rules or the empty backend
service itself, because others use them too. It notes what it needs; ``shared`` adds the notes of
all load balancers up. Notes are plain tuples of text, so that equal needs are one.

Some needs cannot be told yet (node ports that the cluster allocates, nodes that files do not show).
They are noted as such (``UNKNOWN``): whatever is there for them then stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.gcp.variant import Variant
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key

Note = tuple[str, ...]

UNKNOWN = "?"
"""What stands for a value that only the cluster can tell."""

NOT_KNOWN_HERE = "auto"
"""What stands for a zone or a mode in an address while it cannot be told."""

NODE_PORTS = "30000-32767"
"""The range that Kubernetes gives out node ports from; GKE opens it whole."""

_NOTHING = "nothing"
_GROUP = "group"
_INSTANCE = "instance"
_NAMED_PORT = "named-port"
_OPEN = "open"
_TELL = "tell"


def nothing(variant: Variant, region: str) -> Note:
    """Note that some request is answered by nobody, so the empty backend service is needed."""
    return (_NOTHING, variant.value, region)


def instance_group(compatibility: Compatibility, zone: str) -> Note:
    """Note that a backend service leads to the instance group of a zone."""
    return (_GROUP, compatibility.value, zone)


def instance(zone: str, link: str) -> Note:
    """Note that an instance takes traffic; ``UNKNOWN``: somebody does, and stays."""
    return (_INSTANCE, zone, link)


def named_port(zone: str, number: int | None) -> Note:
    """Note that the group of a zone must name a node port, None for one not known yet."""
    return (_NAMED_PORT, zone, UNKNOWN if number is None else str(number))


def open_port(compatibility: Compatibility, region: str, port: int | str) -> Note:
    """Note that a port must be open: to Google's front ends, and to proxies of a region.

    Args:
        compatibility: Under ``incumbent`` GKE's one rule opens it, else one of ours.
        region: Of the proxies that send to it, "" where Google's front ends do.
        port: A number, ``NODE_PORTS`` or ``UNKNOWN``.
    """
    return (_OPEN, compatibility.value, region, str(port))


def tell(ingress: Key) -> Note:
    """Note that an Ingress is to hear of it where somebody else must open the firewall."""
    return (_TELL, str(ingress))


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The notes of all load balancers, added up.

    Attributes:
        nothing: Variant and region of the empty backend services that something leads to.
        readings: Whose reading applies on load balancers that use instance groups.
        instances: Zone -> links of instances, or ``UNKNOWN``; every zone with a group is a key.
        named_ports: Zone -> numbers, or ``UNKNOWN``.
        ports: Compatibility -> region of proxies ("": none) -> ports to open.
        tell: Who hears what cannot be opened.
    """

    nothing: frozenset[tuple[Variant, str]] = frozenset()
    readings: frozenset[Compatibility] = frozenset()
    instances: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    named_ports: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    ports: Mapping[Compatibility, Mapping[str, frozenset[str]]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    tell: tuple[Key, ...] = ()


def added_up(notes: Iterable[Note]) -> Needs:
    """Return what notes say together."""
    empty: set[tuple[Variant, str]] = set()
    instances: dict[str, set[str]] = {}
    named: dict[str, set[str]] = {}
    ports: dict[Compatibility, dict[str, set[str]]] = {}
    told: set[Key] = set()
    readings: set[Compatibility] = set()
    for note in notes:
        match note:
            case (str(word), variant, region) if word == _NOTHING:
                empty.add((Variant(variant), region))
            case (str(word), which, zone) if word == _GROUP:
                readings.add(Compatibility(which))
                instances.setdefault(zone, set())
            case (str(word), zone, link) if word == _INSTANCE:
                instances.setdefault(zone, set()).add(link)
            case (str(word), zone, number) if word == _NAMED_PORT:
                named.setdefault(zone, set()).add(number)
            case (str(word), which, region, port) if word == _OPEN:
                of_kind = ports.setdefault(Compatibility(which), {})
                of_kind.setdefault(region, set()).add(port)
            case (str(word), ingress) if word == _TELL:
                told.add(Key.parse(ingress))
            case _:
                raise ValueError(f"{note!r} is no note of this provider")
    return Needs(
        nothing=frozenset(empty),
        readings=frozenset(readings),
        instances=_frozen(instances),
        named_ports=_frozen(named),
        ports=MappingProxyType({which: _frozen(found) for which, found in ports.items()}),
        tell=tuple(sorted(told)),
    )


def _frozen(found: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({key: frozenset(found[key]) for key in sorted(found)})

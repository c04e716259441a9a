"""Find members of a group that contradict each other, and decide who yields.

A load balancer has one scheme, one name, one policy per port. Members are heard by seniority; the
one who says something else than an earlier one is quarantined, and told who said what. What a
broken member still states readably stays claimed while something of it exists: a typo in one of
its annotations must not flip the scheme, or open the ports, of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from provisioner.core.annotations import (
    INBOUND_CIDRS,
    IP_ADDRESS_TYPE,
    LOAD_BALANCER_ATTRIBUTES,
    LOAD_BALANCER_NAME,
    PREFIX_LISTS,
    RESOLVED,
    SCHEME,
    SECURITY_GROUPS,
    SSL_POLICY,
    SSL_REDIRECT,
    SUBNETS,
    TAGS,
)
from provisioner.core.classes import SUBNET_TAGS
from provisioner.core.reading import Said, Table, Values
from provisioner.core.rules import Draft
from provisioner.model.annotation import Merge, PortWord
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import ListenerProtocol
from provisioner.model.kube import Key

_EXCLUSIVE = frozenset(
    s.name
    for s in (SCHEME, LOAD_BALANCER_NAME, IP_ADDRESS_TYPE, SUBNETS, SECURITY_GROUPS, SSL_REDIRECT)
)
_UNION = frozenset({LOAD_BALANCER_ATTRIBUTES.name, TAGS.name})
_PER_PORT = frozenset({SSL_POLICY.name, INBOUND_CIDRS.name, PREFIX_LISTS.name})
_UNORDERED = frozenset({SUBNETS.name, INBOUND_CIDRS.name, PREFIX_LISTS.name})
_LISTS = frozenset({INBOUND_CIDRS.name, PREFIX_LISTS.name})
_HTTPS_ONLY = frozenset({SSL_POLICY.name})
_INSTEAD = {SUBNETS.name: SUBNET_TAGS, SUBNET_TAGS: SUBNETS.name}  # two ways to say one thing
_PROTOCOL = "protocol"
_COMPATIBILITY = "compatibility"


@dataclass(frozen=True, slots=True)
class Slot:
    """What can be claimed once: a setting, of the whole or of one port, or one key of a map."""

    setting: str
    port: int = 0
    suffix: str = ""  # of a family
    key: str = ""  # of a map

    def __str__(self) -> str:
        name = f"{self.setting}.{self.suffix}" if self.suffix else self.setting
        name = f"{name} {self.key}" if self.key else name
        return f"{name} on port {self.port}" if self.port else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One member's word on a slot."""

    slot: Slot
    value: object
    owner: Key
    source: str
    field: str

    @property
    def comparable(self) -> object:
        """The value in the form in which equal ones are equal."""
        if self.slot.setting in _UNORDERED and isinstance(self.value, tuple):
            return frozenset(self.value)
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """Which settings are claimed how, by name.

    Those that the Intent has fields for are fixed here, whatever a provider's table says of its own
    annotations for them; the table decides for the rest.
    """

    exclusive: frozenset[str]
    union: frozenset[str]
    per_port: frozenset[str]

    @classmethod
    def of(cls, table: Table) -> Scopes:
        """Return the scopes of a table."""
        by_merge: dict[Merge, set[str]] = {merge: set() for merge in Merge}
        for annotation in table.annotations:
            by_merge[annotation.merge].add(annotation.setting.name)
        return cls(
            exclusive=_EXCLUSIVE | {SUBNET_TAGS} | (by_merge[Merge.EXCLUSIVE] - RESOLVED),
            union=_UNION | (by_merge[Merge.UNION] - RESOLVED),
            per_port=_PER_PORT | (by_merge[Merge.PER_PORT] - RESOLVED),
        )


@dataclass(slots=True)
class Ledger:
    """The claims of the members heard so far; what was imposed overrules them without a quarrel."""

    scopes: Scopes
    claims: dict[Slot, Claim] = field(default_factory=dict)
    imposed: set[Slot] = field(default_factory=set)

    def impose(self, draft: Draft) -> None:
        """Enter what a member's class states for the whole load balancer, before all others."""
        for claim in _claims_of(draft, draft.candidate.policy.of_first, self.scopes):
            self.claims[claim.slot] = claim
            self.imposed.add(claim.slot)

    def conflicts(self, draft: Draft) -> tuple[Diagnostic, ...]:
        """Return where a member contradicts those before it."""
        found = []
        for claim in _claims(draft, self.scopes):
            if claim.slot in self.imposed:
                continue
            found += [
                _contradiction(draft, claim, earlier)
                for earlier in self._rivals(claim)
                if (earlier.slot, earlier.comparable) != (claim.slot, claim.comparable)
            ]
        return tuple(found)

    def _rivals(self, claim: Claim) -> Iterator[Claim]:
        """Yield the earlier claims that must not say anything else."""
        for name in (claim.slot.setting, _INSTEAD.get(claim.slot.setting)):
            if name is not None and (slot := replace(claim.slot, setting=name)) in self.claims:
                yield self.claims[slot]

    def overruled(self, draft: Draft) -> tuple[Diagnostic, ...]:
        """Return what a member says, itself or by its class, that has no effect here."""
        own = [c for c in _claims(draft, self.scopes) if c.slot in self.imposed]
        by_class = _claims_of(draft, draft.candidate.policy.of_first, self.scopes)
        return tuple(
            _overruled(draft, claim, self.claims.get(claim.slot))
            for claim in (*own, *by_class)
            if not self._holds(claim)
        )

    def _holds(self, claim: Claim) -> bool:
        found = self.claims.get(claim.slot)
        return found is not None and found.comparable == claim.comparable

    def take(self, draft: Draft) -> None:
        """Enter a member's claims; where an earlier member has spoken, that one's word stays.

        Of a member that a limit has no room for, lists are left out: they may be what is too long.
        """
        for claim in _claims(draft, self.scopes):
            if draft.candidate.limited and (claim.slot.key or claim.slot.setting in _LISTS):
                continue
            self.claims.setdefault(claim.slot, claim)

    def protocol(self, port: int) -> ListenerProtocol | None:
        """Return what a port speaks."""
        claim = self.claims.get(Slot(_PROTOCOL, port))
        return claim.value if claim and isinstance(claim.value, ListenerProtocol) else None

    def agreed(self, setting: str, *, port: int = 0) -> object | None:
        """Return the value that the members agree on, None where nobody said anything."""
        claim = self.claims.get(Slot(setting, port))
        return None if claim is None else claim.value

    def union(self, setting: str) -> Mapping[str, str]:
        """Return the map that the members' maps add up to."""
        return {
            slot.key: str(self.claims[slot].value)
            for slot in sorted(self.claims, key=str)
            if slot.setting == setting and slot.key and not slot.suffix
        }

    def options(self) -> Mapping[str, object]:
        """Return what the members agree on beyond the settings that the Intent has fields for.

        A setting of one port stands under ``name:port``; maps and families are added up.
        """
        found: dict[str, object] = {}
        maps: dict[tuple[str, str], dict[str, object]] = {}
        for slot in sorted(self.claims, key=str):
            if slot.setting in RESOLVED or slot.setting in {_PROTOCOL, _COMPATIBILITY}:
                continue
            value = self.claims[slot].value
            if slot.key:
                maps.setdefault((slot.setting, slot.suffix), {})[slot.key] = value
            elif slot.suffix:
                maps.setdefault((slot.setting, ""), {})[slot.suffix] = value
            else:
                found[f"{slot.setting}:{slot.port}" if slot.port else slot.setting] = value
        for (name, suffix), values in maps.items():
            if suffix:
                found[name] = {**_mapping(found.get(name)), suffix: values}
            else:
                found[name] = {**_mapping(found.get(name)), **values}
        return found


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _claims(draft: Draft, scopes: Scopes) -> Iterator[Claim]:
    candidate = draft.candidate
    yield _claim(draft, Slot(_COMPATIBILITY), candidate.policy.compatibility)
    for port in draft.ports:
        yield _claim(draft, Slot(_PROTOCOL, port.port), port.protocol)
    yield from _claims_of(draft, candidate.values, scopes)


def _claims_of(draft: Draft, values: Values, scopes: Scopes) -> Iterator[Claim]:
    for name, said in values.said.items():
        if name in scopes.exclusive:
            yield _said_claim(draft, Slot(name), said)
        elif name in scopes.per_port:
            yield from _port_claims(draft, name, said)
        elif name in scopes.union:
            yield from _map_claims(draft, Slot(name), said)
    for name, family in values.families.items():
        for suffix, said in family.items():
            if name in scopes.union:
                yield from _map_claims(draft, Slot(name, suffix=suffix), said)
            elif name in scopes.exclusive or name in scopes.per_port:
                yield _said_claim(draft, Slot(name, suffix=suffix), said)


def _port_claims(draft: Draft, name: str, said: Said[object]) -> Iterator[Claim]:
    for port in draft.ports:
        https = port.protocol is ListenerProtocol.HTTPS
        if not https and (name in _HTTPS_ONLY or _names_ports(said)):
            continue
        heard = _heard_on(port.port, said)
        if heard is not None:
            yield _said_claim(draft, Slot(name, port.port), heard)


def _heard_on(port: int, said: Said[object]) -> Said[object] | None:
    """Return what a list that names its ports says about this one, None where it is silent."""
    if not _names_ports(said):
        return said
    own = tuple(w for w in _port_words(said) if w.port == port)
    return replace(said, value=own) if own else None


def _names_ports(said: Said[object]) -> bool:
    """Tell whether a value says itself which HTTPS ports it is for."""
    return bool(_port_words(said))


def _port_words(said: Said[object]) -> tuple[PortWord, ...]:
    found = said.value if isinstance(said.value, tuple) else ()
    return tuple(word for word in found if isinstance(word, PortWord))


def unheard_ports(draft: Draft, scopes: Scopes) -> Iterator[Diagnostic]:
    """Yield a remark on each HTTPS port that a setting names and its Ingress does not have."""
    for name, said in draft.candidate.values.said.items():
        for word in _port_words(said) if name in scopes.per_port else ():
            if word.port not in draft.https:
                yield warning(
                    "LISTENER-PORT-UNUSED",
                    draft.candidate.subject,
                    message=f"{said.source} has no effect on port {word.port}, which is no HTTPS"
                    " port of this Ingress",
                    field=said.field,
                    hint=f'add {{"HTTPS": {word.port}}} to its listen-ports',
                    ingress=draft.candidate.key,
                )


def _map_claims(draft: Draft, slot: Slot, said: Said[object]) -> Iterator[Claim]:
    if not isinstance(said.value, Mapping):
        yield _said_claim(draft, slot, said)
        return
    for key, value in said.value.items():
        yield Claim(
            slot=Slot(slot.setting, suffix=slot.suffix, key=str(key)),
            value=value,
            owner=draft.candidate.key,
            source=said.source,
            field=said.field,
        )


def _said_claim(draft: Draft, slot: Slot, said: Said[object]) -> Claim:
    return Claim(
        slot=slot,
        value=said.value,
        owner=draft.candidate.key,
        source=said.source,
        field=said.field,
    )


def _claim(draft: Draft, slot: Slot, value: object) -> Claim:
    return Claim(slot=slot, value=value, owner=draft.candidate.key, source="", field="")


def _contradiction(draft: Draft, claim: Claim, earlier: Claim) -> Diagnostic:
    says = f" ({earlier.source})" if earlier.source else ""
    named = "" if earlier.slot == claim.slot else f"{earlier.slot} "
    return error(
        "GROUP-CONFLICT",
        draft.candidate.subject,
        message=f"{claim.slot} is {shown(claim.value)} here, but {named}{shown(earlier.value)} for"
        f" Ingress {earlier.owner}{says}, which comes first on this load balancer",
        field=claim.field,
        hint=f"say the same as Ingress {earlier.owner}, or use another group",
        ingress=draft.candidate.key,
    )


def _overruled(draft: Draft, claim: Claim, counts: Claim | None) -> Diagnostic:
    instead = "nobody else says anything"
    if counts is not None:
        instead = f"{counts.source} says {shown(counts.value)}"
    return warning(
        "GROUP-OVERRULED",
        draft.candidate.subject,
        message=f"{claim.slot}, {shown(claim.value)} ({claim.source}), has no effect: the class of"
        f" the first Ingress on this load balancer decides, and {instead}",
        field=claim.field,
        hint="say the same in both classes, or use another group",
        ingress=draft.candidate.key,
    )


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value) or "empty"
    if isinstance(value, Mapping):
        return ",".join(f"{key}={value[key]}" for key in sorted(value)) or "empty"
    return str(value)

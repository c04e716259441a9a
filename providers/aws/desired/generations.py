"""See one of a group's load balancers as if it were the only one, and say it back.

A group has two load balancers while one replaces the other. Everything that expresses a load
balancer looks for what exists under addresses without a generation. So what exists is shown to it
under such addresses, of one generation alone; what it then wants gets the generation put back.
The marks of a resource hold its address and are respelled with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from providers.aws import addresses, marks
from providers.aws.addresses import Kind
from provisioner.model.resource import (
    Fingerprint,
    Observed,
    ObservedResource,
    Ref,
    Resource,
    Spec,
    Unknown,
    Value,
)

_Spell = Callable[[str], str]


def generations(group: str, observed: Observed) -> tuple[int, ...]:
    """Return the generations of the group's load balancers that exist, in order."""
    return tuple(
        sorted(
            addresses.balancer_of(resource.address)
            for resource in observed.of_group(group)
            if resource.kind == Kind.LOAD_BALANCER and "~" not in resource.address
        )
    )


def seen_alone(group: str, observed: Observed, generation: int) -> Observed:
    """Return what was seen, of the group only what belongs to one load balancer, as the first."""
    own = observed.of_group(group)
    if generation == 1 and all(addresses.balancer_of(r.address) <= 1 for r in own):
        return observed
    resources = {a: r for a, r in observed.resources.items() if r.group != group}
    for resource in own:
        if addresses.balancer_of(resource.address) in (0, generation):
            first = _seen_as_first(resource)
            resources[first.address] = first
    return replace(observed, resources=MappingProxyType(dict(sorted(resources.items()))))


def said_of(resource: Resource, generation: int) -> Resource:
    """Return a resource of a first load balancer as that of another generation."""
    if generation == 1:
        return resource

    def spell(address: str) -> str:
        return addresses.on_balancer(address, generation)

    return replace(
        resource,
        address=spell(resource.address),
        spec=_spec(resource.spec, spell),
        after=tuple(map(spell, resource.after)),
    )


def _seen_as_first(resource: ObservedResource) -> ObservedResource:
    spell = addresses.on_first_balancer
    return replace(resource, address=spell(resource.address), spec=_spec(resource.spec, spell))


def _spec(spec: Spec, spell: _Spell) -> Spec:
    return MappingProxyType({name: _respelled(value, spell) for name, value in spec.items()})


def _respelled(value: Value, spell: _Spell) -> Value:
    match value:
        case Ref(address=address, field=field):
            return Ref(spell(address), field)
        case None | bool() | int() | float() | str() | Unknown() | Fingerprint():
            return value
        case tuple():
            return tuple(_respelled(item, spell) for item in value)
        case Mapping():
            return MappingProxyType({name: _tag_or(name, value, spell) for name in value})


def _tag_or(name: str, entry: Mapping[str, Value], spell: _Spell) -> Value:
    """Return a field of a mapping respelled; that of the mark which holds an address, whole."""
    value = entry[name]
    if name == "Value" and entry.get("Key") == marks.RESOURCE and isinstance(value, str):
        return spell(value)
    return _respelled(value, spell)

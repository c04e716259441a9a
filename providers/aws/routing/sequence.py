"""Put the paths of a listener in the order in which they are to be evaluated.

Host first, then the most specific path, as the Ingress API says; group order and age decide only
where the API leaves it open. In the incumbent's reading nothing is sorted across Ingresses: members
in group order, rules as written, paths sorted within one rule's list alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.aws.routing import hosts
from provisioner.model.intent import (
    Compatibility,
    ListenerIntent,
    LoadBalancerIntent,
    Member,
    PathRule,
    PathType,
)
from provisioner.model.kube import Key

_TYPE_RANK: Mapping[PathType, int] = {
    PathType.EXACT: 0,
    PathType.PREFIX: 1,
    PathType.IMPLEMENTATION_SPECIFIC: 2,
}


def in_order(intent: LoadBalancerIntent, listener: ListenerIntent) -> list[PathRule]:
    """Return the paths in evaluation order, one per host, path type and path."""
    members = {member.ingress: member for member in intent.members}
    places = {member.ingress: index for index, member in enumerate(intent.members)}

    def by_meaning(rule: PathRule) -> tuple[object, ...]:
        own = (standing(members, rule.ingress), rule.position)
        return (hosts.rank(rule.host), _path_rank(rule), rule.held, own)

    def as_written(rule: PathRule) -> tuple[object, ...]:
        kind = _TYPE_RANK[rule.path_type]
        length = len(rule.path.encode()) if rule.path_type is PathType.PREFIX else 0
        return (
            places.get(rule.ingress, len(places)),
            rule.position[0],
            kind,
            -length,
            rule.position,
        )

    is_incumbent = intent.compatibility is Compatibility.INCUMBENT
    ordered = sorted(listener.rules, key=as_written if is_incumbent else by_meaning)
    first: dict[tuple[str, PathType, str], PathRule] = {}
    for rule in ordered:
        slot = (rule.host, rule.path_type, rule.path)
        if slot not in first or (first[slot].held and not rule.held):
            first[slot] = rule
    return [rule for rule in ordered if first[rule.host, rule.path_type, rule.path] is rule]


def _path_rank(rule: PathRule) -> tuple[int, int, str]:
    """Return the sort key of a path within its host; ImplementationSpecific ones are not sorted."""
    kind = _TYPE_RANK[rule.path_type]
    match rule.path_type:
        case PathType.EXACT:
            return (kind, 0, rule.path)
        case PathType.PREFIX:
            return (kind, -len(rule.path.rstrip("/")), rule.path)
        case PathType.IMPLEMENTATION_SPECIFIC:
            return (kind, 0, "")


def standing(members: Mapping[Key, Member], key: Key) -> tuple[int, str, Key]:
    """Return how early a member comes: explicit order, then age, then name."""
    member = members.get(key)
    return (member.order, member.created, key) if member is not None else (0, "", key)


def place_of(rule: PathRule) -> str:
    """Return where a rule stands, in words: ``shop.example.com /cart (Prefix)``."""
    where = f"{rule.host or '*'} {rule.path or '/*'}"
    return f"{where} ({rule.path_type.value})"

"""Put the paths of a listener in the order in which they are to be evaluated.

Host first, then the most specific path, as the Ingress API says; group order and age decide only
where the API leaves it open. Of one path, rules that ask for more than host and path come first.

In the incumbent's reading nothing is sorted across Ingresses: members in group order, rules as
written, paths sorted within one rule's list alone. One host and path may stand there any number of
times, and every time is a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from providers.aws.routing import hosts
from providers.aws.routing.condition_specs import PATH, as_specs, field_of
from providers.aws.settings import CONDITIONS
from provisioner.core.rule_words import standing
from provisioner.model.intent import (
    Compatibility,
    ListenerIntent,
    LoadBalancerIntent,
    PathRule,
    PathType,
)
from provisioner.model.kube import Key

_TYPE_RANK: Mapping[PathType, int] = {
    PathType.EXACT: 0,
    PathType.PREFIX: 1,
    PathType.IMPLEMENTATION_SPECIFIC: 2,
}

_LAST = (_TYPE_RANK[PathType.IMPLEMENTATION_SPECIFIC], 0, "", False)


def in_order(intent: LoadBalancerIntent, listener: ListenerIntent) -> list[PathRule]:
    """Return the paths in evaluation order."""
    members = {member.ingress: member for member in intent.members}
    places = {member.ingress: index for index, member in enumerate(intent.members)}

    shared = _shared_hosts(listener)

    def by_meaning(rule: PathRule) -> tuple[object, ...]:
        own = (standing(members, rule.ingress), rule.position)
        path = _LAST if rule.host in shared and _adds_paths(rule) else _path_rank(rule)
        return (hosts.rank(rule.host), path, rule.held, own)

    def as_written(rule: PathRule) -> tuple[object, ...]:
        kind = _TYPE_RANK[rule.path_type]
        length = len(rule.path.encode()) if rule.path_type is PathType.PREFIX else 0
        member = places.get(rule.ingress, len(places))
        return (member, rule.position[0], kind, -length, rule.position)

    is_incumbent = intent.compatibility is Compatibility.INCUMBENT
    return sorted(listener.rules, key=as_written if is_incumbent else by_meaning)


def discriminators(
    intent: LoadBalancerIntent, ordered: Sequence[PathRule]
) -> Mapping[tuple[Key, str, str], tuple[str, ...]]:
    """Return what tells paths with one host, type and path apart, by Ingress, field and host.

    It depends on nothing but the Ingress itself, so that no neighbour who comes or goes renames
    anybody's rule. In our own reading only rules with further conditions need any: of the others
    there is one.
    """
    is_incumbent = intent.compatibility is Compatibility.INCUMBENT
    times: Counter[tuple[Key, str, PathType, str]] = Counter()
    found: dict[tuple[Key, str, str], tuple[str, ...]] = {}
    for rule in ordered:
        if not is_incumbent and not rule.options.get(CONDITIONS.name):
            continue
        slot = (rule.ingress, rule.host, rule.path_type, rule.path)
        number = times[slot]
        times[slot] += 1
        again = (str(number),) if number else ()
        found[rule.ingress, rule.field, rule.host] = (str(rule.ingress), *again)
    return found


def _shared_hosts(listener: ListenerIntent) -> frozenset[str]:
    """Return the hosts that several namespaces serve paths of."""
    namespaces: dict[str, set[str]] = {}
    for rule in listener.rules:
        namespaces.setdefault(rule.host, set()).add(rule.ingress.namespace)
    return frozenset(host for host, owners in namespaces.items() if len(owners) > 1)


def _adds_paths(rule: PathRule) -> bool:
    """Tell whether conditions add paths to a rule's own, which nobody compares with others'.

    Where a host is shared, such a rule comes after everybody's Exact and Prefix paths.
    """
    extra = as_specs(rule.options.get(CONDITIONS.name))
    return any(field_of(spec) == PATH for spec in extra)


def _path_rank(rule: PathRule) -> tuple[int, int, str, bool]:
    """Return the sort key of a path within its host; ImplementationSpecific ones are not sorted."""
    kind = _TYPE_RANK[rule.path_type]
    plain = not rule.options.get(CONDITIONS.name)
    match rule.path_type:
        case PathType.EXACT:
            return (kind, 0, rule.path, plain)
        case PathType.PREFIX:
            return (kind, -len(rule.path.rstrip("/")), rule.path.rstrip("/"), plain)
        case PathType.IMPLEMENTATION_SPECIFIC:
            return _LAST

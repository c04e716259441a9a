"""Logical addresses: the one place that spells what a resource is called in a plan.

An address names a resource by what it is *for*, never by what AWS calls it, so that a plan from
files and the controller in the cluster speak of the same thing before either has created it. It is
also the value of the tag ``ingress-provisioner.io/resource``, hence its alphabet (what every AWS
service accepts in a tag value) and its length (256 characters; a longer one is cut and ends in a
hash of the whole).

======================== ==============================================================
Kind                     Address
======================== ==============================================================
LoadBalancer             ``aws:load-balancer/<group>[@generation]``
SecurityGroup            ``aws:security-group/<group>/frontend``, ``.../shared/backend``,
                         ``.../shared/incumbent-backend`` (``incumbent`` compatibility)
SecurityGroupRule        ``aws:security-group-rule/<group>/frontend/<port>``,
                         ``aws:security-group-rule/shared/<group id>/<first>-<last>``,
                         ``.../<first>-<last>-incumbent``
Listener                 ``aws:listener/<group>/<port>``
ListenerCertificate      ``aws:listener-certificate/<group>/<port>/<hash of the ARN>``
ListenerRule             ``aws:listener-rule/<group>/<port>/<hash of host, path, ...>``
TargetGroup              ``aws:target-group/<group>/<target group id>[@generation]``
Targets                  ``aws:targets/<group>/<target group id>[@generation]``
Certificate              ``aws:certificate/<group>/<hash of what it is for>``
WebACLAssociation        ``aws:web-acl-association/<group>``
RegionalWebACLAssociation ``aws:regional-web-acl-association/<group>`` (WAF Classic)
Protection               ``aws:protection/<group>`` (Shield Advanced)
NetworkLoadBalancer      ``aws:network-load-balancer/<group>`` (in front of the other one)
NetworkListener          ``aws:network-listener/<group>/<port>``
NetworkTargetGroup       ``aws:network-target-group/<group>/<port>`` (its target: the other one)
NetworkTargets           ``aws:network-targets/<group>/<port>``
======================== ==============================================================

A group is ``shop/web`` (implicit: the load balancer of one Ingress), ``edge`` (explicit) or
``shared``. A target group id is ``<service>:<port>/<mode>``; explicit groups, which several
Ingresses share, put ``<namespace>/<ingress>/`` before it.

What belongs to the load balancer that replaces another bears its generation: ``@2`` at the end of
everything that hangs on it, ``@2.1`` for the first generation of a target group there (``@2`` is a
target group's second one on the first load balancer). Security groups and certificates serve both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from provisioner.core.address_text import AddressError, digest10, respelled, spelled
from provisioner.model.intent import BackendId
from provisioner.model.resource import SHARED

_PREFIX = "aws:"


class Kind(StrEnum):
    """The kinds of resources, in AWS's own words; the values are those of ``Resource.kind``."""

    LOAD_BALANCER = "LoadBalancer"
    SECURITY_GROUP = "SecurityGroup"
    SECURITY_GROUP_RULE = "SecurityGroupRule"
    LISTENER = "Listener"
    LISTENER_CERTIFICATE = "ListenerCertificate"
    LISTENER_RULE = "ListenerRule"
    TARGET_GROUP = "TargetGroup"
    TARGETS = "Targets"
    CERTIFICATE = "Certificate"
    WEB_ACL_ASSOCIATION = "WebACLAssociation"
    CLASSIC_WEB_ACL_ASSOCIATION = "RegionalWebACLAssociation"
    PROTECTION = "Protection"
    NETWORK_LOAD_BALANCER = "NetworkLoadBalancer"
    NETWORK_LISTENER = "NetworkListener"
    NETWORK_TARGET_GROUP = "NetworkTargetGroup"
    NETWORK_TARGETS = "NetworkTargets"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """How a kind is spelled, and how many path elements its id has in an implicit group."""

    slug: str
    elements: int


_SHAPES: Mapping[Kind, _Shape] = MappingProxyType(
    {
        Kind.LOAD_BALANCER: _Shape(slug="load-balancer", elements=0),
        Kind.SECURITY_GROUP: _Shape(slug="security-group", elements=1),
        Kind.SECURITY_GROUP_RULE: _Shape(slug="security-group-rule", elements=2),
        Kind.LISTENER: _Shape(slug="listener", elements=1),
        Kind.LISTENER_CERTIFICATE: _Shape(slug="listener-certificate", elements=2),
        Kind.LISTENER_RULE: _Shape(slug="listener-rule", elements=2),
        Kind.TARGET_GROUP: _Shape(slug="target-group", elements=2),
        Kind.TARGETS: _Shape(slug="targets", elements=2),
        Kind.CERTIFICATE: _Shape(slug="certificate", elements=1),
        Kind.WEB_ACL_ASSOCIATION: _Shape(slug="web-acl-association", elements=0),
        Kind.CLASSIC_WEB_ACL_ASSOCIATION: _Shape(slug="regional-web-acl-association", elements=0),
        Kind.PROTECTION: _Shape(slug="protection", elements=0),
        Kind.NETWORK_LOAD_BALANCER: _Shape(slug="network-load-balancer", elements=0),
        Kind.NETWORK_LISTENER: _Shape(slug="network-listener", elements=1),
        Kind.NETWORK_TARGET_GROUP: _Shape(slug="network-target-group", elements=1),
        Kind.NETWORK_TARGETS: _Shape(slug="network-targets", elements=1),
    }
)
_KINDS: Mapping[str, Kind] = MappingProxyType({s.slug: kind for kind, s in _SHAPES.items()})

_UNCHANGED_BY_REPLACEMENT = frozenset(
    {Kind.SECURITY_GROUP, Kind.SECURITY_GROUP_RULE, Kind.CERTIFICATE}
)
_NUMBERED_TWICE = frozenset({Kind.TARGET_GROUP, Kind.TARGETS})

_EXPLICIT_TARGET_GROUP = 5  # edge / shop / web / web:80 / pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart. ``group`` and ``id`` are those of the address *as it is spelled*.

    Of an address that had to be cut only the kind and the generation are dependable; the tag
    ``ingress-provisioner.io/group`` says the group in any case. ``balancer`` is the generation of
    the load balancer that it belongs to; 0 for what all of them use.
    """

    kind: Kind
    group: str
    id: str
    generation: int = 1
    balancer: int = 1


def load_balancer(group: str, *, generation: int = 1) -> str:
    """Return the address of a group's load balancer."""
    return _spell(Kind.LOAD_BALANCER, group, generation=generation)


def frontend_security_group(group: str) -> str:
    """Return the address of the group that lets clients in."""
    return _spell(Kind.SECURITY_GROUP, group, "frontend")


def backend_security_group() -> str:
    """Return the address of the one group that every load balancer of the cluster carries."""
    return _spell(Kind.SECURITY_GROUP, SHARED, "backend")


def incumbent_backend_security_group() -> str:
    """Return the address of the same, for load balancers that follow the incumbent controller."""
    return _spell(Kind.SECURITY_GROUP, SHARED, "incumbent-backend")


def frontend_rule(group: str, port: int) -> str:
    """Return the address of what lets clients in on one port."""
    return _spell(Kind.SECURITY_GROUP_RULE, group, "frontend", str(port))


def backend_rule(group_id: str, first: int, last: int) -> str:
    """Return the address of what lets load balancers reach ports of one endpoint group."""
    return _spell(Kind.SECURITY_GROUP_RULE, SHARED, group_id, f"{first}-{last}")


def incumbent_backend_rule(group_id: str, first: int, last: int) -> str:
    """Return the address of the same, for load balancers that follow the incumbent controller."""
    return _spell(Kind.SECURITY_GROUP_RULE, SHARED, group_id, f"{first}-{last}-incumbent")


def listener(group: str, port: int) -> str:
    """Return the address of a listener."""
    return _spell(Kind.LISTENER, group, str(port))


def listener_certificate(group: str, port: int, arn: str) -> str:
    """Return the address of a certificate's place on a listener (all but the default one)."""
    return _spell(Kind.LISTENER_CERTIFICATE, group, str(port), digest10(arn))


def listener_rule(group: str, port: int, *identity: str) -> str:
    """Return the address of the rule that ``identity`` (host, path type, path, ...) tells apart."""
    return _spell(Kind.LISTENER_RULE, group, str(port), digest10(*identity))


def target_group_id(backend: BackendId, mode: str, *, explicit: bool) -> str:
    """Return the id that a target group and its targets share."""
    short = f"{backend.service.name}:{backend.port}/{mode}"
    return f"{backend.ingress.namespace}/{backend.ingress.name}/{short}" if explicit else short


def target_group(group: str, tgid: str, *, generation: int = 1) -> str:
    """Return the address of a target group."""
    return _spell(Kind.TARGET_GROUP, group, tgid, generation=generation)


def targets(group: str, tgid: str, *, generation: int = 1) -> str:
    """Return the address of what is registered with a target group."""
    return _spell(Kind.TARGETS, group, tgid, generation=generation)


def targets_of(address: str) -> str:
    """Return the address of the targets of the target group at ``address``."""
    return _respell(address, Kind.TARGET_GROUP, Kind.TARGETS)


def target_group_of(address: str) -> str:
    """Return the address of the target group whose targets are at ``address``."""
    return _respell(address, Kind.TARGETS, Kind.TARGET_GROUP)


def newest_load_balancer(group: str, known: Iterable[str]) -> str:
    """Return which of the known addresses is the group's load balancer, of several the newest.

    Where none is known it is the address of the first generation.
    """
    first = load_balancer(group)
    generations = [a for a in known if a == first or _is_generation(a, first)]
    return max(generations, key=lambda a: parse(a).generation, default=first)


def _is_generation(address: str, first: str) -> bool:
    base, _, number = address.rpartition("@")
    return number.isdecimal() and base == first


def on_balancer(address: str, generation: int) -> str:
    """Return the address that something of the first load balancer has on a later one.

    Args:
        address: As for the first load balancer.
        generation: Of the load balancer; 1 changes nothing, and what all of them use stays as is.
    """
    kind = _kind_of(address)
    if generation == 1 or kind is None or kind in _UNCHANGED_BY_REPLACEMENT:
        return address
    head, _, own = address.partition("@")
    return f"{head}@{generation}.{own or 1}" if kind in _NUMBERED_TWICE else f"{head}@{generation}"


def on_first_balancer(address: str) -> str:
    """Return the address that something of any load balancer has on the first: the way back."""
    kind = _kind_of(address)
    if kind is None or kind in _UNCHANGED_BY_REPLACEMENT:
        return address
    head, _, suffix = address.partition("@")
    if kind not in _NUMBERED_TWICE or not suffix:
        return head
    own = suffix.rpartition(".")[2]
    return head if own == "1" else f"{head}@{own}"


def balancer_of(address: str) -> int:
    """Return the generation of the load balancer that something belongs to, 0 for all of them."""
    return parse(address).balancer if _kind_of(address) is not None else 0


def _kind_of(address: str) -> Kind | None:
    return _KINDS.get(address.removeprefix(_PREFIX).partition("/")[0])


def certificate(group: str, *identity: str) -> str:
    """Return the address of a certificate of ours in ACM (imported or requested)."""
    return _spell(Kind.CERTIFICATE, group, digest10(*identity))


def web_acl_association(group: str) -> str:
    """Return the address of the link between a load balancer and a web ACL (WAFv2)."""
    return _spell(Kind.WEB_ACL_ASSOCIATION, group)


def classic_web_acl_association(group: str) -> str:
    """Return the address of the link between a load balancer and an ACL of WAF Classic."""
    return _spell(Kind.CLASSIC_WEB_ACL_ASSOCIATION, group)


def protection(group: str) -> str:
    """Return the address of a load balancer's Shield Advanced protection."""
    return _spell(Kind.PROTECTION, group)


def addon(kind: Kind, group: str) -> str:
    """Return the address of what stands beside a load balancer, one of each kind."""
    return _spell(kind, group)


def network_load_balancer(group: str) -> str:
    """Return the address of the network load balancer in front of a group's load balancer."""
    return _spell(Kind.NETWORK_LOAD_BALANCER, group)


def network_listener(group: str, port: int) -> str:
    """Return the address of a port of the network load balancer."""
    return _spell(Kind.NETWORK_LISTENER, group, str(port))


def network_target_group(group: str, port: int) -> str:
    """Return the address of the target group with this port whose target is a load balancer."""
    return _spell(Kind.NETWORK_TARGET_GROUP, group, str(port))


def network_targets_of(address: str) -> str:
    """Return the address of what is registered with such a target group."""
    return _respell(address, Kind.NETWORK_TARGET_GROUP, Kind.NETWORK_TARGETS)


def parse(address: str) -> Address:
    """Return an address taken apart.

    Raises:
        AddressError: It is not an address that this module spells.
    """
    slug, slash, rest = address.removeprefix(_PREFIX).partition("/")
    kind = _KINDS.get(slug)
    if not address.startswith(_PREFIX) or kind is None or not slash:
        raise AddressError(f"{address!r} is not an address of this provider")
    rest, _, suffix = rest.partition("@")
    if suffix and not suffix.replace(".", "", 1).isdecimal():
        raise AddressError(f"{address!r} ends in no generation number")
    group, identity = _split(kind, rest)
    balancer, own = _numbers(kind, suffix)
    return Address(kind=kind, group=group, id=identity, generation=own, balancer=balancer)


def _numbers(kind: Kind, suffix: str) -> tuple[int, int]:
    """Return the generation of the load balancer, and that of the thing itself."""
    if kind in _UNCHANGED_BY_REPLACEMENT:
        return 0, int(suffix or 1)
    if kind not in _NUMBERED_TWICE:
        return int(suffix or 1), int(suffix or 1)
    balancer, dot, own = suffix.partition(".")
    return (int(balancer), int(own)) if dot else (1, int(suffix or 1))


def _split(kind: Kind, rest: str) -> tuple[str, str]:
    elements = rest.split("/")
    tail = _SHAPES[kind].elements
    if kind in {Kind.TARGET_GROUP, Kind.TARGETS} and len(elements) == _EXPLICIT_TARGET_GROUP:
        tail = _EXPLICIT_TARGET_GROUP - 1
    head = len(elements) - tail
    return "/".join(elements[:head]), "/".join(elements[head:])


def _spell(kind: Kind, *elements: str, generation: int = 1) -> str:
    suffix = f"@{generation}" if generation > 1 else ""
    return spelled(_head(kind), *elements) + suffix


def _respell(address: str, old: Kind, new: Kind) -> str:
    return respelled(address, _head(old), _head(new))


def _head(kind: Kind) -> str:
    return f"{_PREFIX}{_SHAPES[kind].slug}"

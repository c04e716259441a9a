"""Physical names: readable at the front, unique by a hash at the end, at most 32 characters.

A name is only a label: what is ours is told by tags alone. It must still be unique in the account
and Region, even when two clusters bear one name, hence the hash over the cluster's name, the
kube-system UID and the instance. Nothing that only the cluster knows (a Service UID, a node port)
goes in, so that a plan made from files names what will exist.

The prefix is our own: the incumbent controllers delete what matches *their* patterns and is not
wanted by them.
"""

from __future__ import annotations

import re

from providers.aws.addresses import Kind
from provisioner.core.address_text import digest10
from provisioner.model.intent import BackendId
from provisioner.model.settings import Identity

PREFIX = "ipr"

LONGEST = 32
"""AWS's bound for names of load balancers and target groups."""

_FOREIGN = re.compile(r"[^A-Za-z0-9]")
_HALF = 8
_WHOLE = 17
_CLUSTER = 40  # a security group's name may have 255 characters; 40 are readable


def load_balancer(identity: Identity, group: str, *, explicit: bool, generation: int = 1) -> str:
    """Return the name of a group's load balancer."""
    digest = _digest(identity, group, Kind.LOAD_BALANCER, str(generation))
    return f"{PREFIX}-{_readable(group, explicit=explicit)}-{digest}"


def frontend_security_group(identity: Identity, group: str, *, explicit: bool) -> str:
    """Return the name of the security group that lets a load balancer's clients in."""
    digest = _digest(identity, group, Kind.SECURITY_GROUP, "1")
    return f"{PREFIX}-{_readable(group, explicit=explicit)}-{digest}"


def backend_security_group(identity: Identity) -> str:
    """Return the name of the security group that every load balancer of the cluster carries."""
    digest = _digest(identity, "shared", Kind.SECURITY_GROUP, "1")
    return f"{PREFIX}-backend-{_plain(identity.cluster_name)[:_CLUSTER]}-{digest}"


def target_group(
    identity: Identity,
    group: str,
    backend: BackendId,
    *,
    mode: str,
    protocol: str,
    version: str,
    generation: int = 1,
    balancer: int = 1,
) -> str:
    """Return the name of a target group; everything immutable about it is part of the hash.

    ``balancer`` is the generation of the load balancer: each has target groups of its own.
    """
    digest = _digest(
        identity,
        group,
        Kind.TARGET_GROUP,
        str(generation) if balancer == 1 else f"{balancer}.{generation}",
        backend.ingress.namespace,
        backend.ingress.name,
        backend.service.namespace,
        backend.service.name,
        backend.port,
        mode,
        protocol,
        version,
    )
    namespace, name = _plain(backend.service.namespace), _plain(backend.service.name)
    return f"{PREFIX}-{namespace[:_HALF]}-{name[:_HALF]}-{digest}"


def network_load_balancer(
    identity: Identity, group: str, *, explicit: bool, generation: int = 1
) -> str:
    """Return the name of the network load balancer in front of a group's load balancer."""
    digest = _digest(identity, group, Kind.NETWORK_LOAD_BALANCER, str(generation))
    return f"{PREFIX}-{_readable(group, explicit=explicit)}-{digest}"


def network_target_group(
    identity: Identity, group: str, port: int, *, explicit: bool, generation: int = 1
) -> str:
    """Return the name of the target group through which that one leads to a port of the other."""
    digest = _digest(identity, group, Kind.NETWORK_TARGET_GROUP, str(generation), str(port))
    return f"{PREFIX}-{_readable(group, explicit=explicit)}-{digest}"


def _readable(group: str, *, explicit: bool) -> str:
    if explicit:
        return _plain(group)[:_WHOLE]
    namespace, _, name = group.partition("/")
    return f"{_plain(namespace)[:_HALF]}-{_plain(name)[:_HALF]}"


def _plain(text: str) -> str:
    return _FOREIGN.sub("", text)


def _digest(identity: Identity, group: str, kind: Kind, *parts: str) -> str:
    return digest10(
        identity.cluster_name, identity.cluster_uid, identity.instance, group, kind.value, *parts
    )

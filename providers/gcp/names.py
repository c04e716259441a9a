"""Physical names: what it is, whose it is, readable in the middle, unique by a hash at the end.

A name is only a label: what is ours is told by descriptions alone. It must still be unique in the
project, even when two clusters bear one name, hence the two hashes: the first over the cluster's
name, the kube-system UID and the instance, the second over the address too. Nothing that only the
cluster knows (a Service UID, a node port) goes in, so that a plan made from files names what will
exist.

The prefix is our own: GKE's collector deletes what matches *its* patterns and is not wanted by it.
Kubernetes allows dots in names where Compute does not (RFC 1035, at most 63 characters); GKE
refuses such an Ingress, here a dash takes the dot's place and the hash keeps the two apart.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.model.settings import Identity

PREFIX = "ipr"

LONGEST = 63
"""The Compute API's bound for every name."""


class Role(StrEnum):
    """What a resource is, in two letters of its name."""

    ADDRESS = "ad"
    FORWARDING_RULE = "fr"
    TARGET_HTTP_PROXY = "tp"
    TARGET_HTTPS_PROXY = "ts"
    URL_MAP = "um"
    REDIRECT_MAP = "rm"
    CERTIFICATE = "cr"
    BACKEND_SERVICE = "be"
    HEALTH_CHECK = "hc"
    ENDPOINT_GROUP = "ng"
    INSTANCE_GROUP = "ig"
    FIREWALL = "fw"


_ROLES: Mapping[Kind, Role] = MappingProxyType(
    {
        Kind.ADDRESS: Role.ADDRESS,
        Kind.FORWARDING_RULE: Role.FORWARDING_RULE,
        Kind.TARGET_HTTP_PROXY: Role.TARGET_HTTP_PROXY,
        Kind.TARGET_HTTPS_PROXY: Role.TARGET_HTTPS_PROXY,
        Kind.URL_MAP: Role.URL_MAP,
        Kind.SSL_CERTIFICATE: Role.CERTIFICATE,
        Kind.BACKEND_SERVICE: Role.BACKEND_SERVICE,
        Kind.HEALTH_CHECK: Role.HEALTH_CHECK,
        Kind.NETWORK_ENDPOINT_GROUP: Role.ENDPOINT_GROUP,
        Kind.INSTANCE_GROUP: Role.INSTANCE_GROUP,
        Kind.FIREWALL: Role.FIREWALL,
    }
)
_FOREIGN = re.compile(r"[^a-z0-9]+")
_HASH = 8
_READABLE = LONGEST - len(f"{PREFIX}-xx-") - 2 * (_HASH + 1)


def name(identity: Identity, address: str, *readable: str, role: Role | None = None) -> str:
    """Return the name of the resource at an address.

    Args:
        identity: Who we are.
        address: Its logical address, which alone tells it from all others of ours.
        readable: What a person should read in the name (namespace, Ingress or Service, port).
        role: What it is, where its kind does not say it all (a map that only redirects).
    """
    what = role or role_of(address)
    owner = _hash(identity.cluster_name, identity.cluster_uid, identity.instance)
    whole = _hash(identity.cluster_name, identity.cluster_uid, identity.instance, address)
    words = [word for word in (_plain(part) for part in readable) if word]
    middle = [_fitting("-".join(words))] if words else []
    return "-".join((PREFIX, what.value, owner, *middle, whole))


def role_of(address: str) -> Role:
    """Return what the resource at an address is; kinds without a name of their own have no role.

    Raises:
        KeyError: Its kind has no name.
    """
    parsed = addresses.parse(address)
    if parsed.kind is Kind.URL_MAP and parsed.rest.endswith(f"/{addresses.REDIRECT}"):
        return Role.REDIRECT_MAP
    return _ROLES[parsed.kind]


def prefix(identity: Identity, role: Role) -> str:
    """Return how all names of this kind of this installation begin."""
    owner = _hash(identity.cluster_name, identity.cluster_uid, identity.instance)
    return f"{PREFIX}-{role.value}-{owner}-"


def _plain(part: str) -> str:
    return _FOREIGN.sub("-", part.lower()).strip("-")


def _fitting(readable: str) -> str:
    return readable[:_READABLE].strip("-")


def _hash(*parts: str) -> str:
    """Return eight letters and digits, forty bits, that stand for these parts in this order."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_HASH]

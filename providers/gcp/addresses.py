"""Logical addresses: the one place that spells what a resource is called in a plan.

An address names a resource by what it is *for*, never by what Google calls it, so that a plan from
files and the controller in the cluster speak of the same thing before either has created it. It is
also written into the resource's description, hence its length (256 characters; a longer one is cut
and ends in a hash of the whole).

==================== ==================================================================
Kind                 Address
==================== ==================================================================
Address              ``gcp:address/<group>``
ForwardingRule       ``gcp:forwarding-rule/<group>/<port>``
TargetHttpProxy      ``gcp:target-http-proxy/<group>/<port>``
TargetHttpsProxy     ``gcp:target-https-proxy/<group>/<port>``
UrlMap               ``gcp:url-map/<group>/<name>``: ``main``, ``redirect``, or a port whose
                     rules differ from those of ``main``
SslCertificate       ``gcp:ssl-certificate/<group>/<hash of what it is for>``
BackendService       ``gcp:backend-service/<group>/<backend id>``,
                     ``gcp:backend-service/shared/nothing/<variant>`` (answers 404)
HealthCheck          ``gcp:health-check/<group>/<backend id>``
NetworkEndpointGroup ``gcp:network-endpoint-group/<group>/<backend id>/<zone>``
NetworkEndpoints     ``gcp:network-endpoints/<group>/<backend id>/<zone>`` (what is attached)
SignedUrlKey         ``gcp:signed-url-key/<group>/<backend id>/<key name>``
InstanceGroup        ``gcp:instance-group/shared/<zone>``
Instances            ``gcp:instances/shared/<zone>`` (what is in the group)
NamedPorts           ``gcp:named-ports/shared/<zone>``
Firewall             ``gcp:firewall/shared/<name>``
==================== ==================================================================

A group is ``shop/web`` (implicit: the load balancer of one Ingress), ``edge`` (explicit) or
``shared``. A backend id is ``<service>:<port>/<mode>``; explicit groups, which several Ingresses
share, put ``<namespace>/<ingress>/`` before it, and under ``incumbent`` compatibility, where GKE
has one backend service for a Service port of the whole cluster, it is
``<namespace>/<service>:<port>/<mode>`` in the group ``shared``.

What belongs to the load balancer that replaces another bears its generation: ``@2`` at the end of
everything that hangs on it, ``@2.1`` for the first generation of a backend there (``@2`` is a
backend's second one on the first load balancer). Certificates serve both where both are in one
scope, and network endpoint groups, which may stand behind several backend services, in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from provisioner.core.address_text import AddressError, clean, digest10, respelled, spelled
from provisioner.model.intent import BackendId
from provisioner.model.resource import SHARED

_PREFIX = "gcp:"
_GENERATION = re.compile(r"@([0-9.]+)$")


class Kind(StrEnum):
    """The kinds of resources, in Google's own words; the values are those of ``Resource.kind``."""

    ADDRESS = "Address"
    FORWARDING_RULE = "ForwardingRule"
    TARGET_HTTP_PROXY = "TargetHttpProxy"
    TARGET_HTTPS_PROXY = "TargetHttpsProxy"
    URL_MAP = "UrlMap"
    SSL_CERTIFICATE = "SslCertificate"
    BACKEND_SERVICE = "BackendService"
    HEALTH_CHECK = "HealthCheck"
    NETWORK_ENDPOINT_GROUP = "NetworkEndpointGroup"
    NETWORK_ENDPOINTS = "NetworkEndpoints"
    SIGNED_URL_KEY = "SignedUrlKey"
    INSTANCE_GROUP = "InstanceGroup"
    INSTANCES = "Instances"
    NAMED_PORTS = "NamedPorts"
    FIREWALL = "Firewall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address taken apart: its kind, what follows the kind, and its two generations.

    ``rest`` is the group and the id as spelled; the mark ``ingress-provisioner.io/group`` says
    where the group ends. ``balancer`` is the generation of the load balancer that it belongs to.
    """

    kind: Kind
    rest: str
    generation: int = 1
    balancer: int = 1


_SLUGS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ADDRESS: "address",
        Kind.FORWARDING_RULE: "forwarding-rule",
        Kind.TARGET_HTTP_PROXY: "target-http-proxy",
        Kind.TARGET_HTTPS_PROXY: "target-https-proxy",
        Kind.URL_MAP: "url-map",
        Kind.SSL_CERTIFICATE: "ssl-certificate",
        Kind.BACKEND_SERVICE: "backend-service",
        Kind.HEALTH_CHECK: "health-check",
        Kind.NETWORK_ENDPOINT_GROUP: "network-endpoint-group",
        Kind.NETWORK_ENDPOINTS: "network-endpoints",
        Kind.SIGNED_URL_KEY: "signed-url-key",
        Kind.INSTANCE_GROUP: "instance-group",
        Kind.INSTANCES: "instances",
        Kind.NAMED_PORTS: "named-ports",
        Kind.FIREWALL: "firewall",
    }
)
_KINDS: Mapping[str, Kind] = MappingProxyType({slug: kind for kind, slug in _SLUGS.items()})
_NUMBERED_TWICE = frozenset(
    {
        Kind.BACKEND_SERVICE,
        Kind.HEALTH_CHECK,
        Kind.NETWORK_ENDPOINT_GROUP,
        Kind.NETWORK_ENDPOINTS,
        Kind.SIGNED_URL_KEY,
    }
)
"""Kinds whose own generation may differ from that of their load balancer."""

_OF_ALL = frozenset({Kind.SSL_CERTIFICATE, Kind.NETWORK_ENDPOINT_GROUP, Kind.NETWORK_ENDPOINTS})
"""Kinds of a group's own that its load balancers have in common while one replaces another."""

MAIN = "main"
REDIRECT = "redirect"


def readable(text: str) -> str:
    """Return what people read of an address: group and id, a later generation in brackets."""
    return _GENERATION.sub(r" (\1)", text.partition("/")[2])


def address(group: str, *, balancer: int = 1) -> str:
    """Return the address of the reserved IP address of a group."""
    return _spell(Kind.ADDRESS, group, balancer=balancer)


def forwarding_rule(group: str, port: int, *, balancer: int = 1) -> str:
    """Return the address of what takes connections on one port."""
    return _spell(Kind.FORWARDING_RULE, group, str(port), balancer=balancer)


def target_proxy(group: str, port: int, *, https: bool, balancer: int = 1) -> str:
    """Return the address of what speaks HTTP or HTTPS on one port."""
    kind = Kind.TARGET_HTTPS_PROXY if https else Kind.TARGET_HTTP_PROXY
    return _spell(kind, group, str(port), balancer=balancer)


def url_map(group: str, name: str = MAIN, *, balancer: int = 1) -> str:
    """Return the address of a URL map."""
    return _spell(Kind.URL_MAP, group, name, balancer=balancer)


def ssl_certificate(group: str, *identity: str) -> str:
    """Return the address of a certificate of ours."""
    return _spell(Kind.SSL_CERTIFICATE, group, digest10(*identity))


def backend_id(backend: BackendId, mode: str, *, explicit: bool) -> str:
    """Return the id that a backend service and all that belongs to it share."""
    short = f"{backend.service.name}:{backend.port}/{mode}"
    return f"{backend.ingress.namespace}/{backend.ingress.name}/{short}" if explicit else short


def common_backend_id(backend: BackendId, mode: str) -> str:
    """Return the same where one backend service is for a Service port of the whole cluster."""
    return f"{backend.service.namespace}/{backend.service.name}:{backend.port}/{mode}"


def backend_service(group: str, id_: str, *, generation: int = 1, balancer: int = 1) -> str:
    """Return the address of a backend service."""
    return _spell(Kind.BACKEND_SERVICE, group, id_, generation=generation, balancer=balancer)


def nothing(variant: str) -> str:
    """Return the address of the empty backend service behind every 404 of one kind."""
    return _spell(Kind.BACKEND_SERVICE, SHARED, "nothing", variant)


def health_check(group: str, id_: str, *, generation: int = 1, balancer: int = 1) -> str:
    """Return the address of a backend's health check."""
    return _spell(Kind.HEALTH_CHECK, group, id_, generation=generation, balancer=balancer)


def endpoint_group(group: str, id_: str, zone: str, *, generation: int = 1) -> str:
    """Return the address of a backend's network endpoint group in one zone."""
    return _spell(Kind.NETWORK_ENDPOINT_GROUP, group, id_, zone, generation=generation)


def endpoints_of(group_address: str) -> str:
    """Return the address of what is attached to the network endpoint group at an address."""
    return _respell(group_address, Kind.NETWORK_ENDPOINT_GROUP, Kind.NETWORK_ENDPOINTS)


def endpoint_group_of(endpoints_address: str) -> str:
    """Return the address of the network endpoint group whose endpoints are at an address."""
    return _respell(endpoints_address, Kind.NETWORK_ENDPOINTS, Kind.NETWORK_ENDPOINT_GROUP)


def signed_url_key(backend_address: str, name: str) -> str:
    """Return the address of a signing key of the backend service at an address."""
    head, at, number = backend_address.partition("@")
    return _respell(head, Kind.BACKEND_SERVICE, Kind.SIGNED_URL_KEY) + f"/{clean(name)}{at}{number}"


def instance_group(zone: str) -> str:
    """Return the address of the instance group of a zone."""
    return _spell(Kind.INSTANCE_GROUP, SHARED, zone)


def instances(zone: str) -> str:
    """Return the address of what is in the instance group of a zone."""
    return _spell(Kind.INSTANCES, SHARED, zone)


def named_ports(zone: str) -> str:
    """Return the address of the named ports of the instance group of a zone."""
    return _spell(Kind.NAMED_PORTS, SHARED, zone)


def firewall(name: str) -> str:
    """Return the address of a firewall rule."""
    return _spell(Kind.FIREWALL, SHARED, name)


def parse(text: str) -> Address:
    """Return an address taken apart.

    Raises:
        AddressError: It is not an address that this module spells.
    """
    slug, slash, rest = text.removeprefix(_PREFIX).partition("/")
    kind = _KINDS.get(slug)
    if not text.startswith(_PREFIX) or kind is None or not slash:
        raise AddressError(f"{text!r} is not an address of this provider")
    rest, _, suffix = rest.partition("@")
    if suffix and not suffix.replace(".", "", 1).isdecimal():
        raise AddressError(f"{text!r} ends in no generation number")
    balancer, own = _numbers(kind, suffix)
    return Address(kind=kind, rest=rest, generation=own, balancer=balancer)


def balancer_of(text: str) -> int:
    """Return the generation of the load balancer that something belongs to, 0 for all of them.

    Raises:
        AddressError: It is not an address that this module spells.
    """
    parsed = parse(text)
    return 0 if parsed.kind in _OF_ALL else parsed.balancer


def _numbers(kind: Kind, suffix: str) -> tuple[int, int]:
    """Return the generation of the load balancer, and that of the thing itself."""
    if kind not in _NUMBERED_TWICE:
        return int(suffix or 1), int(suffix or 1)
    balancer, dot, own = suffix.partition(".")
    return (int(balancer), int(own)) if dot else (1, int(suffix or 1))


def _spell(kind: Kind, *elements: str, generation: int = 1, balancer: int = 1) -> str:
    return spelled(_head(kind), *elements) + _suffix(kind, generation, balancer)


def _suffix(kind: Kind, generation: int, balancer: int) -> str:
    if kind in _NUMBERED_TWICE and balancer > 1:
        return f"@{balancer}.{generation}"
    number = generation if kind in _NUMBERED_TWICE else balancer
    return f"@{number}" if number > 1 else ""


def _respell(text: str, old: Kind, new: Kind) -> str:
    return respelled(text, _head(old), _head(new))


def _head(kind: Kind) -> str:
    return f"{_PREFIX}{_SLUGS[kind]}"

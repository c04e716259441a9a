"""What a Google Cloud project says: the nouns that expressing an Intent needs besides the Intent.

``Wanted`` is the question, computed purely from the Intent; ``Facts`` is the answer, read from the
live project (``facts.py``) or from an account file (``wire.py``).

Links are paths (``projects/p/global/networks/default``), without the host that the API puts before
them, so that equal things are equal whichever endpoint told of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from provisioner.model.kube import NO_STRINGS

HERE = "here"
"""Stands for the region of the cluster in questions, which are asked before anybody knows it."""


class Source(StrEnum):
    """What may be refused to us without stopping a plan, and what IAM calls reading it.

    The values are those of ``Facts.unread``.
    """

    ADDRESSES = "addresses (compute.addresses.list and compute.globalAddresses.list)"
    SSL_CERTIFICATES = "SSL certificates (compute.sslCertificates.list)"
    SSL_POLICIES = "SSL policies (compute.sslPolicies.list)"
    SECURITY_POLICIES = "security policies (compute.securityPolicies.list)"
    SUBNETWORKS = "subnetworks (compute.subnetworks.list)"
    INSTANCES = "instances (compute.instances.list)"
    FIREWALLS = "firewall rules (compute.firewalls.list)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which facts are needed. Everything is sorted, so equal intents ask equal questions.

    Attributes:
        addresses: (name, region) of static addresses that annotations name; the region is "" for
            global ones, else ``HERE``.
        ssl_certificates: (name, region) of Compute certificates that annotations name.
        ssl_policies: Names of SSL policies that annotations name; ``here/<name>`` is a regional
            one.
        security_policies: Names of Cloud Armor policies that backends name.
        instances: ``provider_id`` of nodes (``gce://<project>/<zone>/<name>``).
        proxy_only: Whether somebody wants a regional load balancer.
        regions: Regions that regional load balancers are wanted in (``HERE``); () where nobody
            wants one.
    """

    addresses: tuple[tuple[str, str], ...] = ()
    ssl_certificates: tuple[tuple[str, str], ...] = ()
    ssl_policies: tuple[str, ...] = ()
    security_policies: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    proxy_only: bool = False
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A machine that backs a node: where it is, and on which network.

    ``tags`` are network tags, which firewall rules name; ``alias_ranges`` are the blocks that its
    pods get their addresses from (VPC-native clusters), () where it has none.
    """

    name: str
    zone: str
    link: str
    network: str = ""
    subnetwork: str = ""
    tags: tuple[str, ...] = ()
    alias_ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnetwork:
    """A subnetwork. ``proxy_only`` ones (REGIONAL_MANAGED_PROXY, ACTIVE) hold load balancers."""

    name: str
    region: str
    link: str
    network: str
    cidr: str
    proxy_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticAddress:
    """A reserved address of somebody. ``address`` is an IP; ``users`` are links of what has it.

    ``network_tier`` is that of a regional external one; its forwarding rules must have the same.
    """

    name: str
    link: str
    address: str
    region: str = ""
    purpose: str = ""
    external: bool = True
    network_tier: str = ""
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SslCertificate:
    """A Compute certificate of somebody. ``not_after`` is RFC 3339, "" where it is not known."""

    name: str
    link: str
    region: str = ""
    managed: bool = False
    domains: tuple[str, ...] = ()
    status: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The answer to a ``Wanted``.

    Attributes:
        observed_at: When these were read, RFC 3339 in UTC: all that the core knows of time.
        project: The project's id, "" where no account was read.
        region: Where regional resources go.
        network: Link of the cluster's network; with another project in it, it is a shared VPC.
        network_problem: Why the network cannot be told, with the candidates.
        subnetwork: Link of the nodes' subnetwork.
        instances: By ``provider_id``; one that was not found is absent.
        subnetworks: Those of the network in the regions wanted.
        addresses: (name, region) as asked for -> address; None where there is none.
        ssl_certificates: Likewise.
        ssl_policies / security_policies: Name as asked for -> link; "" where there is none.
        usage: Project quotas: metric -> what is used in all, ours included; regional metrics are
            written ``<region>/<metric>``.
        foreign_groups: Zone -> link of a load-balanced instance group of somebody else that holds
            instances of ours (GKE's ``k8s-ig--<uid>``).
        unread: What could not be read (access denied), in the words of ``Source``: what is named
            there is unknown and is neither confirmed nor denied.

        Of what was asked for by name, an absent key means that nobody could tell.
    """

    observed_at: str = ""
    project: str = ""
    region: str = ""
    network: str = ""
    network_problem: str = ""
    subnetwork: str = ""
    instances: Mapping[str, Instance] = field(default_factory=lambda: MappingProxyType({}))
    subnetworks: tuple[Subnetwork, ...] = ()
    addresses: Mapping[tuple[str, str], StaticAddress | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
    ssl_certificates: Mapping[tuple[str, str], SslCertificate | None] = field(
        default_factory=lambda: MappingProxyType({})
    )
    ssl_policies: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    security_policies: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    usage: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    foreign_groups: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    unread: tuple[str, ...] = ()

    @property
    def host_project(self) -> str:
        """The project that owns the network, "" where it is the project itself."""
        parts = self.network.split("/")
        owner = parts[1] if parts[0] == "projects" and len(parts) > 1 else ""
        return "" if owner == self.project else owner

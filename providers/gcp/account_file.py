"""The shape of an account file: what a plan needs to know of a project, so that it needs none.

A pipeline plans with it and without credentials; ``account export`` writes it. It is YAML or JSON
with a published schema (docs/reference/account-gcp.schema.json, made from the Structs below), and
whatever is wrong with a file is told by the field.

The cluster is part of it, because the choice of target mode counts nodes; and so is what we own
already (``observed``), because a plan is a difference. Two identifiers name the cluster: the UID
of the namespace kube-system, and the one in the ConfigMap ``kube-system/ingress-uid``, which GKE's
names are made of.
"""

from __future__ import annotations

from typing import Final

import msgspec

from providers.shell import account_parts
from providers.shell.account_parts import Count, Name, Part, decoded, hint_for, schema_of

PROVIDER: Final = "gcp"
SCHEMA_ID: Final = "https://ingress-provisioner.io/schemas/account-gcp-1.0.json"
HINT: Final = hint_for(PROVIDER)


class InstancePart(Part):
    """A machine that backs a node; ``aliasRanges`` are where its pods get their addresses from.

    Where ``network`` and ``subnetwork`` are left out they are those of ``facts``.
    """

    provider_id: Name
    network: str = ""
    subnetwork: str = ""
    tags: tuple[str, ...] = ()
    alias_ranges: tuple[str, ...] = ()


class SubnetworkPart(Part):
    """A subnetwork of the network; ``proxyOnly`` ones hold regional load balancers."""

    name: Name
    region: Name
    cidr: str = ""
    proxy_only: bool = False


class AddressPart(Part):
    """A reserved address; without ``address`` it says that there is none of that name."""

    name: Name
    region: str = ""
    address: str = ""
    purpose: str = ""
    external: bool = True
    network_tier: str = ""
    users: tuple[str, ...] = ()


class CertificatePart(Part):
    """A Compute SSL certificate; ``exists: false`` says that there is none of that name."""

    name: Name
    region: str = ""
    exists: bool = True
    managed: bool = False
    domains: tuple[str, ...] = ()
    status: str = ""
    not_after: str = ""


class FactsPart(Part):
    """What the project says.

    Links are paths (``projects/<project>/global/networks/<name>``). ``sslPolicies`` and
    ``securityPolicies`` answer a name with a link (a regional policy is ``<region>/<name>``), and
    with "" where there is none of that name; what is not listed is not known. ``usage`` is what is
    used of each quota, a region's as ``<region>/<metric>``. ``foreignGroups`` names, by zone, the
    load-balanced instance group of somebody else that holds the nodes. ``unread`` says what the
    exporting credentials were not allowed to read.
    """

    observed_at: str = ""
    project: str = ""
    region: str = ""
    network: str = ""
    subnetwork: str = ""
    instances: tuple[InstancePart, ...] = ()
    subnetworks: tuple[SubnetworkPart, ...] = ()
    addresses: tuple[AddressPart, ...] = ()
    ssl_certificates: tuple[CertificatePart, ...] = ()
    ssl_policies: dict[str, str] = msgspec.field(default_factory=dict)
    security_policies: dict[str, str] = msgspec.field(default_factory=dict)
    usage: dict[str, Count] = msgspec.field(default_factory=dict)
    foreign_groups: dict[str, str] = msgspec.field(default_factory=dict)
    unread: tuple[str, ...] = ()


class AccountFile(account_parts.AccountFile):
    """The whole file."""

    facts: FactsPart = msgspec.field(default_factory=FactsPart)


def decode(text: bytes, path: str) -> AccountFile:
    """Return an account file's content.

    Args:
        text: What the file holds.
        path: What the file is called, for messages.

    Raises:
        ConfigError: It is not an account file for Google Cloud; the message names the field.
    """
    return decoded(text, path, AccountFile, provider=PROVIDER, title="a Google Cloud project")


def schema() -> str:
    """Return the published JSON Schema of account files."""
    return schema_of(AccountFile, SCHEMA_ID)

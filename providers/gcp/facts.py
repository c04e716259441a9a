"""Read what a project says: the answer to a ``Wanted``, out of the listings of one pass.

Nothing is listed that the question does not need, nothing is listed twice, and nothing is asked
about name by name. What may not be read is said to be unread and stops nobody.

What is not found is absent. Judging that is the pure part's business, which can say whose mistake
it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from providers.gcp import marks
from providers.gcp.account import (
    HERE,
    Facts,
    Instance,
    Source,
    SslCertificate,
    StaticAddress,
    Subnetwork,
    Wanted,
)
from providers.gcp.links import name_of, path_of, place_of
from providers.gcp.live.inventory import Inventory, objects, text, texts
from providers.gcp.live.members import read_instances
from provisioner.model.errors import Denied, NotFound

Object: TypeAlias = Mapping[str, object]
T = TypeVar("T")

LINK = "selfLink"
MACHINE = "gce://"
PROXY_PURPOSES = frozenset({"REGIONAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER"})
SHARED_GROUPS = "k8s-ig--"
"""How GKE's names of its instance groups begin, which may not be load-balanced yet."""


@dataclass(slots=True, kw_only=True)
class _Asking:
    """The listings, and what of them may not be read."""

    inventory: Inventory
    unread: set[Source] = field(default_factory=set)

    def of(self, collection: str, source: Source, project: str = "") -> tuple[Object, ...]:
        """Return a listing, nothing where it may not be read."""
        try:
            return self.inventory.of(collection, project)
        except Denied:
            self.unread.add(source)
            return ()
        except NotFound:  # a project that there is not, in the provider id of a node
            return ()


def read_facts(
    inventory: Inventory, wanted: Wanted, *, usage: Mapping[str, int], now: datetime
) -> Facts:
    """Return what the project says about what is wanted.

    Args:
        inventory: The project's listings.
        wanted: The question.
        usage: What is used of each quota.
        now: The time, in UTC; all that planning will know of it.
    """
    asking = _Asking(inventory=inventory)
    machines = _instances(asking, wanted)
    region = inventory.client.target.region or _region_of(machines.values())
    network, problem = _network(asking, machines.values())
    place = place_of(network)
    asking.of("firewalls", Source.FIREWALLS, place.project if place is not None else "")
    return Facts(
        observed_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        project=inventory.client.project,
        region=region,
        network=network,
        network_problem=problem,
        subnetwork=_subnetwork(machines.values(), region),
        instances=MappingProxyType(machines),
        subnetworks=_subnetworks(asking, wanted, network=network, region=region),
        addresses=_addresses(asking, wanted, region),
        ssl_certificates=_certificates(asking, wanted, region),
        ssl_policies=_ssl_policies(asking, wanted, region),
        security_policies=_security_policies(asking, wanted),
        usage=usage,
        foreign_groups=_foreign_groups(asking, machines.values()),
        unread=tuple(sorted(source.value for source in asking.unread)),
    )


# --- machines and networks --------------------------------------------------------------------


def _instances(asking: _Asking, wanted: Wanted) -> dict[str, Instance]:
    """Return the machines that are wanted, by provider id; one that was not found is absent."""
    by_link = {link: each for each in wanted.instances if (link := _machine_link(each))}
    projects = {link.split("/")[1] for link in by_link}
    found: dict[str, Instance] = {}
    for project in sorted(projects):
        for answer in asking.of("instances", Source.INSTANCES, project):
            provider_id = by_link.get(text(answer, LINK))
            if provider_id is not None:
                found[provider_id] = _instance(answer)
    return dict(sorted(found.items()))


def _machine_link(provider_id: str) -> str:
    """Return the link of a machine, "" for what is none of Google's.

    ``gce://<project>/<zone>/<name>`` is what Kubernetes says.
    """
    match provider_id.removeprefix(MACHINE).split("/"):
        case [project, zone, name] if provider_id.startswith(MACHINE):
            return f"projects/{project}/zones/{zone}/instances/{name}"
        case _:
            return ""


def _instance(answer: Object) -> Instance:
    interfaces = objects(answer.get("networkInterfaces"))
    first: Object = interfaces[0] if interfaces else {}
    tags = answer.get("tags")
    return Instance(
        name=text(answer, "name"),
        zone=name_of(text(answer, "zone")),
        link=text(answer, LINK),
        network=text(first, "network"),
        subnetwork=text(first, "subnetwork"),
        tags=tuple(sorted(texts(tags.get("items")))) if isinstance(tags, Mapping) else (),
        alias_ranges=tuple(
            text(block, "ipCidrRange") for block in objects(first.get("aliasIpRanges"))
        ),
    )


def _region_of(machines: Iterable[Instance]) -> str:
    """Return the region that most machines are in, "" where there are none."""
    count = Counter(machine.zone.rpartition("-")[0] for machine in machines)
    return min(count, key=lambda region: (-count[region], region)) if count else ""


def _network(asking: _Asking, machines: Iterable[Instance]) -> tuple[str, str]:
    """Return the network of the nodes, or why there is none to be told."""
    networks = sorted({machine.network for machine in machines} - {""})
    if len(networks) == 1:
        return networks[0], ""
    if networks:
        return "", f"the nodes are in several networks ({', '.join(map(name_of, networks))})"
    try:
        candidates = [text(each, LINK) for each in asking.inventory.of("networks")]
    except Denied:
        return "", "no node is known, and networks may not be listed (compute.networks.list)"
    if len(candidates) == 1:
        return candidates[0], ""
    if not candidates:
        return "", f"there is no network in project {asking.inventory.client.project}"
    names = ", ".join(name_of(link) for link in candidates)
    return "", f"no node is known, and the project has several networks: {names}"


def _subnetwork(machines: Iterable[Instance], region: str) -> str:
    """Return the subnetwork that most machines of the region are in."""
    here = f"/regions/{region}/"
    count = Counter(m.subnetwork for m in machines if here in m.subnetwork)
    return min(count, key=lambda link: (-count[link], link)) if count else ""


def _subnetworks(
    asking: _Asking, wanted: Wanted, *, network: str, region: str
) -> tuple[Subnetwork, ...]:
    regions = {region if each == HERE else each for each in wanted.regions} - {""}
    if not network or not (regions or wanted.proxy_only):
        return ()
    regions |= {region}
    place = place_of(network)
    listed = asking.of("subnetworks", Source.SUBNETWORKS, place.project if place else "")
    found = (_subnet(answer) for answer in listed if text(answer, "network") == network)
    ordered = sorted((each for each in found if each.region in regions), key=lambda e: e.link)
    return tuple(ordered)


def _subnet(answer: Object) -> Subnetwork:
    purpose, role = text(answer, "purpose"), text(answer, "role")
    return Subnetwork(
        name=text(answer, "name"),
        region=name_of(text(answer, "region")),
        link=text(answer, LINK),
        network=text(answer, "network"),
        cidr=text(answer, "ipCidrRange"),
        proxy_only=purpose in PROXY_PURPOSES and role == "ACTIVE",
    )


def _foreign_groups(asking: _Asking, machines: Iterable[Instance]) -> Mapping[str, str]:
    """Return the load-balanced group of somebody else that holds machines of ours, by zone.

    A machine may be in one such group only, so a second one would be refused. GKE's own counts
    even before anything is behind it.
    """
    by_zone: dict[str, set[str]] = {}
    for machine in machines:
        by_zone.setdefault(machine.zone, set()).add(machine.link)
    if not by_zone:
        return MappingProxyType({})
    inventory = asking.inventory
    owner = inventory.client.target.identity
    balanced = {
        path_of(text(backend, "group"))
        for service in inventory.of("backendServices")
        for backend in objects(service.get("backends"))
    }
    found: dict[str, str] = {}
    for group in inventory.of("instanceGroups"):
        link, zone = text(group, LINK), name_of(text(group, "zone"))
        named = text(group, "name").startswith(SHARED_GROUPS)
        if marks.is_ours(text(group, "description"), owner) or zone not in by_zone:
            continue
        if (named or link in balanced) and (named or zone not in found):
            members = read_instances(inventory.client, link)
            if by_zone[zone].intersection(members):
                found[zone] = link
    return MappingProxyType(dict(sorted(found.items())))


# --- what annotations name --------------------------------------------------------------------


def _addresses(
    asking: _Asking, wanted: Wanted, region: str
) -> Mapping[tuple[str, str], StaticAddress | None]:
    if not wanted.addresses:
        return MappingProxyType({})
    listed = asking.of("addresses", Source.ADDRESSES)
    return _by_name(asking, Source.ADDRESSES, listed, wanted.addresses, _address, region=region)


def _address(answer: Object) -> StaticAddress:
    return StaticAddress(
        name=text(answer, "name"),
        link=text(answer, LINK),
        address=text(answer, "address"),
        region=name_of(text(answer, "region")),
        purpose=text(answer, "purpose"),
        external=text(answer, "addressType") != "INTERNAL",
        network_tier=text(answer, "networkTier"),
        users=tuple(sorted(path_of(user) for user in texts(answer.get("users")))),
    )


def _certificates(
    asking: _Asking, wanted: Wanted, region: str
) -> Mapping[tuple[str, str], SslCertificate | None]:
    if not wanted.ssl_certificates:
        return MappingProxyType({})
    source = Source.SSL_CERTIFICATES
    listed = asking.of("sslCertificates", source)
    return _by_name(asking, source, listed, wanted.ssl_certificates, _certificate, region=region)


def _certificate(answer: Object) -> SslCertificate:
    managed = answer.get("managed")
    domains = managed.get("domains") if isinstance(managed, Mapping) else None
    return SslCertificate(
        name=text(answer, "name"),
        link=text(answer, LINK),
        region=name_of(text(answer, "region")),
        managed=text(answer, "type") == "MANAGED",
        domains=tuple(texts(domains) or texts(answer.get("subjectAlternativeNames"))),
        status=text(answer, "managed", "status"),
        not_after=text(answer, "expireTime"),
    )


def _by_name(
    asking: _Asking,
    source: Source,
    listed: Iterable[Object],
    wanted: Iterable[tuple[str, str]],
    make: Callable[[Object], T],
    *,
    region: str,
) -> Mapping[tuple[str, str], T | None]:
    """Return the answers to questions of name and region, None where there is no such thing."""
    if source in asking.unread:
        return MappingProxyType({})
    known = {(text(each, "name"), name_of(text(each, "region"))): each for each in listed}
    answers: dict[tuple[str, str], T | None] = {}
    for name, where in wanted:
        found = known.get((name, region if where == HERE else where))
        answers[name, where] = None if found is None else make(found)
    return MappingProxyType(answers)


def _ssl_policies(asking: _Asking, wanted: Wanted, region: str) -> Mapping[str, str]:
    """Return the links of SSL policies; ``here/<name>`` asks for one of the region."""
    if not wanted.ssl_policies:
        return MappingProxyType({})
    listed = asking.of("sslPolicies", Source.SSL_POLICIES)
    if Source.SSL_POLICIES in asking.unread:
        return MappingProxyType({})
    known = {(name_of(text(e, "region")), text(e, "name")): text(e, LINK) for e in listed}
    answers: dict[str, str] = {}
    for asked in wanted.ssl_policies:
        where, slash, name = asked.rpartition("/")
        where = region if slash and where == HERE else where
        answers[asked] = known.get((where, name), "")
    return MappingProxyType(answers)


def _security_policies(asking: _Asking, wanted: Wanted) -> Mapping[str, str]:
    if not wanted.security_policies:
        return MappingProxyType({})
    listed = asking.of("securityPolicies", Source.SECURITY_POLICIES)
    if Source.SECURITY_POLICIES in asking.unread:
        return MappingProxyType({})
    known = {text(each, "name"): text(each, LINK) for each in listed}
    names = (name for name in wanted.security_policies if "/" not in name)  # regional: not told
    return MappingProxyType({name: known.get(name, "") for name in names})

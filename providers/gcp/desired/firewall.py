"""Firewall rules: the way from Google's front ends and proxies to nodes and pods.

Google's front ends and all health checks come from two fixed ranges; a regional load balancer sends
from its proxy-only subnet. They may reach exactly the ports in use: target ports, node ports, ports
that are checked. A rule names machines by their network tags, so it holds for those to come.

Load balancers of ``incumbent`` compatibility share one rule that is GKE's to the letter, with the
whole range of node ports wherever a node port is in use. Both kinds may exist.

In a shared VPC the rules are the host project's. Where we may not look there, its administrators
have to do it: each Ingress is told the command, unless it asks not to be.

Sources: "Firewall rules" of Cloud Load Balancing, kubernetes/ingress-gce ``pkg/firewalls``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import addresses, gcloud, incumbent, names
from providers.gcp.account import Facts, Source
from providers.gcp.addresses import Kind
from providers.gcp.desired.node_tags import NodeTags, node_tags
from providers.gcp.desired.notes import NOT_KNOWN_HERE, UNKNOWN, Needs
from providers.gcp.marks import description
from providers.gcp.shapes import shaped
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import Compatibility
from provisioner.model.resource import (
    SHARED,
    Observed,
    ObservedResource,
    PlainInput,
    Resource,
    Unknown,
)
from provisioner.model.settings import Identity

GOOGLE = ("130.211.0.0/22", "35.191.0.0/16")
"""Where front ends and health checks come from."""

FROM_GOOGLE = "google"
INCUMBENT = "incumbent"
_PROXIES = "proxies-"
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """The firewall rules, and what keeps some from being made."""

    resources: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One rule to be: what it is called, who comes in, on which ports (``UNKNOWN`` may be one)."""

    address: str
    name: str | Unknown
    sources: Sequence[str] | Unknown
    ports: frozenset[str]
    title: str


def firewall(needs: Needs, facts: Facts, observed: Observed, identity: Identity) -> Firewall:
    """Return the firewall rules that the load balancers need."""
    wanted = tuple(_rules(needs, facts, observed, identity))
    if not wanted:
        return Firewall()
    tags = node_tags(facts.instances.values())
    findings = tuple(_untagged(tags))
    if facts.instances and not tags.names:
        return Firewall(diagnostics=findings)
    made = tuple(_resource(rule, facts, observed, tags=tags, identity=identity) for rule in wanted)
    if facts.host_project and Source.FIREWALLS.value in facts.unread:
        return Firewall(diagnostics=(*findings, *_elsewhere(needs, facts, made)))
    return Firewall(resources=made, diagnostics=findings)


def _rules(needs: Needs, facts: Facts, observed: Observed, identity: Identity) -> Iterator[_Rule]:
    ours = needs.ports.get(Compatibility.KUBERNETES, {})
    if ours:
        address = addresses.firewall(FROM_GOOGLE)
        yield _Rule(
            address=address,
            name=names.name(identity, address, identity.cluster_name, FROM_GOOGLE),
            sources=GOOGLE,
            ports=_all(ours),
            title="Google's front ends and health checks to nodes and pods",
        )
    for region in sorted(region for region in ours if region):
        where = NOT_KNOWN_HERE if region == UNKNOWN else region
        address = addresses.firewall(f"{_PROXIES}{where}")
        sources = _proxy_ranges(facts, (region,), observed.resources.get(address))
        if sources:
            yield _Rule(
                address=address,
                name=names.name(identity, address, identity.cluster_name, "proxies", where),
                sources=sources,
                ports=ours[region],
                title=f"proxies in {where} to nodes and pods",
            )
    theirs = needs.ports.get(Compatibility.INCUMBENT, {})
    if theirs:
        present = observed.resources.get(addresses.firewall(INCUMBENT))
        yield _incumbent(theirs, facts, present, identity)


def _incumbent(
    ports: Mapping[str, frozenset[str]],
    facts: Facts,
    present: ObservedResource | None,
    identity: Identity,
) -> _Rule:
    uid = identity.ingress_uid
    proxies = _proxy_ranges(facts, tuple(region for region in ports if region), present)
    return _Rule(
        address=addresses.firewall(INCUMBENT),
        name=incumbent.firewall(ingress_uid=uid, firewall_uid=identity.firewall_uid)
        if uid
        else Unknown("the uid in the ConfigMap kube-system/ingress-uid"),
        sources=proxies if isinstance(proxies, Unknown) else tuple(sorted({*GOOGLE, *proxies})),
        ports=_all(ports),
        title="load balancers to nodes and pods",
    )


def _proxy_ranges(
    facts: Facts, regions: Sequence[str], present: ObservedResource | None
) -> Sequence[str] | Unknown:
    """Return where the proxies of some regions send from.

    Where no subnet of theirs is known, those that may come in now still may.
    """
    found = sorted({s.cidr for s in facts.subnetworks if s.proxy_only and s.region in regions})
    if found or not regions:
        return tuple(found)
    before = present.spec.get("sourceRanges") if present is not None else None
    if isinstance(before, tuple):
        return tuple(str(source) for source in before)
    unread = not facts.project or Source.SUBNETWORKS.value in facts.unread
    return Unknown("the proxy-only subnet of the region") if unread else ()


def _resource(
    rule: _Rule, facts: Facts, observed: Observed, *, tags: NodeTags, identity: Identity
) -> Resource:
    present = observed.resources.get(rule.address)
    name = (present.name if present is not None else "") or rule.name
    ports = _ports(rule, present)
    allowed: PlainInput = (
        ports if isinstance(ports, Unknown) else [{"IPProtocol": "tcp", "ports": list(ports)}]
    )
    network = facts.network or Unknown("depends on the network of the cluster")
    return Resource(
        kind=Kind.FIREWALL.value,
        address=rule.address,
        group=SHARED,
        name=name,
        spec=shaped(
            Kind.FIREWALL,
            {
                "name": name,
                "description": description(identity, group=SHARED, address=rule.address),
                "network": network,
                "direction": "INGRESS",
                "sourceRanges": rule.sources,
                "targetTags": tags.names if facts.instances else Unknown("the tags of the nodes"),
                "allowed": allowed,
            },
        ),
        title=rule.title,
    )


def _ports(rule: _Rule, present: ObservedResource | None) -> tuple[str, ...] | Unknown:
    """Return the ports to open; while one cannot be told, everything that is open stays."""
    known = rule.ports - {UNKNOWN}
    if UNKNOWN not in rule.ports:
        return tuple(sorted(known))
    if present is None:
        return Unknown("ports that only the cluster knows")
    return tuple(sorted(known | open_ports(present)))


def open_ports(rule: Resource | ObservedResource) -> frozenset[str]:
    """Return the ports and ranges that a rule opens."""
    return gcloud.open_ports(rule.spec)


def _all(ports: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(port for of_region in ports.values() for port in of_region)


def _untagged(tags: NodeTags) -> Iterator[Diagnostic]:
    """Yield which machines no rule can name."""
    if tags.without:
        shown = ", ".join(tags.without[:_SHOWN]) + (", ..." if len(tags.without) > _SHOWN else "")
        yield error(
            "FIREWALL-NO-TAG",
            "cluster",
            message=f"{len(tags.without)} nodes have no network tag ({shown}), so no firewall rule"
            " can let load balancers reach them",
            hint="give the machines of each node pool a network tag",
        )


def _elsewhere(needs: Needs, facts: Facts, rules: Sequence[Resource]) -> Iterator[Diagnostic]:
    """Yield, for each Ingress that wants to hear it, what an administrator has to do."""
    lines = "; ".join(_command(rule, facts.host_project) for rule in rules)
    for ingress in needs.tell:
        yield warning(
            "FIREWALL-SHARED-VPC",
            f"Ingress {ingress}",
            message=f"the network belongs to project {facts.host_project}, whose firewall rules may"
            " not be read here: an administrator of that project has to open these ports",
            hint=lines,
            ingress=ingress,
        )


def _command(rule: Resource, project: str) -> str:
    """Return the gcloud line that makes a rule."""
    name = rule.name if isinstance(rule.name, str) else ""
    return gcloud.firewall_line(rule.spec, name=name, project=project, new=True)

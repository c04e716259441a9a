"""What all load balancers of a cluster share: the backend security group and the ways it opens.

Every load balancer carries one common group, and nodes and pods let that group in. So a new load
balancer costs no rule on the nodes, and the count of rules depends on ports, not on load balancers.
Ports are opened exactly; only where one endpoint group would need more rules than are reasonable
(a security group holds 60) one range from the lowest to the highest port takes their place.

Where only some load balancers are at hand, what others need is not known: then nothing is closed.
Our rules bear our own description: the incumbent controller revokes every rule that bears its
label and is not its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from providers.aws import addresses, marks, names
from providers.aws.account import Facts
from providers.aws.addresses import Kind
from providers.aws.desired import retain
from providers.aws.desired.needs import ANY_GROUP, Need
from providers.aws.desired.network import backend_group, uses_backend_group
from providers.aws.labels import LONGEST_DESCRIPTION
from provisioner.model.diagnostic import Diagnostic, info
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Resource,
    Unknown,
    Value,
    freeze_spec,
)
from provisioner.ports import Expressed, SharedExpression

MOST_RULES = 20
"""More exact ports than this on one endpoint group become a single range."""

BACKEND_DESCRIPTION = "Ingress Provisioner: load balancers of the cluster"

Ports = tuple[int, int]


def express_shared(
    parts: Sequence[Expressed], facts: Facts, request: SharedExpression
) -> Expressed:
    """Return what the load balancers share: nothing where no load balancer needs it.

    Args:
        parts: Load balancers as expressed.
        facts: What the account says.
        request: What exists, settings, and whether ``parts`` are all load balancers there are.
    """
    observed = request.observed.of_group(SHARED)
    kept = () if request.complete else tuple(retain.as_resource(r) for r in observed)
    if not _is_needed(parts):
        return Expressed(group=SHARED, resources=kept)
    wanted = {note for part in parts for note in part.shared}
    present = _present(observed)
    ports = _ports(wanted, present)
    findings: list[Diagnostic] = []
    desired: dict[str, Resource] = {resource.address: resource for resource in kept}
    for group_id in sorted(ports):
        exact = sorted(ports[group_id])
        ranges, remark = _ranges(group_id, exact)
        findings += remark
        already = present.get(group_id, frozenset()) if not request.complete else frozenset()
        for first, last in ranges:
            if not _covered((first, last), already):
                rule = _rule(request, group_id, first, last)
                desired.setdefault(rule.address, rule)
    group = _group(request, facts)
    desired[group.address] = group
    return Expressed(
        group=SHARED,
        resources=tuple(desired[address] for address in sorted(desired)),
        diagnostics=tuple(findings),
    )


def _is_needed(parts: Iterable[Expressed]) -> bool:
    return any(
        uses_backend_group(resource.spec.get("SecurityGroups"))
        for part in parts
        for resource in part.resources
        if resource.kind == Kind.LOAD_BALANCER
    )


def _ports(
    wanted: Iterable[Need], present: Mapping[str, frozenset[Ports]]
) -> Mapping[str, set[Ports]]:
    """Return the ports to open by endpoint group; a note without a group keeps what is open."""
    ports: dict[str, set[Ports]] = {}
    for group_id, first, last in wanted:
        span = (int(first), int(last))
        if group_id != ANY_GROUP:
            ports.setdefault(group_id, set()).add(span)
            continue
        for open_group, spans in present.items():
            if _covered(span, spans):
                ports.setdefault(open_group, set()).add(span)
    return ports


def _ranges(group_id: str, exact: Sequence[Ports]) -> tuple[Sequence[Ports], list[Diagnostic]]:
    if len(exact) <= MOST_RULES:
        return exact, []
    span = (min(first for first, _ in exact), max(last for _, last in exact))
    remark = info(
        "SECURITY-GROUP-RANGE",
        f"security group {group_id}",
        message=(
            f"{len(exact)} ports are needed, more than {MOST_RULES}: the range {span[0]} to "
            f"{span[1]} is opened to the cluster's load balancers in one rule"
        ),
        hint="the range replaces single rules because a security group holds 60",
    )
    return [span], [remark]


def _covered(span: Ports, spans: Iterable[Ports]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in spans)


def _present(observed: Iterable[ObservedResource]) -> Mapping[str, frozenset[Ports]]:
    """Return what is open now by endpoint group."""
    found: dict[str, set[Ports]] = {}
    for rule in observed:
        group_id = rule.spec.get("GroupId")
        permissions = rule.spec.get("IpPermissions")
        if rule.kind != Kind.SECURITY_GROUP_RULE or not isinstance(group_id, str):
            continue
        for permission in permissions if isinstance(permissions, tuple) else ():
            span = _span(permission) if isinstance(permission, Mapping) else None
            if span is not None:
                found.setdefault(group_id, set()).add(span)
    return {group_id: frozenset(spans) for group_id, spans in found.items()}


def _span(permission: Mapping[str, object]) -> Ports | None:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _group(request: SharedExpression, facts: Facts) -> Resource:
    address = addresses.backend_security_group()
    identity = request.settings.identity
    name = names.backend_security_group(identity)
    vpc = facts.vpc.id if facts.vpc is not None else Unknown("depends on the account's VPC")
    return Resource(
        kind=Kind.SECURITY_GROUP,
        address=address,
        group=SHARED,
        name=name,
        spec=freeze_spec(
            {
                "GroupName": name,
                "Description": BACKEND_DESCRIPTION[:LONGEST_DESCRIPTION],
                "VpcId": vpc,
                "Tags": _tags(request, address),
            }
        ),
        title="load balancers of the cluster",
    )


def _rule(request: SharedExpression, group_id: str, first: int, last: int) -> Resource:
    address = addresses.backend_rule(group_id, first, last)
    pair: PlainInput = {"GroupId": backend_group(), "Description": BACKEND_DESCRIPTION}
    permission: PlainInput = {
        "IpProtocol": "tcp",
        "FromPort": first,
        "ToPort": last,
        "UserIdGroupPairs": [pair],
    }
    ports = str(first) if first == last else f"{first}-{last}"
    return Resource(
        kind=Kind.SECURITY_GROUP_RULE,
        address=address,
        group=SHARED,
        spec=freeze_spec(
            {
                "GroupId": group_id,
                "IpPermissions": [permission],
                "Tags": _tags(request, address),
            }
        ),
        title=f"load balancers to {group_id} on {ports}",
    )


def _tags(request: SharedExpression, address: str) -> Value:
    return marks.tags(
        request.settings.identity, group=SHARED, address=address, user=request.settings.tags
    )

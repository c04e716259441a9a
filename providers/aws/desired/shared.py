"""What all load balancers of a cluster share: the backend security group and the ways it opens.

Every load balancer carries one common group, and nodes and pods let that group in. So a new load
balancer costs no rule on the nodes, and the count of rules depends on ports, not on load balancers.
Ports are opened exactly; only where one endpoint group would need more rules than are reasonable
(a security group holds 60) one range from the lowest to the highest port takes their place.

Load balancers of ``incumbent`` compatibility share a group of their own, named and tagged as AWS
Load Balancer Controller names its one, and that group opens one range per endpoint group from the
lowest to the highest port. Both groups may exist; each load balancer carries the one of its kind,
and neither opens anything for the other.

Where only some load balancers are at hand, what others need is not known: then nothing is closed.
Our rules bear our own description: the incumbent controller revokes every rule that bears its
label and is not its own, which is why ``incumbent`` is for where it no longer runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.aws import addresses, incumbent, marks, names
from providers.aws.account import Facts, Source
from providers.aws.addresses import Kind
from providers.aws.desired.lookups import unread_hint
from providers.aws.desired.needs import ANY_GROUP, Need
from providers.aws.desired.network import backend_group, backend_kind
from providers.aws.labels import LONGEST_DESCRIPTION
from provisioner.core.keeping import as_resource
from provisioner.model.diagnostic import Diagnostic, info, warning
from provisioner.model.expression import Expressed, SharedExpression
from provisioner.model.intent import Compatibility
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Resource,
    Unknown,
    Value,
    freeze_spec,
    references,
)

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
    kept = () if request.complete else tuple(as_resource(r) for r in observed)
    desired: dict[str, Resource] = {resource.address: resource for resource in kept}
    findings: list[Diagnostic] = [*_own_certificates_unread(request)]
    for kind in Compatibility:
        of_kind = [part for part in parts if _backend_kind(part) is kind]
        if not of_kind:
            continue
        share = _Share(kind=kind, request=request, facts=facts, present=_present(observed, kind))
        wanted = {note for part in of_kind for note in part.shared}
        resources, remarks = share.resources(wanted)
        findings += remarks
        for address in share.outgrown(resources):
            desired.pop(address, None)
        for resource in resources:
            # The group is expressed anew; a rule that is kept stays as it is.
            if resource.kind == Kind.SECURITY_GROUP or resource.address not in desired:
                desired[resource.address] = resource
    return Expressed(
        group=SHARED,
        resources=tuple(desired[address] for address in sorted(desired)),
        diagnostics=tuple(findings),
    )


def _own_certificates_unread(request: SharedExpression) -> Iterator[Diagnostic]:
    """Yield a warning where nobody may look which certificates of ours there are.

    It stops nobody who wants none; whoever wants one is told on the Ingress.
    """
    if Kind.CERTIFICATE in request.observed.unread:
        yield warning(
            "CLOUD-UNREAD",
            f"cluster {request.settings.identity.cluster_name}",
            message="the certificates that Ingress Provisioner keeps in ACM may not be looked up,"
            " so none is imported, requested or deleted",
            hint=unread_hint(Source.OWN_CERTIFICATES),
        )


def _backend_kind(part: Expressed) -> Compatibility | None:
    """Return which backend group a load balancer carries."""
    balancers = (r for r in part.resources if r.kind == Kind.LOAD_BALANCER)
    kinds = (backend_kind(r.spec.get("SecurityGroups")) for r in balancers)
    return next((kind for kind in kinds if kind is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """The backend group of one kind, and what it opens.

    ``present`` is what it opens now: address -> endpoint group and ports.
    """

    kind: Compatibility
    request: SharedExpression
    facts: Facts
    present: Mapping[str, tuple[str, Ports]]

    def resources(
        self, wanted: Iterable[Need]
    ) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
        """Return the group and its rules on the endpoint groups."""
        findings: list[Diagnostic] = []
        found = [self._group()]
        ports = self._ports(wanted)
        for group_id in sorted(ports):
            already = () if self.request.complete else self._open(group_id)
            ranges, remarks = self._ranges(group_id, sorted(ports[group_id]), already)
            findings += remarks
            found += [
                self._rule(group_id, span) for span in ranges if not _is_covered(span, already)
            ]
        return tuple(found), tuple(findings)

    def outgrown(self, resources: Iterable[Resource]) -> tuple[str, ...]:
        """Return the rules that one of these, a wider range, takes the place of."""
        if self.kind is not Compatibility.INCUMBENT:
            return ()
        spans = [(r.address, _endpoint(r), _span_of(r)) for r in resources]
        return tuple(
            address
            for address, (group_id, old) in self.present.items()
            for new, endpoint, span in spans
            if new != address
            and endpoint == group_id
            and span is not None
            and _is_covered(old, (span,))
        )

    def _open(self, group_id: str) -> tuple[Ports, ...]:
        return tuple(span for group, span in self.present.values() if group == group_id)

    def _ports(self, wanted: Iterable[Need]) -> Mapping[str, set[Ports]]:
        """Return the ports to open by endpoint group; a note without one keeps what is open.

        The incumbent's one range stays whole then: which part of it is in use cannot be told.
        """
        ports: dict[str, set[Ports]] = {}
        stays_whole = self.kind is Compatibility.INCUMBENT
        for group_id, first, last in wanted:
            span = (int(first), int(last))
            if group_id != ANY_GROUP:
                ports.setdefault(group_id, set()).add(span)
                continue
            for open_group, present in self.present.values():
                if _is_covered(span, (present,)):
                    ports.setdefault(open_group, set()).add(present if stays_whole else span)
        return ports

    def _ranges(
        self, group_id: str, exact: Sequence[Ports], already: Sequence[Ports]
    ) -> tuple[Sequence[Ports], tuple[Diagnostic, ...]]:
        if self.kind is Compatibility.INCUMBENT:
            return [_whole((*exact, *already))], ()
        if len(exact) <= MOST_RULES:
            return exact, ()
        span = _whole(exact)
        return [span], (_one_range(group_id, len(exact), span),)

    def _group(self) -> Resource:
        settings = self.request.settings
        cluster = settings.identity.cluster_name
        address = backend_group(self.kind).address
        is_incumbent = self.kind is Compatibility.INCUMBENT
        present = self.request.observed.resources.get(address)
        fresh = (
            incumbent.backend_security_group(cluster)
            if is_incumbent
            else names.backend_security_group(settings.identity)
        )
        name = (present.name if present is not None else "") or fresh
        description = incumbent.BACKEND_DESCRIPTION if is_incumbent else BACKEND_DESCRIPTION
        own = incumbent.backend_tags(cluster) if is_incumbent else NO_STRINGS
        vpc = self.facts.vpc
        return Resource(
            kind=Kind.SECURITY_GROUP,
            address=address,
            group=SHARED,
            name=name,
            spec=freeze_spec(
                {
                    "GroupName": name,
                    "Description": description[:LONGEST_DESCRIPTION],
                    "VpcId": vpc.id if vpc is not None else Unknown("depends on the account's VPC"),
                    "Tags": self._tags(address, {**settings.tags, **own}),
                }
            ),
            title="load balancers of the cluster",
        )

    def _rule(self, group_id: str, span: Ports) -> Resource:
        is_incumbent = self.kind is Compatibility.INCUMBENT
        spell = addresses.incumbent_backend_rule if is_incumbent else addresses.backend_rule
        address = spell(group_id, *span)
        pair: PlainInput = {
            "GroupId": backend_group(self.kind),
            "Description": incumbent.RULE_DESCRIPTION if is_incumbent else BACKEND_DESCRIPTION,
        }
        permission: PlainInput = {
            "IpProtocol": "tcp",
            "FromPort": span[0],
            "ToPort": span[1],
            "UserIdGroupPairs": [pair],
        }
        ports = str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"
        user = NO_STRINGS if is_incumbent else self.request.settings.tags
        return Resource(
            kind=Kind.SECURITY_GROUP_RULE,
            address=address,
            group=SHARED,
            spec=freeze_spec(
                {
                    "GroupId": group_id,
                    "IpPermissions": [permission],
                    "Tags": self._tags(address, user),
                }
            ),
            title=f"load balancers to {group_id} on {ports}",
        )

    def _tags(self, address: str, user: Mapping[str, str]) -> Value:
        identity = self.request.settings.identity
        return marks.tags(identity, group=SHARED, address=address, user=user)


def _whole(spans: Sequence[Ports]) -> Ports:
    return (min(first for first, _ in spans), max(last for _, last in spans))


def _is_covered(span: Ports, spans: Iterable[Ports]) -> bool:
    return any(first <= span[0] and span[1] <= last for first, last in spans)


def _present(
    observed: Iterable[ObservedResource], kind: Compatibility
) -> Mapping[str, tuple[str, Ports]]:
    """Return what the backend group of one kind opens now, by the address of the rule."""
    source = backend_group(kind)
    found: dict[str, tuple[str, Ports]] = {}
    for rule in observed:
        span, group_id = _span_of(rule), _endpoint(rule)
        if span is not None and group_id and source in references(rule.spec.get("IpPermissions")):
            found[rule.address] = (group_id, span)
    return found


def _endpoint(rule: Resource | ObservedResource) -> str:
    group_id = rule.spec.get("GroupId")
    return group_id if isinstance(group_id, str) else ""


def _span_of(rule: Resource | ObservedResource) -> Ports | None:
    permissions = rule.spec.get("IpPermissions")
    if rule.kind != Kind.SECURITY_GROUP_RULE or not isinstance(permissions, tuple):
        return None
    spans = [_span(p) for p in permissions if isinstance(p, Mapping)]
    known = [span for span in spans if span is not None]
    return _whole(known) if known else None


def _span(permission: Mapping[str, object]) -> Ports | None:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _one_range(group_id: str, count: int, span: Ports) -> Diagnostic:
    return info(
        "SECURITY-GROUP-RANGE",
        f"security group {group_id}",
        message=(
            f"{count} ports are needed, more than {MOST_RULES}: the range {span[0]} to "
            f"{span[1]} is opened to the cluster's load balancers in one rule"
        ),
        hint="the range replaces single rules because a security group holds 60",
    )

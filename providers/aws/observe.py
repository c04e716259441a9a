"""Read what carries our mark, and say it as the plan would.

Five rounds of reads, each made side by side within the token bucket: the index of load balancers
and target groups; security groups and their rules, by tag; listeners, attributes and health; rules
and certificates; tags. What disappears between two rounds is simply not there.

Everything goes by tags: the owner tag says that it is ours, the resource tag which address it has.
Two resources that claim one address (a crash between a create and its answer, on a service without
idempotent creates) would be a riddle for the diff; the oldest or most used keeps the address, the
others get one of their own, which nothing desires, and so fall to deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws import addresses, marks
from providers.aws.addresses import Kind
from providers.aws.client import Clients
from providers.aws.live import normalise
from providers.aws.live.addons import AddOn, read_addons
from providers.aws.live.certificates import own_certificates, read_own_certificates
from providers.aws.live.index import Index, Tagged
from providers.aws.live.journal import Journal
from providers.aws.live.listing import (
    MarkedListener,
    Scope,
    is_address_of,
    read_capacity,
    read_health,
    read_listeners,
    read_load_balancer_attributes,
    read_security_group_rules,
    read_security_groups,
    read_target_group_attributes,
)
from providers.aws.live.networks import is_network_group, of_networks, read_networks
from providers.aws.live.paging import THREADS, tag_mapping
from providers.aws.live.plain import Refs
from providers.aws.live.rule_words import rule_title
from provisioner.model.kube import Key
from provisioner.model.resource import (
    NO_SPEC,
    Observed,
    ObservedResource,
    Ref,
    Spec,
    freeze_spec,
)

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        SecurityGroupRuleTypeDef,
        SecurityGroupTypeDef,
    )
    from types_boto3_elbv2.type_defs import (
        LoadBalancerTypeDef,
        RuleTypeDef,
        TargetGroupTypeDef,
        TargetHealthDescriptionTypeDef,
    )

SHORT_ID = 8

# The field of an output that Refs name, by kind.
ID_FIELDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LOAD_BALANCER: "LoadBalancerArn",
        Kind.SECURITY_GROUP: "GroupId",
        Kind.LISTENER: "ListenerArn",
        Kind.LISTENER_RULE: "RuleArn",
        Kind.TARGET_GROUP: "TargetGroupArn",
        Kind.CERTIFICATE: "CertificateArn",
        Kind.NETWORK_LOAD_BALANCER: "LoadBalancerArn",
        Kind.NETWORK_LISTENER: "ListenerArn",
        Kind.NETWORK_TARGET_GROUP: "TargetGroupArn",
    }
)


@dataclass(slots=True)
class _Places:
    """Which address each thing has; a second claim to one address gets a place of its own."""

    taken: dict[str, str] = field(default_factory=dict)  # address -> id
    refs: dict[str, Ref] = field(default_factory=dict)

    def take(self, kind: Kind, identifier: str, tags: Mapping[str, str]) -> str:
        """Return the address of the thing with this id, "" where its tags name none of its kind."""
        address = marks.address_of(tags)
        if not is_address_of(address, kind):
            return ""
        if self.taken.setdefault(address, identifier) != identifier:
            address = _beside(address, identifier)
            self.taken[address] = identifier
        if kind in ID_FIELDS:
            self.refs[identifier] = Ref(address, ID_FIELDS[kind])
        return address

    def add(self, created: Iterable[ObservedResource]) -> None:
        """Let Refs point to what was created lately and is not listed yet."""
        for resource in created:
            name = ID_FIELDS.get(Kind(resource.kind), "")
            if name in resource.outputs:
                self.refs.setdefault(resource.outputs[name], Ref(resource.address, name))


def observe(clients: Clients, scope: Scope, *, index: Index, journal: Journal) -> Observed:
    """Return what of ours exists, by address; of groups not asked for only that it exists.

    Args:
        clients: Clients that read.
        scope: Who we are, and which groups are asked for.
        index: Our load balancers and target groups.
        journal: What this process has created lately.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        groups = pool.submit(read_security_groups, clients, scope)
        group_rules = pool.submit(read_security_group_rules, clients, scope)
        balancers = [b for b in index.load_balancers if scope.has(b.tags)]
        target_groups = [
            g for g in index.target_groups if scope.has(g.tags) and not is_network_group(g)
        ]
        front = read_networks(clients, scope, index=index, journal=journal, pool=pool)
        balancer_attributes = pool.map(
            lambda b: read_load_balancer_attributes(clients, b.id), balancers
        )
        capacities = pool.map(lambda b: read_capacity(clients, b), balancers)
        guards = pool.map(lambda b: read_addons(clients, b), balancers)
        group_attributes = pool.map(
            lambda g: read_target_group_attributes(clients, g.id), target_groups
        )
        health = pool.map(lambda g: read_health(clients, g.id), target_groups)
        own = read_own_certificates(clients, scope, pool=pool)
        certificates = own or []
        listeners = read_listeners(clients, scope, balancers, pool=pool, journal=journal)
        places = _place_all(index, groups.result(), listeners)
        for certificate in certificates:
            places.take(Kind.CERTIFICATE, certificate.arn, certificate.tags)
        for kind, identifier, tags in front.placed(index):
            places.take(kind, identifier, tags)
        places.add(journal.resources())
        refs = Refs(places.refs)
        found = [
            *_of_load_balancers(zip(balancers, balancer_attributes, capacities, strict=True), refs),
            *_of_addons(zip(balancers, guards, strict=True), refs),
            *_of_security_groups(groups.result(), scope, refs),
            *_of_security_group_rules(group_rules.result(), scope, places),
            *_of_listeners(listeners, refs),
            *_of_target_groups(zip(target_groups, group_attributes, health, strict=True), refs),
            *own_certificates(certificates, refs),
            *of_networks(front, refs),
            *_outlines(index, scope, refs),
        ]
    resources = {resource.address: resource for resource in found}
    for resource in journal.resources():
        if scope.has_group(resource.group):
            resources.setdefault(resource.address, resource)
    return Observed(
        resources=MappingProxyType(dict(sorted(resources.items()))),
        unread=frozenset({Kind.CERTIFICATE.value} if own is None else ()),
    )


def _place_all(
    index: Index,
    groups: Sequence[Tagged[SecurityGroupTypeDef]],
    listeners: Sequence[MarkedListener],
) -> _Places:
    """Give everything its address, in an order that does not depend on how AWS lists."""
    places = _Places()
    for balancer in index.load_balancers:
        places.take(Kind.LOAD_BALANCER, balancer.id, balancer.tags)
    for group in groups:
        places.take(Kind.SECURITY_GROUP, group.id, group.tags)
    for target_group in index.target_groups:
        places.take(Kind.TARGET_GROUP, target_group.id, target_group.tags)
    for listener in listeners:
        places.take(Kind.LISTENER, listener.tagged.id, listener.tagged.tags)
        for rule in listener.rules:
            places.take(Kind.LISTENER_RULE, rule.id, rule.tags)
    return places


def _beside(address: str, identifier: str) -> str:
    """Return an address for a second thing that claims ``address``: its id goes into it."""
    head, at, generation = address.partition("@")
    return f"{head}~{identifier[-SHORT_ID:]}{at}{generation}"


def _resource(
    kind: Kind, address: str, tags: Mapping[str, str], *, name: str, spec: Spec
) -> ObservedResource:
    ingress: Key | None = marks.ingress_of(tags)
    return ObservedResource(
        kind=kind.value,
        address=address,
        group=marks.group_of(tags),
        name=name,
        ingresses=() if ingress is None else (ingress,),
        spec=spec,
    )


def _of_load_balancers(
    found: Iterable[tuple[Tagged[LoadBalancerTypeDef], Sequence[Mapping[str, object]], int | None]],
    refs: Refs,
) -> Iterable[ObservedResource]:
    for balancer, attributes, capacity in found:
        ref, answer = refs.of(balancer.id), balancer.description
        if not isinstance(ref, Ref):
            continue
        spec = normalise.load_balancer(answer, attributes, balancer.tags, refs, capacity=capacity)
        resource = _resource(
            Kind.LOAD_BALANCER,
            ref.address,
            balancer.tags,
            name=answer["LoadBalancerName"],
            spec=spec,
        )
        yield replace(
            resource,
            outputs={
                "LoadBalancerArn": balancer.id,
                "DNSName": answer.get("DNSName", ""),
                "CreatedTime": created_time(answer),
            },
            state=answer.get("State", {}).get("Code", ""),
        )


def created_time(answer: LoadBalancerTypeDef) -> str:
    """Return when a load balancer was created, RFC 3339 in UTC, "" where AWS does not say."""
    created = answer.get("CreatedTime")
    return created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if created is not None else ""


def _of_addons(
    found: Iterable[tuple[Tagged[LoadBalancerTypeDef], Sequence[AddOn]]], refs: Refs
) -> Iterable[ObservedResource]:
    """Yield what guards load balancers; it has no tags and is its load balancer's."""
    for balancer, guards in found:
        ref, group = refs.of(balancer.id), marks.group_of(balancer.tags)
        if not isinstance(ref, Ref):
            continue
        generation = addresses.balancer_of(ref.address)
        for each in guards:
            yield ObservedResource(
                kind=each.kind.value,
                address=addresses.on_balancer(addresses.addon(each.kind, group), generation),
                group=group,
                spec=freeze_spec({"ResourceArn": ref, **each.spec}),
                outputs=each.outputs,
            )


def _outlines(index: Index, scope: Scope, refs: Refs) -> Iterable[ObservedResource]:
    """Yield what the index says of groups that nobody asked for: that it exists, and whose it is.

    It costs no call, and account-wide limits count it.
    """
    balancers = (*index.load_balancers, *index.networks)
    others = [*((b.id, b.tags) for b in balancers), *((g.id, g.tags) for g in index.target_groups)]
    for identifier, tags in others:
        ref = refs.of(identifier)
        if isinstance(ref, Ref) and not scope.has(tags):
            kind = addresses.parse(ref.address).kind
            yield _resource(kind, ref.address, tags, name="", spec=NO_SPEC)


def _of_security_groups(
    found: Iterable[Tagged[SecurityGroupTypeDef]], scope: Scope, refs: Refs
) -> Iterable[ObservedResource]:
    for group in found:
        ref = refs.of(group.id)
        if not isinstance(ref, Ref) or not scope.has(group.tags):
            continue
        spec = normalise.security_group(group.description, group.tags)
        name = group.description["GroupName"]
        resource = _resource(Kind.SECURITY_GROUP, ref.address, group.tags, name=name, spec=spec)
        yield replace(resource, outputs={"GroupId": group.id})


def _of_security_group_rules(
    found: Mapping[tuple[str, str], Sequence[SecurityGroupRuleTypeDef]],
    scope: Scope,
    places: _Places,
) -> Iterable[ObservedResource]:
    refs = Refs(places.refs)
    for (_, group_id), answers in sorted(found.items()):
        tags = tag_mapping(answers[0].get("Tags", []))
        address = places.take(Kind.SECURITY_GROUP_RULE, group_id, tags)
        if not scope.has(tags):
            continue
        spec = normalise.security_group_rule(answers, tags, refs)
        resource = _resource(Kind.SECURITY_GROUP_RULE, address, tags, name="", spec=spec)
        ids = sorted(answer["SecurityGroupRuleId"] for answer in answers)
        yield replace(resource, outputs={"SecurityGroupRuleIds": ",".join(ids)})


def _of_listeners(found: Iterable[MarkedListener], refs: Refs) -> Iterable[ObservedResource]:
    for listener in found:
        tagged = listener.tagged
        ref = refs.of(tagged.id)
        if not isinstance(ref, Ref):
            continue
        spec = normalise.listener(
            tagged.description,
            listener.default_certificate,
            tagged.tags,
            refs,
            attributes=listener.attributes,
        )
        resource = _resource(Kind.LISTENER, ref.address, tagged.tags, name="", spec=spec)
        yield replace(resource, outputs={"ListenerArn": tagged.id})
        yield from _of_certificates(listener, resource, refs)
        for rule in listener.rules:
            rule_ref = refs.of(rule.id)
            if isinstance(rule_ref, Ref):
                yield _of_rule(rule, rule_ref, tagged.id, refs)


def _of_certificates(
    listener: MarkedListener, resource: ObservedResource, refs: Refs
) -> Iterable[ObservedResource]:
    """Return the additional certificates; they cannot be tagged and are their listener's."""
    port = listener.tagged.description.get("Port", 0)
    is_second = resource.address != marks.address_of(listener.tagged.tags)
    for arn in listener.certificates:
        known = refs.of(arn)
        identity = known.address if isinstance(known, Ref) else known
        first = addresses.listener_certificate(resource.group, port, identity)
        address = addresses.on_balancer(first, addresses.balancer_of(resource.address))
        yield ObservedResource(
            kind=Kind.LISTENER_CERTIFICATE.value,
            address=_beside(address, listener.tagged.id) if is_second else address,
            group=resource.group,
            spec=normalise.listener_certificate(listener.tagged.id, arn, refs),
        )


def _of_rule(
    rule: Tagged[RuleTypeDef], ref: Ref, listener_arn: str, refs: Refs
) -> ObservedResource:
    spec = normalise.rule(rule.description, listener_arn, rule.tags, refs)
    resource = _resource(Kind.LISTENER_RULE, ref.address, rule.tags, name="", spec=spec)
    return replace(
        resource,
        outputs={"RuleArn": rule.id},
        order=normalise.priority(rule.description),
        title=rule_title(rule.description),
    )


def _of_target_groups(
    found: Iterable[
        tuple[
            Tagged[TargetGroupTypeDef],
            Sequence[Mapping[str, object]],
            Sequence[TargetHealthDescriptionTypeDef],
        ]
    ],
    refs: Refs,
) -> Iterable[ObservedResource]:
    for group, attributes, health in found:
        ref, answer = refs.of(group.id), group.description
        if not isinstance(ref, Ref):
            continue
        spec = normalise.target_group(answer, attributes, group.tags)
        resource = replace(
            _resource(
                Kind.TARGET_GROUP,
                ref.address,
                group.tags,
                name=answer["TargetGroupName"],
                spec=spec,
            ),
            outputs={"TargetGroupArn": group.id},
            healthy=sum(each.get("TargetHealth", {}).get("State") == "healthy" for each in health),
        )
        yield resource
        yield ObservedResource(
            kind=Kind.TARGETS.value,
            address=addresses.targets_of(ref.address),
            group=resource.group,
            ingresses=resource.ingresses,
            spec=normalise.targets(group.id, health, refs),
        )

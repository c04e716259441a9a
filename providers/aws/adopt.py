"""See what AWS Load Balancer Controller made as if it were ours, so that a plan can compare.

Every resource that the controller tagged says which stack it is of (our group) and what it is for
there, which is nearly an address of ours. What the tags leave open is decided here:

* a target group names Ingress, Service and port; its target type tells the mode;
* a rule names only its place, which moves whenever a rule is inserted before it. It stands for the
  wanted rule with the same conditions, else for the one at the same place;
* ways into a load balancer are told by their port, those on nodes and pods by what they allow.

Tags that nobody here wants are not compared, for they may be anybody's; names matter at creation
alone. All else is compared as always, and what nothing wants shows as a deletion.

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from providers.aws import addresses, adopt_report, incumbent
from providers.aws.account import Facts
from providers.aws.addresses import Kind
from providers.aws.adopt_rules import RuleMatch, match_rules
from providers.aws.adopt_secrets import with_secrets_of
from providers.aws.adopt_targets import Owner, Owners
from providers.aws.labels import (
    FRONTEND_GROUP,
    LOAD_BALANCER,
    NETWORK_LOAD_BALANCER,
    TARGET_TYPES,
    network_role,
)
from provisioner.model.incumbent import Adoption, ForeignResource, Takeover
from provisioner.model.kube import Key
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Ref,
    Value,
    freeze,
)

_ID_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        Kind.LOAD_BALANCER.value: "LoadBalancerArn",
        Kind.SECURITY_GROUP.value: "GroupId",
        Kind.LISTENER.value: "ListenerArn",
        Kind.LISTENER_RULE.value: "RuleArn",
        Kind.TARGET_GROUP.value: "TargetGroupArn",
        Kind.NETWORK_LOAD_BALANCER.value: "LoadBalancerArn",
        Kind.NETWORK_LISTENER.value: "ListenerArn",
        Kind.NETWORK_TARGET_GROUP.value: "TargetGroupArn",
    }
)
_SHORT_ID = 8
_BACKEND_TAGS = frozenset({incumbent.CLUSTER, incumbent.BACKEND_RESOURCE})


def adopt(takeover: Takeover, facts: Facts) -> Adoption[Facts]:
    """Return the world as it would look if that controller's resources were ours.

    Args:
        takeover: What it made, and what is wanted.
        facts: The account; there its resources count as somebody else's.
    """
    seen = _Adopter(takeover)
    found = seen.resources()
    everything = {**takeover.observed.resources, **{r.address: r for r in found}}
    report = adopt_report.report(takeover, found)
    return Adoption(
        observed=replace(
            takeover.observed, resources=MappingProxyType(dict(sorted(everything.items())))
        ),
        facts=_without(facts, takeover.incumbent.resources),
        diagnostics=report.diagnostics,
        exclusive=report.exclusive,
    )


def _without(facts: Facts, theirs: Iterable[ForeignResource]) -> Facts:
    """Return the facts with nothing counted twice: as others' and as ours."""
    kinds = [resource.kind for resource in theirs]
    balancers = (Kind.LOAD_BALANCER, Kind.NETWORK_LOAD_BALANCER)
    names = {resource.name for resource in theirs if resource.kind in balancers}
    groups = kinds.count(Kind.TARGET_GROUP) + kinds.count(Kind.NETWORK_TARGET_GROUP)
    networks = facts.network_load_balancers - kinds.count(Kind.NETWORK_LOAD_BALANCER)
    return replace(
        facts,
        load_balancers=max(0, facts.load_balancers - kinds.count(Kind.LOAD_BALANCER)),
        target_groups=max(0, facts.target_groups - groups),
        network_load_balancers=max(0, networks),
        existing_names=facts.existing_names - names,
    )


class _Adopter:
    """Gives every resource its address, then spells it as one of ours."""

    def __init__(self, takeover: Takeover) -> None:
        self._takeover = takeover
        self._by_id = {r.id: r for r in takeover.incumbent.resources if r.id}
        self._owners = Owners.of(takeover)
        self._taken: set[str] = set(takeover.observed.resources)
        self._refs: dict[str, Ref] = {}
        self._places: list[tuple[ForeignResource, str]] = []
        self._wanted = {resource.address: resource for resource in takeover.wanted}
        self._matched: Mapping[str, RuleMatch] = {}

    def resources(self) -> tuple[ObservedResource, ...]:
        """Return everything that was recognised, as observed resources of ours."""
        theirs = self._takeover.incumbent.resources
        late = {Kind.LISTENER_RULE.value}
        self._place(r for r in theirs if r.kind not in late)
        # Rules are told by what they say, and that names target groups: those come first.
        self._matched = match_rules(
            self._takeover.wanted,
            {r.id: self._spec(r) for r in theirs if r.kind in late},
        )
        self._place(r for r in theirs if r.kind in late)
        return tuple(self._observed(resource, address) for resource, address in self._places)

    def _place(self, resources: Iterable[ForeignResource]) -> None:
        for resource in resources:
            address = self._address(resource)
            if not address:
                continue
            if address in self._taken:
                address = _beside(address, resource.id or resource.parent)
            self._taken.add(address)
            self._places.append((resource, address))
            if resource.kind in _ID_FIELDS:
                self._refs[resource.id] = Ref(address, _ID_FIELDS[resource.kind])

    def _address(self, resource: ForeignResource) -> str:
        """Return which address a resource stands for, "" where it is for nothing of ours."""
        spell = {
            Kind.LOAD_BALANCER: self._load_balancer,
            Kind.SECURITY_GROUP: self._security_group,
            Kind.SECURITY_GROUP_RULE: self._security_group_rule,
            Kind.LISTENER: self._listener,
            Kind.LISTENER_CERTIFICATE: self._certificate,
            Kind.LISTENER_RULE: self._listener_rule,
            Kind.TARGET_GROUP: self._target_group,
            Kind.TARGETS: self._targets,
            Kind.WEB_ACL_ASSOCIATION: _guard,
            Kind.CLASSIC_WEB_ACL_ASSOCIATION: _guard,
            Kind.PROTECTION: _guard,
            Kind.NETWORK_LOAD_BALANCER: _network,
            Kind.NETWORK_LISTENER: _network,
            Kind.NETWORK_TARGET_GROUP: _network,
            Kind.NETWORK_TARGETS: self._targets,
        }.get(Kind(resource.kind))
        return spell(resource, self._group(resource)) if spell is not None else ""

    def _load_balancer(self, resource: ForeignResource, group: str) -> str:
        is_it = resource.tags.get(incumbent.RESOURCE) == LOAD_BALANCER
        return addresses.load_balancer(group) if is_it else ""

    def _security_group(self, resource: ForeignResource, group: str) -> str:
        if _is_backend(resource):
            return addresses.incumbent_backend_security_group()
        is_it = resource.tags.get(incumbent.RESOURCE) == FRONTEND_GROUP
        return addresses.frontend_security_group(group) if is_it else ""

    def _security_group_rule(self, resource: ForeignResource, group: str) -> str:
        first, last = _span(resource)
        if group == SHARED:
            return addresses.incumbent_backend_rule(resource.parent, first, last)
        return addresses.frontend_rule(group, first)

    def _listener(self, resource: ForeignResource, group: str) -> str:
        return addresses.listener(group, _port(resource))

    def _certificate(self, resource: ForeignResource, group: str) -> str:
        port = _port(self._by_id[resource.parent])
        return addresses.listener_certificate(group, port, resource.name)

    def _listener_rule(self, resource: ForeignResource, group: str) -> str:
        match = self._matched.get(resource.id)
        if match is not None:
            return match.address
        port = _port(self._by_id[resource.parent])
        return addresses.listener_rule(group, port, incumbent.CONTROLLER, resource.id)

    def _target_group(self, resource: ForeignResource, group: str) -> str:
        mode = _mode(resource)
        owner = self._owner(resource)
        if not mode or owner is None:
            return ""
        return addresses.target_group(group, owner.target_group_id(mode, explicit="/" not in group))

    def _targets(self, resource: ForeignResource, group: str) -> str:
        del group  # the target group's own address says it
        owner = self._refs.get(resource.parent)
        if owner is None:
            return ""
        is_network = resource.kind == Kind.NETWORK_TARGETS
        of = addresses.network_targets_of if is_network else addresses.targets_of
        return of(owner.address)

    def _group(self, resource: ForeignResource) -> str:
        """Return the group of a resource: its stack, or that of what it hangs on."""
        if incumbent.STACK in resource.tags:
            return resource.tags[incumbent.STACK]
        parent = self._by_id.get(resource.parent)
        return self._group(parent) if parent is not None else SHARED

    def _owner(self, resource: ForeignResource) -> Owner | None:
        return self._owners.owner(self._group(resource), resource.tags.get(incumbent.RESOURCE, ""))

    def _observed(self, resource: ForeignResource, address: str) -> ObservedResource:
        spec = with_secrets_of(self._spec(resource), self._wanted.get(address))
        tags = self._tags(resource, address)
        return ObservedResource(
            kind=resource.kind,
            address=address,
            group=self._group(resource),
            name=resource.name if resource.kind in _ID_FIELDS else "",
            ingresses=self._ingresses(resource),
            spec=MappingProxyType({**spec, **({"Tags": tags} if tags else {})}),
            outputs=resource.outputs,
            title=resource.title,
            healthy=resource.healthy,
            state=resource.state,
            order=resource.order,
        )

    def _spec(self, resource: ForeignResource) -> Mapping[str, Value]:
        return {name: self._with_refs(value) for name, value in resource.spec.items()}

    def _with_refs(self, value: Value) -> Value:
        """Return a value with Refs in place of ids; what was sorted by ids is sorted anew."""
        if isinstance(value, str):
            return self._refs.get(value, value)
        if isinstance(value, tuple):
            items = [self._with_refs(item) for item in value]
            if all(isinstance(item, Mapping) and "TargetGroupArn" in item for item in items):
                items.sort(key=_target_group_arn)
            return tuple(items)
        if isinstance(value, Mapping):
            return MappingProxyType({key: self._with_refs(item) for key, item in value.items()})
        return value

    def _tags(self, resource: ForeignResource, address: str) -> Value:
        """Return the tags that matter: that controller's own, and those wanted here."""
        wanted = self._wanted.get(address)
        keys = {*incumbent.TAG_KEYS, *_keys(wanted.spec.get("Tags") if wanted else ())}
        if _is_backend(resource):
            keys = {*_BACKEND_TAGS, *self._takeover.settings.tags}
        pairs: list[PlainInput] = [
            {"Key": key, "Value": resource.tags[key]} for key in sorted(keys & resource.tags.keys())
        ]
        return freeze(pairs)

    def _ingresses(self, resource: ForeignResource) -> tuple[Key, ...]:
        match Kind(resource.kind):
            case Kind.TARGET_GROUP:
                owner = self._owner(resource)
            case Kind.TARGETS:
                owner = self._owner(self._by_id[resource.parent])
            case Kind.LISTENER_RULE:
                return self._ingresses_of_rule(resource)
            case _:
                return ()
        return (owner.ingress,) if owner is not None else ()

    def _ingresses_of_rule(self, resource: ForeignResource) -> tuple[Key, ...]:
        """Return whose a rule is: as wanted, else as the target groups tell that it forwards to.

        A rule that forwards nowhere and that nothing wants is taken for that of the one Ingress of
        the group that cannot be planned, if there is just one.
        """
        match = self._matched.get(resource.id)
        if match is not None:
            return match.ingresses
        groups = (self._by_id[arn] for arn in _texts(resource.spec) if arn in self._by_id)
        owners = [self._owner(g) for g in groups if g.kind == Kind.TARGET_GROUP]
        found = {owner.ingress for owner in owners if owner is not None}
        return tuple(sorted(found)) or self._owners.only_broken(self._group(resource))


def _guard(resource: ForeignResource, group: str) -> str:
    return addresses.addon(Kind(resource.kind), group)


def _network(resource: ForeignResource, group: str) -> str:
    """Return the address of a part of a network load balancer in front, told by its role."""
    role, port = resource.tags.get(incumbent.RESOURCE, ""), _port(resource)
    return {
        NETWORK_LOAD_BALANCER: addresses.network_load_balancer(group),
        network_role("ls", port): addresses.network_listener(group, port),
        network_role("tg", port): addresses.network_target_group(group, port),
    }.get(role, "")


def _is_backend(resource: ForeignResource) -> bool:
    return resource.tags.get(incumbent.BACKEND_RESOURCE) == incumbent.BACKEND_ROLE


def _beside(address: str, identifier: str) -> str:
    """Return an address for a second thing that claims ``address``, so that it can be deleted."""
    return f"{address}~{identifier[-_SHORT_ID:]}"


def _mode(resource: ForeignResource) -> str:
    word = resource.spec.get("TargetType")
    return next((mode.value for mode, text in TARGET_TYPES.items() if text == word), "")


def _port(listener: ForeignResource) -> int:
    port = listener.spec.get("Port")
    return port if isinstance(port, int) else 0


def _span(rule: ForeignResource) -> tuple[int, int]:
    permissions = rule.spec.get("IpPermissions")
    for permission in permissions if isinstance(permissions, tuple) else ():
        if isinstance(permission, Mapping):
            first, last = permission.get("FromPort"), permission.get("ToPort")
            if isinstance(first, int) and isinstance(last, int):
                return first, last
    return -1, -1


def _keys(tags: Value) -> Iterator[str]:
    for entry in tags if isinstance(tags, tuple) else ():
        if isinstance(entry, Mapping):
            yield str(entry.get("Key"))


def _target_group_arn(entry: Value) -> str:
    return str(entry["TargetGroupArn"]) if isinstance(entry, Mapping) else ""


def _texts(value: Value) -> Iterator[str]:
    """Yield every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)

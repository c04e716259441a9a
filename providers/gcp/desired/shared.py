"""What all load balancers of a cluster share: instance groups, firewall, what answers for nobody.

A machine may be in one load-balanced instance group only, a firewall rule names ports of all of
them, and the backend service behind every 404 is empty, so one of a kind is enough. Under
``incumbent`` compatibility the backend services of a Service port are shared too, as GKE does it.

Where only some load balancers are at hand, what others need is not known: then nothing is taken
away, from no list either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from providers.gcp import addresses, names
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.desired import health_checks
from providers.gcp.desired.firewall import firewall, open_ports
from providers.gcp.desired.instance_groups import instance_groups
from providers.gcp.desired.notes import UNKNOWN, added_up
from providers.gcp.marks import description
from providers.gcp.shapes import shaped
from providers.gcp.variant import Variant
from provisioner.core.keeping import as_resource
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.expression import Expressed, SharedExpression
from provisioner.model.kube import Key
from provisioner.model.resource import (
    SHARED,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
    Value,
    canonical,
)
from provisioner.model.settings import Identity

_LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Kind.INSTANCES.value: ("instances",),
        Kind.NAMED_PORTS.value: ("namedPorts",),
        Kind.FIREWALL.value: ("sourceRanges", "targetTags"),
    }
)
"""Lists that others may need more of than is known here."""

_INTERVAL = 60  # nobody is checked; the API wants a health check all the same


def express_shared(
    parts: Sequence[Expressed], facts: Facts, request: SharedExpression
) -> Expressed:
    """Return what the load balancers share: nothing where no load balancer needs it.

    Args:
        parts: Load balancers as expressed.
        facts: What the project says.
        request: What exists, settings, and whether ``parts`` are all load balancers there are.
    """
    observed, identity = request.observed, request.settings.identity
    needs = added_up(note for part in parts for note in part.shared)
    common, conflicts = _common(parts, observed)
    desired = {resource.address: resource for resource in common}
    for variant, region in sorted(needs.nothing):
        for resource in _nothing(variant, region, observed, identity):
            desired[resource.address] = resource
    rules = firewall(needs, facts, observed, identity)
    groups = instance_groups(needs, facts, observed, identity)
    for resource in (*groups.resources, *rules.resources):
        desired[resource.address] = resource
    if not request.complete:
        desired = _only_more(desired, observed)
    return Expressed(
        group=SHARED,
        resources=tuple(desired[address] for address in sorted(desired)),
        diagnostics=(*conflicts, *groups.diagnostics, *rules.diagnostics),
    )


def _common(
    parts: Sequence[Expressed], observed: Observed
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """Return what parts have in common, each once; of two that differ, the earlier is made.

    What a part only keeps as it is gives way to what another one plans.
    """
    found: dict[str, Resource] = {}
    owners: dict[str, str] = {}
    conflicts: list[Diagnostic] = []
    for part in parts:
        for resource in part.common:
            earlier = found.get(resource.address)
            if earlier is None or _is_kept(earlier, observed):
                found[resource.address] = _together(resource, earlier)
                owners[resource.address] = part.group
                continue
            if not _is_kept(resource, observed) and _differ(earlier, resource):
                conflicts.append(_conflict(part, resource, owners[resource.address]))
            found[resource.address] = _together(earlier, resource)
    return tuple(found.values()), tuple(conflicts)


def _is_kept(resource: Resource, observed: Observed) -> bool:
    """Tell whether a part only keeps a resource: it states the very spec that was seen."""
    present = observed.resources.get(resource.address)
    return present is not None and resource.spec is present.spec


def _differ(one: Resource, other: Resource) -> bool:
    return canonical(one.spec) != canonical(other.spec)


def _together(resource: Resource, other: Resource | None) -> Resource:
    """Return a resource for the Ingresses of both."""
    if other is None:
        return resource
    return replace(resource, ingresses=tuple(sorted({*resource.ingresses, *other.ingresses})))


def _conflict(part: Expressed, resource: Resource, owner: str) -> Diagnostic:
    ingress = Key.parse(part.group) if "/" in part.group else None
    return error(
        "BACKEND-DIFFERS",
        f"Ingress {ingress}" if ingress is not None else f"load balancer {part.group}",
        message=f"its settings for {resource.title} differ from those of {owner}, and in incumbent"
        " compatibility one backend service is for both; those of the other hold",
        hint="say the same on both, or use compatibility kubernetes, where each has its own",
        ingress=ingress,
    )


def _nothing(
    variant: Variant, region: str, observed: Observed, identity: Identity
) -> Iterator[Resource]:
    """Yield the empty backend service of one kind of load balancer, and its health check."""
    service = addresses.nothing(variant.value)
    check = addresses.health_check(SHARED, f"nothing/{variant.value}")
    where: Mapping[str, PlainInput] = {}
    if variant.regional:
        later = Unknown("depends on the region of the cluster")
        where = {"region": later if region == UNKNOWN else region}
    part = health_checks.PARTS["HTTP"]
    asked: PlainInput = {"portSpecification": health_checks.SERVING_PORT, "requestPath": "/"}
    yield _plain(
        Kind.HEALTH_CHECK,
        check,
        {
            **where,
            "type": "HTTP",
            "checkIntervalSec": _INTERVAL,
            "timeoutSec": 1,
            part: asked,
        },
        observed=observed,
        identity=identity,
    )
    yield _plain(
        Kind.BACKEND_SERVICE,
        service,
        {
            **where,
            "loadBalancingScheme": variant.scheme,
            "protocol": "HTTP",
            "healthChecks": [Ref(check, "selfLink")],
            "backends": (),
        },
        observed=observed,
        identity=identity,
    )


def _plain(
    kind: Kind,
    address: str,
    fields: Mapping[str, PlainInput],
    *,
    observed: Observed,
    identity: Identity,
) -> Resource:
    present = observed.resources.get(address)
    name = (present.name if present is not None else "") or names.name(
        identity, address, identity.cluster_name, "nothing"
    )
    said = description(identity, group=SHARED, address=address)
    return Resource(
        kind=kind.value,
        address=address,
        group=SHARED,
        name=name,
        spec=shaped(kind, {"name": name, "description": said, **fields}),
        title="nobody: requests that no Ingress answers",
    )


def _only_more(desired: Mapping[str, Resource], observed: Observed) -> dict[str, Resource]:
    """Return what is desired, and all that exists beside it: others may need it."""
    found = {resource.address: as_resource(resource) for resource in observed.of_group(SHARED)}
    for address, resource in desired.items():
        present = observed.resources.get(address)
        found[address] = resource if present is None else _widened(resource, present)
    return found


def _widened(resource: Resource, present: ObservedResource) -> Resource:
    """Return a resource whose lists have what is there as well."""
    for name in _LISTS.get(resource.kind, ()):
        both = _united(resource.spec.get(name), present.spec.get(name))
        resource = resource.with_spec(**{name: both})
    if resource.kind == Kind.FIREWALL and not isinstance(resource.spec.get("allowed"), Unknown):
        ports = sorted(open_ports(resource) | open_ports(present))
        resource = resource.with_spec(allowed=[{"IPProtocol": "tcp", "ports": ports}])
    return replace(resource, spec=shaped(Kind(resource.kind), resource.spec))


def _united(wanted: Value, present: Value) -> Value:
    """Return both lists as one; what is known only later stays so."""
    if not isinstance(wanted, tuple) or not isinstance(present, tuple):
        return wanted
    return tuple(_each_once((*wanted, *present)))


def _each_once(items: Iterable[Value]) -> Iterator[Value]:
    seen: set[str] = set()
    for item in items:
        text = canonical(item)
        if text not in seen:
            seen.add(text)
            yield item

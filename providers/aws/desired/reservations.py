"""What a load balancer draws on: pools of addresses, and capacity reserved for it.

* The customer-owned pool (Outposts) is chosen when the load balancer is made; AWS cannot change it.
* The IPAM pool gives an internet-facing load balancer its public addresses; without one, AWS does.
* Reserved capacity is looked at only where we set it. Taking the annotation away leaves the
  reservation as it is, because it costs money *and* carries traffic: a zero resets it.
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.aws import managed
from providers.aws.desired.context import Context, native_field
from providers.aws.managed import Managed
from providers.aws.settings import CUSTOMER_OWNED_POOL, IPAM_POOL, MINIMUM_CAPACITY
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Scheme
from provisioner.model.resource import NO_SPEC, PlainInput, Spec, Value

OWNED_POOL_FIELD = "CustomerOwnedIpv4Pool"
IPAM_FIELD = "IpamPools"
IPAM_ID = "Ipv4IpamPoolId"
CAPACITY_FIELD = "MinimumLoadBalancerCapacity"
CAPACITY_UNITS = "CapacityUnits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservations:
    """Fields of a load balancer's spec, and which of them its tags name."""

    spec: dict[str, PlainInput]
    managed: frozenset[Managed] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def reservations(context: Context, scheme: Scheme) -> Reservations:
    """Return what the load balancer draws on."""
    pool, remarks = _owned_pool(context)
    ipam, problems = _ipam_pool(context, scheme)
    capacity, ours, unread = _capacity(context)
    return Reservations(
        spec={**pool, **ipam, **capacity},
        managed=frozenset({Managed.CAPACITY} if ours else ()),
        diagnostics=(*remarks, *problems, *unread),
    )


def _present(context: Context, field: str) -> Value:
    existing = context.existing
    return existing.spec.get(field) if existing is not None else None


def _owned_pool(context: Context) -> tuple[dict[str, PlainInput], tuple[Diagnostic, ...]]:
    wanted = context.intent.options.get(CUSTOMER_OWNED_POOL.name)
    present = _present(context, OWNED_POOL_FIELD)
    wish: dict[str, PlainInput] = {OWNED_POOL_FIELD: wanted} if isinstance(wanted, str) else {}
    if context.existing is None or not wish or wanted == present:
        return wish, ()
    return ({OWNED_POOL_FIELD: present} if present else {}), context.warnings(
        "CLOUD-POOL-KEPT",
        f"the load balancer keeps {f'pool {present}' if present else 'addresses of AWS'}: its "
        f"customer-owned pool cannot be changed to {wanted}",
        field=native_field(CUSTOMER_OWNED_POOL.name),
        setting=CUSTOMER_OWNED_POOL.name,
        hint="a new load balancer would take the pool; or write the present one",
    )


def _ipam_pool(
    context: Context, scheme: Scheme
) -> tuple[dict[str, PlainInput], tuple[Diagnostic, ...]]:
    """Return the IPAM pool; none takes away the one that is there."""
    wanted = context.intent.options.get(IPAM_POOL.name)
    present = _present(context, IPAM_FIELD)
    if not isinstance(wanted, str) or not wanted:
        if not present:
            return {}, ()
        return {IPAM_FIELD: present if context.holding else NO_SPEC}, ()
    if scheme is Scheme.EXTERNAL:
        return {IPAM_FIELD: {IPAM_ID: wanted}}, ()
    return {}, context.errors(
        "CLOUD-POOL-SCHEME",
        f"IPAM pool {wanted} gives public addresses, and this load balancer is internal",
        field=native_field(IPAM_POOL.name),
        setting=IPAM_POOL.name,
        hint="remove the annotation, or make the load balancer internet-facing",
    )


def _capacity(
    context: Context,
) -> tuple[dict[str, PlainInput], bool, tuple[Diagnostic, ...]]:
    """Return the reservation, whether it is ours to look after, and what could not be seen."""
    units = context.intent.options.get(MINIMUM_CAPACITY.name)
    present = _present(context, CAPACITY_FIELD)
    ours = _is_ours(context)
    if not isinstance(units, int):
        kept: Spec = {CAPACITY_FIELD: present} if present is not None else NO_SPEC
        return (dict(kept), ours, ()) if context.holding else ({}, False, ())
    if context.existing is None and not units:
        return {}, False, ()  # a new load balancer has none
    if ours and present is None:
        return {}, True, _unseen(context)
    return {CAPACITY_FIELD: {CAPACITY_UNITS: units}}, True, ()


def _is_ours(context: Context) -> bool:
    existing = context.existing
    tags = existing.spec.get("Tags") if existing is not None else ()
    return Managed.CAPACITY in managed.of_spec(tags)


def _unseen(context: Context) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "CLOUD-UNREAD",
        "the capacity reserved for the load balancer could not be read, so it stays as it is",
        field=native_field(MINIMUM_CAPACITY.name),
        setting=MINIMUM_CAPACITY.name,
        hint="allow elasticloadbalancing:DescribeCapacityReservation in the IAM policy of these "
        "credentials",
    )

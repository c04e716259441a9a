"""The IP address that all forwarding rules of a load balancer share, and who keeps it.

Somebody may have reserved one and say so; it is used, never made or deleted here. Where nobody
does, the first forwarding rule gets an ephemeral one from Google. A second forwarding rule cannot
share an ephemeral address, so then the address in use is reserved as it is (promoted): clients and
DNS notice nothing. From then on it stays reserved, however many ports there are.

An internal address can be shared by two forwarding rules only if it was reserved for that purpose
before the first one took it, hence every internal load balancer gets a reserved one from the start.
GKE does not do that, and refuses HTTP together with HTTPS until somebody reserves one.

What clients have in their DNS outlives the setting that asked for it: where nobody names an address
any more, the load balancer keeps the one it has. So does one that is to be replaced by another kind
of load balancer: what is named now is for the other. Google takes one forwarding rule for an
address, a port and a scope, so the two can never have the same address.

Sources: "Reserve a static external IP address", "Internal IP addresses: shared VIP", Compute Engine
and Cloud Load Balancing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.gcp import addresses
from providers.gcp.account import HERE, Source, StaticAddress
from providers.gcp.addresses import Kind
from providers.gcp.desired.context import Context
from providers.gcp.desired.lookups import look_up
from providers.gcp.settings import STATIC_ADDRESS, AddressName
from providers.gcp.shapes import shaped
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
    Value,
)

IP = "IPAddress"
SHARED_PURPOSE = "SHARED_LOADBALANCER_VIP"

_TIER = "networkTier"


@dataclass(frozen=True, slots=True, kw_only=True)
class IpAddress:
    """The address of a load balancer.

    Attributes:
        value: What ``IPAddress`` of every forwarding rule is; None leaves it to Google.
        tier: Its ``networkTier``, "" for the project's default.
        resource: The address that is reserved here.
        possible: False where there is no address to be had at all.
        shareable: False where forwarding rules that exist keep theirs and no other can join them.
    """

    value: Value = None
    tier: str = ""
    resource: Resource | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    possible: bool = True
    shareable: bool = True


def ip_address(context: Context, ports: Sequence[int]) -> IpAddress:
    """Return the address of a load balancer that listens on these ports."""
    stated = context.intent.options.get(STATIC_ADDRESS.name)
    if isinstance(stated, AddressName) and context.choice.wish is None:
        return _named(context, stated, ports)
    present = _present(context)
    if present is not None and not isinstance(present, Ref):
        return IpAddress(value=present, tier=_present_tier(context))
    if isinstance(present, Ref) or len(ports) > 1 or _is_reserved_at_once(context):
        return _reserved(context, ports)
    return IpAddress(tier=_present_tier(context))


# -- one that somebody reserved -------------------------------------------------------------------


def _named(context: Context, stated: AddressName, ports: Sequence[int]) -> IpAddress:
    """Return the address that an annotation names."""
    if stated.regional is not context.variant.regional:
        return _refused(
            context,
            "CLOUD-ADDRESS-SCOPE",
            f"static address {stated.name} is {_scope(regional=stated.regional)}, while a"
            f" {context.variant} load balancer needs a"
            f" {_scope(regional=context.variant.regional)} one",
            hint=f"name it with kubernetes.io/ingress.{_scope(regional=not stated.regional)}"
            "-static-ip-name",
        )
    key = (stated.name, HERE if stated.regional else "")
    lookup = look_up(key, context.facts.addresses, context.facts, Source.ADDRESSES)
    if lookup.missing:
        return _refused(
            context,
            "CLOUD-ADDRESS-MISSING",
            f"{_scope(regional=stated.regional)} static address {stated.name} does not exist",
            hint=f"reserve it: gcloud compute addresses create {stated.name} "
            + ("--region=..." if stated.regional else "--global"),
        )
    if lookup.found is None:
        # Nobody can tell the IP behind a name: what there is stays, something new has to wait.
        return IpAddress(value=Unknown(f"depends on the static address {stated.name}"))
    return _checked(context, lookup.found, ports)


def _checked(context: Context, found: StaticAddress, ports: Sequence[int]) -> IpAddress:
    """Return somebody's reserved address, unless it cannot serve these ports."""
    if found.address in context.beside:
        return _refused(
            context,
            "CLOUD-ADDRESS-BESIDE",
            f"static address {found.name} is that of the load balancer which is replaced, and"
            " Google takes one forwarding rule for an address and a port",
            hint="name another address for the new one, or none; DNS then has to follow",
        )
    if found.external is not context.variant.external:
        kind = "external" if found.external else "internal"
        return _refused(
            context,
            "CLOUD-ADDRESS-KIND",
            f"static address {found.name} is {kind}, which a {context.variant} load balancer"
            " cannot have",
            hint="name an address of the other kind, or choose another load balancer",
        )
    if not found.external and len(ports) > 1 and found.purpose != SHARED_PURPOSE:
        return _refused(
            context,
            "CLOUD-ADDRESS-PURPOSE",
            f"internal address {found.name} cannot be shared by ports"
            f" {', '.join(map(str, ports))}: its purpose is {found.purpose or 'GCE_ENDPOINT'}",
            hint=f"reserve it with --purpose={SHARED_PURPOSE}, or serve one port only",
        )
    others = _others_on(context, found)
    if others and found.address not in _addresses_now(context):
        return _refused(
            context,
            "CLOUD-ADDRESS-IN-USE",
            f"static address {found.name} is used by {others} already; who has it would share it"
            " with this load balancer, port by port",
            hint="name an address that nothing uses; Ingresses share a load balancer by the"
            " annotation ingress-provisioner.io/group",
        )
    return IpAddress(
        value=found.address,
        tier=found.network_tier,
        diagnostics=(*_moving(context, found), *_taken(context, found)),
    )


def _moving(context: Context, found: StaticAddress) -> tuple[Diagnostic, ...]:
    """Return a warning where clients have to learn a new address."""
    now = next(iter(_addresses_now(context)), "")
    if not now or now == found.address:
        return ()
    return context.warnings(
        "CLOUD-ADDRESS-CHANGES",
        f"the load balancer moves from {now} to {found.address}; its forwarding rules are replaced,"
        " so requests fail for about a minute, and until DNS has followed",
        hint="lower the TTL of its DNS records before",
        setting=STATIC_ADDRESS.name,
    )


def _others_on(context: Context, found: StaticAddress) -> str:
    """Return what else uses the address, "" for nothing.

    Google lets several forwarding rules share an address as long as their ports differ, so without
    this anybody could answer on a free port of somebody else's address.
    """
    ours = {rule.outputs.get("selfLink", "") for rule in _rules(context)}
    return ", ".join(sorted(user.rpartition("/")[2] for user in found.users if user not in ours))


def _taken(context: Context, found: StaticAddress) -> tuple[Diagnostic, ...]:
    """Return a warning where somebody else uses the address that the load balancer has."""
    others = _others_on(context, found)
    if not others:
        return ()
    return context.warnings(
        "CLOUD-ADDRESS-IN-USE",
        f"static address {found.name} is used by {others}, too, which answers there on other ports",
        hint="give each load balancer an address of its own",
        setting=STATIC_ADDRESS.name,
    )


def _refused(context: Context, code: str, message: str, *, hint: str) -> IpAddress:
    """Return what there is, and why it cannot be what somebody asks for."""
    present = _present(context)
    return IpAddress(
        value=present,
        tier=_present_tier(context),
        diagnostics=context.errors(code, message, hint=hint, setting=STATIC_ADDRESS.name),
        resource=_kept(context),
        possible=context.exists,
        shareable=present is not None,
    )


def _scope(*, regional: bool) -> str:
    return "regional" if regional else "global"


# -- one of ours ----------------------------------------------------------------------------------


def _is_reserved_at_once(context: Context) -> bool:
    """Tell whether an address must be reserved before the first forwarding rule takes it."""
    return not context.variant.external and not context.incumbent and not context.exists


def _reserved(context: Context, ports: Sequence[int]) -> IpAddress:
    """Return an address that we reserve; the one in use is promoted."""
    address = addresses.address(context.group, balancer=context.balancer)
    internal = not context.variant.external
    promoted = internal and context.at(address) is None and context.exists
    if internal and context.at(address) is None and (promoted or context.incumbent):
        return _unshared(context, ports)
    fields: dict[str, PlainInput] = {
        "name": context.labels.address_name(address),
        "description": context.labels.description(address, ingress=context.labels.only_ingress),
        "addressType": "INTERNAL" if internal else "EXTERNAL",
        **context.place,
    }
    tier = _present_tier(context)
    if internal:
        fields |= {"purpose": SHARED_PURPOSE, "subnetwork": context.subnetwork}
    elif tier:
        fields[_TIER] = tier
    in_use = next(iter(_addresses_now(context)), "")
    if in_use and context.at(address) is None:
        fields["address"] = in_use
    resource = Resource(
        kind=Kind.ADDRESS,
        address=address,
        group=context.group,
        name=context.labels.address_name(address),
        ingresses=context.members,
        spec=shaped(Kind.ADDRESS, fields),
        title=f"IP address {in_use}".rstrip(),
    )
    return IpAddress(value=Ref(address, IP), tier=tier, resource=resource)


def _unshared(context: Context, ports: Sequence[int]) -> IpAddress:
    """Refuse a second port: the internal address in use cannot be shared with it."""
    return IpAddress(
        diagnostics=context.errors(
            "CLOUD-ADDRESS-PURPOSE",
            f"ports {', '.join(map(str, ports))} need an internal address with purpose"
            f" {SHARED_PURPOSE}, which cannot be made of the one that is in use",
            hint=f"reserve one (gcloud compute addresses create NAME --subnet=... --region=..."
            f" --purpose={SHARED_PURPOSE}) and name it with"
            " kubernetes.io/ingress.regional-static-ip-name",
            field="metadata.annotations[kubernetes.io/ingress.regional-static-ip-name]",
        ),
        possible=context.exists,
        shareable=False,
    )


# -- what there is --------------------------------------------------------------------------------


def kept_address(context: Context, resources: Iterable[Resource]) -> Resource | None:
    """Return the reserved address that exists while a forwarding rule among these refers to it."""
    wanted = {rule.spec.get(IP) for rule in resources if rule.kind == Kind.FORWARDING_RULE}
    kept = _kept(context)
    return kept if kept is not None and Ref(kept.address, IP) in wanted else None


def _kept(context: Context) -> Resource | None:
    found = context.at(addresses.address(context.group, balancer=context.balancer))
    if found is None:
        return None
    return Resource(
        kind=found.kind,
        address=found.address,
        group=found.group,
        name=found.name,
        ingresses=found.ingresses,
        spec=found.spec,
        title=found.title,
    )


def _rules(context: Context) -> tuple[ObservedResource, ...]:
    return tuple(each for each in context.observed if each.kind == Kind.FORWARDING_RULE)


def _present(context: Context) -> Value:
    """Return the address of the forwarding rules that exist, None for an ephemeral or no one."""
    own = addresses.address(context.group, balancer=context.balancer)
    found = [rule.spec.get(IP) for rule in _rules(context)]
    texts = [value for value in found if isinstance(value, str) and value]
    if texts:
        return texts[0]
    return Ref(own, IP) if context.at(own) is not None else None


def _addresses_now(context: Context) -> tuple[str, ...]:
    """Return the IPs that clients use now."""
    found: Iterable[Mapping[str, str]] = (rule.outputs for rule in _rules(context))
    return tuple(dict.fromkeys(ip for outputs in found if (ip := outputs.get(IP, ""))))


def _present_tier(context: Context) -> str:
    tiers = (rule.spec.get(_TIER) for rule in _rules(context))
    return next((tier for tier in tiers if isinstance(tier, str)), "")

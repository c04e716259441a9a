"""The load balancer itself: scheme, name, attributes, and where it stands.

What cannot be changed on a load balancer that exists (its scheme, its name) is never changed in
passing: making it anew means another address for every client. A new scheme has a way of its own
(``succession``); here everything goes on with what is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws import labels, managed, marks
from providers.aws.addresses import Kind
from providers.aws.desired.addons import AddOns, addons
from providers.aws.desired.attributes import attributes
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.reservations import reservations
from providers.aws.desired.subnets import choose_subnets
from providers.aws.managed import Managed
from provisioner.core.annotations import IP_ADDRESS_TYPE, LOAD_BALANCER_NAME
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Scheme
from provisioner.model.resource import PlainInput, Resource, Value, freeze_spec

SCHEMES: Mapping[Scheme, str] = {Scheme.INTERNAL: "internal", Scheme.EXTERNAL: "internet-facing"}
_NAME = re.compile(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_LONGEST_NAME = 32
_NO_PUBLIC_IPV4 = "dualstack-without-public-ipv4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """The load balancer, and what stands beside it; no resource where it cannot be made."""

    resource: Resource | None
    addons: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def balancer(context: Context, security_groups: Value) -> Balancer:
    """Return the load balancer with these security groups (None: they cannot be told)."""
    scheme = choose_scheme(context)
    choice = choose_subnets(context, scheme)
    name, remarks = _name(context, scheme)
    listed = attributes(context)
    reserved = reservations(context, scheme)
    guards = addons(context)
    problems = (
        *choice.diagnostics,
        *remarks,
        *listed.diagnostics,
        *_address_type(context, scheme),
        *reserved.diagnostics,
        *guards.diagnostics,
    )
    impossible = choice.subnets is None or security_groups is None or not name
    if impossible or (context.existing is None and any(d.blocking for d in problems)):
        return Balancer(resource=None, diagnostics=problems)
    spec: dict[str, PlainInput] = {
        "Name": name,
        "Scheme": SCHEMES[scheme],
        "Type": "application",
        "IpAddressType": _usable_address_type(context, scheme),
        "Subnets": choice.subnets,
        "SecurityGroups": security_groups,
        "Tags": _tags(context, guards, reserved.managed),
        **reserved.spec,
    }
    if listed.values:
        pairs = sorted(listed.values.items())
        spec["Attributes"] = [{"Key": key, "Value": value} for key, value in pairs]
    resource = Resource(
        kind=Kind.LOAD_BALANCER,
        address=context.address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(context.members)),
        spec=freeze_spec(spec),
        title=f"{SCHEMES[scheme]} load balancer of {context.group}",
    )
    return Balancer(resource=resource, addons=guards.resources, diagnostics=problems)


def choose_scheme(context: Context) -> Scheme:
    """Return the scheme: what is, else what is stated, else the installation's default, internal.

    A load balancer that exists keeps its scheme, whatever is stated.
    """
    present = present_scheme(context)
    default = Scheme(context.request.settings.scheme or Scheme.INTERNAL)
    return present or context.intent.scheme or default


def present_scheme(context: Context) -> Scheme | None:
    """Return the scheme of the load balancer that exists."""
    existing = context.existing
    word = existing.spec.get("Scheme") if existing is not None else None
    return next((scheme for scheme, text in SCHEMES.items() if text == word), None)


def _name(context: Context, scheme: Scheme) -> tuple[str, tuple[Diagnostic, ...]]:
    wanted = context.intent.load_balancer_name
    existing = context.existing
    if existing is not None:
        name = existing.name or str(existing.spec.get("Name", ""))
        kept = wanted and name not in (wanted, _numbered(wanted, context.request.generation))
        return name, _rename(context, name) if kept else ()
    if wanted is None:
        return context.labels.load_balancer_name(SCHEMES[scheme]), ()
    field = native_field("load-balancer-name")
    if not _NAME.fullmatch(wanted):
        return "", context.errors(
            "CLOUD-NAME-INVALID",
            f'"{wanted}" cannot be the name of a load balancer',
            field=field,
            setting=LOAD_BALANCER_NAME.name,
            hint='use at most 32 letters, digits and "-", none at either end, no "internal-" first',
        )
    name = _numbered(wanted, context.request.generation)
    if name in context.facts.existing_names:
        return "", context.errors(
            "CLOUD-NAME-TAKEN",
            f"a load balancer named {name} exists and is not ours",
            field=field,
            setting=LOAD_BALANCER_NAME.name,
            hint="choose another name",
        )
    return name, ()


def _numbered(wanted: str, generation: int) -> str:
    """Return a stated name for a load balancer that replaces another, which has the name itself."""
    if generation == 1:
        return wanted
    suffix = f"-{generation}"
    return f"{wanted[: _LONGEST_NAME - len(suffix)].rstrip('-')}{suffix}"


def _rename(context: Context, name: str) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "CLOUD-NAME-KEPT",
        f"the load balancer keeps its name {name}: AWS cannot rename one",
        field=native_field("load-balancer-name"),
        hint="remove the annotation, or write the present name",
    )


def _address_type(context: Context, scheme: Scheme) -> tuple[Diagnostic, ...]:
    wanted = context.intent.address_type
    if wanted is not None and wanted != context.address_type:
        return context.errors(
            "SUBNET-NO-IPV6",
            f"a dualstack load balancer needs subnets with an IPv6 block, but "
            f"{', '.join(context.without_ipv6)} have none; it stays {context.address_type}",
            field=native_field("ip-address-type"),
            setting=IP_ADDRESS_TYPE.name,
            hint="give its subnets an IPv6 CIDR block, or list subnets that have one",
        )
    if context.address_type == _usable_address_type(context, scheme):
        return ()
    return context.errors(
        "CLOUD-ADDRESS-TYPE",
        f"{_NO_PUBLIC_IPV4} is for internet-facing load balancers, and this one is internal",
        field=native_field("ip-address-type"),
        setting=IP_ADDRESS_TYPE.name,
        hint="use dualstack",
    )


def _usable_address_type(context: Context, scheme: Scheme) -> str:
    if context.address_type == _NO_PUBLIC_IPV4 and scheme is Scheme.INTERNAL:
        return "dualstack"
    return context.address_type


def _tags(context: Context, guards: AddOns, reserved: frozenset[Managed]) -> Value:
    """Return the tags; what held Ingresses asked for cannot be told, so it stays."""
    existing = context.existing
    user: Mapping[str, str] = context.intent.tags
    if existing is not None and context.holding:
        user = {**marks.written(existing.spec.get("Tags")), **user}
    tags = context.tags(context.address, role=labels.LOAD_BALANCER, user=user)
    return managed.marked(tags, guards.managed | reserved)

"""Choose the subnets of a load balancer, and say of every other one why it was not taken.

Subnets are found by tags that nobody sees in a manifest, which makes this the part of the
incumbent controller that people understand least (LBC#3212, #3051, #2812, #2607): it says "unable
to discover at least one subnet" and no more. So the choice here is a list of verdicts, and an
error prints all of them.

The rules are those of AWS Load Balancer Controller, because clusters are tagged for it:

1. Subnets with the role tag (``kubernetes.io/role/elb`` or ``.../internal-elb``, value ``1`` or
   empty). If no subnet has it: those whose routes fit the scheme (an internet gateway, or none).
2. Not those tagged for other clusters only, with fewer than eight free addresses, or without an
   IPv6 block where the load balancer has IPv6 addresses.
3. One per zone: tagged for this cluster first, then the lowest id.
4. Two zones at least, one where they are local zones, wavelength zones or outposts; never mixed.

A class may select subnets by tags of its own; those stand in for the role tag then, and routes do
not matter. A load balancer that exists keeps its subnets until someone lists or selects others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.aws.account import Facts, Subnet
from providers.aws.desired.context import Context, native_field
from providers.aws.settings import SUBNET_TAGS
from provisioner.core.annotations import IP_ADDRESS_TYPE, SCHEME, SUBNETS
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Scheme
from provisioner.model.resource import Unknown, Value

ROLE_TAGS = {
    Scheme.EXTERNAL: "kubernetes.io/role/elb",
    Scheme.INTERNAL: "kubernetes.io/role/internal-elb",
}
CLUSTER_TAG = "kubernetes.io/cluster/"
FEWEST_ADDRESSES = 8
"""AWS wants eight free addresses in each subnet of an Application Load Balancer."""

FEWEST_ZONES = 2
_REGULAR = "availability-zone"
_ROLE_VALUES = frozenset({"", "1"})
_UNKNOWN = Unknown("depends on the subnets of the account")
_FIELD = native_field("subnets")

Selector = Mapping[str, tuple[str, ...]]
"""Tag keys and the values that a subnet may have for each; no value means any."""

_NO_SELECTOR: Selector = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetChoice:
    """The subnets to use; None where none can be used."""

    subnets: Value
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a subnet was not taken; "" for one that was."""

    subnet: Subnet
    reason: str = ""

    def __str__(self) -> str:
        name = self.subnet.tags.get("Name", "")
        label = f"{self.subnet.id} ({name + ', ' if name else ''}{self.subnet.zone})"
        return f"{label} {self.reason or 'can be used'}"


def choose_subnets(context: Context, scheme: Scheme) -> SubnetChoice:
    """Return the subnets of a load balancer: those listed, those it has, or those discovered.

    A list that cannot be used is an error; a load balancer that exists then keeps what it has.
    """
    existing = context.existing
    present = existing.spec.get("Subnets") if existing is not None else None
    if context.intent.subnets:
        choice = _listed(context)
        return choice if choice.subnets is not None else _with(choice, present)
    selector = _selector(context)
    if selector and not context.offline:
        choice = _selected(context, selector, present)
        return choice if choice.subnets is not None else _with(choice, present)
    if present is not None:
        return SubnetChoice(subnets=present)
    if context.offline:
        return SubnetChoice(subnets=_UNKNOWN)
    return _discovered(context, scheme)


def _with(choice: SubnetChoice, present: Value) -> SubnetChoice:
    return SubnetChoice(subnets=present, diagnostics=choice.diagnostics)


def _listed(context: Context) -> SubnetChoice:
    wanted = context.intent.subnets
    if context.offline:
        known = all(text.startswith("subnet-") for text in wanted)
        return SubnetChoice(subnets=tuple(sorted(set(wanted))) if known else _UNKNOWN)
    chosen: dict[str, Subnet] = {}
    problems: list[str] = []
    for text in wanted:
        found = _named(text, context.facts.subnets)
        if len(found) == 1:
            chosen[found[0].id] = found[0]
        elif found:
            ids = ", ".join(s.id for s in found)
            problems.append(f"{text} is the name of several subnets ({ids})")
        else:
            problems.append(f"{text} is neither the id nor the name of a subnet of the VPC")
    if problems:
        return _refused(
            context,
            "SUBNET-NOT-FOUND",
            "; ".join(problems),
            hint=f"subnets of the VPC: {_listing(context.facts.subnets)}",
        )
    return _checked(context, [chosen[subnet] for subnet in sorted(chosen)])


def _checked(context: Context, chosen: Sequence[Subnet]) -> SubnetChoice:
    """Return a list as a choice if AWS would take it."""
    twice = _same_zone(chosen)
    if twice:
        return _refused(
            context,
            "SUBNET-SAME-ZONE",
            f"a load balancer has one subnet per zone, but {twice}",
            hint="list one subnet of each zone",
        )
    if context.dualstack and (without := [s for s in chosen if not s.ipv6]):
        return _refused(
            context,
            "SUBNET-NO-IPV6",
            f"a dualstack load balancer needs subnets with an IPv6 block, but "
            f"{_listing(without)} have none",
            hint="give the subnets an IPv6 CIDR block, or use ip-address-type ipv4",
            setting=IP_ADDRESS_TYPE.name,
        )
    if problem := _too_few_zones(chosen):
        return _refused(
            context, "SUBNET-TOO-FEW-ZONES", problem, hint="list subnets of at least two zones"
        )
    few = [s for s in chosen if s.free_addresses < FEWEST_ADDRESSES]
    return SubnetChoice(
        subnets=tuple(sorted(s.id for s in chosen)),
        diagnostics=_few_addresses(context, few) if few else (),
    )


def _few_addresses(context: Context, few: Sequence[Subnet]) -> tuple[Diagnostic, ...]:
    counts = ", ".join(f"{s.id} has {s.free_addresses}" for s in few)
    return context.warnings(
        "SUBNET-FEW-ADDRESSES",
        f"a load balancer needs {FEWEST_ADDRESSES} free addresses in each subnet: {counts}",
        field=_FIELD,
        hint="free addresses, or list another subnet of the zone",
    )


def _selector(context: Context) -> Selector:
    """Return the tags by which the class selects subnets."""
    stated = context.intent.options.get(SUBNET_TAGS.name)
    if not isinstance(stated, Mapping):
        return _NO_SELECTOR
    return {key: tuple(values) for key, values in stated.items()}


def _selected(context: Context, selector: Selector, present: Value) -> SubnetChoice:
    """Return the subnets with the class' tags; those that the load balancer has fill it already."""
    verdicts = judge(
        context.facts,
        Scheme.INTERNAL,
        cluster=context.identity.cluster_name,
        dualstack=context.dualstack,
        selector=selector,
        settled=frozenset(each for each in present if isinstance(each, str))
        if isinstance(present, tuple)
        else frozenset(),
    )
    chosen = [v.subnet for v in verdicts if not v.reason]
    problem = _too_few_zones(chosen)
    if not problem:
        return SubnetChoice(subnets=tuple(sorted(s.id for s in chosen)))
    listing = "; ".join(str(v) for v in verdicts) or "the VPC has no subnets"
    return _refused(
        context,
        "SUBNET-NOT-ENOUGH",
        f"{problem} among those with the tags of the class: {listing}",
        hint=f"tag one subnet in each of two zones with {_tags_text(selector)}",
        setting=SUBNET_TAGS.name,
    )


def _tags_text(selector: Selector) -> str:
    return ", ".join(f"{key}={'|'.join(values)}" for key, values in sorted(selector.items()))


def _discovered(context: Context, scheme: Scheme) -> SubnetChoice:
    facts = context.facts
    verdicts = judge(
        facts, scheme, cluster=context.identity.cluster_name, dualstack=context.dualstack
    )
    chosen = [v.subnet for v in verdicts if not v.reason]
    problem = _too_few_zones(chosen)
    if not problem:
        return SubnetChoice(subnets=tuple(sorted(s.id for s in chosen)))
    vpc = facts.vpc.id if facts.vpc is not None else ""
    listing = "; ".join(str(v) for v in verdicts) or "it has no subnets"
    return _refused(
        context,
        "SUBNET-NOT-ENOUGH",
        f"{problem} for an {_words(scheme)} load balancer in {vpc}: {listing}",
        hint=(
            f"tag one subnet in each of two zones with {ROLE_TAGS[scheme]}=1, or list subnets in "
            "annotation alb.ingress.kubernetes.io/subnets"
        ),
        field="",
        setting=(IP_ADDRESS_TYPE if context.dualstack else SCHEME).name,
    )


def judge(
    facts: Facts,
    scheme: Scheme,
    *,
    cluster: str,
    dualstack: bool,
    selector: Selector = _NO_SELECTOR,
    settled: frozenset[str] = frozenset(),
) -> tuple[Verdict, ...]:
    """Return a verdict on every subnet of the VPC, by id; those without a reason are chosen.

    Args:
        facts: The account.
        scheme: Which role tag, and which routes, count.
        cluster: Our own, for subnets that are tagged for clusters.
        dualstack: Whether IPv6 is needed.
        selector: Tags that count instead of the role tag.
        settled: Subnets in which the load balancer has its addresses already.
    """
    subnets = sorted(facts.subnets, key=lambda s: s.id)
    suits = _by_selector(selector) if selector else _suits(subnets, scheme)
    reasons = {
        s.id: suits(s) or _unusable(s, cluster, dualstack=dualstack, settled=s.id in settled)
        for s in subnets
    }
    candidates = [s for s in subnets if not reasons[s.id]]
    own = f"{CLUSTER_TAG}{cluster}"
    best: dict[str, Subnet] = {}
    for subnet in sorted(candidates, key=lambda s: (own not in s.tags, s.id)):
        first = best.setdefault(subnet.zone, subnet)
        if first is not subnet:
            reasons[subnet.id] = f"is in the zone of {first.id}, which comes first"
    return tuple(Verdict(subnet=s, reason=reasons[s.id]) for s in subnets)


def _suits(subnets: Sequence[Subnet], scheme: Scheme) -> Callable[[Subnet], str]:
    """Return the test of what a subnet is for: by role tag, or by routes where none is tagged."""
    role = ROLE_TAGS[scheme]
    if any(s.tags.get(role) in _ROLE_VALUES for s in subnets):
        return lambda s: "" if s.tags.get(role) in _ROLE_VALUES else f"has no tag {role}=1"
    wants_public = scheme is Scheme.EXTERNAL

    def by_routes(subnet: Subnet) -> str:
        if subnet.public is wants_public:
            return ""
        leads = "leads" if subnet.public else "does not lead"
        return f"has no tag {role}, and its route table {leads} to an internet gateway"

    return by_routes


def _by_selector(selector: Selector) -> Callable[[Subnet], str]:
    """Return the test of whether a subnet has all the tags of a selector."""

    def test(subnet: Subnet) -> str:
        for key, values in sorted(selector.items()):
            said = subnet.tags.get(key)
            if said is None or (values and said not in values):
                return f"has no tag {key}={'|'.join(values) or '*'}"
        return ""

    return test


def _unusable(subnet: Subnet, cluster: str, *, dualstack: bool, settled: bool) -> str:
    tagged_for = [key for key in subnet.tags if key.startswith(CLUSTER_TAG)]
    if tagged_for and f"{CLUSTER_TAG}{cluster}" not in tagged_for:
        return f"is tagged for other clusters only ({', '.join(sorted(tagged_for))})"
    if subnet.free_addresses < FEWEST_ADDRESSES and not settled:
        return f"has {subnet.free_addresses} free addresses, {FEWEST_ADDRESSES} are needed"
    if dualstack and not subnet.ipv6:
        return "has no IPv6 block"
    return ""


def _too_few_zones(chosen: Sequence[Subnet]) -> str:
    """Return what is wrong with the zones of a choice, "" where nothing is."""
    types = sorted({s.zone_type for s in chosen})
    if len(types) > 1:
        return f"subnets of different kinds of zones cannot be mixed ({', '.join(types)})"
    if not chosen:
        return "no subnet can be used"
    if types == [_REGULAR] and len({s.zone for s in chosen}) < FEWEST_ZONES:
        return f"{FEWEST_ZONES} zones are needed and only {chosen[0].zone} has a usable subnet"
    return ""


def _same_zone(chosen: Iterable[Subnet]) -> str:
    by_zone: dict[str, list[str]] = {}
    for subnet in chosen:
        by_zone.setdefault(subnet.zone, []).append(subnet.id)
    clashes = [f"{' and '.join(ids)} are in {zone}" for zone, ids in by_zone.items() if ids[1:]]
    return "; ".join(clashes)


def _named(text: str, subnets: Iterable[Subnet]) -> list[Subnet]:
    if text.startswith("subnet-"):
        return [s for s in subnets if s.id == text]
    return sorted((s for s in subnets if s.tags.get("Name") == text), key=lambda s: s.id)


def _listing(subnets: Iterable[Subnet]) -> str:
    return ", ".join(f"{s.id} ({s.zone})" for s in sorted(subnets, key=lambda s: s.id)) or "none"


def _words(scheme: Scheme) -> str:
    return "internet-facing" if scheme is Scheme.EXTERNAL else "internal"


def _refused(
    context: Context,
    code: str,
    message: str,
    *,
    hint: str,
    field: str = _FIELD,
    setting: str = SUBNETS.name,
) -> SubnetChoice:
    problems = context.errors(code, message, field=field, hint=hint, setting=setting)
    return SubnetChoice(subnets=None, diagnostics=problems)

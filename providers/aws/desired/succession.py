"""Replace a load balancer whose scheme is to change, without anybody losing their way.

AWS cannot change the scheme of a load balancer, and another one has another address. So somebody
has to approve, twice. After the first approval a second load balancer is built beside the one that
serves, with target groups of its own; clients are sent to it once it serves. The old one stays as
it is (its targets follow the pods) for those who know its address, ``drain-dns`` at least, and is
deleted after the second approval.

Nothing of this is stored but in the cloud: a load balancer of the next generation that exists *is*
the replacement that was approved. How long the old one has to stay counts from the creation of the
new one, which AWS remembers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.addresses import Kind
from providers.aws.changes.switch import taken_over
from providers.aws.desired import retain
from providers.aws.desired.balancer import SCHEMES, present_scheme
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.discovery import moment
from providers.aws.desired.generations import generations, said_of, seen_alone
from providers.aws.desired.needs import kept_needs
from providers.aws.settings import MULTI_CLUSTER, NLB
from provisioner.core.annotations import SCHEME
from provisioner.model.approval import Approval, Succession
from provisioner.model.change import Wait, WaitFor
from provisioner.model.diagnostic import Diagnostic, info
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import Scheme
from provisioner.model.resource import ObservedResource, Resource, canonical

_ExpressOne = Callable[[Expression, Facts], Expressed]
_CREATED = "CreatedTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """One load balancer of the group as it is, and as it is wanted."""

    generation: int
    context: Context
    wanted: Expressed

    @property
    def address(self) -> str:
        """The load balancer's address in plans."""
        first = addresses.load_balancer(self.context.group)
        return addresses.on_balancer(first, self.generation)

    @property
    def existing(self) -> ObservedResource | None:
        """The load balancer, if it exists."""
        return self.context.existing


def with_succession(request: Expression, facts: Facts, express_one: _ExpressOne) -> Expressed:
    """Return what a group consists of: its load balancer, and the one that this one replaces.

    Args:
        request: The group, everything of it that exists included.
        facts: The account.
        express_one: Expresses one load balancer, as if there were no other.
    """

    def stand(generation: int) -> _Stand:
        return _stand(request, facts, generation, express_one)

    present = generations(request.intent.name, request.observed)
    newest = stand(present[-1] if present else 1)
    if not newest.context.members and not newest.context.held:
        return newest.wanted
    if len(present) > 1:
        return _succeeding(stand(present[-2]), newest)
    wish = _wish(newest.context)
    if wish is None:
        return newest.wanted
    problem = _hindrance(newest)
    if problem:
        return _refused(newest, wish, problem)
    return _replacing(newest, stand(newest.generation + 1), wish)


def _stand(request: Expression, facts: Facts, generation: int, express_one: _ExpressOne) -> _Stand:
    alone = replace(
        request,
        observed=seen_alone(request.intent.name, request.observed, generation),
        generation=generation,
    )
    found = express_one(alone, facts)
    return _Stand(
        generation=generation,
        context=Context(request=alone, facts=facts),
        wanted=replace(found, resources=tuple(said_of(r, generation) for r in found.resources)),
    )


# -- before: asking, or beginning -----------------------------------------------------------------


def _wish(context: Context) -> tuple[Scheme, Scheme] | None:
    """Return the scheme that is and the one that is wanted instead, None where nobody minds."""
    present, wanted = present_scheme(context), context.intent.scheme
    if present is None or wanted is None or wanted is present:
        return None
    return present, wanted


def _hindrance(stand: _Stand) -> str:
    """Return why a load balancer cannot be replaced now, "" where it can."""
    context = stand.context
    if context.held or context.intent.quarantined or stand.wanted.quarantined:
        return "a part of it cannot be planned now, and would be missing on the new one"
    if context.intent.options.get(NLB.name) or any(
        r.kind == Kind.NETWORK_LOAD_BALANCER for r in context.observed
    ):
        return "a network load balancer stands in front of it"
    if any(backend.options.get(MULTI_CLUSTER.name) for backend in context.intent.backends):
        return "other clusters register targets with its target groups"
    return ""


def _sentence(wish: tuple[Scheme, Scheme]) -> str:
    present, wanted = wish
    return (
        f"the load balancer is {SCHEMES[present]} and AWS cannot change that; {SCHEMES[wanted]} "
        "needs a new load balancer with another address"
    )


def _refused(stand: _Stand, wish: tuple[Scheme, Scheme], problem: str) -> Expressed:
    told = stand.context.errors(
        "CLOUD-REPLACEMENT-NEEDED",
        f"{_sentence(wish)}, which cannot be built: {problem}",
        field=native_field("scheme"),
        setting=SCHEME.name,
        hint=(
            "move to a new group (alb.ingress.kubernetes.io/group.name) with the new scheme, "
            "switch DNS, then leave the old one; until then everything else is kept up to date"
        ),
    )
    return _with(stand.wanted, told)


def _replacing(old: _Stand, new: _Stand, wish: tuple[Scheme, Scheme]) -> Expressed:
    """Return the old load balancer with the question, or both once the answer is there."""
    worse = tuple(d for d in new.wanted.diagnostics if d.blocking)
    missing = [q for q in new.wanted.quarantined if q not in old.wanted.quarantined]
    if missing or not any(r.address == new.address for r in new.wanted.resources):
        return _with(_refused(old, wish, "something on it would not work"), worse)
    approval = Approval(
        digest=_digest("replace", old, SCHEMES[wish[0]], SCHEMES[wish[1]]),
        reason=(
            f"{_sentence(wish)}. It is built beside the present one; clients are sent to it when "
            "it serves, and the present one stays until its deletion is approved"
        ),
    )
    if approval.digest in old.context.request.approved:
        both = _both(old, new)
        return replace(both, approval=replace(approval, needed=False))
    told = old.context.warnings(
        "CLOUD-REPLACEMENT-NEEDED",
        _sentence(wish),
        field=native_field("scheme"),
        setting=SCHEME.name,
        hint=(
            f"approve it: provisioner apply --approve {old.context.group}; until then everything "
            "else is kept up to date"
        ),
    )
    return replace(_with(old.wanted, told), approval=approval)


# -- while there are two --------------------------------------------------------------------------


def _succeeding(old: _Stand, new: _Stand) -> Expressed:
    """Return both load balancers, or the new one alone once the old may be deleted."""
    both = _both(old, new)
    wish = _wish(new.context)
    if wish is not None:
        both = _with(both, _too_early(new, wish))
    succession, left = both.succession, _seconds_left(old, new)
    if succession is None or not succession.complete:
        return both
    if left > 0:
        return _with(
            replace(both, succession=replace(succession, due_seconds=left)), _kept(old, new)
        )
    approval = Approval(
        digest=_digest("delete", old, _arn(new)),
        reason=(
            f"load balancer {_name(old)} was replaced by {_name(new)} and is to be deleted; "
            "whoever still uses its address is cut off"
        ),
    )
    if approval.digest in old.context.request.approved:
        return replace(new.wanted, approval=replace(approval, needed=False))
    return replace(both, approval=approval)


def _both(old: _Stand, new: _Stand) -> Expressed:
    """Return the new load balancer as it is wanted, and the old one as it is."""
    context = old.context
    everything = retain.everything(context)
    following = [_followed(context, resource) for resource in everything]
    kept = retain.complete(context, following, available={})
    resources = {r.address: r for r in (said_of(each, old.generation) for each in kept)}
    resources |= {r.address: r for r in new.wanted.resources}
    return replace(
        new.wanted,
        resources=tuple(resources[address] for address in sorted(resources)),
        shared=tuple(sorted({*new.wanted.shared, *kept_needs(context, kept)})),
        succession=Succession(
            old=old.address,
            new=new.address,
            complete=_is_complete(old, new),
            waits=_waits(resources.values(), new),
        ),
    )


def _followed(context: Context, resource: Resource) -> Resource:
    """Return what stays as it is, but for targets, which follow their pods."""
    return retain.following(context, resource) or resource


def _is_complete(old: _Stand, new: _Stand) -> bool:
    """Tell whether everything that is wanted on the new load balancer exists, for everybody."""
    there = {said_of(retain.as_resource(r), new.generation).address for r in new.context.observed}
    absent = any(r.address not in there for r in new.wanted.resources)
    return not absent and not _left_behind(old, new)


def _left_behind(old: _Stand, new: _Stand) -> bool:
    """Tell whether an Ingress that cannot be planned now has rules on the old one only."""
    entries = (*new.context.intent.quarantined, *new.wanted.quarantined)
    out = {*new.context.held, *(entry.ingress for entry in entries)}

    def served(stand: _Stand) -> set[str]:
        return {
            r.address
            for r in stand.context.observed
            if r.kind == Kind.LISTENER_RULE and out.intersection(r.ingresses)
        }

    return bool(served(old) - served(new))


def _waits(resources: Iterable[Resource], new: _Stand) -> tuple[WaitFor, ...]:
    """Return what must be true before clients go to the new one: active, and no backend lost."""
    active = WaitFor(kind=Wait.ACTIVE, on=(new.address,))
    groups = [r.address for r in resources if r.kind == Kind.TARGET_GROUP]
    healthy = taken_over([g for g in groups if addresses.balancer_of(g) == new.generation], groups)
    return (active, healthy) if healthy is not None else (active,)


def _seconds_left(old: _Stand, new: _Stand) -> float:
    """Return how long the old one has to stay: counted from when the younger of the two was made.

    Without a time to count from it stays.
    """
    born = max(moment(_output(stand, _CREATED)) for stand in (old, new))
    now = moment(new.context.facts.observed_at)
    stay = new.context.request.settings.drain_dns_seconds
    return max(0.0, born + stay - now) if born and now else stay


def _kept(old: _Stand, new: _Stand) -> tuple[Diagnostic, ...]:
    minutes = round(new.context.request.settings.drain_dns_seconds / 60)
    return (
        info(
            "LOAD-BALANCER-KEPT",
            f"load balancer {old.context.group}",
            message=(
                f"{_name(old)} was replaced by {_name(new)} and stays for clients that know its "
                f"address, until {minutes} minutes after {_output(new, _CREATED)}"
            ),
            hint="its deletion then needs an approval",
        ),
    )


def _too_early(new: _Stand, wish: tuple[Scheme, Scheme]) -> tuple[Diagnostic, ...]:
    return new.context.warnings(
        "CLOUD-REPLACEMENT-NEEDED",
        f"{_sentence(wish)}, and the one that was replaced before is still there",
        field=native_field("scheme"),
        setting=SCHEME.name,
        hint="wait until its deletion can be approved; then a new one can be built",
    )


def _with(expressed: Expressed, more: Sequence[Diagnostic]) -> Expressed:
    return replace(expressed, diagnostics=(*expressed.diagnostics, *more))


def _digest(what: str, stand: _Stand, *words: str) -> str:
    text = canonical((what, stand.context.group, stand.address, _arn(stand), *words))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _arn(stand: _Stand) -> str:
    return _output(stand, "LoadBalancerArn")


def _output(stand: _Stand, name: str) -> str:
    return stand.existing.outputs.get(name, "") if stand.existing is not None else ""


def _name(stand: _Stand) -> str:
    return stand.existing.name if stand.existing is not None else stand.address

"""The load balancers of a group on AWS, where one replaces another because its scheme changes.

AWS cannot change the scheme of a load balancer, a target group serves one load balancer only, and
names are unique in the account. So everything on the second one is made anew; security groups and
certificates serve both. How a replacement goes is the same on every cloud (``core.succession``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from providers.aws import addresses
from providers.aws.account import Facts
from providers.aws.addresses import Kind
from providers.aws.changes.switch import taken_over
from providers.aws.desired import retain
from providers.aws.desired.balancer import SCHEMES, present_scheme
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.generations import generations, said_of, seen_alone
from providers.aws.desired.needs import kept_needs
from providers.aws.settings import MULTI_CLUSTER, NLB
from provisioner.core.annotations import SCHEME
from provisioner.core.succession import Stand, Wish
from provisioner.model.change import Wait, WaitFor
from provisioner.model.expression import Expressed, Expression
from provisioner.model.kube import Key
from provisioner.model.resource import Resource

_ExpressOne: TypeAlias = Callable[[Expression, Facts], Expressed]
_Stand: TypeAlias = Stand[Context]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancers:
    """The load balancers of one group.

    ``express_one`` expresses one load balancer, as if there were no other.
    """

    request: Expression
    facts: Facts
    express_one: _ExpressOne

    @property
    def now(self) -> str:
        """When what exists was looked at."""
        return self.facts.observed_at

    @property
    def way_out(self) -> str:
        """What to do where a load balancer cannot be replaced."""
        return (
            "move to a new group (alb.ingress.kubernetes.io/group.name) with the new scheme, "
            "switch DNS, then leave the old one; until then everything else is kept up to date"
        )

    def generations(self) -> tuple[int, ...]:
        """Return the generations of the load balancers that exist, in order."""
        return generations(self.request.intent.name, self.request.observed)

    def stand(self, generation: int) -> _Stand:
        """Return one load balancer, expressed as if there were no other."""
        alone = replace(
            self.request,
            observed=seen_alone(self.request.intent.name, self.request.observed, generation),
            generation=generation,
        )
        found = self.express_one(alone, self.facts)
        context = Context(request=alone, facts=self.facts)
        address = addresses.on_balancer(addresses.load_balancer(context.group), generation)
        resources = tuple(said_of(r, generation) for r in found.resources)
        existing = context.existing
        outputs = existing.outputs if existing is not None else {}
        return Stand(
            generation=generation,
            address=address,
            context=context,
            wanted=replace(found, resources=resources),
            doors=(address,),
            made=any(r.address == address for r in resources),
            name=existing.name if existing is not None else address,
            identity=outputs.get("LoadBalancerArn", ""),
            created=outputs.get("CreatedTime", ""),
            wish=_wish(context),
        )

    def hindrance(self, old: _Stand) -> str:
        """Return why a load balancer cannot be replaced now, "" where it can."""
        intent = old.context.intent
        if intent.options.get(NLB.name) or any(
            r.kind == Kind.NETWORK_LOAD_BALANCER for r in old.context.observed
        ):
            return "a network load balancer stands in front of it"
        if any(backend.options.get(MULTI_CLUSTER.name) for backend in intent.backends):
            return "other clusters register targets with its target groups"
        return ""

    def changed(self, old: _Stand) -> Expressed:
        """Return it as it is: AWS has no way to change the scheme."""
        return old.wanted

    def kept(self, old: _Stand) -> Expressed:
        """Return a load balancer as it is; only its targets follow the pods."""
        context = old.context
        following = [
            retain.following(context, resource) or resource
            for resource in retain.everything(context)
        ]
        kept = retain.complete(context, following, available={})
        return Expressed(
            group=context.group,
            resources=tuple(said_of(each, old.generation) for each in kept),
            shared=kept_needs(context, kept),
        )

    def served(self, stand: _Stand, ingresses: frozenset[Key]) -> frozenset[str]:
        """Return the rules that a load balancer has of Ingresses, by their first addresses."""
        return frozenset(
            r.address
            for r in stand.context.observed
            if r.kind == Kind.LISTENER_RULE and ingresses.intersection(r.ingresses)
        )

    def waits(self, resources: Iterable[Resource], new: _Stand) -> tuple[WaitFor, ...]:
        """Return what must be true before clients go there: active, and no backend lost."""
        active = WaitFor(kind=Wait.ACTIVE, on=(new.address,))
        groups = [r.address for r in resources if r.kind == Kind.TARGET_GROUP]
        own = [g for g in groups if addresses.balancer_of(g) == new.generation]
        healthy = taken_over(own, groups)
        return (active, healthy) if healthy is not None else (active,)


def _wish(context: Context) -> Wish | None:
    """Return the scheme that is and the one that is wanted instead, None where nobody minds."""
    present, wanted = present_scheme(context), context.intent.scheme
    if present is None or wanted is None or wanted is present:
        return None
    return Wish(
        cloud="AWS",
        present=SCHEMES[present],
        wanted=SCHEMES[wanted],
        field=native_field("scheme"),
        setting=SCHEME.name,
    )

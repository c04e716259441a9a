"""Replace a load balancer whose kind is to change, without anybody losing their way.

No cloud can turn an internal load balancer into one that the internet reaches, and another one has
another address. So somebody has to approve, twice. After the first approval a second load balancer
is built beside the one that serves; clients are sent to it once it serves. The old one stays as it
is (its targets follow the pods) for those who know its address, ``drain-dns`` at least, and is
deleted after the second approval.

Nothing of this is stored but in the cloud: a load balancer of the next generation that exists *is*
the replacement that was approved. How long the old one has to stay counts from the creation of the
new one, which the cloud remembers.

Where a cloud does have a way to change the kind as it is, with its address, it takes one approval
and no second load balancer.

What a load balancer consists of, and how one is told from the next, its provider knows
(``Balancers``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from provisioner.core.expiry import moment
from provisioner.model.approval import Approval, Succession
from provisioner.model.change import WaitFor
from provisioner.model.diagnostic import Diagnostic, info
from provisioner.model.expression import Expressed, Expression
from provisioner.model.intent import LoadBalancerIntent
from provisioner.model.kube import Key
from provisioner.model.resource import Resource, canonical

_PART = "a part of it cannot be planned now, and would be missing on the new one"
_WORSE = "something on it would not work"


class Scene(Protocol):
    """What a provider's context tells of one load balancer."""

    @property
    def intent(self) -> LoadBalancerIntent:
        """What the members want."""

    @property
    def members(self) -> tuple[Key, ...]:
        """The Ingresses that are planned."""

    @property
    def held(self) -> frozenset[Key]:
        """Ingresses that cannot be planned, or not read, here."""

    def errors(
        self, code: str, message: str, *, field: str = "", hint: str = "", setting: str = ""
    ) -> tuple[Diagnostic, ...]:
        """Return a blocking error, told to those who state a setting."""

    def warnings(
        self, code: str, message: str, *, field: str = "", hint: str = "", setting: str = ""
    ) -> tuple[Diagnostic, ...]:
        """Return a warning, told to the same."""


SceneT = TypeVar("SceneT", bound=Scene)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Another kind of load balancer than the one that exists.

    Attributes:
        cloud: Who cannot change the kind of one that exists.
        present: What it is, in words that fit behind "the load balancer is".
        wanted: What is asked for instead.
        field: Where somebody asks for it; ``setting`` is the setting's name.
        in_place: Whether the cloud has a way from one to the other.
    """

    cloud: str
    present: str
    wanted: str
    field: str = ""
    setting: str = ""
    in_place: bool = False

    @property
    def sentence(self) -> str:
        """What it takes to get there."""
        if self.in_place:
            return (
                f"the load balancer is {self.present} and can become {self.wanted} as it is, with"
                " its address, in steps that take about half an hour"
            )
        return (
            f"the load balancer is {self.present} and {self.cloud} cannot change that;"
            f" {self.wanted} needs a new load balancer with another address"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand(Generic[SceneT]):
    """One load balancer of the group as it is, and as it is wanted.

    Attributes:
        generation: Which one of the group it is.
        address: Its own address in plans.
        context: All about it, as if the group had no other.
        wanted: What it is to consist of.
        doors: Addresses of what clients reach it by, those that exist and those that are wanted.
        made: Whether it exists, or would after what is wanted.
        name: What people know it by.
        identity: What the cloud tells it from all others by, "" before it exists.
        created: When it was made (RFC 3339), "" where nobody knows.
        wish: What it is to become.
    """

    generation: int
    address: str
    context: SceneT
    wanted: Expressed
    doors: tuple[str, ...]
    made: bool
    name: str
    identity: str = ""
    created: str = ""
    wish: Wish | None = None


class Balancers(Protocol[SceneT]):
    """The load balancers of one group, as their provider knows them."""

    @property
    def request(self) -> Expression:
        """The group, everything of it that exists included."""

    @property
    def now(self) -> str:
        """When what exists was looked at (RFC 3339)."""

    @property
    def way_out(self) -> str:
        """What to do where a load balancer cannot be replaced."""

    def generations(self) -> tuple[int, ...]:
        """Return the generations of the load balancers that exist, in order."""

    def stand(self, generation: int) -> Stand[SceneT]:
        """Return one load balancer, expressed as if there were no other."""

    def hindrance(self, old: Stand[SceneT]) -> str:
        """Return why this cloud cannot have a load balancer replaced now, "" where it can."""

    def changed(self, old: Stand[SceneT]) -> Expressed:
        """Return a load balancer on its way to the kind that is wanted, where there is a way."""

    def kept(self, old: Stand[SceneT]) -> Expressed:
        """Return a load balancer as it is; only its targets follow the pods."""

    def served(self, stand: Stand[SceneT], ingresses: frozenset[Key]) -> frozenset[str]:
        """Return what a load balancer serves of Ingresses, in words that both have in common."""

    def waits(self, resources: Iterable[Resource], new: Stand[SceneT]) -> tuple[WaitFor, ...]:
        """Return what must be true of a new load balancer before clients are sent to it."""


def with_succession(balancers: Balancers[SceneT]) -> Expressed:
    """Return what a group consists of: its load balancer, and the one that this one replaces."""
    present = balancers.generations()
    newest = balancers.stand(present[-1] if present else 1)
    if not newest.context.members and not newest.context.held:
        return newest.wanted
    if len(present) > 1:
        return _succeeding(balancers, balancers.stand(present[-2]), newest)
    if newest.wish is None:
        return newest.wanted
    problem = _hindrance(balancers, newest)
    if problem:
        return _refused(balancers, newest, newest.wish, problem)
    if newest.wish.in_place:
        return _changing(balancers, newest, newest.wish)
    return _replacing(balancers, newest, newest.wish)


# -- before: asking, or beginning -----------------------------------------------------------------


def _hindrance(balancers: Balancers[SceneT], stand: Stand[SceneT]) -> str:
    """Return why a load balancer cannot be replaced now, "" where it can."""
    if stand.context.held or stand.context.intent.quarantined:
        return _PART
    return balancers.hindrance(stand)


def _refused(
    balancers: Balancers[SceneT], stand: Stand[SceneT], wish: Wish, problem: str
) -> Expressed:
    told = stand.context.errors(
        "CLOUD-REPLACEMENT-NEEDED",
        f"{wish.sentence}, which cannot be done now: {problem}",
        field=wish.field,
        setting=wish.setting,
        hint=balancers.way_out,
    )
    return _with(stand.wanted, told)


def _replacing(balancers: Balancers[SceneT], old: Stand[SceneT], wish: Wish) -> Expressed:
    """Return the old load balancer with the question, or both once the answer is there."""
    new = balancers.stand(old.generation + 1)
    known = frozenset(old.wanted.diagnostics)
    worse = tuple(d for d in new.wanted.diagnostics if d.blocking and d not in known)
    if not new.made or worse:
        return _with(_refused(balancers, old, wish, _WORSE), worse)
    if new.wanted.quarantined:
        return _refused(balancers, old, wish, _PART)
    approval = Approval(
        digest=_digest("replace", balancers, old, wish.present, wish.wanted),
        reason=(
            f"{wish.sentence}. It is built beside the present one; clients are sent to it when "
            "it serves, and the present one stays until its deletion is approved"
        ),
    )
    if approval.digest in balancers.request.approved:
        both = _both(balancers, old, new)
        return replace(both, approval=replace(approval, needed=False))
    return _asking(balancers, old, wish, approval)


def _changing(balancers: Balancers[SceneT], old: Stand[SceneT], wish: Wish) -> Expressed:
    """Return a load balancer with the question, or on its way once the answer is there."""
    approval = Approval(
        digest=_digest("change", balancers, old, wish.present, wish.wanted), reason=wish.sentence
    )
    if approval.digest in balancers.request.approved:
        return replace(balancers.changed(old), approval=replace(approval, needed=False))
    return _asking(balancers, old, wish, approval)


def _asking(
    balancers: Balancers[SceneT], old: Stand[SceneT], wish: Wish, approval: Approval
) -> Expressed:
    """Return a load balancer as it is, with the question."""
    told = old.context.warnings(
        "CLOUD-REPLACEMENT-NEEDED",
        wish.sentence,
        field=wish.field,
        setting=wish.setting,
        hint=(
            f"approve it: provisioner apply --approve {balancers.request.intent.name}; until then"
            " everything else is kept up to date"
        ),
    )
    return replace(_with(old.wanted, told), approval=approval)


# -- while there are two --------------------------------------------------------------------------


def _succeeding(balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]) -> Expressed:
    """Return both load balancers, or the new one alone once the old may be deleted."""
    both = _both(balancers, old, new)
    if new.wish is not None:
        both = _with(both, _too_early(new, new.wish))
    succession, left = both.succession, _seconds_left(balancers, old, new)
    if succession is None or not succession.complete:
        return both
    if left > 0:
        return _with(
            replace(both, succession=replace(succession, due_seconds=left)),
            _still_there(balancers, old, new),
        )
    approval = Approval(
        digest=_digest("delete", balancers, old, new.identity),
        reason=(
            f"load balancer {old.name} was replaced by {new.name} and is to be deleted; "
            "whoever still uses its address is cut off"
        ),
    )
    if approval.digest in balancers.request.approved:
        return replace(new.wanted, approval=replace(approval, needed=False))
    return replace(both, approval=approval)


def _both(balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]) -> Expressed:
    """Return the new load balancer as it is wanted, and the old one as it is."""
    kept = balancers.kept(old)
    resources = _each_once(kept.resources, new.wanted.resources)
    common = _each_once(kept.common, new.wanted.common)
    return replace(
        new.wanted,
        resources=resources,
        common=common,
        shared=tuple(sorted({*new.wanted.shared, *kept.shared})),
        succession=Succession(
            old=old.address,
            new=new.address,
            doors=new.doors,
            complete=_is_complete(balancers, old, new),
            waits=balancers.waits((*resources, *common), new),
        ),
    )


def _each_once(kept: Iterable[Resource], wanted: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return resources by address; what both load balancers have is as the new one wants it."""
    found = {r.address: r for r in kept} | {r.address: r for r in wanted}
    return tuple(found[address] for address in sorted(found))


def _is_complete(balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]) -> bool:
    """Tell whether everything that is wanted on the new load balancer exists, for everybody."""
    there = balancers.request.observed.resources
    absent = any(r.address not in there for r in (*new.wanted.resources, *new.wanted.common))
    return not absent and not _left_behind(balancers, old, new)


def _left_behind(balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]) -> bool:
    """Tell whether an Ingress that cannot be planned now is served by the old one only."""
    entries = (*new.context.intent.quarantined, *new.wanted.quarantined)
    out = frozenset({*new.context.held, *(entry.ingress for entry in entries)})
    return bool(out and balancers.served(old, out) - balancers.served(new, out))


def _seconds_left(balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]) -> float:
    """Return how long the old one has to stay: counted from when the younger of the two was made.

    Without a time to count from it stays. Both times count in whole seconds, as facts are told.
    """
    born = max(math.floor(moment(stand.created)) for stand in (old, new))
    now = moment(balancers.now)
    stay = balancers.request.settings.drain_dns_seconds
    return max(0.0, born + stay - now) if born and now else stay


def _still_there(
    balancers: Balancers[SceneT], old: Stand[SceneT], new: Stand[SceneT]
) -> tuple[Diagnostic, ...]:
    minutes = round(balancers.request.settings.drain_dns_seconds / 60)
    return (
        info(
            "LOAD-BALANCER-KEPT",
            f"load balancer {balancers.request.intent.name}",
            message=(
                f"{old.name} was replaced by {new.name} and stays for clients that know its "
                f"address, until {minutes} minutes after {new.created}"
            ),
            hint="its deletion then needs an approval",
        ),
    )


def _too_early(new: Stand[SceneT], wish: Wish) -> tuple[Diagnostic, ...]:
    return new.context.warnings(
        "CLOUD-REPLACEMENT-NEEDED",
        f"{wish.sentence}, and the one that was replaced before is still there",
        field=wish.field,
        setting=wish.setting,
        hint="wait until its deletion can be approved; then a new one can be built",
    )


def _with(expressed: Expressed, more: Sequence[Diagnostic]) -> Expressed:
    return replace(expressed, diagnostics=(*expressed.diagnostics, *more))


def _digest(what: str, balancers: Balancers[SceneT], stand: Stand[SceneT], *words: str) -> str:
    group = balancers.request.intent.name
    text = canonical((what, group, stand.address, stand.identity, *words))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

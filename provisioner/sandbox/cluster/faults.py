"""Faults on demand: what a real API server does on its bad days.

Rules are set from a test (any thread) or over HTTP (``control.py``) and apply to HTTP requests
only: the direct Python API and the in-process simulator stand for the rest of the world and always
work. A kind is named as people name it (``Service``, ``svc``, ``leases.coordination.k8s.io``);
``*`` means every kind or verb.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from provisioner.sandbox.cluster.api import ClusterApi
from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind, KindTable
from provisioner.sandbox.cluster.statuses import ApiError, forbidden

EVERY = "*"
READ_VERBS = ("get", "list", "watch")

#: Runs a function in the thread of the server's event loop and waits for it.
OnLoop = Callable[[Callable[[], object]], object]

_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ConnectionDropped(Exception):
    """The request is to end without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request wants, as rules see it."""

    verb: str
    kind: Kind
    namespace: str = ""
    name: str = ""


@dataclass(slots=True, kw_only=True)
class Rule:
    """One fault: whom it meets, how often, and when."""

    fault: str
    kind: str
    verbs: tuple[str, ...]
    namespace: str = ""
    seconds: float = 0.0
    deadline: float = 0.0
    #: How many requests are left to be met; None: no end.
    remaining: int | None = None
    status: int = 500
    message: str = ""
    retry_after: int | None = None
    after_effect: bool = False

    def meets(self, ask: Ask) -> bool:
        """Say whether the rule concerns a request."""
        return (
            self.kind in {EVERY, ask.kind.qualified}
            and (EVERY in self.verbs or ask.verb in self.verbs)
            and (not self.namespace or self.namespace == ask.namespace)
            and self.remaining != 0
        )

    def as_document(self) -> Document:
        """Return the rule as ``GET /sandbox/faults`` shows it."""
        shown: Document = {"fault": self.fault, "kind": self.kind, "verbs": list(self.verbs)}
        if self.namespace:
            shown["namespace"] = self.namespace
        if self.seconds:
            shown["seconds"] = self.seconds
        if self.remaining is not None:
            shown["remaining"] = self.remaining
        if self.fault == "fail":
            shown["status"] = self.status
        return shown


@dataclass(slots=True)
class _Gate:
    """Something that requests wait at; opening it lets everyone through and closes it anew."""

    event: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        opened, self.event = self.event, asyncio.Event()
        opened.set()


class Faults:
    """The rules in force."""

    def __init__(self, api: ClusterApi, kinds: KindTable, *, on_loop: OnLoop) -> None:
        self._api = api
        self._kinds = kinds
        self._on_loop = on_loop
        self._rules: list[Rule] = []
        self._held: set[str] = set()
        self._gate = _Gate()

    def forbid(self, kind: str, *, verbs: Sequence[str] = READ_VERBS, namespace: str = "") -> None:
        """Answer 403; access reviews say no likewise."""
        self._add(fault="forbid", kind=kind, verbs=tuple(verbs), namespace=namespace)

    def hide(self, kind: str) -> None:
        """Make a kind missing: 404, absent from discovery, its group too if nothing is left."""
        name = self._resolved(kind)
        self._add(fault="hide", kind=kind)
        self._on_loop(lambda: self._kinds.hide(name))

    def delay(self, kind: str, seconds: float, *, verbs: Sequence[str] = ("list",)) -> None:
        """Let requests wait before they are carried out."""
        self._add(fault="delay", kind=kind, verbs=tuple(verbs), seconds=seconds)

    def fail_next(
        self,
        count: int,
        *,
        kind: str = EVERY,
        verb: str = EVERY,
        status: int = 500,
        message: str = "",
        retry_after: int | None = None,
        after_effect: bool = False,
    ) -> None:
        """Let the next requests fail; ``after_effect``: they are carried out all the same."""
        self._add(
            fault="fail",
            kind=kind,
            verbs=(verb,),
            remaining=count,
            status=status,
            message=message,
            retry_after=retry_after,
            after_effect=after_effect,
        )

    def hang(
        self,
        seconds: float,
        *,
        kind: str = EVERY,
        verbs: Sequence[str] = (EVERY,),
        after_effect: bool = False,
    ) -> None:
        """Give no answer: requests of the next seconds hang until then and are cut off.

        They are not carried out, unless ``after_effect``: then only the answer is lost.
        """
        self._add(
            fault="hang",
            kind=kind,
            verbs=tuple(verbs),
            seconds=seconds,
            deadline=time.monotonic() + seconds,
            after_effect=after_effect,
        )

    def cut_watches(self, kind: str = EVERY, *, hold: bool = False) -> None:
        """End the watches of a kind; ``hold``: new ones wait until ``release_watches``."""
        storages = self._storages(kind)

        def cut() -> None:
            if hold:
                self._held.update(storages)
            for storage in storages:
                self._api.watches.cut(storage)

        self._on_loop(cut)

    def release_watches(self, kind: str = EVERY) -> None:
        """Let the watches that were held begin."""
        storages = self._storages(kind)

        def release() -> None:
            self._held.difference_update(storages)
            self._gate.open()

        self._on_loop(release)

    def compact(self, kind: str = EVERY) -> None:
        """Forget the history: watches and pages that need it get 410."""
        kinds = [one for one in self._kinds.everything() if kind == EVERY or self._is(one, kind)]

        def forget() -> None:
            for one in kinds:
                self._api.compact(one)

        self._on_loop(forget)

    def clear(self, kind: str = EVERY) -> None:
        """Lift the faults of a kind, or all of them, and let go whatever hangs."""
        name = kind if kind == EVERY else self._resolved(kind)

        def lift() -> None:
            self._rules = [rule for rule in self._rules if name not in {EVERY, rule.kind}]
            if name == EVERY:
                self._kinds.show_all()
            else:
                self._kinds.show(name)
            self._held.difference_update(self._storages(kind))
            self._gate.open()

        self._on_loop(lift)

    def active(self) -> list[Document]:
        """Return the rules in force, for people."""
        rules = [rule.as_document() for rule in self._rules if self._is_in_force(rule)]
        held: list[Document] = [
            {"fault": "hold-watches", "kind": name} for name in sorted(self._held)
        ]
        return rules + held

    def forbids(self, verb: str, qualified: str) -> bool:
        """Say whether an access review is to be answered with no."""
        return any(
            rule.fault == "forbid"
            and rule.kind in {EVERY, qualified}
            and (EVERY in rule.verbs or verb in rule.verbs)
            for rule in self._rules
        )

    async def before(self, ask: Ask) -> None:
        """Let the rules act on a request that has not been carried out."""
        for rule in self._met(ask, after_effect=False):
            await self._act(rule, ask)

    async def after(self, ask: Ask) -> None:
        """Let the rules act on a request that has been carried out and not answered."""
        for rule in self._met(ask, after_effect=True):
            await self._act(rule, ask)

    async def until_watchable(self, kind: Kind) -> None:
        """Wait while watches of a kind are held back."""
        while kind.storage in self._held:
            await self._gate.event.wait()

    def _met(self, ask: Ask, *, after_effect: bool) -> list[Rule]:
        self._rules = [rule for rule in self._rules if self._is_in_force(rule)]
        return [
            rule for rule in self._rules if rule.after_effect is after_effect and rule.meets(ask)
        ]

    async def _act(self, rule: Rule, ask: Ask) -> None:
        match rule.fault:
            case "forbid":
                raise forbidden(ask.kind, name=ask.name, why=_forbidden_why(ask))
            case "delay":
                await self._sleep(rule, rule.seconds)
            case "hang":
                await self._sleep(rule, rule.deadline - time.monotonic())
                raise ConnectionDropped
            case "fail" if rule.remaining:
                rule.remaining -= 1
                raise _failure(rule)
            case _:
                return

    async def _sleep(self, rule: Rule, seconds: float) -> None:
        """Sleep, but not beyond the life of the rule."""
        end = time.monotonic() + seconds
        while rule in self._rules and (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._gate.event.wait()
            except TimeoutError:
                return

    def _add(
        self,
        *,
        fault: str,
        kind: str,
        verbs: tuple[str, ...] = (EVERY,),
        namespace: str = "",
        seconds: float = 0.0,
        deadline: float = 0.0,
        remaining: int | None = None,
        status: int = 500,
        message: str = "",
        retry_after: int | None = None,
        after_effect: bool = False,
    ) -> None:
        rule = Rule(
            fault=fault,
            kind=self._resolved(kind),
            verbs=verbs,
            namespace=namespace,
            seconds=seconds,
            deadline=deadline,
            remaining=remaining,
            status=status,
            message=message,
            retry_after=retry_after,
            after_effect=after_effect,
        )
        self._on_loop(lambda: self._rules.append(rule))

    def _is_in_force(self, rule: Rule) -> bool:
        over = rule.fault == "hang" and rule.deadline < time.monotonic()
        return not over and rule.remaining != 0

    def _resolved(self, kind: str) -> str:
        if kind == EVERY:
            return kind
        try:
            return self._kinds.named(kind).qualified
        except LookupError:
            return kind.lower()  # a kind that may yet be installed

    def _is(self, kind: Kind, name: str) -> bool:
        return name.lower() in kind.answers_to

    def _storages(self, kind: str) -> set[str]:
        return {
            one.storage for one in self._kinds.everything() if kind == EVERY or self._is(one, kind)
        }


def _forbidden_why(ask: Ask) -> str:
    where = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
    return (
        f'User "sandbox" cannot {ask.verb} resource "{ask.kind.plural}" '
        f'in API group "{ask.kind.group}" {where}'
    )


def _failure(rule: Rule) -> ApiError:
    reason = _REASONS.get(rule.status, "InternalError")
    details: Document = {}
    if rule.retry_after is not None:
        details["retryAfterSeconds"] = rule.retry_after
    message = rule.message or f"the sandbox was told to fail this request with {rule.status}"
    return ApiError(rule.status, reason, message, details=details)

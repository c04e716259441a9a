"""One request, and what a load balancer does with it: the nouns of ``provisioner route``.

They belong to no cloud. A provider says how each of its load balancers replies to a request (its
rules, its order, its matching); the core chooses which reply counts; renderers print it. Whatever
was tried is kept with the reason, because "why not that rule" is what people come to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.model.kube import Key

PORTS = {"http": 80, "https": 443}
"""The port that a URL means where it names none, by scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as a client sends it.

    Attributes:
        scheme: ``http`` or ``https``.
        authority: The host that the URL names, without a port: where the client connects to.
        host: The name in the Host header, without a port; other than ``authority`` where a header
            says so.
        port: The port that the client connects to.
        path: The raw path, percent-encoding and all; never empty.
        query: What stands behind the question mark, "" for nothing.
        headers: Names and values as sent, in order; the Host header is not among them.
        source_ip: The client's address as the load balancer sees it, "" where nobody told.
    """

    scheme: str
    authority: str
    host: str
    port: int
    path: str = "/"
    query: str = ""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    source_ip: str = ""

    @property
    def host_header(self) -> str:
        """The Host header as a client writes it: with its port, unless it is the scheme's own."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query, as they stand on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The URL, with the name that the Host header says."""
        return f"{self.scheme}://{self.host_header}{self.target}"


class Verdict(StrEnum):
    """Whether something holds for a request. UNDECIDED: it depends on what was not said."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of a rule, held against the request.

    ``what`` is the part of the request (``host``, ``path``, ``header X-Canary``), ``wanted`` what
    the rule asks of it, ``found`` what the request has (None: it has no such part), ``problem`` why
    it is undecided.
    """

    what: str
    wanted: str
    found: str | None
    verdict: Verdict
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A rule that was tried. ``rule`` is "" for what answers when no rule matches.

    ``priority`` is its number among its listener's rules, None for the default. ``title`` says in a
    few words what the rule is for.
    """

    listener: str
    rule: str = ""
    priority: int | None = None
    title: str = ""
    ingresses: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """YES where every check holds; a rule without checks always matches."""
        found = {check.verdict for check in self.checks}
        if Verdict.NO in found:
            return Verdict.NO
        return Verdict.UNDECIDED if Verdict.UNDECIDED in found else Verdict.YES


class ActionType(StrEnum):
    """What a load balancer does with a request in the end."""

    FORWARD = "forward"
    REDIRECT = "redirect"
    FIXED_RESPONSE = "fixed-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done. ``location`` is where a redirect points, every placeholder filled in."""

    type: ActionType
    status_code: int | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A pod address or a node that a request may end at. ``port`` None: known after apply."""

    id: str
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedBackend:
    """A backend that a request may go to, and its share.

    ``service`` is ``namespace/name`` of a Service, or the cloud's own name of a backend that no
    Service is behind. ``targets`` is None where only the cluster or the cloud can tell them.
    """

    service: str
    port: int | str | None
    weight: int = 1
    targets: tuple[Target, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The request as a target sees it, after the load balancer rewrote it."""

    host: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one load balancer does with a request.

    Attributes:
        group: The load balancer.
        listener: Its listener on the request's port, "" where it has none that speaks the scheme.
        ports: What it listens on, as ``http:80``, for the message where ``listener`` is "".
        knows_host: Some rule of the listener asks for this host.
        tried: Every rule in order, up to the one that matched.
        action: None without a listener.
        before: What happens first, in words: people sign in, tokens are checked.
        sent: What a target gets, None where it gets the request as it came.
        notes: What a person should know beside it.
    """

    group: str
    listener: str = ""
    ports: tuple[str, ...] = ()
    knows_host: bool = False
    tried: tuple[Tried, ...] = ()
    action: Action | None = None
    backends: tuple[RoutedBackend, ...] = ()
    before: tuple[str, ...] = ()
    sent: Sent | None = None
    notes: tuple[str, ...] = ()

    @property
    def matched(self) -> Tried | None:
        """The rule that answers, the default included; None without a listener."""
        return self.tried[-1] if self.tried else None

    @property
    def is_default(self) -> bool:
        """Whether no rule matched and the listener's default answers."""
        return self.matched is not None and not self.matched.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply that counts, and why it is this load balancer's.

    ``action`` is that of the reply, which always has one here. ``because`` says in a sentence how
    the load balancer was chosen; ``notes`` are the reply's own and what concerns other ones.
    """

    request: Request
    reply: Reply
    action: Action
    because: str
    notes: tuple[str, ...] = ()

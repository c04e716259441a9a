"""What ``provisioner route -o json`` prints: Structs in their published order.

docs/reference/route.schema.json is made from here. As with plans, a field may be added; renaming,
removing or giving one another meaning is a new format.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from provisioner.model.route import Answer, Reply, RoutedBackend, Tried
from provisioner.render.route import reason
from provisioner.render.wire import Wire

ActionName: TypeAlias = Literal["forward", "redirect", "fixed-response"]
VerdictName: TypeAlias = Literal["yes", "no", "undecided"]


def _about(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class HeaderWire(Wire, frozen=True, kw_only=True):
    """One header as it was sent."""

    name: str
    value: str


class RequestWire(Wire, frozen=True, kw_only=True):
    """The request as a client sends it."""

    method: str
    url: Annotated[str, _about("With the name that the Host header says.")]
    scheme: Literal["http", "https"]
    host: Annotated[str, _about("The name in the Host header, without a port.")]
    port: Annotated[int, _about("The port that the client connects to.")]
    path: Annotated[str, _about("Raw, percent-encoding and all.")]
    query: Annotated[str, _about("What stands behind the question mark; empty for nothing.")]
    headers: list[HeaderWire]
    source_ip: Annotated[str | None, _about("null: not given.")]


class MatchedWire(Wire, frozen=True, kw_only=True):
    """Where the request was matched, by logical addresses."""

    listener: str
    rule: Annotated[str | None, _about("null where the listener's default answers.")]
    default: Annotated[bool, _about("No rule matched; the listener's default answers.")]


class RouteActionWire(Wire, frozen=True, kw_only=True):
    """What the load balancer does in the end."""

    type: ActionName
    status_code: Annotated[int | None, _about("null for a forward: a target decides.")]
    location: Annotated[str | None, _about("Where a redirect points, placeholders filled in.")]


class TargetWire(Wire, frozen=True, kw_only=True):
    """A pod address or an instance."""

    id: str
    port: Annotated[int | None, _about("null: known after apply.")]


class RoutedBackendWire(Wire, frozen=True, kw_only=True):
    """A backend that the request may go to."""

    service: Annotated[str, _about("namespace/name, or the cloud's name of what is not ours.")]
    port: Annotated[int | str | None, _about("The Service port; null where there is no Service.")]
    weight: int
    targets: Annotated[list[TargetWire] | None, _about("null: known after apply.")]


class CheckWire(Wire, frozen=True, kw_only=True):
    """One condition of a rule against the request."""

    what: Annotated[str, _about("host, path, method, query, source, or header with its name.")]
    wanted: str
    found: Annotated[str | None, _about("null: the request has no such part.")]
    verdict: VerdictName
    problem: Annotated[str, _about("Why it is undecided; else empty.")]


class SentWire(Wire, frozen=True, kw_only=True):
    """The request as a target gets it after transforms."""

    host: str
    target: Annotated[str, _about("Path and query.")]


class TriedWire(Wire, frozen=True, kw_only=True):
    """A rule that was tried; the last one matched."""

    load_balancer: str
    listener: str
    rule: Annotated[str | None, _about("null: the listener's default.")]
    priority: Annotated[int | None, _about("null: the listener's default.")]
    title: str
    ingresses: list[str]
    matched: bool
    reason: str
    checks: list[CheckWire]
    before: Annotated[list[str], _about("What happens first: people sign in, say.")]
    sent: Annotated[SentWire | None, _about("null: targets get the request as it came.")]


class RouteWire(Wire, frozen=True, kw_only=True):
    """What a load balancer does with one request, and why."""

    request: RequestWire
    matched: MatchedWire
    action: RouteActionWire
    backends: list[RoutedBackendWire]
    trace: Annotated[list[TriedWire], _about("Every rule in order, up to the one that matched.")]


def route_to_json(answer: Answer) -> bytes:
    """Return an answer as a JSON document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(route_document(answer)), indent=2) + b"\n"


def route_document(answer: Answer) -> RouteWire:
    """Return an answer as its wire Struct."""
    reply, action = answer.reply, answer.action
    last = reply.tried[-1]
    return RouteWire(
        request=_request(answer),
        matched=MatchedWire(
            listener=reply.listener, rule=last.rule or None, default=reply.is_default
        ),
        action=RouteActionWire(
            type=action.type.value, status_code=action.status_code, location=action.location
        ),
        backends=[_backend(each) for each in reply.backends],
        trace=[_tried(reply, each, is_last=each is last) for each in reply.tried],
    )


def _request(answer: Answer) -> RequestWire:
    request = answer.request
    return RequestWire(
        method=request.method,
        url=request.url,
        scheme="https" if request.scheme == "https" else "http",
        host=request.host,
        port=request.port,
        path=request.path,
        query=request.query,
        headers=[HeaderWire(name=name, value=value) for name, value in request.headers],
        source_ip=request.source_ip or None,
    )


def _backend(backend: RoutedBackend) -> RoutedBackendWire:
    targets = backend.targets
    return RoutedBackendWire(
        service=backend.service,
        port=backend.port,
        weight=backend.weight,
        targets=None if targets is None else [TargetWire(id=t.id, port=t.port) for t in targets],
    )


def _tried(reply: Reply, tried: Tried, *, is_last: bool) -> TriedWire:
    sent = reply.sent if is_last else None
    return TriedWire(
        load_balancer=reply.group,
        listener=tried.listener,
        rule=tried.rule or None,
        priority=tried.priority,
        title=tried.title,
        ingresses=[str(key) for key in tried.ingresses],
        matched=is_last,
        reason=reason(tried),
        checks=[
            CheckWire(
                what=check.what,
                wanted=check.wanted,
                found=check.found,
                verdict=check.verdict.value,
                problem=check.problem,
            )
            for check in tried.checks
        ],
        before=list(reply.before) if is_last else [],
        sent=None if sent is None else SentWire(host=sent.host, target=sent.target),
    )

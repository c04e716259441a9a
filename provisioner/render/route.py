"""Where a request goes, for people: every rule that was tried and why, then the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from provisioner.model.route import (
    Action,
    ActionType,
    Answer,
    Check,
    Reply,
    RoutedBackend,
    Target,
    Tried,
    Verdict,
)
from provisioner.render.lines import Line, Style

_NAMED_TARGETS = 10


def route_lines(answer: Answer, world: str) -> Iterator[Line]:
    """Yield an answer.

    Args:
        answer: What was found.
        world: What was asked, in a few words: what exists, or what is planned.
    """
    request, reply = answer.request, answer.reply
    yield Line(f"{request.method} {request.url}", Style.HEADING)
    for name, value in request.headers:
        yield Line(f"{name}: {value}", Style.DIM, 2)
    if request.source_ip:
        yield Line(f"from {request.source_ip}", Style.DIM, 2)
    yield Line(f"asked: {world}", Style.DIM, 2)
    yield Line()
    yield Line(f"Load balancer {reply.group}", Style.HEADING)
    yield Line(f"chosen because {answer.because}", Style.DIM, 2)
    yield Line(f"rules of {reply.listener}, in order", Style.PLAIN, 2)
    for tried in reply.tried:
        yield from _tried(tried)
    yield Line()
    yield from _answer(answer.action, reply)
    for note in answer.notes:
        yield Line(f"note: {note}", Style.WARNING, 2, 6)


def reason(tried: Tried) -> str:
    """Return in words why a rule matched or did not."""
    if not tried.rule:
        return "no rule matched"
    against = [check for check in tried.checks if check.verdict is tried.verdict]
    return "; ".join(check_words(check) for check in against) or "it asks for nothing"


def check_words(check: Check) -> str:
    """Return one check in words: ``host a.io does not match shop.example.com``."""
    match check.verdict:
        case Verdict.UNDECIDED:
            return f"{check.what} {check.wanted}: {check.problem}"
        case Verdict.YES:
            is_same = check.found == check.wanted
            verb = "is" if is_same else f"{check.found} matches"
            return f"{check.what} {verb} {check.wanted}"
        case Verdict.NO:
            if check.found is None:
                return f"there is no {check.what}, the rule asks for {check.wanted}"
            return f"{check.what} {check.found} does not match {check.wanted}"
        case _:
            assert_never(check.verdict)


_SIGNS = {Verdict.YES: "+", Verdict.NO: "-", Verdict.UNDECIDED: "?"}
_STYLES = {Verdict.YES: Style.CREATE, Verdict.NO: Style.DIM, Verdict.UNDECIDED: Style.WARNING}


def _tried(tried: Tried) -> Iterator[Line]:
    number = "default" if tried.priority is None else str(tried.priority)
    head = f"{_SIGNS[tried.verdict]} {number}: {tried.title or tried.rule}"
    yield Line(head, _STYLES[tried.verdict], 4)
    yield Line(reason(tried), Style.DIM, 8)


def _answer(action: Action, reply: Reply) -> Iterator[Line]:
    yield Line(f"Answer: {_what(action)}", Style.HEADING)
    for each in reply.before:
        yield Line(f"first the client {each}", Style.PLAIN, 2)
    total = sum(backend.weight for backend in reply.backends)
    for backend in reply.backends:
        yield Line(_backend(backend, total, alone=len(reply.backends) == 1), Style.PLAIN, 2)
    if reply.sent is not None:
        sent = f"targets get {reply.sent.target} with Host {reply.sent.host}"
        yield Line(sent, Style.PLAIN, 2)


def _what(action: Action) -> str:
    match action.type:
        case ActionType.FORWARD:
            return "forward"
        case ActionType.REDIRECT:
            return f"redirect {action.status_code} to {action.location}"
        case ActionType.FIXED_RESPONSE:
            return f"fixed response {action.status_code}"
        case _:
            assert_never(action.type)


def _backend(backend: RoutedBackend, total: int, *, alone: bool) -> str:
    port = "" if backend.port is None else f" port {backend.port}"
    share = "" if alone else f" ({backend.weight} of {total})"
    return f"{backend.service}{port}{share}: {_targets(backend.targets)}"


def _targets(targets: tuple[Target, ...] | None) -> str:
    if targets is None:
        return "targets known after apply"
    named = [each.id if each.port is None else f"{each.id}:{each.port}" for each in targets]
    more = len(named) - _NAMED_TARGETS
    shown = ", ".join(named[:_NAMED_TARGETS])
    return (f"{shown} and {more} more" if more > 0 else shown) or "no targets"

"""The sandbox's own API: faults and the request log, for whoever is not in this process.

======  ======================  =============================================================
GET     /sandbox/faults         the rules in force
POST    /sandbox/faults         add one; see below
DELETE  /sandbox/faults?kind=K  lift those of a kind, or all
GET     /sandbox/requests       counts by verb and kind, and the latest requests
DELETE  /sandbox/requests       forget them
======  ======================  =============================================================

A rule is a JSON object whose ``fault`` is one of ``forbid`` (kind, verbs, namespace), ``hide``
(kind), ``delay`` (kind, seconds, verbs), ``fail`` (kind, verb, count, status, message, retryAfter,
afterEffect), ``hang`` (kind, verbs, seconds, afterEffect), ``cut-watches`` (kind, hold),
``release-watches`` (kind), ``compact`` (kind). They do what the methods of ``Faults`` say; a kind
that is left out means every kind where that makes sense.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from provisioner.sandbox.cluster.answers import answer, refusal
from provisioner.sandbox.cluster.documents import Document, dig, number, part, text, texts
from provisioner.sandbox.cluster.faults import EVERY, READ_VERBS, Faults
from provisioner.sandbox.cluster.negotiation import parsed_body
from provisioner.sandbox.cluster.requestlog import RequestLog
from provisioner.sandbox.cluster.statuses import ApiError, bad_request

_INTERNAL_ERROR = 500


class ControlHandler:
    """Answers everything under ``/sandbox``."""

    def __init__(self, faults: Faults, log: RequestLog) -> None:
        self._faults = faults
        self._log = log
        self._rules: dict[str, Callable[[Document], None]] = {
            "forbid": self._forbid,
            "hide": self._hide,
            "delay": self._delay,
            "fail": self._fail,
            "hang": self._hang,
            "cut-watches": self._cut,
            "release-watches": lambda rule: faults.release_watches(_kind(rule)),
            "compact": lambda rule: faults.compact(_kind(rule)),
        }

    async def faults(self, request: web.Request) -> web.Response:
        """Answer ``/sandbox/faults``."""
        try:
            if request.method == "POST":
                self._add(parsed_body(await request.read(), request.content_type))
            elif request.method == "DELETE":
                self._faults.clear(request.query.get("kind", EVERY))
        except ApiError as error:
            return refusal(error)
        return answer({"faults": self._faults.active()})

    async def requests(self, request: web.Request) -> web.Response:
        """Answer ``/sandbox/requests``."""
        if request.method == "DELETE":
            self._log.reset()
        counts: list[Document] = [
            {"verb": verb, "kind": kind, "count": count}
            for (verb, kind), count in sorted(self._log.counts().items())
        ]
        recent: list[Document] = [
            {
                "verb": one.verb,
                "kind": one.kind,
                "namespace": one.namespace,
                "name": one.name,
                "subresource": one.subresource,
                "status": one.status,
                "userAgent": one.user_agent,
            }
            for one in self._log.recent()
        ]
        return answer({"counts": counts, "recent": recent})

    def _add(self, body: object) -> None:
        rule = part(body)
        add = self._rules.get(text(rule, "fault"))
        if add is None:
            raise bad_request(f'"fault" must be one of {", ".join(self._rules)}')
        add(rule)

    def _forbid(self, rule: Document) -> None:
        verbs = texts(rule, "verbs") or READ_VERBS
        self._faults.forbid(_named(rule), verbs=verbs, namespace=text(rule, "namespace"))

    def _hide(self, rule: Document) -> None:
        self._faults.hide(_named(rule))

    def _delay(self, rule: Document) -> None:
        verbs = texts(rule, "verbs") or ("list",)
        self._faults.delay(_kind(rule), _seconds(rule), verbs=verbs)

    def _fail(self, rule: Document) -> None:
        retry_after = dig(rule, "retryAfter")
        self._faults.fail_next(
            number(rule, "count", default=1),
            kind=_kind(rule),
            verb=text(rule, "verb") or EVERY,
            status=number(rule, "status", default=_INTERNAL_ERROR),
            message=text(rule, "message"),
            retry_after=retry_after if isinstance(retry_after, int) else None,
            after_effect=rule.get("afterEffect") is True,
        )

    def _hang(self, rule: Document) -> None:
        self._faults.hang(
            _seconds(rule),
            kind=_kind(rule),
            verbs=texts(rule, "verbs") or (EVERY,),
            after_effect=rule.get("afterEffect") is True,
        )

    def _cut(self, rule: Document) -> None:
        self._faults.cut_watches(_kind(rule), hold=rule.get("hold") is True)


def _kind(rule: Document) -> str:
    return text(rule, "kind") or EVERY


def _named(rule: Document) -> str:
    kind = text(rule, "kind")
    if not kind:
        raise bad_request(f'the fault "{text(rule, "fault")}" needs a "kind"')
    return kind


def _seconds(rule: Document) -> float:
    value = rule.get("seconds")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise bad_request(f'the fault "{text(rule, "fault")}" needs "seconds", a number')
    return float(value)

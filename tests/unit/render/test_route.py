"""An answer for people and for programs."""

from __future__ import annotations

import json

import pytest

from provisioner.core.requests import parse_request
from provisioner.model.kube import Key
from provisioner.model.route import (
    Action,
    ActionType,
    Answer,
    Check,
    Reply,
    RoutedBackend,
    Sent,
    Target,
    Tried,
    Verdict,
)
from provisioner.render.lines import plain
from provisioner.render.route import check_words, route_lines
from provisioner.render.route_wire import route_to_json
from provisioner.render.schema import route_schema

LISTENER = "aws:listener/shop/web/80"


def a_check(found: str | None, verdict: Verdict, *, what: str = "host", problem: str = "") -> Check:
    return Check(what=what, wanted="a.io", found=found, verdict=verdict, problem=problem)


def an_answer(
    action: Action | None = None, *backends: RoutedBackend, by_default: bool = False
) -> Answer:
    """Return an answer by the second rule, or by the default."""
    done = action or Action(type=ActionType.FORWARD)
    first = Tried(
        listener=LISTENER,
        rule="aws:listener-rule/shop/web/80/1",
        priority=100,
        title="b.io",
        checks=(a_check("a.io", Verdict.NO),),
    )
    last = Tried(
        listener=LISTENER,
        rule="aws:listener-rule/shop/web/80/2",
        priority=200,
        title="a.io /* (Prefix) -> web:80",
        ingresses=(Key("shop", "web"),),
        checks=(a_check("a.io", Verdict.YES),),
    )
    reply = Reply(
        group="shop/web",
        listener=LISTENER,
        tried=(first, Tried(listener=LISTENER, title="everything else") if by_default else last),
        action=done,
        backends=backends,
        before=("signs in with https://login",),
        sent=Sent(host="inner", target="/y"),
    )
    request = parse_request("a.io/x?y=1", headers=["X-A: 1"], source_ip="10.0.0.1")
    return Answer(request=request, reply=reply, action=done, because="of that", notes=("mind it",))


BACKENDS = (
    RoutedBackend(service="shop/web", port=80, weight=3, targets=(Target(id="10.0.0.5", port=1),)),
    RoutedBackend(service="shop/next", port="http", weight=1),
)


def test_the_document_has_the_published_shape() -> None:
    """Request, match, action, backends, trace: nothing else at the top, and the nouns inside."""
    document = json.loads(route_to_json(an_answer(None, *BACKENDS)))

    assert list(document) == ["request", "matched", "action", "backends", "trace"]
    assert document["matched"] == {
        "listener": LISTENER,
        "rule": "aws:listener-rule/shop/web/80/2",
        "default": False,
    }
    assert document["action"] == {"type": "forward", "statusCode": None, "location": None}
    assert document["backends"] == [
        {
            "service": "shop/web",
            "port": 80,
            "weight": 3,
            "targets": [{"id": "10.0.0.5", "port": 1}],
        },
        {"service": "shop/next", "port": "http", "weight": 1, "targets": None},
    ]
    assert document["request"] == {
        "method": "GET",
        "url": "http://a.io/x?y=1",
        "scheme": "http",
        "host": "a.io",
        "port": 80,
        "path": "/x",
        "query": "y=1",
        "headers": [{"name": "X-A", "value": "1"}],
        "sourceIp": "10.0.0.1",
    }


def test_the_trace_has_every_rule_with_its_reason() -> None:
    """The last one matched; what happens first and what targets get stand with it alone."""
    first, last = json.loads(route_to_json(an_answer()))["trace"]

    assert (first["priority"], first["matched"], first["sent"]) == (100, False, None)
    assert first["reason"] == "host a.io does not match a.io"
    assert first["checks"][0]["verdict"] == "no"
    assert (last["priority"], last["matched"]) == (200, True)
    assert last["ingresses"] == ["shop/web"]
    assert last["before"] == ["signs in with https://login"]
    assert last["sent"] == {"host": "inner", "target": "/y"}


def test_a_status_is_a_number_and_the_default_has_no_rule() -> None:
    """A 404 is an answer like any other."""
    action = Action(type=ActionType.FIXED_RESPONSE, status_code=404)
    document = json.loads(route_to_json(an_answer(action, by_default=True)))

    assert document["action"] == {"type": "fixed-response", "statusCode": 404, "location": None}
    assert document["matched"] == {"listener": LISTENER, "rule": None, "default": True}
    assert document["backends"] == []


def test_the_schema_knows_every_field_of_the_document() -> None:
    """What is printed is what is published."""
    schema = json.loads(route_schema())
    document = json.loads(route_to_json(an_answer(None, *BACKENDS)))

    definitions = schema["$defs"]
    assert set(definitions["Route"]["required"]) == set(document)
    assert set(definitions["Tried"]["required"]) == set(document["trace"][0])
    assert set(definitions["RoutedBackend"]["required"]) == set(document["backends"][0])


def test_people_read_every_rule_and_then_the_answer() -> None:
    """Signs tell what matched; shares are told where there are several backends."""
    text = plain(route_lines(an_answer(None, *BACKENDS), "what exists now"), width=100)

    assert "- 100: b.io" in text
    assert "+ 200: a.io /* (Prefix) -> web:80" in text
    assert "host is a.io" in text
    assert "Answer: forward" in text
    assert "first the client signs in with https://login" in text
    assert "shop/web port 80 (3 of 4): 10.0.0.5:1" in text
    assert "shop/next port http (1 of 4): targets known after apply" in text
    assert "targets get /y with Host inner" in text
    assert "note: mind it" in text
    assert "asked: what exists now" in text


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (
            Action(type=ActionType.REDIRECT, status_code=301, location="https://a.io:443/"),
            "Answer: redirect 301 to https://a.io:443/",
        ),
        (Action(type=ActionType.FIXED_RESPONSE, status_code=404), "Answer: fixed response 404"),
    ],
)
def test_other_answers_are_said_in_a_line(action: Action, expected: str) -> None:
    """Where a redirect leads, and which status a fixed response has."""
    assert expected in plain(route_lines(an_answer(action), ""), width=100)


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (a_check("a.io", Verdict.YES), "host is a.io"),
        (a_check("A.io", Verdict.YES), "host A.io matches a.io"),
        (a_check("b.io", Verdict.NO), "host b.io does not match a.io"),
        (
            a_check(None, Verdict.NO, what="header X-A"),
            "there is no header X-A, the rule asks for a.io",
        ),
        (
            a_check(None, Verdict.UNDECIDED, what="source", problem="not given"),
            "source a.io: not given",
        ),
    ],
)
def test_a_check_in_words(check: Check, expected: str) -> None:
    """What was asked for, and what was there."""
    assert check_words(check) == expected


def test_a_request_cannot_steer_the_terminal() -> None:
    """What somebody typed or wrote into an Ingress is printed, never obeyed."""
    answer = an_answer(None, RoutedBackend(service="shop/\x1b[31m", port=None))

    assert "\x1b" not in plain(route_lines(answer, ""), width=100)

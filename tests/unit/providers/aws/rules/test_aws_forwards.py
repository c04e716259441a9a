"""Forwards, redirects and fixed responses: weights, stickiness, and target groups of others."""

from __future__ import annotations

import pytest

from provisioner.model.intent import (
    FixedResponse,
    ForeignBackend,
    Forward,
    Redirect,
    WeightedBackend,
)
from provisioner.model.resource import Json
from tests.unit.providers.aws.rules.building import (
    a_backend_id,
    a_listener,
    a_path,
    codes,
    express,
    field,
    group_address,
    only_entry,
    seen,
)

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/theirs/0123456789abcdef"


def split(*services: tuple[str, int | None], foreign: tuple[ForeignBackend, ...] = ()) -> Forward:
    """Return a forward to Services by weight, and to target groups of others."""
    return Forward(
        backends=tuple(
            WeightedBackend(backend=a_backend_id(service), weight=weight)
            for service, weight in services
        ),
        foreign=foreign,
    )


def ref(service: str) -> Json:
    """Return the reference to a Service's target group."""
    return {"ref": f"{group_address(a_backend_id(service))}.TargetGroupArn"}


def config_of(action: Forward, **foreign: str) -> Json:
    """Return the ForwardConfig of a rule that forwards so."""
    [rule] = express(a_listener(a_path(action=action)), foreign=foreign).resources
    return only_entry(rule, "Actions")["ForwardConfig"]


def test_one_backend_has_no_weight() -> None:
    """It gets everything, whatever its weight."""
    assert config_of(split(("web", 10))) == {"TargetGroups": [{"TargetGroupArn": ref("web")}]}


def test_several_backends_have_one_weight_each() -> None:
    """In the order of their addresses, which is how they are read back."""
    assert config_of(split(("web", 90), ("canary", 10))) == {
        "TargetGroups": [
            {"TargetGroupArn": ref("canary"), "Weight": 10},
            {"TargetGroupArn": ref("web"), "Weight": 90},
        ]
    }


def test_stickiness_is_written_where_it_is_on() -> None:
    """``TargetGroupStickinessConfig`` with its duration."""
    action = Forward(backends=split(("web", 1), ("canary", 1)).backends, stickiness_seconds=120)

    found = config_of(action)

    assert isinstance(found, dict)
    assert found["TargetGroupStickinessConfig"] == {"Enabled": True, "DurationSeconds": 120}


@pytest.mark.parametrize(
    ("name", "known", "arn"),
    [
        ("theirs", {"theirs": ARN}, ARN),
        (ARN, {ARN: ARN}, ARN),
        (ARN, {}, ARN),
        ("theirs", {}, None),
    ],
)
def test_target_groups_of_others_by_name_or_arn(
    name: str, known: dict[str, str], arn: str | None
) -> None:
    """A name is looked up; where no account could be asked, it is known after apply."""
    action = split(foreign=(ForeignBackend(name=name),))

    assert config_of(action, **known) == {"TargetGroups": [{"TargetGroupArn": arn}]}


def test_ours_and_theirs_share_traffic() -> None:
    """All of them stand in one order, with a weight each."""
    action = split(("web", 1), foreign=(ForeignBackend(name=ARN, weight=3),))

    assert config_of(action) == {
        "TargetGroups": [
            {"TargetGroupArn": ARN, "Weight": 3},
            {"TargetGroupArn": ref("web"), "Weight": 1},
        ]
    }


def test_a_target_group_that_the_account_lacks_quarantines_that_path() -> None:
    """The last good rule stays; the message names the target group."""
    good = a_listener(a_path(path="/a", place=(0, 0)), a_path(path="/b", place=(0, 1)))
    before = express(good)
    bad = split(foreign=(ForeignBackend(name="theirs"),))
    listener = a_listener(
        a_path(path="/a", place=(0, 0), action=bad), a_path(path="/b", place=(0, 1))
    )

    result = express(
        listener, foreign={"theirs": ""}, observed=[seen(rule) for rule in before.resources]
    )

    assert codes(result.diagnostics) == ["BACKEND-TARGET-GROUP-MISSING"]
    assert "theirs" in result.diagnostics[0].message
    assert [q.path for q in result.quarantined] == ["spec.rules[0].http.paths[0]"]
    assert [r.spec["Actions"] for r in result.resources] == [
        r.spec["Actions"] for r in before.resources
    ]


def test_target_groups_of_others_count_among_the_five() -> None:
    """An action takes five, whoever keeps them."""
    action = split(
        *((s, 1) for s in "abcd"),
        foreign=(ForeignBackend(name=ARN, weight=1), ForeignBackend(name=f"{ARN}0", weight=1)),
    )

    assert codes(express(a_listener(a_path(action=action))).diagnostics) == ["BACKEND-SPLIT"]


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        (
            Redirect(status=302, host="b.example.com"),
            {
                "Protocol": "#{protocol}",
                "Host": "b.example.com",
                "Port": "#{port}",
                "Path": "/#{path}",
                "Query": "#{query}",
                "StatusCode": "HTTP_302",
            },
        ),
        (
            Redirect(
                protocol="HTTPS",
                host="www.#{host}",
                port="8443",
                path="/new/#{path}",
                query="a=b",
            ),
            {
                "Protocol": "HTTPS",
                "Host": "www.#{host}",
                "Port": "8443",
                "Path": "/new/#{path}",
                "Query": "a=b",
                "StatusCode": "HTTP_301",
            },
        ),
    ],
)
def test_redirects_say_all_their_parts(redirect: Redirect, expected: Json) -> None:
    """What is kept is its placeholder, as AWS answers it."""
    [rule] = express(a_listener(a_path(action=redirect))).resources

    assert field(rule, "Actions") == [{"Type": "redirect", "RedirectConfig": expected}]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (FixedResponse(status=404), {"StatusCode": "404", "ContentType": "text/plain"}),
        (
            FixedResponse(status=200, content_type="application/json", body="{}"),
            {"StatusCode": "200", "ContentType": "application/json", "MessageBody": "{}"},
        ),
        (FixedResponse(status=204, content_type=""), {"StatusCode": "204"}),
    ],
)
def test_fixed_responses_say_what_was_given(response: FixedResponse, expected: Json) -> None:
    """No body and no type where none was written."""
    [rule] = express(a_listener(a_path(action=response))).resources

    assert field(rule, "Actions") == [{"Type": "fixed-response", "FixedResponseConfig": expected}]

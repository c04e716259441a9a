"""Promises of editing a resource's text: what is not ours goes back byte for byte."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gcp.live.merge import merged, merged_ports

DEEP = (
    b'{"name": "be", "timeoutSec": 3.0e1, "future": {"a": [1.00, {"b": 1e2}]},'
    b' "logConfig": {"enable": true, "optional": "LATER", "ratio": 0.50},'
    b' "backends": [{"group": "https://www.googleapis.com/compute/v1/projects/p/zones/z/'
    b'networkEndpointGroups/n", "capacityScaler": 1.0, "preference": {"kind": "NEW", "w": 1.50}}],'
    b' "word": "caf\\u00e9", "fingerprint": "abc="}'
)
GROUP = "projects/p/zones/z/networkEndpointGroups/n"

NUMBERS = st.sampled_from(["1", "1.0", "1.00", "1e2", "1E+2", "-0", "0.10", "12345678901234567890"])
TEXTS = st.sampled_from(['"a"', '"\\u0041"', '"caf\\u00e9"', '"\u00e9"', '"a\\/b"', '""'])
VALUES = st.recursive(
    NUMBERS | TEXTS | st.sampled_from(["true", "false", "null", "[ ]", "{ }"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ " + " ,".join(items) + "]")
        | st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3).map(
            lambda fields: "{" + ", ".join(f'"{k}" : {v}' for k, v in fields.items()) + " }"
        )
    ),
    max_leaves=8,
)


def test_fields_of_nobody_we_know_survive_at_three_depths() -> None:
    """At the top, inside an object, in an element of a list; down to the spelling of numbers."""
    wanted = {
        "timeoutSec": 31,
        "logConfig": {"enable": False},
        "backends": [{"group": GROUP, "capacityScaler": 0.5}],
    }

    made = merged(DEEP, wanted)

    assert b'"future":{"a": [1.00, {"b": 1e2}]}' in made
    assert b'"optional":"LATER","ratio":0.50' in made
    assert b'"preference":{"kind": "NEW", "w": 1.50}' in made
    assert b'"word":"caf\\u00e9"' in made
    assert json.loads(made)["timeoutSec"] == 31
    assert json.loads(made)["backends"][0]["capacityScaler"] == 0.5


def test_what_is_as_wanted_is_not_touched_at_all() -> None:
    """1 is 1.0, a link is its path: equal values keep the spelling that they have."""
    wanted = {
        "timeoutSec": 30,
        "logConfig": {"enable": True},
        "backends": [{"group": GROUP, "capacityScaler": 1}],
        "iap": None,
    }

    assert merged(DEEP, wanted) == DEEP


def test_the_fingerprint_goes_back_as_it_came() -> None:
    """It is what guards the update."""
    assert json.loads(merged(DEEP, {"timeoutSec": 1}))["fingerprint"] == "abc="


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({}, {"iap": {"enabled": None}}, {}),
        ({"iap": {"enabled": True}}, {"iap": {"enabled": None}}, {}),
        ({"iap": {"enabled": True, "x": 1}}, {"iap": {"enabled": None}}, {"iap": {"x": 1}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
        ({"a": "text"}, {"a": {"b": 1, "c": None}}, {"a": {"b": 1}}),
        ({"a": True}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"list": [1, 2]}, {"list": []}, {"list": []}),
        ({"list": [{"x": 1}]}, {"list": [{"y": 1}]}, {"list": [{"y": 1}]}),
        ({}, {"a": {}}, {"a": {}}),
    ],
)
def test_none_means_ours_and_not_wanted(
    before: dict[str, object], wanted: dict[str, object], after: dict[str, object]
) -> None:
    """What Nones leave empty goes, what they would create is not created."""
    assert json.loads(merged(json.dumps(before).encode(), wanted)) == after


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("backends", {"group": GROUP}),
        ("hostRules", {"pathMatcher": "shop"}),
        ("pathMatchers", {"name": "shop"}),
        ("pathRules", {"paths": ["/b", "/a"]}),
        ("routeRules", {"priority": 1}),
        ("weightedBackendServices", {"backendService": "projects/p/global/backendServices/x"}),
    ],
)
def test_elements_with_an_identity_are_merged(name: str, identity: dict[str, object]) -> None:
    """What is there and not wanted goes; what stays keeps its unknown fields."""
    before = {name: [{**identity, "unknown": 1}, {"name": "gone", "group": "gone"}]}
    if "paths" in identity:
        identity = {"paths": ["/a", "/b"]}

    made = merged(json.dumps(before).encode(), {name: [{**identity, "ours": 2}]})

    assert [{k: e[k] for k in ("unknown", "ours")} for e in json.loads(made)[name]] == [
        {"unknown": 1, "ours": 2}
    ]


def test_ports_of_others_are_kept_and_ours_replaced() -> None:
    """The list of named ports is shared with GKE."""
    group = (
        b'{"fingerprint": "f", "namedPorts": [{"name": "http", "port": 8.0e1},'
        b' {"name": "port1", "port": 1}, {"name": "port2", "port": 2}]}'
    )

    body = merged_ports(group, [{"name": "port2", "port": 2}], ["port1"])

    assert body == (
        b'{"namedPorts":[{"name": "http", "port": 8.0e1},{"name":"port2","port":2}],'
        b'"fingerprint":"f"}'
    )


@given(VALUES, VALUES, st.integers(min_value=0, max_value=9))
def test_unknown_fields_never_change(first: str, second: str, timeout: int) -> None:
    """Whatever they hold and however it is spelled, beside and inside what we own."""
    before = (
        f'{{"unknown": {first}, "timeoutSec": 5, "logConfig": {{"enable": true, "new": {second}}},'
        f' "backends": [{{"group": "{GROUP}", "new": {first}}}]}}'
    )
    wanted = {
        "timeoutSec": timeout,
        "logConfig": {"enable": False},
        "backends": [{"group": GROUP, "capacityScaler": 1}],
    }

    made = merged(before.encode(), wanted).decode()

    assert f'"unknown":{first}' in made
    assert re.search(rf'"new":{re.escape(second)}[,}}]', made)
    assert f'"group": "{GROUP}", "new": {first}' in made or f'"new":{first}' in made


@given(VALUES)
def test_merging_twice_is_merging_once(value: str) -> None:
    """An update that is repeated changes nothing more."""
    wanted = {"timeoutSec": 7, "iap": None, "backends": [{"group": "g", "x": None}]}

    once = merged(f'{{"a": {value}, "iap": {{"enabled": false}}}}'.encode(), wanted)

    assert merged(once, wanted) == once

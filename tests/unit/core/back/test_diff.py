"""Promises of the diff: the piece that everything rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action
from provisioner.model.kube import Key
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Unknown,
    freeze_spec,
)

RULES = DiffRules(
    immutable={"TargetGroup": frozenset({"Protocol"})},
    create_only={"TargetGroup": frozenset({"Port"})},
    partial={"LoadBalancer": frozenset({"Attributes"})},
)


def wanted(address: str, spec: Mapping[str, PlainInput], kind: str = "TargetGroup") -> Resource:
    return Resource(kind=kind, address=address, group="shop/web", spec=freeze_spec(spec))


def seen(
    address: str, spec: Mapping[str, PlainInput], kind: str = "TargetGroup"
) -> ObservedResource:
    return ObservedResource(
        kind=kind,
        address=address,
        group="shop/web",
        spec=freeze_spec(spec),
        ingresses=(Key("shop", "web"),),
    )


def test_equal_worlds_give_only_no_ops() -> None:
    """A second plan of the same world is empty (LBC#4064 is what happens otherwise)."""
    spec: dict[str, PlainInput] = {"HealthCheckPath": "/", "Tags": [{"Key": "a", "Value": "b"}]}

    changes = diff([wanted("aws:x/1", spec)], [seen("aws:x/1", spec)], RULES)

    assert [change.action for change in changes] == [Action.NOOP]
    assert changes[0].fields == ()


def test_what_nobody_asked_for_is_not_a_difference() -> None:
    """Fields that the desired side does not name are not ours to reset."""
    changes = diff(
        [wanted("aws:x/1", {"Path": "/"})], [seen("aws:x/1", {"Path": "/", "More": 1})], RULES
    )

    assert changes[0].action is Action.NOOP


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("/", "/healthz", True),
        ((1, 2), (1, 2), False),
        ((1, 2), (2, 1), True),
        (True, 1, True),
        (None, "", True),
    ],
)
def test_values_compare_by_type_and_order(
    before: PlainInput, after: PlainInput, *, changed: bool
) -> None:
    """1 is not true and the order of a list means something; providers sort what is a set."""
    changes = diff([wanted("aws:x/1", {"F": after})], [seen("aws:x/1", {"F": before})], RULES)

    assert (changes[0].action is Action.UPDATE) is changed


def test_create_only_fields_are_not_compared() -> None:
    """A node port that the cluster allocates anew replaces no target group."""
    changes = diff([wanted("aws:x/1", {"Port": 30002})], [seen("aws:x/1", {"Port": 30001})], RULES)

    assert changes[0].action is Action.NOOP


def test_only_desired_keys_of_attributes_are_compared() -> None:
    """AWS lists every attribute; those that nobody set keep their value."""
    desired = wanted("aws:x/1", {"Attributes": [{"Key": "a", "Value": "1"}]}, "LoadBalancer")
    observed = seen(
        "aws:x/1",
        {"Attributes": [{"Key": "a", "Value": "0"}, {"Key": "b", "Value": "2"}]},
        "LoadBalancer",
    )

    (change,) = diff([desired], [observed], RULES)

    assert [field.before for field in change.fields] == [
        freeze_spec({"x": [{"Key": "a", "Value": "0"}]})["x"]
    ]


def test_what_is_known_after_apply_is_no_difference_on_what_exists() -> None:
    """Files cannot know pod addresses; saying that they change would be a guess."""
    desired = wanted("aws:x/1", {"Targets": Unknown("ready pods")})

    (change,) = diff([desired], [seen("aws:x/1", {"Targets": [{"Id": "10.0.0.1"}]})], RULES)

    assert change.action is Action.NOOP


def test_a_new_generation_is_a_replacement_and_the_old_one_is_deleted() -> None:
    """An immutable field changes by creating the next generation, never in place."""
    changes = diff(
        [wanted("aws:x/1@2", {"Protocol": "HTTPS"})], [seen("aws:x/1", {"Protocol": "HTTP"})], RULES
    )

    assert [(change.address, change.action) for change in changes] == [
        ("aws:x/1", Action.DELETE),
        ("aws:x/1@2", Action.REPLACE),
    ]


def test_deletes_show_what_goes() -> None:
    """Whoever approves a delete sees every field of what is lost."""
    (change,) = diff([], [seen("aws:x/1", {"Name": "a", "Arn": Ref("aws:y/1", "Arn")})], RULES)

    assert change.action is Action.DELETE
    assert [(f.path, f.after) for f in change.fields] == [("Arn", None), ("Name", None)]
    assert change.ingresses == (Key("shop", "web"),)


SPECS = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    st.one_of(st.integers(0, 2), st.text(max_size=2), st.lists(st.integers(0, 2), max_size=2)),
    max_size=3,
)
WORLDS = st.dictionaries(st.sampled_from(["aws:x/1", "aws:x/2", "aws:x/3"]), SPECS, max_size=3)
World: TypeAlias = dict[str, dict[str, PlainInput]]


@given(desired=WORLDS, observed=WORLDS, backwards=st.booleans())
def test_order_of_input_never_matters(desired: World, observed: World, *, backwards: bool) -> None:
    """Clouds and clusters list in any order; the plan must be the same."""
    ours = [wanted(address, spec) for address, spec in desired.items()]
    theirs = [seen(address, spec) for address, spec in observed.items()]
    expected = diff(ours, theirs, RULES)

    theirs.reverse()
    if backwards:
        ours.reverse()

    assert diff(ours, theirs, RULES) == expected


@given(world=WORLDS)
def test_a_world_does_not_differ_from_itself(world: World) -> None:
    """diff(x, x) is empty, for every x."""
    changes = diff(
        [wanted(address, spec) for address, spec in world.items()],
        [seen(address, spec) for address, spec in world.items()],
        RULES,
    )

    assert all(change.action is Action.NOOP for change in changes)


def test_an_owned_field_that_nothing_names_is_to_be_absent() -> None:
    """Where the provider writes a resource whole, what is left of an earlier wish has to go."""
    rules = DiffRules(owned={"UrlMap": frozenset({"defaultService", "hostRules"})})
    spec: dict[str, PlainInput] = {"hostRules": [{"hosts": ["a"]}], "fingerprint": "x"}

    [change] = diff(
        [wanted("gcp:x/1", {"name": "m"}, "UrlMap")],
        [seen("gcp:x/1", {"name": "m", **spec}, "UrlMap")],
        rules,
    )

    assert change.action is Action.UPDATE
    assert [(f.path, f.after) for f in change.fields] == [("hostRules", None)]

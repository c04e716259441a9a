"""Promises of reading annotations: nothing under a prefix of ours is ignored without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.core import annotations as settings_of
from provisioner.core.annotations import ModeWish
from provisioner.core.dialect import table_of
from provisioner.core.portable import PORTABLE
from provisioner.core.reading import Reading, read_annotations
from provisioner.model.annotation import Annotation, Merge, Place
from provisioner.model.intent import Scheme
from provisioner.model.kube import Key
from tests.factories import ALB, ADialect, a_meta, some_annotations
from tests.factories import PORTABLE as OURS

INGRESS = Key("shop", "web")


def reading(place: Place = Place.INGRESS, **annotations: str) -> Reading:
    pairs = {key.replace("__", "."): value for key, value in annotations.items()}
    pairs = {key.replace("_", "-"): value for key, value in pairs.items()}
    return read(pairs, place)


def read(pairs: dict[str, str], place: Place = Place.INGRESS) -> Reading:
    meta = replace(a_meta("shop/web"), annotations=some_annotations(pairs))
    return read_annotations(meta, place, table=table_of(ADialect()), ingress=INGRESS)


def test_native_and_portable_annotations_feed_the_same_setting() -> None:
    """A manifest may move from one spelling to the other without a change of meaning."""
    native = reading(target_type="ip").values
    portable = read({OURS + "target-mode": "pod"}).values

    assert native.get(settings_of.TARGET_MODE) is ModeWish.POD
    assert portable.get(settings_of.TARGET_MODE) is ModeWish.POD


def test_annotations_of_others_are_not_ours_to_judge() -> None:
    """Only prefixes that we read are looked at."""
    result = read({"nginx.ingress.kubernetes.io/rewrite-target": "/"})

    assert result == Reading()


def test_an_unknown_key_is_a_warning_with_the_nearest_known_one() -> None:
    """A spelling mistake should cost a glance, not an afternoon."""
    [warning] = reading(shceme="internal").diagnostics

    assert warning.code == "ANNOTATION-UNKNOWN"
    assert warning.field == f"metadata.annotations[{ALB}shceme]"
    assert warning.hint == f"did you mean {ALB}scheme?"
    assert not warning.blocking


def test_a_value_that_does_not_parse_blocks_and_leaves_the_setting_unsaid() -> None:
    """Nothing is planned from half an object."""
    result = reading(scheme="public")

    [problem] = result.diagnostics
    assert problem.code == "ANNOTATION-VALUE"
    assert problem.blocking
    assert problem.ingress == INGRESS
    assert result.values.get(settings_of.SCHEME) is None
    assert result.failed == {"scheme"}


def test_two_keys_that_say_different_things_are_an_error_on_the_object() -> None:
    """Which of the two was meant is not ours to guess."""
    result = read({"scheme": "internal", OURS + "scheme": "external"})

    [problem] = result.diagnostics
    assert problem.code == "ANNOTATION-CONTRADICTION"
    assert ALB in problem.message
    assert OURS in problem.message


def test_two_keys_that_agree_are_fine() -> None:
    """Portable and native may stand side by side during a migration."""
    result = read({"scheme": "internet-facing", OURS + "scheme": "external"})

    assert result.diagnostics == ()
    assert result.values.get(settings_of.SCHEME) is Scheme.EXTERNAL


def test_a_key_on_the_wrong_kind_of_object_is_a_warning() -> None:
    """The scheme belongs to the load balancer and says nothing on a Service."""
    result = reading(Place.SERVICE, scheme="internal")

    [warning] = result.diagnostics
    assert warning.code == "ANNOTATION-PLACE"
    assert warning.hint == "put it on the Ingress"
    assert result.values.get(settings_of.SCHEME) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("overflow", "new-load-balancer"),
        ("dry-run", "true"),
        ("approval", "manual"),
    ],
)
def test_portable_annotations_that_are_not_built_are_refused_by_name(name: str, value: str) -> None:
    """A published name without an effect must not look as if it had one."""
    [problem] = read({OURS + name: value}).diagnostics

    assert problem.code == "OBJECT-UNSUPPORTED"
    assert problem.blocking
    assert problem.field == f"metadata.annotations[{OURS}{name}]"


def test_members_of_a_family_are_kept_by_what_stands_for_the_star() -> None:
    """``actions.${name}`` is one annotation per action."""
    result = read({"actions.go": "redirect", "actions.stop": "503", "actions.": "redirect"})

    assert sorted(result.values.family(settings_of.ACTIONS)) == ["go", "stop"]
    assert [d.code for d in result.diagnostics] == ["ANNOTATION-UNKNOWN"]


def test_stronger_values_win_key_by_key() -> None:
    """A place decides per setting; nothing is merged inside a value."""
    strong = reading(scheme="internal").values
    weak = read({"scheme": "internet-facing", "actions.go": "redirect"}).values

    merged = strong.over(weak)

    assert merged.get(settings_of.SCHEME) is Scheme.INTERNAL
    assert sorted(merged.family(settings_of.ACTIONS)) == ["go"]
    assert weak.over(strong).get(settings_of.SCHEME) is Scheme.EXTERNAL


def test_where_something_was_said_is_remembered() -> None:
    """Explanations name the annotation and the object."""
    said = reading(scheme="internal").values.where(settings_of.SCHEME)

    assert said is not None
    assert said.source == f"annotation {ALB}scheme on Ingress shop/web"


@pytest.mark.parametrize("row", PORTABLE, ids=lambda row: row.setting.name)
def test_every_portable_annotation_is_documented(row: Annotation[object]) -> None:
    """The reference page is generated from this table."""
    assert row.key == OURS + row.setting.name
    assert row.summary.endswith(".")
    assert row.places


def test_options_of_services_and_of_rules_are_told_apart() -> None:
    """What a Service may state is the backend's; what only an Ingress may state is the rule's."""
    table = table_of(ADialect())

    assert "sticky" in table.options(Merge.OWN, place=Place.SERVICE)
    assert "use-regex" in table.options(Merge.OWN, place=Place.INGRESS)
    assert "target-mode" not in table.options(Merge.OWN)

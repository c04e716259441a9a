"""Promises of JSON in annotations: names in any case, and one sentence about what is wrong."""

from __future__ import annotations

import pytest

from provisioner.core.json_values import (
    JsonObject,
    json_object,
    json_objects,
    json_value,
    listen_ports,
    portable_listen_ports,
)
from provisioner.model.annotation import AnnotationError
from provisioner.model.intent import ListenerProtocol

HTTP, HTTPS = ListenerProtocol.HTTP, ListenerProtocol.HTTPS


def test_field_names_are_read_in_any_case() -> None:
    """People copy the capitalised form out of AWS examples (LBC#1693, LBC#3607)."""
    action = json_object('{"Type": "redirect", "RedirectConfig": {"Port": "443", "on": true}}')

    config = action.object("redirectConfig")

    assert action.text("type") == "redirect"
    assert config is not None
    assert config.text("port") == "443"
    assert config.boolean("on") is True


@pytest.mark.parametrize("raw", ["", "{", "{} {}", "[NaN]", "[" * 100_000])
def test_what_is_not_one_json_value_is_refused(raw: str) -> None:
    """Trailing data and runaway nesting are errors, never a traceback."""
    with pytest.raises(AnnotationError, match="not JSON"):
        json_value(raw)


def test_every_typed_field_says_its_path_when_it_is_wrong() -> None:
    """The path leads to the mistake inside a long annotation."""
    items = json_object('{"a": [{"b": 1, "c": "x", "d": {"e": 2}}]}').objects("a")

    with pytest.raises(AnnotationError, match=r"a\[0\]\.b is not text"):
        items[0].text("b")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.c is not a whole number"):
        items[0].integer("c")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.c is not true or false"):
        items[0].boolean("c")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.c is not a list"):
        items[0].texts("c")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.c is not a JSON object"):
        items[0].text_map("c")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.d\.e holds"):
        items[0].text_map("d")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.d is neither"):
        items[0].text_or_integer("d")
    with pytest.raises(AnnotationError, match=r"a\[0\]\.f is required"):
        items[0].required_text("f")


def test_absent_and_null_fields_are_the_same() -> None:
    """Go leaves both at their zero value."""
    value = json_object('{"a": null}')

    assert "a" not in value
    assert value.text("a") is None
    assert value.integer("b") is None
    assert value.object("c") is None
    assert value.texts("a") == ()
    assert value.objects("a") == ()
    assert value.text_map("a") == {}


def test_fields_that_nobody_reads_are_known_as_written() -> None:
    """A misspelled field can be refused instead of making a rule broader than asked."""
    value = json_object('{"Type": "x", "Confg": 1}')
    value.text("type")

    assert value.unread() == ("Confg",)


def test_good_fields_come_back_typed() -> None:
    """Every reader returns what it promises."""
    value = json_object('{"n": 5, "list": ["a", "b"], "map": {"K": "v"}, "port": "http"}')

    assert value.integer("n") == 5
    assert value.texts("list") == ("a", "b")
    assert value.text_map("map") == {"K": "v"}
    assert value.text_or_integer("port") == "http"
    assert value.required_text("port") == "http"


def test_lists_hold_objects_only() -> None:
    """Each item is named by its index."""
    with pytest.raises(AnnotationError, match=r"item\[1\] is not a JSON object"):
        json_objects("[{}, 1]")
    with pytest.raises(AnnotationError, match="not a JSON list"):
        json_objects("{}")
    with pytest.raises(AnnotationError, match="not a JSON object"):
        JsonObject([])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('[{"HTTP": 80}, {"HTTPS": 443}]', ((80, HTTP), (443, HTTPS))),
        ('[{"HTTP": 80, "HTTPS": 443}]', ((80, HTTP), (443, HTTPS))),
        ('[{"HTTP": 80}, {"HTTPS": 80}]', ((80, HTTPS),)),
        ('[{"HTTPS": 8443}, {"HTTP": 81}]', ((81, HTTP), (8443, HTTPS))),
    ],
)
def test_listen_ports_are_read_as_lbc_reads_them(
    raw: str, expected: tuple[tuple[int, ListenerProtocol], ...]
) -> None:
    """Several pairs per object are fine, and for a port said twice the last word counts."""
    assert listen_ports(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "[]",
        "{}",
        "80",
        "[80]",
        '[{"http": 80}]',
        '[{"TCP": 80}]',
        '[{"HTTP": 0}]',
        '[{"HTTP": 65536}]',
        '[{"HTTP": "80"}]',
        '[{"HTTP": true}]',
        '[{"HTTP": 80.5}]',
    ],
)
def test_wrong_listen_ports_are_refused_with_a_hint(raw: str) -> None:
    """Protocol names are case-sensitive, ports are 1 to 65535, the list is not empty."""
    with pytest.raises(AnnotationError) as caught:
        listen_ports(raw)

    assert caught.value.hint


def test_portable_listen_ports_have_a_plain_form_too() -> None:
    """``HTTP:80, HTTPS:443`` means what the JSON form means."""
    assert portable_listen_ports("HTTPS:443, HTTP:80") == ((80, HTTP), (443, HTTPS))
    assert portable_listen_ports('[{"HTTP": 80}]') == ((80, HTTP),)


@pytest.mark.parametrize("raw", ["80", "HTTP", "HTTP:", "HTTP:x", "http:80", "HTTP:99999", ""])
def test_a_wrong_plain_form_is_refused(raw: str) -> None:
    """Nothing is guessed from half a pair."""
    with pytest.raises(AnnotationError):
        portable_listen_ports(raw)

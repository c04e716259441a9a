"""YAML and JSON text within bounds that no file can break."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.kube.documents import Spellings, UnreadableError, decode_text, read_documents

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc:-#{}[],&*!|>'\"%@` \n", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcy0 ", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def values(text: str) -> list[object]:
    """Return the values of the documents of a text."""
    return [document.value for document in read_documents(text)]


@given(PLAIN)
def test_values_are_those_of_the_safe_loader(value: object) -> None:
    """What PyYAML's safe loader reads is what we read: only crashes and silence differ."""
    text = yaml.safe_dump(value)

    assert values(text) == list(yaml.safe_load_all(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: yes\nb: 0755\nc: 1:30\nd: 2024-01-01\ne: 1.5\nf: .inf\ng: ~\nh: 0x1F\ni: 1_000",
        "base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3",
        "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc:\n  <<: [*x, *y]",
        "list: &l [1, 2]\nagain: *l",
        "text: |\n  two\n  lines\nfolded: >\n  one\n  line\n",
        'a: !!str 12\nb: !!int "12"',
        "--- 1\n---\n--- three\n...\n",
        "? a\n: b\n",
    ],
)
def test_yaml_features_mean_what_they_mean_to_the_safe_loader(text: str) -> None:
    """Anchors, merges, block text, tags and YAML 1.1 scalars are read as everybody reads them."""
    assert values(text) == list(yaml.safe_load_all(text))


@pytest.mark.parametrize("bracket", ["[", "{", "- ", "? "])
def test_deep_nesting_is_refused(bracket: str) -> None:
    """30,000 nested brackets crash the C loader with the whole process; here they are an error."""
    with pytest.raises(UnreadableError, match="deeper than 64"):
        read_documents(bracket * 30_000)


def test_a_billion_laughs_are_refused() -> None:
    """Nine lines of aliases stand for a billion values; they are counted before they exist."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]

    with pytest.raises(UnreadableError, match="once every alias is expanded") as caught:
        read_documents("\n".join(lines))

    assert caught.value.line > 0


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: *never", "a: &a {b: *a}"])
def test_an_alias_needs_a_finished_anchor(text: str) -> None:
    """A value that contains itself cannot be read, and neither can one that is nowhere."""
    with pytest.raises(UnreadableError, match="no finished anchor"):
        read_documents(text)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a: 1\na: 2\n", "a", 2),
        ("spec:\n  rules:\n  - host: a\n  - host: b\n    host: c\n", "spec.rules[1].host", 5),
        ('{"a": 1, "a": 2}', "a", 0),
    ],
)
def test_a_key_given_twice_is_found(text: str, path: str, line: int) -> None:
    """YAML and JSON readers keep the last of two equal keys without a word; we name them."""
    (document,) = read_documents(text)

    assert [(d.path, d.line) for d in document.duplicates] == [(path, line)]


def test_a_merge_is_no_duplicate() -> None:
    """A mapping may override what it merges in, and merge twice: that is what ``<<`` is for."""
    (document,) = read_documents("b: &b {x: 1}\nc: &c {x: 2}\nm:\n  <<: *b\n  <<: *c\n  x: 3\n")

    assert document.duplicates == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1\n", "spaces"),
        ("a: {{ .Values.a }}\n", "Helm"),
        ("{{ if .Values.a }}\na: 1\n{{ end }}\n", "Helm"),
    ],
)
def test_common_mistakes_get_a_hint(text: str, hint: str) -> None:
    """A tab and an unrendered template are what people pass most often."""
    with pytest.raises(UnreadableError) as caught:
        read_documents(text)

    assert hint in caught.value.hint


def test_a_syntax_error_has_a_place() -> None:
    """Line and column count from 1, as editors do."""
    with pytest.raises(UnreadableError) as caught:
        read_documents("a: 1\nb: [1, 2\nc: 3\n")

    assert (caught.value.line, caught.value.column) == (3, 2)


@pytest.mark.parametrize("text", ["a: !Ref x", "a: !!python/object:os.system {}", "!Sub [a]"])
def test_foreign_tags_are_refused(text: str) -> None:
    """A tag that Kubernetes does not know, CloudFormation's say, has no meaning here."""
    with pytest.raises(UnreadableError, match="tag"):
        read_documents(text)


def test_json_is_read_as_json() -> None:
    """JSON escapes that YAML refuses (surrogate pairs) and documents in a row are read."""
    text = json.dumps({"a": "\N{GRINNING FACE}"}) + "\n" + json.dumps([1])

    assert values(text) == [{"a": "\N{GRINNING FACE}"}, [1]]


def test_a_json_file_must_be_json() -> None:
    """The name promises JSON, so the error is JSON's and not YAML's."""
    with pytest.raises(UnreadableError, match="not JSON") as caught:
        read_documents('{"a": }', is_json=True)

    assert caught.value.line == 1


@pytest.mark.parametrize(
    "raw", ["\ufeffa: ä".encode(), "a: ä".encode(), "\ufeffa: ä".encode("utf-16-le")]
)
def test_byte_order_marks_are_read(raw: bytes) -> None:
    """Editors on Windows put a byte order mark in front; it is no part of the text."""
    assert values(decode_text(raw)) == [{"a": "ä"}]


def test_other_encodings_are_named() -> None:
    """Latin-1 is not guessed at: a wrong guess would change a name."""
    with pytest.raises(UnreadableError, match="UTF-8") as caught:
        decode_text("a: 1\nb: ä".encode("latin-1"))

    assert caught.value.line == 2


def test_the_spelling_of_a_value_can_be_looked_up() -> None:
    """A hint quotes the file: 0755, not the 493 that YAML makes of it."""
    spellings = Spellings("a: 1\n---\nx:\n- y: 0755\n")

    assert spellings.of(2, ("x", "0", "y")) == "0755"
    assert spellings.of(2, ("x", "nowhere")) is None
    assert spellings.of(7, ("x",)) is None


def test_a_date_out_of_range_stays_text() -> None:
    """What looks like a date and is none is the text that it is."""
    assert values("a: 2024-13-45\nb: 2024-12-24") == [{"a": "2024-13-45", "b": date(2024, 12, 24)}]

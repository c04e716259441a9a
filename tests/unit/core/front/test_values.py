"""Promises of annotation values: the rules are those that manifests in the wild rely on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.core.values import (
    UnsupportedError,
    boolean,
    choice,
    cidrs,
    duration,
    group_name,
    integer,
    refuse,
    required_text,
    string_map,
    strings,
)
from provisioner.model.annotation import AnnotationError


@pytest.mark.parametrize("raw", ["1", "t", "T", "TRUE", "true", "True"])
def test_booleans_are_true_in_every_spelling_that_go_knows(raw: str) -> None:
    """LBC parses booleans with Go's ParseBool (pkg/annotations/parser.go)."""
    assert boolean(raw) is True


@pytest.mark.parametrize("raw", ["yes", "on", "", " true", "tRUE"])
def test_other_spellings_are_not_booleans(raw: str) -> None:
    """What Go refuses is refused, not guessed."""
    with pytest.raises(AnnotationError, match="not a boolean"):
        boolean(raw)


@pytest.mark.parametrize(("raw", "expected"), [("0", 0), ("-1000", -1000), ("+7", 7), ("007", 7)])
def test_integers_are_base_ten_with_an_optional_sign(raw: str, expected: int) -> None:
    """LBC reads them with strconv in base 10."""
    assert integer(-1000, 1000)(raw) == expected


@pytest.mark.parametrize("raw", ["", " 1", "1.0", "1_000", "0x10", "1001", "-1001", "9" * 5000])
def test_a_number_out_of_form_or_range_is_refused_with_the_range(raw: str) -> None:
    """The hint says which numbers would do, even for a text of absurd length."""
    with pytest.raises(AnnotationError) as caught:
        integer(-1000, 1000)(raw)

    assert caught.value.hint == "write a number from -1000 to 1000"


@pytest.mark.parametrize(
    ("raw", "expected"), [("a, b ,,c", ("a", "b", "c")), (",", ()), ("", ()), ("a", ("a",))]
)
def test_string_lists_are_trimmed_and_lose_empty_items(raw: str, expected: tuple[str, ...]) -> None:
    """A list of commas alone is present and empty."""
    assert strings(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a=1,b=2", {"a": "1", "b": "2"}),
        (" a = 1 , b = 2 ", {"a": "1", "b": "2"}),
        ("a=1,2=3", {"a": "1", "2": "3"}),
        ("a=x=y", {"a": "x=y"}),
        ("a=1,", {"a": "1,"}),
        ("a=", {"a": ""}),
        (r"a=1\,2,b=3", {"a": "1,2", "b": "3"}),
        (r"k\=ey=v", {"k=ey": "v"}),
        (r"a=c:\\x", {"a": r"c:\x"}),
        ("a=1,a=2", {"a": "2"}),
        ("", {}),
    ],
)
def test_maps_follow_the_comma_and_backslash_rules(raw: str, expected: dict[str, str]) -> None:
    """A comma separates only where an equals sign is still to come; backslash means literally."""
    assert dict(string_map(raw)) == expected


@pytest.mark.parametrize("raw", ["a", "=1", "a=1,b", "a=1,=2", ",a=1"])
def test_a_map_item_without_key_or_equals_sign_is_refused(raw: str) -> None:
    """Half a pair is a mistake, not an empty value."""
    with pytest.raises(AnnotationError, match="key=value"):
        string_map(raw)


@given(
    st.dictionaries(
        st.text(alphabet="abc.-_", min_size=1), st.text(alphabet="xyz/=.\\,"), min_size=1
    )
)
def test_any_map_survives_escaping(pairs: dict[str, str]) -> None:
    """Everything can be written: escape backslash, comma and equals sign in values."""
    raw = ",".join(
        f"{key}=" + "".join(f"\\{c}" if c in "\\,=" else c for c in value)
        for key, value in pairs.items()
    )

    assert dict(string_map(raw)) == pairs


def test_cidr_blocks_are_canonical_sorted_and_unique() -> None:
    """EC2 stores the network's address, so a host bit must not look like drift for ever."""
    assert cidrs("10.1.2.3/8, 10.0.0.0/8, ::1/64") == ("10.0.0.0/8", "::/64")


@pytest.mark.parametrize("raw", ["10.0.0.1", "10.0.0.0/33", "nonsense/8"])
def test_what_is_no_cidr_block_is_refused(raw: str) -> None:
    """A bare address is ambiguous and is not read as a block."""
    with pytest.raises(AnnotationError, match="CIDR"):
        cidrs(raw)


@pytest.mark.parametrize(
    ("raw", "expected"), [("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("500ms", 0.5)]
)
def test_durations_are_seconds(raw: str, expected: float) -> None:
    """A plain number means seconds."""
    assert duration(raw) == expected


def test_a_duration_without_a_known_unit_is_refused() -> None:
    """Days are not a unit of this kind of setting."""
    with pytest.raises(AnnotationError, match="duration"):
        duration("1d")


def test_a_choice_names_all_its_words_when_refusing() -> None:
    """The reader learns what would have been right; words are case-sensitive."""
    with pytest.raises(AnnotationError) as caught:
        choice({"internal": 1, "external": 2})("Internal")

    assert caught.value.hint == "write one of internal, external"


@pytest.mark.parametrize("raw", ["edge", "a", "team-a.prod", "0", "a" * 63])
def test_group_names_may_be_what_lbc_allows(raw: str) -> None:
    """LBC's expression: ``^([a-z0-9][-a-z0-9.]*)?[a-z0-9]$``, at most 63 characters."""
    assert group_name(raw) == raw


@pytest.mark.parametrize("raw", ["", "Edge", "-a", "a-", "a/b", "a" * 64, "a\n", "shared"])
def test_other_group_names_are_refused(raw: str) -> None:
    """``shared`` names what load balancers share, and no group may take it."""
    with pytest.raises(AnnotationError, match="group name"):
        group_name(raw)


def test_what_is_not_built_is_refused_unless_it_asks_for_nothing() -> None:
    """``none`` states an absence and is honoured by doing nothing."""
    parse = refuse("Signing users in", harmless=frozenset({"none"}))

    assert parse("none") == "none"
    with pytest.raises(UnsupportedError, match="Signing users in"):
        parse("oidc")


def test_an_empty_required_text_is_refused() -> None:
    """An annotation without a value is a slip."""
    with pytest.raises(AnnotationError, match="empty"):
        required_text("  ")


def test_a_long_value_is_cut_in_messages() -> None:
    """A message stays readable whatever was written."""
    with pytest.raises(AnnotationError) as caught:
        boolean("x" * 1000)

    assert len(str(caught.value)) < 100

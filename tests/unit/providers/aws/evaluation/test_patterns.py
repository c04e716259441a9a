"""Globs and regular expressions: what they match, and what an ALB does not take."""

from __future__ import annotations

import time

import pytest

from providers.aws.evaluation.patterns import RegexError, glob_matches, regex_finds


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [
        ("/img/*", "/img/picture.jpg", True),
        ("/img/*", "/img/", True),
        ("/img/*", "/img", False),
        ("/img/*", "/x/img/a", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("/a?c", "/abc", True),
        ("/a?c", "/ac", False),
        ("/a?c", "/abbc", False),
        ("/a*c*e", "/abcde", True),
        ("/a*c*e", "/abcd", False),
        ("*", "", True),
        ("?", "", False),
        ("/a.c", "/abc", False),
        ("/[ab]", "/a", False),
        ("/*/end", "/a/end/b/end", True),
    ],
)
def test_a_glob_covers_the_whole_text(glob: str, text: str, *, expected: bool) -> None:
    """``*`` is any number of characters, ``?`` exactly one, everything else is itself."""
    assert glob_matches(glob, text) is expected


@pytest.mark.parametrize(("ignore_case", "expected"), [(True, True), (False, False)])
def test_case_counts_unless_it_is_to_be_ignored(*, ignore_case: bool, expected: bool) -> None:
    """Host names, headers and queries know no case; paths do."""
    assert glob_matches("/A*", "/abc", ignore_case=ignore_case) is expected


@pytest.mark.parametrize(
    ("glob", "text", "expected"),
    [(r"a\*b", "a*b", True), (r"a\*b", "axb", False), (r"a\?", "a?", True), ("a\\", "a\\", True)],
)
def test_a_backslash_takes_the_meaning_from_a_wildcard(
    glob: str, text: str, *, expected: bool
) -> None:
    """In query strings alone (QueryStringConditionConfig)."""
    assert glob_matches(glob, text, escapes=True) is expected


def test_a_hostile_glob_takes_no_time() -> None:
    """What backtracks exponentially in other engines is settled at once."""
    started = time.process_time()

    assert not glob_matches("*a" * 60 + "b", "a" * 2000)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("/api/", "/v1/api/x", True),
        ("^/api", "/v1/api", False),
        ("^/api/v[0-9]+$", "/api/v12", True),
        ("^/API", "/api", False),
        ("(?i)^/API", "/api", True),
        ("^(?<version>v1)$", "v1", True),
        (r"\Aend\z", "end", True),
        ("^[[:alpha:]]+$", "abc", True),
        ("^[[:digit:]x]+$", "1x2", True),
        ("^[[]$", "[", True),
        (r"^\d$", "\u0663", False),
        (r"^a\+$", "a+", True),
        ("^[+]+$", "++", True),
        ("^(?:a|b)$", "b", True),
        ("^a{2}$", "aa", True),
        ("^a+?b$", "aab", True),
    ],
)
def test_a_regular_expression_matches_anywhere(
    expression: str, text: str, *, expected: bool
) -> None:
    """Unless it is anchored; case counts unless the expression says otherwise."""
    assert regex_finds(expression, text) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "(?>a+)b",
        "a++b",
        "a*+",
        "a?+",
        "a{2}+",
        "(?R)",
        "(?1)",
        r"\p{L}",
        "[[:^alpha:]]",
        "(",
        "[a",
        "a{3}{4}(",
    ],
)
def test_what_an_alb_does_not_take_is_said_and_not_guessed(expression: str) -> None:
    """Look-around, back references, atomic groups, possessive quantifiers, recursion, classes."""
    with pytest.raises(RegexError, match="regular expression"):
        regex_finds(expression, "a")

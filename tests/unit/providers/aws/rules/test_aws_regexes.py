"""Regular expressions that an ALB's engine cannot read are refused, each by its name."""

from __future__ import annotations

import pytest

from providers.aws.routing.regexes import regex_problem


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "^/a(b|c)+$",
        "[[:alpha:]]+x",
        "(?:a)?b*c+?",
        "(?i)shop",
        "(?P<name>a)",
        "(?<name>a)",
        "a{2,3}?",
        r"\d+\.\w\\",
        "[]a]",
        "[^]]x",
        r"[a\]]",
        "a||b",
    ],
)
def test_patterns_that_an_alb_takes(pattern: str) -> None:
    """Groups, classes, counts and flags are what every engine has."""
    assert regex_problem(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(?=a)", "look-ahead"),
        ("(?!a)", "look-ahead"),
        ("(?<=a)b", "look-behind"),
        ("(?<!a)b", "look-behind"),
        (r"(a)\1", "backreferences"),
        (r"(?<n>a)\k<n>", "backreferences"),
        ("(?P<n>a)(?P=n)", "backreferences"),
        ("(?>a)", "atomic groups"),
        ("a++", "possessive quantifiers"),
        ("a*+", "possessive quantifiers"),
        ("a?+", "possessive quantifiers"),
        ("a{2}+", "possessive quantifiers"),
        (r"(a)\g<1>", "subroutines"),
        ("(a)(?1)", "subroutines"),
        ("(?P<n>a)(?P>n)", "subroutines"),
        ("(?<n>a)(?&n)", "subroutines"),
        ("a(?R)?", "recursion"),
        (r"\p{L}", "Unicode classes"),
        (r"\PN", "Unicode classes"),
        (r"[\p{Lu}]", "Unicode classes"),
        (r"\X", "Unicode classes"),
    ],
)
def test_what_the_engine_leaves_out(pattern: str, what: str) -> None:
    """The list of the user guide: "Listener rules for your Application Load Balancer"."""
    assert regex_problem(pattern) == f"an ALB knows no {what}"


@pytest.mark.parametrize("pattern", ["(a", "a)", "[a", "*a", "a|+", "^?", "(*a)", "a\\"])
def test_what_is_no_pattern_at_all(pattern: str) -> None:
    """A typing mistake is found before AWS is asked."""
    assert regex_problem(pattern)


@pytest.mark.parametrize("pattern", [r"\(?=a", "[(?=a)]", r"a\++", r"\\p", r"[*+]+"])
def test_characters_that_only_look_like_it(pattern: str) -> None:
    """Escapes and classes take a character at its word."""
    assert regex_problem(pattern) == ""

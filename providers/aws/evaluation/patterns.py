r"""Globs and regular expressions of ALB rules, held against text.

A glob has ``*`` (any characters, none included) and ``?`` (exactly one character) and covers the
whole text. In query strings, and nowhere else, a backslash takes the meaning from either. Matching
takes time in proportion to pattern and text, whatever is written in them.

A regular expression matches anywhere in the text unless it is anchored. AWS leaves out look-around,
back references, atomic groups, possessive quantifiers, recursion and Unicode classes. Python's own
engine stands in for AWS's: what AWS refuses is refused here too, and the few things that are only
spelled otherwise (``(?<name>...)``, ``\z``, ``[[:alpha:]]``) are respelled.
It backtracks where AWS's does not, so an expression of nested repetitions may take long on a long
path; nothing but the answer to one question waits for it.

Sources: "Condition types for listener rules" and "Listener rules for your Application Load
Balancer", Elastic Load Balancing user guide; API reference, ``QueryStringConditionConfig``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType

_STAR, _ANY = "*", "?"
_ESCAPE = "\\"


class RegexError(ValueError):
    """A regular expression that an ALB does not take, or that this model cannot read."""


def glob_matches(glob: str, text: str, *, ignore_case: bool = False, escapes: bool = False) -> bool:
    """Tell whether a glob covers a whole text."""
    if ignore_case:
        glob, text = glob.lower(), text.lower()
    return _covers(_tokens(glob, escapes=escapes), text)


def regex_finds(expression: str, text: str) -> bool:
    """Tell whether a regular expression matches somewhere in a text.

    Raises:
        RegexError: The expression is not one that an ALB takes.
    """
    return compiled(expression).search(text) is not None


def compiled(expression: str) -> re.Pattern[str]:
    """Return a regular expression of a rule as one of Python's.

    Raises:
        RegexError: The expression is not one that an ALB takes.
    """
    translated = _TOKEN.sub(_translated, expression)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "[[" in a set is a bracket here as there
            return re.compile(translated, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise RegexError(f"the regular expression {expression} is not valid: {error}") from error


def _tokens(glob: str, *, escapes: bool) -> tuple[str | None, ...]:
    """Return the glob as single characters; a wildcard is itself, a literal one is escaped twice.

    ``None`` stands for ``?``, the empty string for ``*``, anything else for itself.
    """
    found: list[str | None] = []
    characters = iter(glob)
    for character in characters:
        if escapes and character == _ESCAPE:
            found.append(next(characters, _ESCAPE))
        elif character == _STAR:
            found.append("")
        else:
            found.append(None if character == _ANY else character)
    return tuple(found)


def _covers(tokens: tuple[str | None, ...], text: str) -> bool:
    at, place, star, resume = 0, 0, -1, 0
    while place < len(text):
        token = tokens[at] if at < len(tokens) else _ESCAPE * 2
        if token == "":
            star, resume = at, place
            at += 1
        elif token is None or token == text[place]:
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(token == "" for token in tokens[at:])


_TOKEN = re.compile(
    r"""
    (?P<escape>    \\. )
  | (?P<set>       \[ \^? \]? (?: \[:\^?[a-z]+:\] | \\. | [^\]\\] )* \] )
  | (?P<group>     \( \? (?: P?<[A-Za-z_]\w*> | <[=!] | P[=>] | [=!>(|&R0-9+] | -[0-9] ) )
  | (?P<quantity>  (?: [*+?] | \{[0-9]*,?[0-9]*\} ) \+ )
    """,
    re.VERBOSE | re.DOTALL,
)

_UNSUPPORTED_ESCAPES = frozenset("123456789pPXRkgKGC")
_SETS: Mapping[str, str] = MappingProxyType(
    {
        "alpha": "A-Za-z",
        "digit": "0-9",
        "alnum": "A-Za-z0-9",
        "upper": "A-Z",
        "lower": "a-z",
        "xdigit": "A-Fa-f0-9",
        "word": r"\w",
        "space": r"\s",
        "blank": r" \t",
        "punct": r"!-/:-@\[-`{-~",
    }
)
_NAMED_SET = re.compile(r"\[:(\^?)([a-z]+):\]")


def _translated(found: re.Match[str]) -> str:
    """Return one piece of an expression in Python's spelling."""
    piece = found.group()
    match found.lastgroup:
        case "escape":
            if piece[1] in _UNSUPPORTED_ESCAPES:
                raise _unsupported(piece)
            return r"\Z" if piece == r"\z" else piece
        case "set":
            return _NAMED_SET.sub(_named_set, piece)
        case "group":
            if not piece.endswith(">") or piece in {"(?>", "(?P>"}:
                raise _unsupported(piece)
            return piece if piece.startswith("(?P") else f"(?P{piece[2:]}"
        case _:
            raise _unsupported(piece)


def _named_set(found: re.Match[str]) -> str:
    negated, name = found.groups()
    if negated or name not in _SETS:
        raise _unsupported(found.group())
    return _SETS[name]


def _unsupported(piece: str) -> RegexError:
    return RegexError(f"an ALB does not know {piece!r} in a regular expression")

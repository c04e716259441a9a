"""Regular expressions as an ALB takes them: what its engine leaves out, and what is no pattern.

The engine knows neither look-around nor backreferences, atomic groups, possessive quantifiers,
subroutines, recursion or Unicode classes. AWS says so only when a rule is written; here it is said
when the rule is planned, by the name of what is too much.

Source: "Listener rules for your Application Load Balancer", Elastic Load Balancing user guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

LONGEST_CONDITION = 128
LONGEST_TRANSFORM = 1024
"""Characters in a regular expression of a condition, and of a transform (pattern or replacement).

Source: API references of ``HttpHeaderConditionConfig`` and ``RewriteConfig``.
"""

_TOKEN = re.compile(
    r"""
      (?P<escape>\\(?:[pP](?:\{[^}]*\}|.)|[kg](?:<[^>]*>|\{[^}]*\}|'[^']*'|-?\d+)|.))
    | (?P<class>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])
    | (?P<opened>\((?:\?(?:P?<(?![=!])\w+>|P[=>]\w+|[=!>|&R]|<[=!]|'\w+'|[+-]?\d+|[a-zA-Z-]*[:)]))?)
    | (?P<closed>\))
    | (?P<counted>(?:[*+?]|\{\d*(?:,\d*)?\})[+?]?)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "(?=": "look-ahead",
        "(?!": "look-ahead",
        "(?<=": "look-behind",
        "(?<!": "look-behind",
        "(?>": "atomic groups",
        "(?|": "branch resets",
        "(?&": "subroutines",
        "(?P>": "subroutines",
        "(?P=": "backreferences",
        "(?R": "recursion",
    }
)
_NUMBERED_CALL = re.compile(r"\(\?[+-]?\d+")
_REPEATABLE = frozenset({"escape", "class", "closed", "plain"})


def regex_problem(pattern: str) -> str:
    """Return what keeps an ALB from taking a regular expression, "" where nothing does."""
    depth, before = 0, ""
    for found in _TOKEN.finditer(pattern):
        kind, text = str(found.lastgroup), found.group()
        problem = _too_much(kind, text) or _misplaced(kind, text, before)
        if problem:
            return problem
        if kind == "opened" and not text.endswith(")"):
            depth += 1
        elif kind == "closed":
            depth -= 1
        if depth < 0:
            return "it closes a group that it never opened"
        before = kind if text not in ("|", "^") else ""
    return "it leaves a group open" if depth else ""


def _too_much(kind: str, text: str) -> str:
    """Return what the engine does not know, as the user guide names it."""
    name = ""
    if kind == "escape":
        name = _escape(text[1])
    elif kind == "counted" and text.endswith("+") and len(text) > 1:
        name = "possessive quantifiers"
    elif kind == "class" and re.search(r"\\[pP]", text):
        name = "Unicode classes"
    elif kind == "opened":
        name = next((name for start, name in _GROUPS.items() if text.startswith(start)), "")
        name = "subroutines" if _NUMBERED_CALL.match(text) else name
    return f"an ALB knows no {name}" if name else ""


def _escape(letter: str) -> str:
    if letter in "pPX":
        return "Unicode classes"
    if letter in "123456789k":
        return "backreferences"
    return "subroutines" if letter == "g" else ""


def _misplaced(kind: str, text: str, before: str) -> str:
    if kind == "counted" and before not in _REPEATABLE:
        return f"{text} repeats nothing"
    if kind == "plain" and text == "[":
        return "it leaves a [ open"
    if kind == "plain" and text == "\\":
        return "it ends in a lone backslash"
    return ""

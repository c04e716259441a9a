"""Whether one ALB condition lets through everything that another does. Pure, and never wrong.

"Yes" is a proof; "no" may also mean that nobody looked hard enough. Globs are compared by what they
match, regular expressions only as text. Request paths begin with a slash, host names have no upper
and lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from providers.aws.evaluation.matching import (
    HEADER,
    METHOD,
    QUERY,
    SOURCE,
    header_name,
    key_values,
    strings,
    values,
)
from provisioner.model.resource import Spec

_RUN = re.compile(r"[*?]{2,}")
_WILD = re.compile(r"[*?]")
_ESCAPE = "\\"

T = TypeVar("T")

EVERYTHING = "*"
"""The glob that matches any text."""


def glob_contains(wide: str, narrow: str) -> bool:
    """Tell whether the glob ``wide`` matches everything that the glob ``narrow`` matches.

    A ``*`` of ``narrow`` can only be taken by a ``*`` of ``wide``, a ``?`` by either; everything
    else is ordinary glob matching.
    """
    wide, narrow = normal(wide), normal(narrow)
    at, place, star, resume = 0, 0, -1, 0
    while place < len(narrow):
        if at < len(wide) and wide[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(wide) and narrow[place] != "*" and wide[at] in ("?", narrow[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in wide[at:])


def normal(glob: str) -> str:
    """Return a glob with each run of wildcards as its question marks, then one star."""
    return _RUN.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), glob)


def rooted(glob: str) -> tuple[str, ...]:
    """Return a path glob as globs that begin with the slash that every path begins with."""
    if glob.startswith("?"):
        return (f"/{glob[1:]}",)
    if not glob.startswith("*"):
        return (glob,)
    rest = glob.lstrip("*")
    if rest.startswith(("/", "?")):
        return (f"/*{rest}", f"/{rest[1:]}")
    return (f"/*{rest}",)


def ends(glob: str) -> tuple[str, str]:
    """Return the literal text before a glob's first wildcard and after its last one."""
    places = [found.start() for found in _WILD.finditer(glob)]
    return (glob[: places[0]], glob[places[-1] + 1 :]) if places else (glob, glob)


def is_implied(condition: Spec, given: Sequence[Spec]) -> bool:
    """Tell whether a condition holds wherever all the ``given`` ones do.

    For conditions besides host and path. One given condition of the same kind must be narrower.
    """
    return any(_is_narrower(other, condition) for other in given)


def _is_narrower(narrow: Spec, wide: Spec) -> bool:
    field = wide.get("Field")
    if narrow.get("Field") != field or not _anything(narrow):
        return False
    if narrow == wide:
        return True
    match field:
        case str() if field == METHOD:
            return set(strings(narrow, "Values")) <= set(strings(wide, "Values"))
        case str() if field == SOURCE:
            return _each(_networks(narrow), _networks(wide), _is_subnet)
        case str() if field == HEADER:
            return header_name(narrow) == header_name(wide) and _texts(narrow, wide)
        case str() if field == QUERY:
            return _each(key_values(narrow), key_values(wide), _is_pair_within)
        case _:
            return False


def _anything(condition: Spec) -> bool:
    """Tell whether a condition has any values; one without would let nothing through."""
    return bool(values(condition, "Values") or values(condition, "RegexValues"))


def _texts(narrow: Spec, wide: Spec) -> bool:
    regexes = strings(narrow, "RegexValues")
    if regexes:
        return set(regexes) <= set(strings(wide, "RegexValues"))
    own, others = strings(narrow, "Values"), strings(wide, "Values")
    return _each(own, others, lambda one, other: glob_contains(other.lower(), one.lower()))


def _each(narrow: Iterable[T], wide: Sequence[T], is_within: Callable[[T, T], bool]) -> bool:
    """Tell whether everything narrow is within something wide."""
    return all(any(is_within(one, other) for other in wide) for one in narrow)


def _is_pair_within(one: tuple[str | None, str], other: tuple[str | None, str]) -> bool:
    if _ESCAPE in f"{one}{other}":
        return one == other
    key = other[0] is None or (
        one[0] is not None and glob_contains(other[0].lower(), one[0].lower())
    )
    return key and glob_contains(other[1].lower(), one[1].lower())


def _networks(condition: Spec) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(cidr, strict=False) for cidr in strings(condition, "Values"))


def _is_subnet(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, IPv6Network) and isinstance(other, IPv6Network):
        return one.subnet_of(other)
    return False

"""Find rules that can never match because earlier ones take every request they could get.

An ALB evaluates rules in order, and a path may be a glob, so an Ingress can hold paths that are
dead from the start: ``/api/*`` before ``/api/v1``. Such a rule costs a place under the limit and
misleads its author, who is told so.

One ``Taken`` covers the rules of one host: a wider host never comes before a narrower one. Patterns
are looked up by their literal beginning and end, so thousands of paths under one host stay cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WILDCARDS = re.compile(r"[*?]")
_RUN = re.compile(r"[*?]{2,}")


class Taken:
    """The path patterns that earlier rules of a host match without any other condition."""

    def __init__(self) -> None:
        self._literals: dict[str, str] = {}
        self._globs: dict[str, dict[str, list[tuple[str, str]]]] = {}

    def add(self, pattern: str, owner: str) -> None:
        """Note that requests for ``pattern`` go to ``owner``."""
        for rooted in _rooted(pattern):
            self._add(rooted, owner)

    def by(self, pattern: str) -> str | None:
        """Return who takes every request that ``pattern`` matches, None where nobody does."""
        owners = [self._by(rooted) for rooted in _rooted(pattern)]
        return owners[0] if all(owners) else None

    def _add(self, pattern: str, owner: str) -> None:
        if not _WILDCARDS.search(pattern):
            self._literals.setdefault(pattern, owner)
            return
        plain = _normal(pattern)
        head, tail = _ends(plain)
        self._globs.setdefault(head, {}).setdefault(tail, []).append((plain, owner))

    def _by(self, pattern: str) -> str | None:
        if not _WILDCARDS.search(pattern) and pattern in self._literals:
            return self._literals[pattern]
        wanted = _normal(pattern)
        for glob, owner in self._candidates(wanted):
            if contains(glob, wanted):
                return owner
        return None

    def _candidates(self, pattern: str) -> Iterator[tuple[str, str]]:
        """Yield the globs whose literal ends agree with those of ``pattern``."""
        head, tail = _ends(pattern)
        for cut in range(len(head) + 1):
            by_tail = self._globs.get(head[:cut])
            if by_tail is None:
                continue
            for start in range(len(tail) + 1):
                yield from by_tail.get(tail[start:], ())


def contains(glob: str, pattern: str) -> bool:
    """Tell whether ``glob`` matches everything that ``pattern`` matches.

    Both may hold ``*`` (any characters) and ``?`` (one character). A ``*`` of ``pattern`` can only
    be taken by a ``*`` of ``glob``, a ``?`` by either; everything else is ordinary glob matching.
    """
    at, place = 0, 0
    star, resume = -1, 0
    while place < len(pattern):
        if at < len(glob) and glob[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(glob) and _takes(glob[at], pattern[place]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in glob[at:])


def _takes(own: str, other: str) -> bool:
    return other != "*" and (own in ("?", other))


def _rooted(pattern: str) -> tuple[str, ...]:
    """Return the pattern as patterns that begin with the slash every request path begins with."""
    if not pattern.startswith("*"):
        return (pattern,)
    rest = pattern.lstrip("*")
    if rest.startswith(("/", "?")):
        return (f"/*{rest}", f"/{rest[1:]}")
    return (f"/*{rest}",)


def _normal(pattern: str) -> str:
    """Return the pattern with each run of wildcards as its question marks, then one star."""
    return _RUN.sub(_ordered_run, pattern)


def _ordered_run(found: re.Match[str]) -> str:
    run = found.group()
    return "?" * run.count("?") + ("*" if "*" in run else "")


def _ends(pattern: str) -> tuple[str, str]:
    """Return the literal text before the first wildcard and after the last one."""
    places = [found.start() for found in _WILDCARDS.finditer(pattern)]
    return (pattern[: places[0]], pattern[places[-1] + 1 :]) if places else (pattern, pattern)

"""Which rules no request can reach, because earlier ones take everything they could get.

An ALB tries rules in order, so a listener can hold rules that are dead from the start: ``/api/*``
before ``/api/v1``. Such a rule costs a place under the limit and misleads its author, who is told.

A rule is cut into *cases*, one host value with one path value each; all its other conditions go
with every case. It is hidden where every case is covered by a single earlier rule: its host and
path let the case through, and the case's other conditions imply all of that rule's. That is a
proof, so nobody is warned for nothing. A case that only several rules cover together is not found.

Earlier rules are looked up by host and by the literal beginning of their paths, so that thousands
of rules on one listener stay cheap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from providers.aws.evaluation.containment import (
    EVERYTHING,
    ends,
    glob_contains,
    is_implied,
    normal,
    rooted,
)
from providers.aws.evaluation.matching import HOST, PATH, strings
from provisioner.model.resource import Spec


def hidden(rules: Sequence[Sequence[Spec]]) -> Mapping[int, tuple[int, ...]]:
    """Return the rules that can never match.

    Args:
        rules: The conditions of one listener's rules, in the order in which they are tried.

    Returns:
        Index of each such rule -> indexes of the earlier rules that take its requests, ascending.
    """
    earlier = _Earlier()
    found: dict[int, tuple[int, ...]] = {}
    for index, conditions in enumerate(rules):
        rule = _Rule.of(index, conditions)
        takers = [earlier.taker(case, rule.others) for case in rule.cases]
        known = [taker for taker in takers if taker is not None]
        if takers and len(known) == len(takers):
            found[index] = tuple(sorted(set(known)))
        earlier.add(rule)
    return found


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A host or a path as a rule asks for it: a glob, or a regular expression, known as text."""

    text: str
    is_regex: bool = False

    def contains(self, other: _Pattern) -> bool:
        """Tell whether it surely matches everything that another one matches."""
        if self.is_regex or other.is_regex:
            return self in (other, _ANYTHING)
        return glob_contains(self.text, other.text)


_Case = tuple[_Pattern, _Pattern]
_ANYTHING = _Pattern(EVERYTHING)
_ANY_PATH = _Pattern("/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    index: int
    cases: tuple[_Case, ...]
    others: tuple[Spec, ...]

    @classmethod
    def of(cls, index: int, conditions: Sequence[Spec]) -> _Rule:
        host, path = _first(conditions, HOST), _first(conditions, PATH)
        return cls(
            index=index,
            cases=tuple(
                product(
                    _patterns(host, HOST) if host is not None else (_ANYTHING,),
                    _patterns(path, PATH) if path is not None else (_ANY_PATH,),
                )
            ),
            others=tuple(each for each in conditions if each is not host and each is not path),
        )


def _first(conditions: Sequence[Spec], kind: str) -> Spec | None:
    return next((each for each in conditions if each.get("Field") == kind), None)


def _patterns(condition: Spec, kind: str) -> tuple[_Pattern, ...]:
    found = [_Pattern(text, is_regex=True) for text in strings(condition, "RegexValues")]
    for text in strings(condition, "Values"):
        globs = rooted(text) if kind == PATH else (text.lower(),)
        found += [_Pattern(normal(glob)) for glob in globs]
    return tuple(dict.fromkeys(found))


@dataclass(slots=True)
class _Paths:
    """Earlier cases of one host, by the literal beginning and end of the path."""

    by_ends: dict[str, dict[str, list[tuple[_Case, _Rule]]]] = field(default_factory=dict)
    longest: int = 0

    def add(self, case: _Case, rule: _Rule) -> None:
        head, tail = _head(case[1]), _path_tail(case[1])
        self.by_ends.setdefault(head, {}).setdefault(tail, []).append((case, rule))
        self.longest = max(self.longest, len(head))

    def candidates(self, path: _Pattern) -> Iterator[tuple[_Case, _Rule]]:
        """Yield the cases whose path begins and ends as this one does."""
        head, tail = _head(path), _path_tail(path)
        heads = ["/"] if path.is_regex else []
        heads += (head[:cut] for cut in range(min(len(head), self.longest) + 1))
        for each in dict.fromkeys(heads):
            if (by_tail := self.by_ends.get(each)) is not None:
                for start in range(len(tail) + 1):
                    yield from by_tail.get(tail[start:], ())


@dataclass(slots=True)
class _Earlier:
    """The rules so far, by the literal end of their hosts (the whole of it where it is literal)."""

    by_tail: dict[str, _Paths] = field(default_factory=dict)

    def add(self, rule: _Rule) -> None:
        for case in rule.cases:
            self.by_tail.setdefault(_tail(case[0]), _Paths()).add(case, rule)

    def taker(self, case: _Case, others: Sequence[Spec]) -> int | None:
        """Return the first earlier rule that takes every request of a case."""
        host, path = case
        found = [
            rule.index
            for paths in self._of(host)
            for (wide_host, wide_path), rule in paths.candidates(path)
            if wide_host.contains(host)
            and _path_contains(wide_path, path)
            and all(is_implied(condition, others) for condition in rule.others)
        ]
        return min(found, default=None)

    def _of(self, host: _Pattern) -> Iterator[_Paths]:
        """Yield the paths of every host whose literal end is an end of this one."""
        tail = _tail(host)
        ways = ("", tail) if host.is_regex else (tail[cut:] for cut in range(len(tail) + 1))
        for way in dict.fromkeys(ways):
            if (paths := self.by_tail.get(way)) is not None:
                yield paths


def _path_contains(wide: _Pattern, narrow: _Pattern) -> bool:
    return wide == _ANY_PATH or wide.contains(narrow)


def _head(path: _Pattern) -> str:
    return path.text if path.is_regex else ends(path.text)[0]


def _path_tail(path: _Pattern) -> str:
    return "" if path.is_regex else ends(path.text)[1]


def _tail(host: _Pattern) -> str:
    return host.text if host.is_regex else ends(host.text)[1]

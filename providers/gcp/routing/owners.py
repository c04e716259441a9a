"""Whose the rules of a URL map are, told in the description of their path matcher.

A path rule has no description and no labels, but the path matcher that it stands in has one. It
names the Ingress that most of its rules are for, and the paths of the others:

    {"ingress-provisioner.io/ingress": "shop/web",
     "ingress-provisioner.io/paths": {"shop/cart": ["/cart", "/cart/*"]},
     "ingress-provisioner.io/default": "shop/web"}

``default`` is whose default backend answers what no path matches; nobody's is not named. A host
that many Ingresses share in thousands of paths would not fit (``marks.LONGEST``). Then the rules
are counted off instead, in their canonical order: ``ingresses`` lists the owners and ``rules`` says
how many rules each has in a row (``0*12,1*3``). What does not fit even so stays untold, and the
author of the map is told of it.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from providers.gcp import marks
from providers.gcp.marks import Word
from provisioner.model.kube import Key
from provisioner.model.settings import ANNOTATION_PREFIX

PATHS = f"{ANNOTATION_PREFIX}paths"
INGRESSES = f"{ANNOTATION_PREFIX}ingresses"
RULES = f"{ANNOTATION_PREFIX}rules"
DEFAULT = f"{ANNOTATION_PREFIX}default"

_NOBODY = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedRule:
    """The paths of one path rule, and whose it is (None: nobody knows)."""

    paths: tuple[str, ...]
    owner: Key | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A description, and the Ingresses that it has no room for."""

    text: str
    untold: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Whose the rules of a path matcher are, in their order, and whose default backend it has."""

    rules: tuple[Key | None, ...]
    default: Key | None


def described(rules: Sequence[OwnedRule], default: Key | None) -> Told:
    """Return the description of a path matcher.

    Args:
        rules: Its path rules in canonical order.
        default: Whose default backend it has.
    """
    words: dict[str, Word] = {} if default is None else {DEFAULT: str(default)}
    owners: Counter[Key] = Counter(rule.owner for rule in rules if rule.owner is not None)
    if not owners:
        return Told(text=marks.text(words))
    most = min(owners, key=lambda owner: (-owners[owner], owner))
    by_path = marks.text({**words, **_by_path(rules, most)})
    if len(by_path) <= marks.LONGEST:
        return Told(text=by_path)
    return _by_count(rules, owners, words)


def owners_of(description: str, rules: Sequence[Sequence[str]]) -> Owners:
    """Return what a description says of path rules.

    Args:
        description: That of the path matcher.
        rules: The paths of each of its rules, in canonical order.
    """
    words = marks.read(description)
    default = _key(words.get(DEFAULT))
    if RULES in words:
        return Owners(rules=_counted(words, len(rules)), default=default)
    most = _key(words.get(marks.INGRESS))
    others = words.get(PATHS)
    by_path = {
        path: _key(owner)
        for owner, paths in (others.items() if isinstance(others, Mapping) else ())
        for path in (paths if isinstance(paths, list | tuple) else ())
    }
    owned = tuple(next((by_path[path] for path in rule if path in by_path), most) for rule in rules)
    return Owners(rules=owned, default=default)


def _by_path(rules: Sequence[OwnedRule], most: Key) -> Mapping[str, Word]:
    others: dict[str, list[str]] = {}
    for rule in rules:
        if rule.owner != most:
            owner = _NOBODY if rule.owner is None else str(rule.owner)
            others.setdefault(owner, []).extend(rule.paths)
    return {marks.INGRESS: str(most), **({PATHS: others} if others else {})}


def _by_count(rules: Sequence[OwnedRule], owners: Counter[Key], words: Mapping[str, Word]) -> Told:
    """Return the shorter description, without those owners for whom there is no room.

    Those go without whose namespace takes most: nobody loses their place to others' many paths.
    """
    named = sorted(owners, key=_modesty(owners))

    def telling(kept: int) -> str:
        places = {owner: place for place, owner in enumerate(named[:kept])}
        counts = ",".join(_counts(rules, places))
        return marks.text({**words, INGRESSES: [str(key) for key in named[:kept]], RULES: counts})

    told = bisect(range(1, len(named) + 1), marks.LONGEST, key=lambda kept: len(telling(kept)))
    return Told(
        text=telling(told) if told else marks.text(words), untold=tuple(sorted(named[told:]))
    )


def _modesty(owners: Counter[Key]) -> Callable[[Key], tuple[int, str, int, Key]]:
    """Return the order of owners by how little their namespaces, and they, ask for."""
    asked: Counter[str] = Counter()
    for owner, rules in owners.items():
        asked[owner.namespace] += rules + len(str(owner))
    return lambda owner: (asked[owner.namespace], owner.namespace, owners[owner], owner)


def _counts(rules: Iterable[OwnedRule], places: Mapping[Key, int]) -> Iterator[str]:
    known = (
        _NOBODY if rule.owner is None else str(places.get(rule.owner, _NOBODY)) for rule in rules
    )
    for place, run in groupby(known):
        yield f"{place}*{len(list(run))}"


def _counted(words: Mapping[str, Word], expected: int) -> tuple[Key | None, ...]:
    """Return the owners that counts tell; where rules came or went meanwhile, nobody knows."""
    named = words.get(INGRESSES)
    ingresses = [_key(name) for name in named] if isinstance(named, list) else []
    owners: list[Key | None] = []
    for run in str(words[RULES]).split(","):
        place, _, count = run.partition("*")
        known = place.isdecimal() and int(place) < len(ingresses)
        owner = ingresses[int(place)] if known else None
        owners += [owner] * (int(count) if count.isdecimal() else 0)
    return tuple(owners) if len(owners) == expected else (None,) * expected


def _key(name: Word) -> Key | None:
    return Key.parse(name) if isinstance(name, str) and "/" in name else None

"""Find what an annotation names in the project, and tell a mistake from not being allowed to look.

A name that the project does not have is somebody's mistake. That our credentials may not list the
thing is not: a link can be made of any name, so it is taken at its word and Google decides. And an
account file that was written before anybody asked simply does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.gcp.account import Facts, Source

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Generic[T]):
    """What was found: a thing, or that there is none, or (neither) that nobody could tell.

    ``unchecked`` says that it is a matter of permissions.
    """

    found: T | None = None
    missing: bool = False
    unchecked: bool = False


def look_up(name: K, answers: Mapping[K, T | None], facts: Facts, source: Source) -> Lookup[T]:
    """Return what a name stands for.

    Args:
        name: As it was asked for.
        answers: What the project answered for each name; None (or "") where it has none.
        facts: What could not be read.
        source: What would have told.
    """
    if source.value in facts.unread:
        return Lookup(unchecked=True)
    if name not in answers:
        return Lookup()
    found = answers[name]
    return Lookup(found=found or None, missing=not found)


def unread_hint(source: Source) -> str:
    """Return what would let us look."""
    permission = source.value.partition("(")[2].removesuffix(")")
    return f"grant {permission} to these credentials"


def link(facts: Facts, collection: str, name: str, *, region: str = "") -> str:
    """Return the link of something in the project: global, or in a region."""
    scope = f"regions/{region}" if region else "global"
    return f"projects/{facts.project}/{scope}/{collection}/{name}"

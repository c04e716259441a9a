"""Find what an annotation names in the account, and tell a mistake from not being allowed to look.

A name that the account does not have is somebody's mistake. That our credentials may not list the
thing is not: then an ARN is taken at its word, and only a bare name leads nowhere. And an account
file that was written before anybody asked simply does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws.account import Facts, Source
from provisioner.model.resource import Unknown, Value

_ARN = "arn:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What was found: a value, or that there is none, or that nobody could look.

    ``unchecked`` comes with a value, too: an ARN that was taken at its word.
    """

    value: Value = None
    missing: bool = False
    unchecked: bool = False


def look_up(name: str, answers: Mapping[str, str], facts: Facts, source: Source) -> Lookup:
    """Return the ARN that a name or an ARN stands for.

    Args:
        name: As an annotation says it.
        answers: What the account answered for each name; "" where it has none.
        facts: What could not be read.
        source: What would have told.
    """
    if name in answers:
        return Lookup(value=answers[name] or None, missing=not answers[name])
    unread = source.value in facts.unread
    if name.startswith(_ARN):
        return Lookup(value=name, unchecked=unread)
    if unread:
        return Lookup(unchecked=True)
    return Lookup(value=Unknown(f"depends on the account's {source.value.partition(' (')[0]}"))


def unread_hint(source: Source) -> str:
    """Return what would let us look."""
    action = source.value.partition("(")[2].removesuffix(")")
    return f"allow {action} in the IAM policy of these credentials"

"""Whose rule comes first where the Ingress API leaves it open, and how rules are told to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from provisioner.model.intent import (
    FixedResponse,
    Forward,
    Member,
    PathRule,
    Redirect,
    RuleAction,
)
from provisioner.model.kube import Key


def standing(members: Mapping[Key, Member], key: Key) -> tuple[int, str, Key]:
    """Return how early a member comes: explicit order, then age, then name."""
    member = members.get(key)
    return (member.order, member.created, key) if member is not None else (0, "", key)


def place_of(rule: PathRule) -> str:
    """Return where a rule stands, in words: ``shop.example.com /cart (Prefix)``."""
    where = f"{rule.host or '*'} {rule.path or '/*'}"
    return f"{where} ({rule.path_type.value})"


def describe(action: RuleAction) -> str:
    """Return an action in a few words."""
    match action:
        case Forward():
            named = [(str(w.backend), w.weight) for w in action.backends]
            named += [(backend.name, backend.weight) for backend in action.foreign]
            if len(named) == 1:
                return named[0][0]
            return ", ".join(f"{name} ({share(weight)})" for name, weight in named)
        case Redirect():
            return f"redirect {action.status}"
        case FixedResponse():
            return str(action.status)
        case _:
            assert_never(action)


def share(weight: int | None) -> int:
    """Return the weight of a backend; one that nobody gave a weight counts as 1."""
    return 1 if weight is None else weight

"""Limits: the numbers a cloud refuses to exceed, where each came from, and how full they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class LimitSource(StrEnum):
    """Where a limit's number was read."""

    ACCOUNT = "account"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, under the provider's own name for it.

    ``name`` is what the provider's API calls it (``rules-per-application-load-balancer``) or, for
    documented limits without an API name, a name of that style. ``label`` is for sentences
    ("rules per load balancer"). ``advice`` is a way out of this very limit, "" for none of its own.
    """

    name: str
    value: int
    source: LimitSource
    adjustable: bool
    label: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All limits of an account by name; a provider fills in documented defaults."""

    by_name: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> Limit:
        return self.by_name[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of one limit is used where.

    ``subject`` says of what (``load balancer shop/web``, ``target group ...``). ``used`` is the end
    state, ``peak`` the worst moment between two steps. ``parts`` name the largest contributors,
    so a refusal can show its sum.
    """

    limit: Limit
    subject: str
    used: int
    peak: int
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def headroom(self) -> int:
        """What is left at the peak; negative when over."""
        return self.limit.value - max(self.used, self.peak)

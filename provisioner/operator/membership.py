"""Which Ingresses belong to which load balancer, kept up to date event by event.

Reads an Ingress exactly as planning does (class, annotations, group), one at a time, so that an
event costs what it touches. The answer is generous: an Ingress counts to every load balancer that
it may still have something on. Planning, which sees the cloud, decides; an Ingress that were
missing from a plan would lose its rules there, be it only that its annotation has become
unreadable.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Generic, TypeVar

from provisioner.core.dialect import table_of
from provisioner.core.group import IngressReader, group, placed_in
from provisioner.core.select import select
from provisioner.kube.kinds import CLOUD_KINDS
from provisioner.model.kube import Key
from provisioner.model.resource import Observed
from provisioner.model.settings import Settings
from provisioner.operator.cache import Cache
from provisioner.ports import Provider

W = TypeVar("W")
F = TypeVar("F")

DECIDING_KINDS = frozenset(
    {
        *("Ingress", "IngressClass", "LoadBalancerClass"),
        *(info.kind for info in CLOUD_KINDS),
    }
)
"""Kinds whose change can move an Ingress to another load balancer."""


class Members(Generic[W, F]):
    """Groups by Ingress and Ingresses by group."""

    def __init__(self, provider: Provider[W, F], settings: Settings, cache: Cache) -> None:
        self._provider = provider
        self._settings = settings
        self._cache = cache
        self._table = table_of(provider)
        self._lock = threading.RLock()
        self._groups: dict[Key, frozenset[str]] = {}
        self._members: dict[str, set[Key]] = {}
        self._placed: dict[Key, tuple[str, ...]] = {}

    def learn(self, observed: Observed) -> None:
        """Take over where the cloud holds something of an Ingress, and look at all of them again.

        What was remembered of earlier groups is dropped: the cloud has the last word.
        """
        with self._lock:
            self._placed = dict(placed_in(observed))
            self._cache.led.learn(
                {
                    name: self._provider.backends_in(observed.of_group(name))
                    for name in observed.groups
                }
            )
            self.update(None)

    def concerned(self, kind: str, ingresses: frozenset[Key] | None) -> frozenset[str]:
        """Return the groups that a change of some kind concerns, given its Ingresses."""
        if kind in DECIDING_KINDS:
            return self.update(ingresses)
        with self._lock:
            if ingresses is None:
                return frozenset(self._members)
            nowhere: frozenset[str] = frozenset()
            return nowhere.union(*(self._groups.get(key, nowhere) for key in ingresses))

    def update(self, ingresses: Iterable[Key] | None) -> frozenset[str]:
        """Look at these Ingresses again (None: all); return every group they are or were in."""
        touched: set[str] = set()
        with self._lock:
            for key in sorted(ingresses) if ingresses is not None else self._all():
                touched |= self._place(key, self._read(key))
        return frozenset(touched)

    def of(self, name: str) -> frozenset[Key]:
        """Return the Ingresses on a load balancer, leaving ones included."""
        with self._lock:
            return frozenset(self._members.get(name, ()))

    def groups(self) -> frozenset[str]:
        """Return every group that has a member."""
        with self._lock:
            return frozenset(self._members)

    def _place(self, key: Key, now: frozenset[str]) -> frozenset[str]:
        """Note the groups of an Ingress; return the ones that it is or was in."""
        before = self._groups.pop(key, frozenset())
        for name in before - now:
            self._members[name].discard(key)
            if not self._members[name]:
                del self._members[name]
        for name in now:
            self._members.setdefault(name, set()).add(key)
        if now:
            self._groups[key] = now
            self._placed[key] = tuple(sorted(now))
        else:
            self._placed.pop(key, None)
        return before | now

    def _all(self) -> list[Key]:
        return sorted({*self._groups, *(ingress.key for ingress in self._cache.ingresses())})

    def _read(self, key: Key) -> frozenset[str]:
        snapshot = self._cache.deciding(key, kinds=DECIDING_KINDS)
        selection = select(snapshot, self._provider, settings=self._settings)
        placed = {key: self._placed.get(key, ())}
        reader = IngressReader(snapshot, self._provider, table=self._table)
        grouping = group(selection.selected, reader=reader, placed=placed, refused={})
        return frozenset(found.name for found in grouping.groups)

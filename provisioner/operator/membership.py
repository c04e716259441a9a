"""Which Ingresses belong to which load balancer, kept up to date event by event.

Reads an Ingress exactly as planning does (class, annotations, group), one at a time, so that an
event costs what it touches.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Generic, TypeVar

from provisioner.core.dialect import table_of
from provisioner.core.group import group
from provisioner.core.select import select
from provisioner.model.kube import Key
from provisioner.model.settings import Settings
from provisioner.operator.cache import Cache
from provisioner.ports import Provider

W = TypeVar("W")
F = TypeVar("F")


class Members(Generic[W, F]):
    """Groups by Ingress and Ingresses by group."""

    def __init__(self, provider: Provider[W, F], settings: Settings, cache: Cache) -> None:
        self._provider = provider
        self._settings = settings
        self._cache = cache
        self._table = table_of(provider)
        self._lock = threading.Lock()
        self._groups: dict[Key, frozenset[str]] = {}

    def update(self, ingresses: Iterable[Key] | None) -> frozenset[str]:
        """Look at these Ingresses again (None: all); return every group they are or were in."""
        keys = sorted(ingresses) if ingresses is not None else self._all()
        touched: set[str] = set()
        for key in keys:
            now = self._read(key)
            with self._lock:
                touched |= self._groups.get(key, frozenset()) | now
                if now:
                    self._groups[key] = now
                else:
                    self._groups.pop(key, None)
        return frozenset(touched)

    def of(self, name: str) -> frozenset[Key]:
        """Return the Ingresses on a load balancer, leaving ones included."""
        with self._lock:
            return frozenset(key for key, groups in self._groups.items() if name in groups)

    def groups(self) -> frozenset[str]:
        """Return every group that has a member."""
        with self._lock:
            return frozenset(name for groups in self._groups.values() for name in groups)

    def _all(self) -> list[Key]:
        with self._lock:
            known = set(self._groups)
        return sorted(known | {ingress.key for ingress in self._cache.ingresses()})

    def _read(self, key: Key) -> frozenset[str]:
        snapshot = self._cache.snapshot(unknown=frozenset(), ingresses=[key])
        selection = select(snapshot, self._provider, settings=self._settings)
        grouping = group(selection.selected, table=self._table, placed={}, refused={})
        return frozenset(found.name for found in grouping.groups)

"""Which Services load balancers still lead to, whether or not an Ingress names them.

A broken Ingress keeps its last good rules. The Service that they lead to may be one that it does
not name any more, so what Ingresses name is not all that must be watched. This is learned from the
cloud, which is asked in full at every start, and kept up with every plan.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping

from provisioner.core.dialect import Dialect
from provisioner.core.following import behind
from provisioner.model.intent import BackendId
from provisioner.model.kube import Key
from provisioner.model.snapshot import Snapshot

_End = tuple[str, Key]
"""A load balancer, and the Ingress or Service at the other end."""

_NOWHERE: frozenset[BackendId] = frozenset()


class Led:
    """Backends by load balancer, and the two ways between Services and Ingresses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._backends: dict[str, frozenset[BackendId]] = {}
        self._ingresses: dict[Key, set[_End]] = {}  # Service -> Ingresses whose groups lead there
        self._services: dict[Key, set[_End]] = {}  # Ingress -> Services that its groups lead to

    def learn(self, backends: Mapping[str, frozenset[BackendId]]) -> None:
        """Take over what every load balancer leads to; others lead nowhere."""
        with self._lock:
            for group in {*self._backends, *backends}:
                self._put(group, backends.get(group, _NOWHERE))

    def note(self, group: str, backends: frozenset[BackendId]) -> None:
        """Take over what one load balancer leads to."""
        with self._lock:
            self._put(group, backends)

    def of(self, group: str) -> frozenset[BackendId]:
        """Return what a load balancer leads to."""
        with self._lock:
            return self._backends.get(group, _NOWHERE)

    def ingresses(self, service: Key) -> frozenset[Key]:
        """Return the Ingresses whose target groups lead to a Service."""
        with self._lock:
            return frozenset(ingress for _, ingress in self._ingresses.get(service, ()))

    def services(self, ingress: Key) -> frozenset[Key]:
        """Return the Services that target groups of an Ingress lead to."""
        with self._lock:
            return frozenset(service for _, service in self._services.get(ingress, ()))

    def _put(self, group: str, backends: frozenset[BackendId]) -> None:
        for old in self._backends.pop(group, _NOWHERE):
            _discard(self._ingresses, old.service, (group, old.ingress))
            _discard(self._services, old.ingress, (group, old.service))
        for new in backends:
            self._ingresses.setdefault(new.service, set()).add((group, new.ingress))
            self._services.setdefault(new.ingress, set()).add((group, new.service))
        if backends:
            self._backends[group] = backends


def _discard(index: dict[Key, set[_End]], where: Key, what: _End) -> None:
    found = index.get(where, set())
    found.discard(what)
    if not found:
        index.pop(where, None)


def who_is_behind(snapshot: Snapshot, provider: Dialect, led_to: Iterable[BackendId]) -> str:
    """Return a text that changes with who is behind these backends, and with nothing else."""
    found = behind(snapshot, provider, led_to)
    said = [(str(b.id.ingress), str(b.id), b.node_port, b.pods, b.nodes) for b in found]
    return hashlib.sha256(repr(said).encode()).hexdigest()

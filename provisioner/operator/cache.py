"""What the cluster holds, as compact copies, and who is touched when something changes.

Events are answered in time that depends on what they touch, never on the size of the cluster:
reverse indices lead from a Service or EndpointSlice to the Ingresses that name it or whose target
groups still lead there, from a namespace to those in it, from the parameters of an IngressClass to
those of the class, and from an object of settings to whoever names it. Snapshots for one group hold
only what that group needs.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from provisioner.core.select import class_name
from provisioner.kube.decode import Decoded, KubeObject
from provisioner.kube.gather import Gathered
from provisioner.kube.kinds import AUTO_MODE_CLASS_PARAMS, INGRESS_CLASS_PARAMS, NAMESPACE
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import EndpointSlice, Ingress, IngressClass, Key, Parameters
from provisioner.model.snapshot import Snapshot
from provisioner.operator.led import Led
from provisioner.operator.named_objects import OBJECTS, Namers, all_named

K = TypeVar("K", Key, str)

_EVERYWHERE = frozenset({"IngressClass", "LoadBalancerClass", "Node"})
"""Kinds whose change may concern every Ingress."""

_PARAMETERS = frozenset({INGRESS_CLASS_PARAMS.kind, AUTO_MODE_CLASS_PARAMS.kind})
"""Kinds that IngressClasses name; every snapshot holds them, because there are few."""

_NAMES_SERVICES = re.compile(r"(^|/)(actions\..*|weights)$")
"""Annotations that name Services besides those of paths."""

_WORD = re.compile(r"[a-z0-9][a-z0-9-]*")
"""What may be the name of a Service, whatever else is written around it."""

_PER_NAMESPACE = frozenset({"Deployment", "StatefulSet", "HorizontalPodAutoscaler"})
"""Kinds that count pods; they concern the Ingresses of their namespace at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One cached object; ``object`` is None where its shape could not be read (``problems``)."""

    uid: str
    object: KubeObject | None
    problems: tuple[Diagnostic, ...] = ()


class Cache:
    """Objects by kind and key, safe to use from several threads.

    ``led`` says what load balancers lead to, besides what Ingresses name. ``fallback`` is a Service
    that any of them may lead to without naming it.
    """

    def __init__(self, *, fallback: Key | None = None) -> None:
        self.led = Led()
        self._fallback = frozenset(() if fallback is None else (fallback,))
        self._lock = threading.RLock()
        self._entries: dict[str, dict[Key, Entry]] = {}
        self._users: dict[Key, set[Key]] = {}  # Service -> Ingresses that name it
        self._slices: dict[Key, set[Key]] = {}  # Service -> EndpointSlices of it
        self._in_namespace: dict[str, set[Key]] = {}  # namespace -> Ingresses in it
        self._of_class: dict[str, set[Key]] = {}  # IngressClass -> Ingresses that name it
        self._waiting: dict[Key, set[Key]] = {}  # pod that is not ready -> EndpointSlices with it
        self._namers = Namers()

    def put(self, kind: str, key: Key, *, uid: str, decoded: Decoded) -> frozenset[Key] | None:
        """Store an object as it is now.

        Returns:
            The Ingresses that this may concern, none where nothing of weight has changed; None for
            all of them.
        """
        with self._lock:
            entries = self._entries.setdefault(kind, {})
            old = entries.get(key)
            new = Entry(uid=uid, object=decoded.object, problems=decoded.problems)
            if old is not None and _same(old, new):
                entries[key] = new
                return frozenset()
            touched = self._touched(kind, key, old)
            if old is not None:
                self._unlink(key, old.object)
            entries[key] = new
            self._link(key, new.object)
            return _union(touched, self._touched(kind, key, new))

    def drop(self, kind: str, key: Key, *, uid: str | None = None) -> frozenset[Key] | None:
        """Forget an object that is gone; returns whom that may concern, None for everyone.

        Args:
            kind: Its kind.
            key: Its key.
            uid: Forget it only if it is this very object (None: whichever it is).
        """
        with self._lock:
            old = self._entries.get(kind, {}).get(key)
            if old is None or uid not in {None, old.uid}:
                return frozenset()
            del self._entries[kind][key]
            touched = self._touched(kind, key, old)
            self._unlink(key, old.object)
            return touched

    def uids(self, kind: str) -> Mapping[Key, str]:
        """Return key and uid of every cached object of a kind."""
        with self._lock:
            return {key: entry.uid for key, entry in self._entries.get(kind, {}).items()}

    def ingress(self, key: Key) -> Ingress | None:
        """Return one Ingress."""
        with self._lock:
            entry = self._entries.get("Ingress", {}).get(key)
            found = entry.object if entry is not None else None
            return found if isinstance(found, Ingress) else None

    def ingresses(self) -> tuple[Ingress, ...]:
        """Return every Ingress, by key."""
        with self._lock:
            entries = self._entries.get("Ingress", {})
            found = [entries[key].object for key in sorted(entries)]
        return tuple(item for item in found if isinstance(item, Ingress))

    def concerned_by_pods(self, pods: Iterable[Key]) -> frozenset[Key]:
        """Return the Ingresses that lead to any of these pods, as far as they are not ready."""
        with self._lock:
            slices = {key for pod in pods for key in self._waiting.get(pod, ())}
            found = [entry.object for entry in self._pick("EndpointSlice", slices)]
            services = {each.service_key for each in found if isinstance(each, EndpointSlice)}
            return frozenset(key for each in services for key in self._users_of(each))

    def snapshot(
        self, *, unknown: frozenset[str], ingresses: Iterable[Key] | None = None
    ) -> Snapshot:
        """Return a snapshot of everything, or of what some Ingresses need.

        Args:
            unknown: Kinds that could not be listed.
            ingresses: The Ingresses it is for; None for all, with every Service and slice.
        """
        gathered = Gathered()
        problems: list[Diagnostic] = []
        with self._lock:
            for entry in self._needed(None if ingresses is None else frozenset(ingresses)):
                problems.extend(entry.problems)
                if entry.object is not None:
                    gathered.add(entry.object)
        return gathered.snapshot(
            live=True,
            complete=True,
            unknown_kinds=unknown,
            sources=MappingProxyType({}),
            diagnostics=tuple(problems),
        )

    def deciding(self, key: Key, *, kinds: Iterable[str]) -> Snapshot:
        """Return a snapshot of one Ingress, of what it names and of cluster-wide objects."""
        gathered = Gathered()
        with self._lock:
            found = [*self._pick("Ingress", [key])]
            named = all_named(entry.object for entry in found)
            for kind in sorted({*kinds} & OBJECTS):
                found += self._pick(kind, named)
            for kind in sorted({*kinds} & (_EVERYWHERE | _PARAMETERS)):
                found += self._entries.get(kind, {}).values()
            for entry in found:
                if entry.object is not None:
                    gathered.add(entry.object)
        return gathered.snapshot(
            live=True,
            complete=True,
            unknown_kinds=frozenset(),
            sources=MappingProxyType({}),
            diagnostics=(),
        )

    def _needed(self, wanted: frozenset[Key] | None) -> list[Entry]:
        if wanted is None:
            return [entry for entries in self._entries.values() for entry in entries.values()]
        ingresses = self._entries.get("Ingress", {})
        namespaces = {key.namespace for key in wanted}
        services = {
            service
            for key in wanted
            if key in ingresses
            for service in _services_of(key, ingresses[key].object) | self.led.services(key)
        } | self._fallback
        slices = {key for service in services for key in self._slices.get(service, ())}
        picked = [ingresses[key] for key in sorted(wanted) if key in ingresses]
        picked += self._pick("Service", services)
        named = all_named(entry.object for entry in picked)
        for kind in sorted(OBJECTS):
            picked += self._pick(kind, named)
        picked += self._pick("EndpointSlice", slices)
        picked += self._pick(NAMESPACE.kind, {Key("", name) for name in namespaces})
        for kind in sorted(_EVERYWHERE | _PARAMETERS):
            picked += self._entries.get(kind, {}).values()
        for kind in sorted(_PER_NAMESPACE):
            picked += [
                entry
                for key, entry in self._entries.get(kind, {}).items()
                if key.namespace in namespaces
            ]
        return picked

    def _pick(self, kind: str, keys: Iterable[Key]) -> list[Entry]:
        entries = self._entries.get(kind, {})
        return [entries[key] for key in sorted(keys) if key in entries]

    def _touched(self, kind: str, key: Key, entry: Entry | None) -> frozenset[Key] | None:
        if kind == "Ingress":
            return frozenset({key})
        if kind in _EVERYWHERE:
            return None
        if kind in _PARAMETERS:
            return self._of_parameters(entry)
        if kind in OBJECTS:
            services = (self._users_of(each) for each in self._namers.services(key))
            return self._namers.ingresses(key).union(*services)
        if kind in _PER_NAMESPACE or kind == NAMESPACE.kind:
            namespace = key.name if kind == NAMESPACE.kind else key.namespace
            return frozenset(self._in_namespace.get(namespace, ()))
        service = key
        if kind == "EndpointSlice":
            if entry is None or not isinstance(entry.object, EndpointSlice):
                return frozenset()
            service = entry.object.service_key
        return self._users_of(service)

    def _users_of(self, service: Key) -> frozenset[Key]:
        """Return the Ingresses that name a Service, or whose target groups still lead there."""
        return self.led.ingresses(service).union(self._users.get(service, ()))

    def _of_parameters(self, entry: Entry | None) -> frozenset[Key] | None:
        """Return the Ingresses of the classes that name an object; all of them where it is odd."""
        if entry is None:
            return frozenset()
        if not isinstance(entry.object, Parameters):
            return None
        found = entry.object
        wanted = (found.group, found.kind, found.meta.name)
        concerned: set[Key] = set()
        for each in self._entries.get("IngressClass", {}).values():
            if isinstance(each.object, IngressClass) and each.object.parameters == wanted:
                concerned |= self._of_class.get(each.object.meta.name, set())
        return frozenset(concerned)

    def _link(self, key: Key, found: KubeObject | None) -> None:
        if isinstance(found, EndpointSlice):
            self._slices.setdefault(found.service_key, set()).add(key)
            for pod in _waiting_pods(found):
                self._waiting.setdefault(pod, set()).add(key)
        if isinstance(found, Ingress):
            self._in_namespace.setdefault(key.namespace, set()).add(key)
            self._of_class.setdefault(class_name(found) or "", set()).add(key)
        self._namers.link(found)
        for service in _services_of(key, found):
            self._users.setdefault(service, set()).add(key)

    def _unlink(self, key: Key, found: KubeObject | None) -> None:
        if isinstance(found, EndpointSlice):
            _discard(self._slices, found.service_key, key)
            for pod in _waiting_pods(found):
                _discard(self._waiting, pod, key)
        if isinstance(found, Ingress):
            _discard(self._in_namespace, key.namespace, key)
            _discard(self._of_class, class_name(found) or "", key)
        self._namers.unlink(found)
        for service in _services_of(key, found):
            _discard(self._users, service, key)


def _same(old: Entry, new: Entry) -> bool:
    """Tell whether nothing that a decision reads has changed (a node's heartbeat, say)."""
    return (
        old.uid == new.uid
        and old.problems == new.problems
        and _without_version(old.object) == _without_version(new.object)
    )


def _without_version(found: KubeObject | None) -> KubeObject | None:
    if found is None:
        return None
    return replace(found, meta=replace(found.meta, resource_version=""))


def _services_of(key: Key, found: KubeObject | None) -> frozenset[Key]:
    """Return the Services that an Ingress names, whether or not they exist.

    Too many do no harm: of annotations every word counts, since an unreadable one names some, too.
    """
    if not isinstance(found, Ingress):
        return frozenset()
    backends = [path.backend for rule in found.rules for path in rule.paths or ()]
    if found.default_backend is not None:
        backends.append(found.default_backend)
    names = {backend.service for backend in backends}
    for name, value in found.meta.annotations.items():
        if _NAMES_SERVICES.search(name):
            names.update(_WORD.findall(value))
    return frozenset(Key(key.namespace, name) for name in names)


def _waiting_pods(found: EndpointSlice) -> Iterator[Key]:
    """Yield the pods that are not ready, be it that they wait for the load balancer."""
    for endpoint in found.endpoints:
        if endpoint.ready is False and endpoint.pod and not endpoint.terminating:
            yield Key(found.meta.namespace, endpoint.pod)


def _discard(index: dict[K, set[Key]], where: K, what: Key) -> None:
    found = index.get(where)
    if found is not None:
        found.discard(what)
        if not found:
            del index[where]


def _union(one: frozenset[Key] | None, other: frozenset[Key] | None) -> frozenset[Key] | None:
    return None if one is None or other is None else one | other

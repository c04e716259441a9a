"""Put decoded objects together into a snapshot, whichever way they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, assert_never

from provisioner.kube.decode import KubeObject
from provisioner.kube.kinds import OBJECT_KINDS
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.kube import (
    Autoscaler,
    EndpointSlice,
    Ingress,
    IngressClass,
    Key,
    LoadBalancerClass,
    Meta,
    Namespace,
    Node,
    Parameters,
    Secret,
    Service,
    TargetGroupBinding,
    Workload,
)
from provisioner.model.snapshot import Snapshot

K = TypeVar("K", str, Key, tuple[str, str, str], tuple[str, Key])
_Common: TypeAlias = (
    Ingress
    | IngressClass
    | LoadBalancerClass
    | Service
    | EndpointSlice
    | Node
    | Workload
    | Autoscaler
)
V = TypeVar("V")

_OBJECTS: Final = frozenset((info.group, info.api_kind) for info in OBJECT_KINDS)


class Gathered:
    """Objects on their way into a snapshot; the last one of a key wins."""

    def __init__(self) -> None:
        self._ingresses: dict[Key, Ingress] = {}
        self._classes: dict[str, IngressClass] = {}
        self._load_balancer_classes: dict[str, LoadBalancerClass] = {}
        self._services: dict[Key, Service] = {}
        self._slices: dict[Key, EndpointSlice] = {}
        self._nodes: dict[str, Node] = {}
        self._workloads: dict[tuple[str, Key], Workload] = {}
        self._autoscalers: dict[Key, Autoscaler] = {}
        self._parameters: dict[tuple[str, str, str], Parameters] = {}
        self._objects: dict[tuple[str, Key], Parameters] = {}
        self._namespaces: dict[str, Meta] = {}
        self._secrets: dict[Key, Secret] = {}
        self._bindings: dict[Key, TargetGroupBinding] = {}

    def add(self, found: KubeObject) -> None:
        """Add one object."""
        match found:
            case Parameters() if (found.group, found.kind) in _OBJECTS:
                self._objects[found.kind, found.meta.key] = found
            case Parameters():
                self._parameters[found.group, found.kind, found.meta.name] = found
            case Namespace():
                self._namespaces[found.name] = found.meta
            case Secret():
                self._secrets[found.key] = found
            case TargetGroupBinding():
                self._bindings[found.meta.key] = found
            case _:
                self._add_common(found)

    def _add_common(self, found: _Common) -> None:
        match found:
            case Ingress():
                self._ingresses[found.key] = found
            case IngressClass():
                self._classes[found.meta.name] = found
            case LoadBalancerClass():
                self._load_balancer_classes[found.meta.name] = found
            case Service():
                self._services[found.key] = found
            case EndpointSlice():
                self._slices[found.meta.key] = found
            case Node():
                self._nodes[found.name] = found
            case Workload():
                self._workloads[found.kind, found.meta.key] = found
            case Autoscaler():
                self._autoscalers[found.meta.key] = found
            case _:
                assert_never(found)

    def snapshot(
        self,
        *,
        live: bool,
        complete: bool,
        unknown_kinds: Iterable[str] = (),
        sources: Mapping[str, str] = MappingProxyType({}),
        diagnostics: Iterable[Diagnostic] = (),
    ) -> Snapshot:
        """Return everything added, in an order that does not depend on the order of adding."""
        return Snapshot(
            live=live,
            complete=complete,
            ingresses=_sorted(self._ingresses),
            classes=_sorted(self._classes),
            load_balancer_classes=_sorted(self._load_balancer_classes),
            services=_sorted(self._services),
            slices=by_service(self._slices.values()),
            nodes=_sorted(self._nodes),
            workloads=tuple(value for _, value in sorted(self._workloads.items(), key=_first)),
            autoscalers=tuple(value for _, value in sorted(self._autoscalers.items(), key=_first)),
            parameters=_sorted(self._parameters),
            objects=_sorted(self._objects),
            namespaces=_sorted(self._namespaces),
            secrets=_sorted(self._secrets),
            bindings=_sorted(self._bindings),
            unknown_kinds=frozenset(unknown_kinds),
            sources=MappingProxyType(dict(sources)),
            diagnostics=tuple(sorted(diagnostics, key=Diagnostic.sort_key)),
        )


def by_service(slices: Iterable[EndpointSlice]) -> Mapping[Key, tuple[EndpointSlice, ...]]:
    """Return EndpointSlices under the key of their Service, in name order."""
    found: dict[Key, list[EndpointSlice]] = {}
    for item in sorted(slices, key=lambda entry: entry.meta.key):
        found.setdefault(item.service_key, []).append(item)
    return MappingProxyType({key: tuple(found[key]) for key in sorted(found)})


def _sorted(found: dict[K, V]) -> Mapping[K, V]:
    return MappingProxyType({key: found[key] for key in sorted(found)})


def _first(item: tuple[V, object]) -> V:
    return item[0]

"""Readiness gates: pods that wait for the load balancer's word, and where it comes from.

A pod with a readiness gate is not ready before somebody sets the condition that the gate names.
For us this somebody is the load balancer: the pod is registered and found healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.model.kube import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class GateNames:
    """Which readiness gates a provider answers.

    Attributes:
        by_name: Prefixes of condition types whose rest is a target group's own name.
        by_service: Prefixes whose rest is a Service's name; they are ours alone.
        whole: Condition types without a rest: they mean whatever the pod is registered with.
        labels: Labels of namespaces, any of which says that pods there have such gates.
    """

    by_name: tuple[str, ...] = ()
    by_service: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def serves(self, condition: str) -> bool:
        """Tell whether a condition type may be ours to set."""
        prefixes = (*self.by_name, *self.by_service)
        return condition in self.whole or condition.startswith(prefixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodBackend:
    """What pods of a Service may be registered with.

    Attributes:
        id: The cloud's id of it.
        name: The cloud's name of it.
        service: The Service whose pods it takes.
        takes_pods: Whether pods are its targets; False where nodes are.
    """

    id: str
    name: str
    service: Key
    takes_pods: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PodHealth:
    """What a cloud says of the health of one target; ``reason`` is its code, for the condition."""

    healthy: bool
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """What a pod's condition should say."""

    condition: str
    healthy: bool
    reason: str
    message: str

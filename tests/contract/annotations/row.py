"""One annotation in the table: what it is set to, what it must become, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.annotations.look import Probe

NATIVE = "alb.ingress.kubernetes.io/"
PORTABLE = "ingress-provisioner.io/"
HTTPS: Mapping[str, str] = MappingProxyType(
    {f"{NATIVE}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]'}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One path under a row's host; ``port`` is a number or ``use-annotation``."""

    path: str = "/"
    path_type: str = "Prefix"
    service: str = "web"
    port: int | str = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One annotation.

    Attributes:
        key: As the table of annotations has it.
        value: What the load balancer is made with.
        other: What is written then.
        probe: Where to look.
        seen: What the probe must find with ``value``, with ``other``, and without the annotation.
        change: The calls that ``other`` takes, in alphabetical order.
        removal: The calls that removing the annotation takes.
        suffix: What stands in place of ``*`` in a key.
        beside: Further annotations of the Ingress, which stay.
        paths: Its paths.
        on_service: The Service carries the annotation, not the Ingress.
        mode: How targets are reached.
    """

    key: str
    value: str
    other: str
    probe: Probe
    seen: tuple[Json, Json, Json]
    change: tuple[str, ...]
    removal: tuple[str, ...]
    suffix: str = ""
    beside: Mapping[str, str] = field(default_factory=lambda: HTTPS)
    paths: tuple[Path, ...] = (Path(),)
    on_service: bool = False
    mode: str = "pod"

    @property
    def written(self) -> str:
        """The key as manifests spell it."""
        return self.key.replace("*", self.suffix)

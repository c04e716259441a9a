"""The readiness probe of a container, as far as a load balancer can ask the same question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An HTTP readiness probe of a container, in the words of the Kubernetes API.

    ``port`` is a number or a container port's name. ``headers`` are (name, value) pairs. Only
    probes with ``httpGet`` are kept: a load balancer of layer 7 cannot ask the others.
    """

    ports: tuple[tuple[str, int], ...] = ()  # (name, number) of the container's own ports
    port: int | str = 0
    path: str = "/"
    scheme: str = "HTTP"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3

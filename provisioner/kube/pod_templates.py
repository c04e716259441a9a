"""What a workload says about the pods that it makes: their ports, gates and readiness probes."""

from __future__ import annotations

from provisioner.kube import workload_wire as wire
from provisioner.model.probe import Probe


def container_ports(pod: wire.PodSpec) -> tuple[tuple[str, int], ...]:
    """Return ports of containers and of sidecars, in the order in which names resolve."""
    return tuple(port for container in _containers(pod) for port in _ports(container))


def readiness_gates(pod: wire.PodSpec) -> tuple[str, ...]:
    """Return the conditions that its pods wait for."""
    return tuple(gate.condition_type or "" for gate in pod.readiness_gates or ())


def probes(pod: wire.PodSpec) -> tuple[Probe, ...]:
    """Return the readiness probes that ask over HTTP, with the ports of their containers.

    What is left out has the default of the API server (Kubernetes API reference, Probe).
    """
    return tuple(
        _probe(container, probe, ask)
        for container in _containers(pod)
        if (probe := container.readiness_probe) is not None and (ask := probe.http_get) is not None
    )


def _containers(pod: wire.PodSpec) -> tuple[wire.Container, ...]:
    sidecars = tuple(c for c in pod.init_containers or () if c.restart_policy == "Always")
    return (*(pod.containers or ()), *sidecars)


def _ports(container: wire.Container) -> tuple[tuple[str, int], ...]:
    return tuple((port.name or "", port.container_port or 0) for port in container.ports or ())


def _probe(container: wire.Container, probe: wire.Probe, ask: wire.HttpGet) -> Probe:
    headers = tuple((header.name or "", header.value or "") for header in ask.http_headers or ())
    return Probe(
        ports=_ports(container),
        port=ask.port or 0,
        path=ask.path or "/",
        scheme=(ask.scheme or "HTTP").upper(),
        host=ask.host or "",
        headers=headers,
        period_seconds=probe.period_seconds or 10,
        timeout_seconds=probe.timeout_seconds or 1,
        success_threshold=probe.success_threshold or 1,
        failure_threshold=probe.failure_threshold or 3,
    )

"""Workloads and their pods as the API and manifests spell them, as far as we read them.

As tolerant as every other wire shape (see ``wire.py``).
"""

from __future__ import annotations

from provisioner.kube.wire import Metadata, Object, Wire


class ContainerPort(Wire):
    """ContainerPort."""

    name: str | None = None
    container_port: int | None = None


class Header(Wire):
    """HTTPHeader."""

    name: str | None = None
    value: str | None = None


class HttpGet(Wire):
    """HTTPGetAction."""

    path: str | None = None
    port: int | str | None = None
    host: str | None = None
    scheme: str | None = None
    http_headers: tuple[Header, ...] | None = None


class Probe(Wire):
    """Probe; of its ways to ask only HTTP is read."""

    http_get: HttpGet | None = None
    period_seconds: int | None = None
    timeout_seconds: int | None = None
    success_threshold: int | None = None
    failure_threshold: int | None = None


class Container(Wire):
    """Container; ``restart_policy`` Always marks an init container that keeps running."""

    ports: tuple[ContainerPort, ...] | None = None
    restart_policy: str | None = None
    readiness_probe: Probe | None = None


class ReadinessGate(Wire):
    """PodReadinessGate."""

    condition_type: str | None = None


class PodSpec(Wire):
    """PodSpec."""

    readiness_gates: tuple[ReadinessGate, ...] | None = None
    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None


class PodTemplate(Wire):
    """PodTemplateSpec."""

    metadata: Metadata | None = None
    spec: PodSpec | None = None


class RollingUpdate(Wire):
    """How far a rollout may exceed the replicas."""

    max_surge: int | str | None = None


class Strategy(Wire):
    """DeploymentStrategy."""

    type: str | None = None
    rolling_update: RollingUpdate | None = None


class WorkloadSpec(Wire):
    """What the specs of Deployment, StatefulSet, ReplicaSet and their like share."""

    replicas: int | None = None
    template: PodTemplate | None = None
    strategy: Strategy | None = None


class Workload(Object):
    """A Deployment, StatefulSet, ReplicaSet or ReplicationController."""

    spec: WorkloadSpec | None = None

"""Judge readiness gates: which target groups a pod waits for, and whether the wait is over.

A gate is opened once and stays open. Later on the load balancer itself keeps traffic from a target
that turns unhealthy, and a pod that were made unready for it would be deregistered, which ends
every chance to recover.

Two kinds of names are answered. One is the incumbent controller's: the rest of the condition type
is the name of a target group. It is answered only where a target group of ours has that name, since
the incumbent may be running beside us. The other is ours: the rest is the name of a Service,
because nobody who writes a Deployment can know the name of a target group beforehand. On Google the
incumbent's gate names nothing; it is answered for pods that are registered with something of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from provisioner.core.endpoints import CONTAINERS_READY
from provisioner.model.kube import Pod
from provisioner.model.readiness import GateNames, GateVerdict, PodBackend, PodHealth

OPEN = "True"

Health = Mapping[str, Mapping[str, PodHealth]]
"""Backend id -> address -> health."""


def is_gated(pod: Pod, names: GateNames) -> bool:
    """Tell whether a pod has a readiness gate that may be ours to open."""
    return any(names.serves(gate) for gate in pod.readiness_gates)


def waits(pod: Pod, names: GateNames) -> tuple[str, ...]:
    """Return the gates of a pod that wait for us now: its containers are ready, it stays."""
    if pod.meta.deleting or pod.conditions.get(CONTAINERS_READY) != "True":
        return ()
    return tuple(
        gate
        for gate in dict.fromkeys(pod.readiness_gates)
        if names.serves(gate) and pod.conditions.get(gate) != OPEN
    )


def asked(
    pods: Iterable[Pod], backends: Sequence[PodBackend], names: GateNames
) -> tuple[PodBackend, ...]:
    """Return the backends whose health decides over a gate that waits."""
    wanted = {
        backend.id: backend
        for pod in pods
        for gate in waits(pod, names)
        for backend in _answering(gate, pod, backends, names)
        if backend.takes_pods
    }
    return tuple(wanted[each] for each in sorted(wanted))


def verdicts(
    pod: Pod, backends: Sequence[PodBackend], names: GateNames, *, health: Health
) -> tuple[GateVerdict, ...]:
    """Return what the waiting gates of a pod should say; nothing where it is not for us to say.

    Args:
        pod: A pod.
        backends: Everything of ours that pods may be registered with.
        names: Which gates are answered.
        health: Of the backends that were asked; about one that is missing nothing is said.
    """
    found = []
    for gate in waits(pod, names):
        answering = _answering(gate, pod, backends, names)
        if gate in names.whole:
            answering = tuple(b for b in answering if pod.ip in health.get(b.id, {}))
        if not answering and not gate.startswith(names.by_service):
            continue
        if all(backend.id in health for backend in answering if backend.takes_pods):
            found.append(_verdict(gate, pod, answering, health))
    return tuple(found)


def _answering(
    gate: str, pod: Pod, backends: Sequence[PodBackend], names: GateNames
) -> tuple[PodBackend, ...]:
    """Return the backends that a gate means, in the pod's namespace."""
    here = [b for b in backends if b.service.namespace == pod.meta.namespace]
    if gate in names.whole:
        return tuple(here)
    for prefix in names.by_service:
        if gate.startswith(prefix):
            return tuple(b for b in here if b.service.name == gate.removeprefix(prefix))
    prefix = next(each for each in names.by_name if gate.startswith(each))
    return tuple(b for b in here if b.name == gate.removeprefix(prefix))


def _verdict(gate: str, pod: Pod, backends: Sequence[PodBackend], health: Health) -> GateVerdict:
    if not backends:
        message = "no load balancer of ours leads to this Service"
        return GateVerdict(condition=gate, healthy=False, reason="NoLoadBalancer", message=message)
    feeding = [b for b in backends if b.takes_pods]
    if not feeding:
        message = "the targets are nodes, so there is nothing to wait for"
        return GateVerdict(condition=gate, healthy=True, reason="NodeTargets", message=message)
    for backend in feeding:
        state = health[backend.id].get(pod.ip)
        if state is None:
            message = f"not registered with {backend.name} yet"
            return GateVerdict(
                condition=gate, healthy=False, reason="NotRegistered", message=message
            )
        if not state.healthy:
            message = f"{backend.name}: {state.message or state.reason}"
            return GateVerdict(condition=gate, healthy=False, reason=state.reason, message=message)
    listed = ", ".join(backend.name for backend in feeding)
    return GateVerdict(
        condition=gate, healthy=True, reason="Healthy", message=f"healthy in {listed}"
    )

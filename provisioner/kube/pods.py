"""Read the pods of one namespace, and set the conditions that their readiness gates name.

Only what a readiness gate asks is kept of a pod. A condition is set by a strategic merge, which
leaves the conditions of the kubelet and of others alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec

from provisioner.kube import envelope, errors, objects, wire
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import POD
from provisioner.kube.live import PAGE
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key, Pod
from provisioner.model.readiness import GateVerdict
from provisioner.ports import Fence


class _Gate(wire.Wire):
    condition_type: str | None = None


class _Spec(wire.Wire):
    node_name: str | None = None
    readiness_gates: tuple[_Gate, ...] | None = None


class _Condition(wire.Wire):
    type: str | None = None
    status: str | None = None


class _Status(wire.Wire):
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    conditions: tuple[_Condition, ...] | None = None


class _Pod(wire.Object):
    spec: _Spec | None = None
    status: _Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodList:
    """Pods with a version to watch from."""

    pods: Mapping[Key, Pod]
    version: str


def pod_of(raw: bytes | msgspec.Raw) -> Pod:
    """Return a pod from its JSON.

    Raises:
        msgspec.MsgspecError: It is not the JSON of a pod.
    """
    found = msgspec.json.decode(raw, type=_Pod)
    spec, status = found.spec or _Spec(), found.status or _Status()
    return Pod(
        meta=objects.meta(found),
        ip=status.pod_ip or "",
        node=spec.node_name or "",
        readiness_gates=tuple(gate.condition_type or "" for gate in spec.readiness_gates or ()),
        conditions=MappingProxyType(
            {each.type or "": each.status or "" for each in status.conditions or ()}
        ),
    )


def list_pods(client: KubeClient, namespace: str) -> PodList:
    """Return the pods of a namespace.

    Raises:
        ClusterError: They cannot be listed.
    """
    found: dict[Key, Pod] = {}
    token = ""
    while True:
        raw = client.list_page(POD, limit=PAGE, continue_=token, namespace=namespace)
        try:
            page = msgspec.json.decode(raw, type=envelope.ObjectList)
            read = [pod_of(item) for item in page.items or ()]
        except msgspec.MsgspecError as error:
            raise ClusterError(f"The list of pods in {namespace} is malformed: {error}.") from error
        found.update({pod.key: pod for pod in read})
        metadata = page.metadata or envelope.ListMeta()
        token = metadata.continue_ or ""
        if not token:
            return PodList(pods=MappingProxyType(found), version=metadata.resource_version or "")


def set_condition(client: KubeClient, fence: Fence, *, pod: Pod, verdict: GateVerdict) -> bool:
    """Write a verdict into a pod's status; False where the pod is gone.

    Raises:
        NotLeader: Somebody else may write now; nothing was sent.
        ClusterError: The server said no.
    """
    condition = {
        "type": verdict.condition,
        "status": "True" if verdict.healthy else "False",
        "reason": verdict.reason,
        "message": verdict.message,
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    # With the uid, a pod that was replaced by one of its name refuses the other's condition.
    patch = {"metadata": {"uid": pod.meta.uid}, "status": {"conditions": [condition]}}
    fence.check()
    try:
        client.strategic_patch(POD, pod.key, patch, subresource="status")
    except (errors.NotFound, errors.Conflict):
        return False
    return True

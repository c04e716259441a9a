"""Nodes that look as if a cloud had made them."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence

from provisioner.sandbox.cluster.admission import now
from provisioner.sandbox.cluster.documents import Document, parts, replaced, text

#: The first four addresses and the last of a subnet belong to AWS ("Subnet CIDR blocks"). Nodes
#: take the next seven from above, so that several may share a range; pods come after them.
_NODE_POSITIONS = range(10, 3, -1)

_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


def node_manifest(
    name: str,
    *,
    zone: str = "",
    provider_id: str = "",
    pod_cidr: str = "",
    address: str = "",
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    ready: bool = True,
) -> Document:
    """Return a Node.

    Args:
        name: The name, as the cloud's kubelets choose it (AWS: the private DNS name).
        zone: The availability zone; the region label is the zone without its last letter, or for
            Google's zones without the last part.
        provider_id: How the cloud knows the instance, ``aws:///eu-west-1a/i-0abc``.
        pod_cidr: The range from which the pods of this node get addresses.
        address: The internal address; the tenth of ``pod_cidr`` when not given.
        labels: Labels beside the well-known ones.
        taints: Taints, as ``spec.taints`` spells them.
        ready: Whether the kubelet says so.
    """
    spec: Document = {}
    if provider_id:
        spec["providerID"] = provider_id
    if pod_cidr:
        spec |= {"podCIDR": pod_cidr, "podCIDRs": [pod_cidr]}
    if taints:
        spec["taints"] = [dict(taint) for taint in taints]
    known = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    if zone:
        known |= {_ZONE: zone, _REGION: _region(zone)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**known, **(labels or {})}},
        "spec": spec,
        "status": _status(name, address or free_address(pod_cidr, taken=()), ready=ready),
    }


def with_readiness(node: Document, *, ready: bool) -> Document:
    """Return a Node whose kubelet says that it is ready, or that it is not."""
    others = [one for one in parts(node, "status", "conditions") if text(one, "type") != "Ready"]
    return replaced(node, [*others, _ready_condition(ready=ready)], "status", "conditions")


def _status(name: str, address: str, *, ready: bool) -> Document:
    addresses = [{"type": "Hostname", "address": name}]
    if address:
        addresses.insert(0, {"type": "InternalIP", "address": address})
    room: Document = {"cpu": "4", "memory": "16Gi", "pods": "110"}
    return {
        "addresses": addresses,
        "allocatable": room,
        "capacity": room,
        "conditions": [_ready_condition(ready=ready)],
        "nodeInfo": {"kubeletVersion": "v1.32.4", "operatingSystem": "linux"},
    }


def _ready_condition(*, ready: bool) -> Document:
    return {
        "type": "Ready",
        "status": "True" if ready else "False",
        "reason": "KubeletReady" if ready else "KubeletNotReady",
        "message": "the sandbox says so",
        "lastHeartbeatTime": now(),
        "lastTransitionTime": now(),
    }


def free_address(pod_cidr: str, *, taken: Collection[str]) -> str:
    """Return an address for a node in a range; empty without one, or if every place is taken."""
    if not pod_cidr:
        return ""
    network = ipaddress.ip_network(pod_cidr)
    places = [position for position in _NODE_POSITIONS if position < network.num_addresses]
    candidates = (str(network[position]) for position in places)
    return next((address for address in candidates if address not in taken), "")


def internal_address(node: Document) -> str:
    """Return a node's internal address, or an empty string."""
    return next(
        (
            text(one, "address")
            for one in parts(node, "status", "addresses")
            if text(one, "type") == "InternalIP"
        ),
        "",
    )


def _region(zone: str) -> str:
    return zone[:-1] if zone[-1:].isalpha() and zone[-2:-1].isdigit() else zone.rpartition("-")[0]

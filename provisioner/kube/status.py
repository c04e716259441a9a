"""Publish a load balancer's addresses in ``status.loadBalancer`` of an Ingress.

Only when they differ from what is there: every write of a status is an event for every watcher
of the cluster, ours included. Nothing else in the status is touched.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

import msgspec

from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import INGRESS
from provisioner.model.kube import Key
from provisioner.ports import Fence


class _Balancer(msgspec.Struct):
    ingress: list[dict[str, object]] | None = None


class _Status(msgspec.Struct, rename="camel"):
    load_balancer: _Balancer | None = None


class _Ingress(msgspec.Struct):
    status: _Status | None = None


def write_status(
    client: KubeClient,
    fence: Fence,
    *,
    ingress: Key,
    addresses: Sequence[str],
    ports: Sequence[int] = (),
) -> bool:
    """Make an Ingress show these addresses, each with these ports; tell whether it was changed.

    An Ingress that is gone needs no status.

    Raises:
        NotLeader: Somebody else may write now; nothing was sent.
        ClusterError: The server said no.
    """
    wanted = [_entry(address, ports) for address in addresses]
    try:
        if _present(client.get(INGRESS, ingress)) == wanted:
            return False
        fence.check()
        patch = {"status": {"loadBalancer": {"ingress": wanted}}}
        client.merge_patch(INGRESS, ingress, patch, subresource="status")
    except errors.NotFound:
        return False
    return True


def _entry(address: str, ports: Sequence[int]) -> Mapping[str, object]:
    field = "ip" if _is_ip(address) else "hostname"
    if not ports:
        return {field: address}
    return {field: address, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def _present(raw: bytes) -> list[dict[str, object]]:
    status = msgspec.json.decode(raw, type=_Ingress).status
    return (status and status.load_balancer and status.load_balancer.ingress) or []

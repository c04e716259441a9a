"""The record of what we registered with target groups that others use, too.

The cloud does not say who registered a target, and there are too many of them for tags; so this is
the one thing that has to be remembered outside the cloud: in a ConfigMap beside the Lease, with an
entry per target group. It is written before a target is registered and after one is deregistered,
so that it never lacks a target of ours. One that is lost costs stale targets, never another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

import msgspec

from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import CONFIG_MAP
from provisioner.model.kube import Key, Meta
from provisioner.model.plan import Plan
from provisioner.model.snapshot import Snapshot
from provisioner.ports import Fence, Provider

NAMESPACE = "kube-system"
NAME = "ingress-provisioner-targets"

W = TypeVar("W")
F = TypeVar("F")

Registered = Mapping[str, frozenset[str]]


class _ConfigMap(msgspec.Struct):
    data: dict[str, str | None] | None = None


def record_key(instance: str) -> Key:
    """Return where an installation keeps its record."""
    return Key(NAMESPACE, NAME if instance == "default" else f"{NAME}-{instance}")


def read_registered(client: KubeClient, instance: str) -> Registered:
    """Return the record.

    Raises:
        ClusterError: It cannot be read.
    """
    try:
        raw = client.get(CONFIG_MAP, record_key(instance))
    except errors.NotFound:
        return MappingProxyType({})
    data = msgspec.json.decode(raw, type=_ConfigMap).data or {}
    return MappingProxyType(
        {name: frozenset((text or "").splitlines()) for name, text in data.items()}
    )


def with_registered(
    snapshot: Snapshot, *, client: KubeClient, asking: frozenset[str], instance: str
) -> Snapshot:
    """Return a snapshot with the record, where an object in it may need that.

    Args:
        snapshot: Of some Ingresses, or of all.
        client: The cluster.
        asking: Annotations by which target groups are shared.
        instance: Of the installation.

    Raises:
        ClusterError: The record cannot be read.
    """
    metas: Iterable[Meta] = (
        *(ingress.meta for ingress in snapshot.ingresses.values()),
        *(service.meta for service in snapshot.services.values()),
    )
    if all(asking.isdisjoint(meta.annotations) for meta in metas):
        return snapshot
    return replace(snapshot, registered=read_registered(client, instance))


class TargetRecord:
    """Keeps the record while plans are carried out."""

    def __init__(
        self, client: KubeClient, fence: Fence, provider: Provider[W, F], *, instance: str
    ) -> None:
        self._client = client
        self._fence = fence
        self._registrations = provider.registrations
        self._instance = instance

    def before(self, plan: Plan) -> None:
        """Note what a plan is about to register, besides what may be registered now.

        Raises:
            NotLeader: Somebody else may write now.
            ClusterError: It cannot be noted, so nothing may be registered.
        """
        during = {
            n: ours for part in plan.parts for n, ours in self._registrations(part)[0].items()
        }
        if not during:
            return
        known = read_registered(self._client, self._instance)
        self._write({n: ours | known.get(n, frozenset()) for n, ours in during.items()}, known)

    def after(self, plan: Plan) -> None:
        """Note what is registered now that a plan was carried out completely.

        Raises:
            NotLeader: Somebody else may write now.
            ClusterError: It cannot be noted.
        """
        now = {n: ours for part in plan.parts for n, ours in self._registrations(part)[1].items()}
        if now:
            self._write(now, read_registered(self._client, self._instance))

    def _write(self, wanted: Registered, known: Registered) -> None:
        data = {
            name: "\n".join(sorted(ours)) or None  # None takes the entry out
            for name, ours in wanted.items()
            if known.get(name, frozenset()) != ours
        }
        if not data:
            return
        key = record_key(self._instance)
        self._fence.check()
        try:
            self._client.merge_patch(CONFIG_MAP, key, {"data": data})
        except errors.NotFound:
            document = {"metadata": {"name": key.name}, "data": data}
            self._client.create(CONFIG_MAP, document, namespace=key.namespace)

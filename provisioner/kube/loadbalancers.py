"""Publish what we know of a load balancer in our own cluster-scoped LoadBalancer object.

It mirrors the truth for people (``kubectl get loadbalancers``) and carries one thing back from
them: the digest of the plan that they approve. Losing it loses nothing, and a cluster without the
CRD is served all the same; that is said once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Final, TypeAlias, Union

import msgspec

from provisioner.kube import errors
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import LOAD_BALANCER, OUR_GROUP
from provisioner.model.kube import Key
from provisioner.ports import Fence

APPROVED_DIGEST: Final = f"{OUR_GROUP}/approved-digest"

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
JsonObject: TypeAlias = dict[str, Json]

_LOG: Final = logging.getLogger(__name__)


class _Metadata(msgspec.Struct):
    annotations: dict[str, str] | None = None


class _LoadBalancer(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: dict[str, object] = msgspec.field(default_factory=dict)
    status: dict[str, object] = msgspec.field(default_factory=dict)


def object_name(group: str) -> str:
    """Return the object's name for a group: ``shop.web`` for ``shop/web``, else the group itself.

    A namespace has no dot in it, so implicit groups never meet; an explicit group with a dot gets
    a hash, so that it never meets an implicit one.
    """
    if "/" in group:
        return group.replace("/", ".", 1)
    if "." not in group:
        return group
    return f"{group}-{hashlib.sha256(group.encode()).hexdigest()[:8]}"


class LoadBalancerWriter:
    """Keeps LoadBalancer objects in step with what we know."""

    def __init__(self, client: KubeClient, fence: Fence) -> None:
        self._client, self._fence = client, fence
        self._absent = False

    @property
    def absent(self) -> bool:
        """True once the cluster was found to lack the CRD."""
        return self._absent

    def publish(self, group: str, *, spec: JsonObject, status: JsonObject) -> bool:
        """Make the object of a group say this; tell whether anything was written.

        Raises:
            NotLeader: Somebody else may write now; nothing was sent.
            ClusterError: The server said no.
        """
        key = Key("", object_name(group))
        present = self._present(key)
        created = present is None
        if present is None:
            present = self._create(key, spec)
            if present is None:
                return False
        try:
            respecified = self._patch(key, _changes(present.spec, spec), field="spec")
            restated = self._patch(key, _changes(present.status, status), field="status")
        except errors.NotFound:
            return created  # deleted under us: the next time creates it anew
        return created or respecified or restated

    def withdraw(self, group: str) -> None:
        """Delete the object of a group that has no load balancer any more.

        Raises:
            NotLeader: Somebody else may write now; nothing was sent.
            ClusterError: The server said no.
        """
        self._fence.check()
        try:
            self._client.delete(LOAD_BALANCER, Key("", object_name(group)))
        except errors.NotFound:
            return

    def approve(self, group: str, *, digest: str) -> None:
        """Record that a person approves the plan with this digest, for the controller to act on.

        Raises:
            NotFound: There is no such object: no controller has published a plan for the group.
            ClusterError: The server said no.
        """
        self._fence.check()
        patch = {"metadata": {"annotations": {APPROVED_DIGEST: digest}}}
        self._client.merge_patch(LOAD_BALANCER, Key("", object_name(group)), patch)

    def approved(self, group: str) -> str:
        """Return the digest that somebody has approved for a group, "" for none.

        Raises:
            ClusterError: The server said no.
        """
        present = self._present(Key("", object_name(group)))
        return (present.metadata.annotations or {}).get(APPROVED_DIGEST, "") if present else ""

    def _present(self, key: Key) -> _LoadBalancer | None:
        try:
            return msgspec.json.decode(self._client.get(LOAD_BALANCER, key), type=_LoadBalancer)
        except errors.NotFound:
            return None

    def _create(self, key: Key, spec: JsonObject) -> _LoadBalancer | None:
        """Return the object as created, None where the cluster lacks the kind."""
        self._fence.check()
        document = {
            "apiVersion": LOAD_BALANCER.api_version,
            "kind": LOAD_BALANCER.kind,
            "metadata": {"name": key.name},
            "spec": spec,
        }
        try:
            created = self._client.create(LOAD_BALANCER, document, namespace="")
        except errors.NotFound:
            self._say_absent()
            return None
        self._absent = False
        return msgspec.json.decode(created, type=_LoadBalancer)

    def _patch(self, key: Key, changes: Mapping[str, object], *, field: str) -> bool:
        if not changes:
            return False
        self._fence.check()
        subresource = "status" if field == "status" else ""
        patch = {field: changes}
        self._client.merge_patch(LOAD_BALANCER, key, patch, subresource=subresource)
        return True

    def _say_absent(self) -> None:
        if not self._absent:
            _LOG.warning(
                "The cluster has no %s: overview and approvals are not available. "
                "Install the CRDs of the chart.",
                LOAD_BALANCER.resource,
            )
        self._absent = True


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return the merge patch (RFC 7396) that turns one mapping into the other."""
    patch: dict[str, object] = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := _changes(old, value):
                patch[name] = inner
        elif name not in before or old != value:
            patch[name] = value
    return patch

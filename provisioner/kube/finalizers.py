"""Put our finalizer on an Ingress and take it off, and touch nobody else's.

A finalizer list is replaced as a whole, so the patch carries the resourceVersion that it was read
at: if anybody else (an incumbent, the user) changed the object meanwhile the server answers 409,
and we read again. A JSON patch with a ``test`` would answer 422, which also means other things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from provisioner.kube import envelope, errors, wire
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import INGRESS
from provisioner.model.kube import Key
from provisioner.model.settings import FINALIZER
from provisioner.ports import Fence

ATTEMPTS: Final = 5

_Finalizers = tuple[str, ...]


def add_finalizer(client: KubeClient, fence: Fence, *, ingress: Key) -> bool:
    """Make sure that our finalizer is on an Ingress; tell whether it now is.

    False means that the Ingress is gone or going: the server accepts no new finalizer then, and
    nothing may be created for it.

    Raises:
        NotLeader: Somebody else may write now; nothing was sent.
        Conflict: The object kept changing under us.
        ClusterError: The server said no.
    """

    def added(meta: wire.Metadata) -> _Finalizers | None:
        present = meta.finalizers or ()
        if FINALIZER in present or meta.deletion_timestamp:
            return None
        return (*present, FINALIZER)

    left = _change(client, fence, ingress, wanted=added)
    return left is not None and FINALIZER in left


def remove_finalizer(client: KubeClient, fence: Fence, *, ingress: Key) -> None:
    """Make sure that our finalizer is not on an Ingress.

    Raises:
        NotLeader: Somebody else may write now; nothing was sent.
        Conflict: The object kept changing under us.
        ClusterError: The server said no.
    """

    def removed(meta: wire.Metadata) -> _Finalizers | None:
        present = meta.finalizers or ()
        return tuple(f for f in present if f != FINALIZER) if FINALIZER in present else None

    _change(client, fence, ingress, wanted=removed)


def _change(
    client: KubeClient,
    fence: Fence,
    ingress: Key,
    *,
    wanted: Callable[[wire.Metadata], _Finalizers | None],
) -> _Finalizers | None:
    """Return the finalizers in the end, None where the Ingress is gone.

    ``wanted`` returns the finalizers that should be, or None to leave them.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            meta = _metadata(client.get(INGRESS, ingress))
            finalizers = wanted(meta)
            if finalizers is None:
                return meta.finalizers or ()
            fence.check()
            patch = {"resourceVersion": meta.resource_version, "finalizers": finalizers}
            client.merge_patch(INGRESS, ingress, {"metadata": patch})
        except errors.NotFound:
            return None
        except errors.Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return finalizers
    raise AssertionError(ATTEMPTS)  # the last attempt returns or raises


def _metadata(raw: bytes) -> wire.Metadata:
    return msgspec.json.decode(raw, type=envelope.Identity).metadata or wire.Metadata()

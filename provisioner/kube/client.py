"""Talk to one API server in raw bytes, with errors that say who was not allowed to do what.

Every request is made once and ends within its time limits (connect 2 s, read 5 s). Whoever wants
another attempt makes it above the fence, where it is known whether we may still write.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from provisioner.kube import errors
from provisioner.kube.kinds import KindInfo
from provisioner.kube.requests import (
    MERGE_PATCH,
    STRATEGIC_PATCH,
    Connection,
    NoAnswer,
    Request,
    Timeouts,
    Transport,
)
from provisioner.model.kube import Key

_SUCCESS: Final = range(200, 300)


class KubeClient:
    """The verbs of the Kubernetes API that we use, on raw JSON."""

    def __init__(self, transport: Transport, timeouts: Timeouts | None = None) -> None:
        self._transport = transport
        self._timeouts = timeouts or Timeouts()

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._transport.server

    @property
    def namespace(self) -> str:
        """The namespace that the context prefers: where manifests without one go."""
        return self._transport.namespace

    def connection(self) -> Connection:
        """Return how another client (the watcher) reaches the same server with the same rights."""
        return self._transport.connection()

    def with_timeouts(self, timeouts: Timeouts) -> KubeClient:
        """Return a client over the same connections with other time limits."""
        return KubeClient(self._transport, timeouts)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def get(self, kind: KindInfo, key: Key) -> bytes:
        """Return one object."""
        return self._send(
            Request(method="GET", path=kind.path(namespace=key.namespace, name=key.name)),
            self._attempt("get", kind, key),
        )

    def get_path(self, path: str) -> bytes:
        """Return what a path outside the kinds holds, such as ``/apis/<group>``."""
        attempt = errors.Attempt(verb="get", resource=path, server=self.server)
        return self._send(Request(method="GET", path=path), attempt)

    def list_page(
        self, kind: KindInfo, *, limit: int, continue_: str = "", namespace: str = ""
    ) -> bytes:
        """Return one page of a list, of all namespaces unless one is named."""
        query = [("limit", str(limit))]
        if continue_:
            query.append(("continue", continue_))
        return self._send(
            Request(method="GET", path=kind.path(namespace=namespace), query=tuple(query)),
            self._attempt("list", kind, Key(namespace, "")),
        )

    def create(self, kind: KindInfo, document: Mapping[str, object], *, namespace: str) -> bytes:
        """Create an object and return it as stored."""
        return self._send(
            Request(
                method="POST",
                path=kind.path(namespace=namespace),
                body=msgspec.json.encode(document),
            ),
            self._attempt("create", kind, Key(namespace, "")),
        )

    def replace(self, kind: KindInfo, key: Key, document: Mapping[str, object]) -> bytes:
        """Replace an object; its resourceVersion must be the stored one."""
        return self._send(
            Request(
                method="PUT",
                path=kind.path(namespace=key.namespace, name=key.name),
                body=msgspec.json.encode(document),
            ),
            self._attempt("update", kind, key),
        )

    def merge_patch(
        self, kind: KindInfo, key: Key, patch: Mapping[str, object], *, subresource: str = ""
    ) -> bytes:
        """Merge a patch into an object or its subresource and return the result.

        A ``metadata.resourceVersion`` in the patch makes it fail with Conflict where the object
        has changed.
        """
        return self._patch(kind, key, patch, subresource=subresource, content_type=MERGE_PATCH)

    def strategic_patch(
        self, kind: KindInfo, key: Key, patch: Mapping[str, object], *, subresource: str = ""
    ) -> bytes:
        """Merge a patch as ``merge_patch`` does, lists by their keys; built-in kinds only."""
        return self._patch(kind, key, patch, subresource=subresource, content_type=STRATEGIC_PATCH)

    def _patch(
        self,
        kind: KindInfo,
        key: Key,
        patch: Mapping[str, object],
        *,
        subresource: str,
        content_type: str,
    ) -> bytes:
        path = kind.path(namespace=key.namespace, name=key.name, subresource=subresource)
        return self._send(
            Request(
                method="PATCH",
                path=path,
                body=msgspec.json.encode(patch),
                content_type=content_type,
            ),
            self._attempt("patch", kind, key, subresource=subresource),
        )

    def delete(self, kind: KindInfo, key: Key) -> None:
        """Delete one object."""
        self._send(
            Request(method="DELETE", path=kind.path(namespace=key.namespace, name=key.name)),
            self._attempt("delete", kind, key),
        )

    def _attempt(
        self, verb: str, kind: KindInfo, key: Key, *, subresource: str = ""
    ) -> errors.Attempt:
        resource = kind.resource if not subresource else f"{kind.resource}/{subresource}"
        return errors.Attempt(
            verb=verb,
            resource=resource,
            namespace=key.namespace,
            name=key.name,
            server=self.server,
        )

    def _send(self, request: Request, attempt: errors.Attempt) -> bytes:
        try:
            response = self._transport.send(request, self._timeouts)
        except NoAnswer as err:
            raise errors.unreachable(attempt, str(err)) from err
        if response.status not in _SUCCESS:
            raise errors.from_response(attempt, status=response.status, body=response.body)
        return response.body


def connect(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    in_cluster: bool | None = None,
    timeouts: Timeouts | None = None,
) -> KubeClient:
    """Return a client for the cluster that settings and environment point to; sends nothing yet.

    Args:
        kubeconfig: A path, or several as in ``KUBECONFIG``. Default: ``KUBECONFIG``, else
            ``~/.kube/config``.
        context: A context of the kubeconfig. Default: its current one.
        in_cluster: True for the service account of this pod, False for a kubeconfig, None for
            whichever there is (a kubeconfig comes first, as with kubectl).
        timeouts: For every request.

    Raises:
        NoCluster: There is none of these, or it cannot be used.
    """
    paths = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    named = kubeconfig is not None or context is not None
    exists = any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path)
    use_pod = (
        in_cluster
        if in_cluster is not None
        else (not named and not exists and "KUBERNETES_SERVICE_HOST" in os.environ)
    )
    if not use_pod and not exists:
        raise errors.NoCluster(
            f"There is no kubeconfig at {paths}.",
            hint="Name one with --kubeconfig or KUBECONFIG, or plan from files with --no-cluster.",
        )
    # The kubernetes client takes 0.26 s to import; commands that never ask a cluster skip it.
    from provisioner.kube import transport  # noqa: PLC0415 - see above

    opened = transport.in_cluster() if use_pod else transport.from_kubeconfig(paths, context)
    return KubeClient(opened, timeouts)

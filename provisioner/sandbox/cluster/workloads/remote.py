"""The port over HTTP: any API server, such as a kube-apiserver that was started for a test.

Only what the simulator asks, and no authentication beyond a bearer token and a TLS context: a
test's server has nothing else. A watch that ends is begun again by the simulator.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from provisioner.sandbox.cluster.documents import (
    Document,
    dig,
    name_of,
    namespace_of,
    part,
    parts,
    text,
    uid_of,
)
from provisioner.sandbox.cluster.workloads.port import Change, Listed, PortError

_REFUSED = 400
_GONE = 410
_PAGE = 500
_WATCH_SECONDS = 300

#: (apiVersion, plural) by kind.
_RESOURCES: Mapping[str, tuple[str, str]] = {
    "Node": ("v1", "nodes"),
    "Pod": ("v1", "pods"),
    "Service": ("v1", "services"),
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices"),
}


class RemotePort:
    """Talks to an API server; an asynchronous context manager that holds the connections."""

    def __init__(self, url: str, *, token: str = "", tls: ssl.SSLContext | None = None) -> None:
        """Prepare.

        Args:
            url: The server's address, without a path.
            token: A bearer token, if it wants one.
            tls: How to trust it, if it speaks TLS.
        """
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        connector = aiohttp.TCPConnector(ssl=self._tls if self._tls is not None else True)
        self._session = aiohttp.ClientSession(headers=self._headers, connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        if self._session is not None:
            await self._session.close()

    async def list(self, kind: str) -> Listed:
        """Return all objects of a kind, read in pages."""
        found: list[Document] = []
        token = ""
        while True:
            query = {"limit": str(_PAGE), **({"continue": token} if token else {})}
            page = await self._ask("GET", _path(kind), query=query)
            found.extend(_typed(kind, one) for one in parts(page, "items"))
            token = text(page, "metadata", "continue")
            if not token:
                return Listed(items=tuple(found), version=text(page, "metadata", "resourceVersion"))

    async def watch(self, kind: str, version: str) -> AsyncIterator[Change]:
        """Yield what happens after a version."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        try:
            async with self._open.get(
                self._url + _path(kind), params=query, timeout=timeout
            ) as response:
                if response.status >= _REFUSED:
                    raise PortError(response.status, await response.text())
                async for change in _changes(kind, response):
                    yield change
        except aiohttp.ClientError as error:
            raise PortError(0, str(error)) from error

    async def create(self, document: Document) -> Document:
        """Create an object."""
        path = _path(text(document, "kind"), namespace_of(document))
        return await self._ask("POST", path, body=document)

    async def replace(self, document: Document) -> Document:
        """Replace an object, made from the version that it carries."""
        return await self._ask("PUT", _path_of(document), body=document)

    async def patch_status(self, document: Document, status: Document) -> Document:
        """Merge a status into an object's status."""
        return await self._ask(
            "PATCH",
            _path_of(document) + "/status",
            body={"status": status},
            content_type="application/merge-patch+json",
        )

    async def bind(self, pod: Document, node_name: str) -> None:
        """Assign a pod to a node."""
        binding: Document = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name_of(pod), "namespace": namespace_of(pod)},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node_name},
        }
        await self._ask("POST", _path_of(pod) + "/binding", body=binding)

    async def delete(self, document: Document, *, grace_seconds: int | None = None) -> None:
        """Delete exactly this object (by uid)."""
        options: Document = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid_of(document)},
        }
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        await self._ask("DELETE", _path_of(document), body=options)

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("RemotePort is an asynchronous context manager: use `async with`")
        return self._session

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        content_type: str = "application/json",
    ) -> Document:
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        try:
            async with self._open.request(
                method, self._url + path, params=query, data=data, headers=headers
            ) as response:
                answered = _decoded(await response.read())
                if response.status >= _REFUSED:
                    raise PortError(response.status, text(answered, "message"))
                return answered
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PortError(0, str(error)) from error


async def _changes(kind: str, response: aiohttp.ClientResponse) -> AsyncIterator[Change]:
    buffer = b""
    async for chunk in response.content.iter_any():
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in lines:
            event = _decoded(line)
            if event.get("type") == "ERROR":
                code = dig(event, "object", "code")
                raise PortError(
                    code if isinstance(code, int) else _GONE, text(event, "object", "message")
                )
            if event.get("type") in {"ADDED", "MODIFIED", "DELETED"}:
                document = _typed(kind, part(event, "object"))
                yield Change(gone=event["type"] == "DELETED", document=document)


def _decoded(raw: bytes) -> Document:
    try:
        return part(msgspec.json.decode(raw))
    except msgspec.DecodeError:
        return {"message": raw.decode(errors="replace")}


def _typed(kind: str, document: Document) -> Document:
    return {**document, "apiVersion": _RESOURCES[kind][0], "kind": kind}


def _path(kind: str, namespace: str = "", name: str = "") -> str:
    api_version, plural = _RESOURCES[kind]
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    home = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{home}/{plural}" + (f"/{name}" if name else "")


def _path_of(document: Document) -> str:
    return _path(text(document, "kind"), namespace_of(document), name_of(document))

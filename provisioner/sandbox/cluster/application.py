"""The routes of the server: discovery, health, OpenAPI, the sandbox's controls and the objects."""

from __future__ import annotations

from aiohttp import web

from provisioner.sandbox.cluster.answers import answer, refusal
from provisioner.sandbox.cluster.control import ControlHandler
from provisioner.sandbox.cluster.discovery import core_versions, group, groups, resources
from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.handlers import ResourceHandler
from provisioner.sandbox.cluster.kinds import KindTable
from provisioner.sandbox.cluster.openapi import openapi_document, openapi_index
from provisioner.sandbox.cluster.statuses import ApiError, no_such_resource, not_acceptable

#: Version skew rules make kubectl compare itself with this; it is the API that is imitated.
_VERSION: Document = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4+sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2025-04-22T16:03:58Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}

#: A real server takes 3 MB; CRDs come near it.
_LARGEST_BODY = 3 * 1024 * 1024


def build_application(
    kinds: KindTable, *, handler: ResourceHandler, control: ControlHandler
) -> web.Application:
    """Return the web application."""
    pages = _Pages(kinds)
    app = web.Application(client_max_size=_LARGEST_BODY)
    router = app.router
    for path in ("/healthz", "/livez", "/readyz"):
        router.add_get(path, _healthy)
    router.add_get("/version", pages.version)
    router.add_get("/api", pages.core)
    router.add_get("/apis", pages.groups)
    router.add_get("/apis/{group}", pages.group)
    router.add_get("/api/{version}", pages.resources)
    router.add_get("/apis/{group}/{version}", pages.resources)
    router.add_get("/openapi/v2", pages.openapi_v2)
    router.add_get("/openapi/v3", pages.openapi)
    router.add_get("/openapi/v3/api/{version}", pages.openapi_group)
    router.add_get("/openapi/v3/apis/{group}/{version}", pages.openapi_group)
    router.add_route("*", "/sandbox/faults", control.faults)
    router.add_route("*", "/sandbox/requests", control.requests)
    router.add_route("*", "/{rest:.*}", handler.handle)
    return app


async def _healthy(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


class _Pages:
    """The documents that describe the API."""

    def __init__(self, kinds: KindTable) -> None:
        self._kinds = kinds

    async def version(self, _request: web.Request) -> web.Response:
        return answer(_VERSION)

    async def core(self, request: web.Request) -> web.Response:
        return answer(core_versions(request.host))

    async def groups(self, _request: web.Request) -> web.Response:
        return answer(groups(self._kinds))

    async def group(self, request: web.Request) -> web.Response:
        return _found(group(self._kinds, request.match_info["group"]))

    async def resources(self, request: web.Request) -> web.Response:
        name = request.match_info.get("group", "")
        return _found(resources(self._kinds, name, request.match_info["version"]))

    async def openapi_v2(self, _request: web.Request) -> web.Response:
        return refusal(not_acceptable(["application/json of /openapi/v3"]))

    async def openapi(self, _request: web.Request) -> web.Response:
        return answer(openapi_index(self._kinds))

    async def openapi_group(self, request: web.Request) -> web.Response:
        name = request.match_info.get("group", "")
        return _found(openapi_document(self._kinds, name, request.match_info["version"]))


def _found(document: Document | None) -> web.Response:
    return answer(document) if document is not None else _missing(no_such_resource())


def _missing(error: ApiError) -> web.Response:
    return refusal(error)

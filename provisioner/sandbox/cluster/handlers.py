"""HTTP requests for objects: which operation a request means, and the answer to it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from provisioner.sandbox.cluster.access import is_review, reviewed
from provisioner.sandbox.cluster.answers import answer, as_list, presented, presented_list, refusal
from provisioner.sandbox.cluster.api import ClusterApi, Place, WatchStart, Written
from provisioner.sandbox.cluster.documents import name_of, part, uid_of
from provisioner.sandbox.cluster.faults import Ask, ConnectionDropped, Faults
from provisioner.sandbox.cluster.kinds import Kind, KindTable
from provisioner.sandbox.cluster.negotiation import (
    delete_options,
    is_true,
    list_query,
    parsed_body,
    parsed_patch,
    presentation_of,
    seconds,
    write_options,
)
from provisioner.sandbox.cluster.paths import ResourcePath, parse_path, verb_of
from provisioner.sandbox.cluster.requestlog import LoggedRequest, RequestLog
from provisioner.sandbox.cluster.selectors import parse_selector
from provisioner.sandbox.cluster.statuses import (
    ApiError,
    bad_request,
    method_not_allowed,
    no_such_resource,
    success,
)
from provisioner.sandbox.cluster.streams import StreamOptions, stream_watch
from provisioner.sandbox.cluster.tables import Presentation
from provisioner.sandbox.cluster.watches import Interest


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, understood."""

    request: web.Request
    verb: str
    place: Place
    presentation: Presentation


class ResourceHandler:
    """Answers everything under ``/api/<version>`` and ``/apis/<group>/<version>``."""

    def __init__(
        self,
        api: ClusterApi,
        kinds: KindTable,
        *,
        faults: Faults,
        log: RequestLog,
        bookmark_seconds: float,
    ) -> None:
        self._api = api
        self._kinds = kinds
        self._faults = faults
        self._log = log
        self._bookmark_seconds = bookmark_seconds

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request for objects."""
        path = parse_path(request.path)
        if path is None:
            return web.Response(text="404 page not found\n", status=404)
        entry = LoggedRequest(
            verb=request.method.lower(),
            kind=path.plural,
            group=path.group,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            dry_run="dryRun" in request.query,
            user_agent=request.headers.get("User-Agent", ""),
        )
        try:
            response = await self._handle(request, path, entry)
        except ApiError as error:
            response = refusal(error)
        except ConnectionDropped:
            response = web.Response(status=503)
            if request.transport is not None:
                request.transport.abort()
        entry.status = response.status
        return response

    async def _handle(
        self, request: web.Request, path: ResourcePath, entry: LoggedRequest
    ) -> web.StreamResponse:
        if is_review(path.group, path.plural):
            return await self._review(request, path)
        kind = self._kinds.at(path.group, path.version, path.plural)
        verb = verb_of(
            request.method, named=bool(path.name), watching=is_true(request.query, "watch")
        )
        entry.verb = verb or entry.verb
        entry.kind = kind.kind if kind is not None else path.plural
        self._log.record(entry)
        if kind is None or not _has_subresource(kind, path.subresource):
            raise no_such_resource()
        _check_scope(kind, path, verb)
        ask = Ask(verb=verb, kind=kind, namespace=path.namespace, name=path.name)
        await self._faults.before(ask)
        call = Call(
            request=request,
            verb=verb,
            place=Place(
                kind=kind,
                namespace=path.namespace,
                name=path.name,
                subresource=path.subresource,
            ),
            presentation=presentation_of(request.headers.get("Accept", ""), request.query),
        )
        if verb == "watch":
            return await self._watch(call)
        response = await self._act(call)
        await self._faults.after(ask)
        return response

    async def _act(self, call: Call) -> web.Response:
        match call.verb:
            case "get":
                found = self._api.get(call.place)
                return answer(presented(call.place.kind, found, call.presentation))
            case "list":
                return self._list(call)
            case "create":
                return await self._create(call)
            case "update":
                return await self._update(call)
            case "patch":
                return await self._patch(call)
            case "delete":
                return await self._delete(call)
            case _:
                return await self._delete_collection(call)

    def _list(self, call: Call) -> web.Response:
        kind, place = call.place.kind, call.place
        query = list_query(kind, call.request.query, namespace=place.namespace)
        page = self._api.list(kind, query)
        return answer(presented_list(kind, page, call.presentation))

    async def _create(self, call: Call) -> web.Response:
        request = call.request
        body = parsed_body(await request.read(), request.headers.get("Content-Type", ""))
        written = self._api.create(call.place, body, write_options(request.query))
        return _written(call, written)

    async def _update(self, call: Call) -> web.Response:
        request = call.request
        body = parsed_body(await request.read(), request.headers.get("Content-Type", ""))
        written = self._api.replace(call.place, body, write_options(request.query))
        return _written(call, written)

    async def _patch(self, call: Call) -> web.Response:
        request = call.request
        patch = parsed_patch(await request.read(), request.headers.get("Content-Type", ""))
        written = self._api.patch(call.place, patch, write_options(request.query))
        return _written(call, written)

    async def _delete(self, call: Call) -> web.Response:
        request, kind = call.request, call.place.kind
        body = parsed_body(await request.read(), request.headers.get("Content-Type", ""))
        deleted = self._api.delete(call.place, delete_options(request.query, body))
        if not deleted.gone:
            return answer(presented(kind, deleted.document, call.presentation))
        name, uid = name_of(deleted.document), uid_of(deleted.document)
        return answer(success(kind, name=name, uid=uid))

    async def _delete_collection(self, call: Call) -> web.Response:
        request, kind = call.request, call.place.kind
        body = parsed_body(await request.read(), request.headers.get("Content-Type", ""))
        query = list_query(kind, request.query, namespace=call.place.namespace)
        options = delete_options(request.query, body)
        deleted = self._api.delete_collection(kind, query, options)
        metadata: dict[str, object] = {"resourceVersion": str(self._api.version)}
        return answer(as_list(kind, deleted, metadata))

    async def _watch(self, call: Call) -> web.StreamResponse:
        request, kind = call.request, call.place.kind
        query = request.query
        interest = Interest(
            kind=kind,
            namespace=call.place.namespace,
            selector=parse_selector(
                kind,
                labels=query.get("labelSelector", ""),
                fields=query.get("fieldSelector", ""),
            ),
        )
        initial = is_true(query, "sendInitialEvents")
        start = WatchStart(
            version=None if initial else _start_version(query.get("resourceVersion", "")),
            send_initial_events=initial,
        )
        options = StreamOptions(
            presentation=call.presentation,
            timeout_seconds=seconds(query, "timeoutSeconds"),
            bookmark_seconds=(
                self._bookmark_seconds if is_true(query, "allowWatchBookmarks") else None
            ),
        )
        await self._faults.until_watchable(kind)
        return await stream_watch(request, self._api, interest, start=start, options=options)

    async def _review(self, request: web.Request, path: ResourcePath) -> web.Response:
        if request.method != "POST":
            raise method_not_allowed()
        body = parsed_body(await request.read(), request.headers.get("Content-Type", ""))
        answered = reviewed(part(body), plural=path.plural, faults=self._faults, kinds=self._kinds)
        return answer(answered, status=201)


def _written(call: Call, written: Written) -> web.Response:
    document = presented(call.place.kind, written.document, call.presentation)
    return answer(document, status=201 if written.created else 200, warnings=written.warnings)


def _has_subresource(kind: Kind, subresource: str) -> bool:
    match subresource:
        case "":
            return True
        case "status":
            return kind.has_status
        case "scale":
            return kind.has_scale
        case "binding":
            return kind.storage == "pods"
        case _:
            return False


def _check_scope(kind: Kind, path: ResourcePath, verb: str) -> None:
    if not verb:
        raise method_not_allowed()
    if path.namespace and not kind.namespaced:
        raise no_such_resource()
    needs_namespace = bool(path.name) or verb in {"create", "deletecollection"}
    if kind.namespaced and needs_namespace and not path.namespace:
        raise no_such_resource() if path.name else method_not_allowed()
    if path.name and (path.subresource == "binding") is not (verb == "create"):
        raise method_not_allowed()


def _start_version(value: str) -> int | None:
    """Return where a watch starts; absent and 0 mean: with everything that exists."""
    if value in {"", "0"}:
        return None
    if not value.isdigit():
        raise bad_request(f'resourceVersion: "{value}" is not a version of this server')
    return int(value)

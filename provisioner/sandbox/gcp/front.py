"""The front door: log, faults, rates, and the way from HTTP to an answer and back.

One lock covers a whole call, so operations are atomic and the call log is the order in which they
happened. Only ``operations.wait`` and delays on demand let other calls pass meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

import msgspec
from aiohttp import web

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.calls import Call, CallRecord
from provisioner.sandbox.gcp.cloud import Cloud
from provisioner.sandbox.gcp.compute import Request
from provisioner.sandbox.gcp.discovery import Method, discovery
from provisioner.sandbox.gcp.errors import (
    LostResponseError,
    RefusalError,
    not_found,
    rate_exceeded,
)
from provisioner.sandbox.gcp.faults import AFTER, BEFORE, Fault, FaultKind

PREFIX = "/compute/v1/"
LARGEST_BODY = 32 * 1024 * 1024
_POLL_SECONDS = 0.01
LOG = logging.getLogger(__name__)


class Front:
    """Answers requests about Compute resources."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def handle(self, http: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        content = await http.read()
        try:
            method, call = _decoded(http, content)
        except RefusalError as error:
            return _response(error.body(), error.status)
        try:
            return await self._answer(method, call)
        except LostResponseError:
            if http.transport is not None:
                http.transport.abort()
            return web.Response()

    async def _answer(self, method: Method, call: Call) -> web.Response:
        late = self._cloud.faults.due(call, (FaultKind.DELAY,))
        if late is not None:
            await asyncio.sleep(late.seconds)
        try:
            self._refuse_early(call)
        except RefusalError as error:
            self._log(call, error.status, carried_out=False)
            return _response(error.body(), error.status)
        request = Request(method=method, call=call)
        if method.collection == "operations" and method.verb == "wait":
            await self._wait(request)
        with self._cloud.lock:
            return self._carry_out(request)

    def _refuse_early(self, call: Call) -> None:
        before = self._cloud.faults.due(call, BEFORE)
        if before is not None:
            raise _refusal(before, call, self._cloud.settings.rate_status)
        self._cloud.check_rate(call.project)

    async def _wait(self, request: Request) -> None:
        """Wait until the operation is over, for two minutes at most; then answer as it stands."""
        deadline = self._cloud.now() + self._cloud.settings.wait_seconds
        try:
            while not self._cloud.is_over(request) and self._cloud.now() < deadline:  # noqa: ASYNC110  # skipped time sets no event
                await asyncio.sleep(_POLL_SECONDS)
        except RefusalError:
            return  # carrying it out says so again, and logs it

    def _carry_out(self, request: Request) -> web.Response:
        call = request.call
        try:
            answer = self._cloud.carry_out(self._with_faults(request))
        except RefusalError as error:
            self._log(call, error.status, carried_out=False)
            return _response(error.body(), error.status)
        except Exception:
            LOG.exception("the sandbox failed to answer %s", call.operation)
            self._log(call, HTTPStatus.INTERNAL_SERVER_ERROR, carried_out=False)
            broken = RefusalError(500, "backendError", "A fault of the sandbox, see its log")
            return _response(broken.body(), broken.status)
        return self._after(call, answer)

    def _with_faults(self, request: Request) -> Request:
        """Take the faults that concern the operation of a call that changes something."""
        if not request.call.mutates:
            return request
        slow = self._cloud.faults.due(request.call, (FaultKind.SLOW_OPERATION,))
        failing = self._cloud.faults.due(request.call, (FaultKind.FAIL_OPERATION,))
        failure = None
        if failing is not None:
            failure = RefusalError(
                failing.status, failing.reason, failing.message, code=failing.reason
            )
        return Request(
            method=request.method,
            call=request.call,
            failure=failure,
            extra_seconds=slow.seconds if slow is not None else 0.0,
        )

    def _after(self, call: Call, answer: Document) -> web.Response:
        """What happens to a call that has been carried out before its caller hears of it."""
        lost = False
        if call.mutates:
            due = self._cloud.faults.carried_out()
            if due is not None:
                callback, lost = due
                callback()
        fault = self._cloud.faults.due(call, AFTER)
        if lost or (fault is not None and fault.kind is FaultKind.LOSE):
            self._log(call, 0, carried_out=True)
            raise LostResponseError("the sandbox was told to lose this answer")
        if fault is not None:
            error = _refusal(fault, call, self._cloud.settings.rate_status)
            self._log(call, error.status, carried_out=True)
            return _response(error.body(), error.status)
        self._log(call, HTTPStatus.OK, carried_out=True)
        return _response(answer, HTTPStatus.OK)

    def _log(self, call: Call, status: int, *, carried_out: bool) -> None:
        self._cloud.calls.append(
            CallRecord(
                operation=call.operation,
                path=call.path,
                query=call.query,
                body=call.body,
                mutates=call.mutates,
                status=int(status),
                carried_out=carried_out,
                time=self._cloud.now(),
            )
        )


def _decoded(http: web.Request, content: bytes) -> tuple[Method, Call]:
    path = http.rel_url.raw_path
    if not path.startswith(PREFIX):
        raise not_found(path)
    found = discovery().find(http.method, http.rel_url.path.removeprefix(PREFIX))
    if found is None:
        raise not_found(path.removeprefix(PREFIX))
    method, named = found
    return method, Call(
        operation=method.name,
        method=http.method,
        path=named,
        query=dict(http.rel_url.query),
        body=_json(content),
    )


def _json(content: bytes) -> object:
    if not content.strip():
        return None
    try:
        body: object = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        message = f"Invalid JSON payload received. {error}"
        raise RefusalError(400, "parseError", message) from error
    return body


def _refusal(fault: Fault, call: Call, rate_status: int) -> RefusalError:
    match fault.kind:
        case FaultKind.THROTTLE:
            return rate_exceeded(rate_status)
        case FaultKind.DENY:
            permission = f"compute.{call.operation}"
            message = f"Required '{permission}' permission for 'projects/{call.project}'"
            return RefusalError(403, "forbidden", message)
        case _:
            return RefusalError(fault.status, fault.reason, fault.message)


def _response(body: object, status: int) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=int(status), content_type="application/json"
    )

"""The front door: log, faults, and who answers what.

Every request passes here before it reaches moto. The services of ``operations.OPERATIONS`` are
answered by our own functions; EC2 goes to moto's responses as extended in ``ec2``; everything
else is moto as it is. One lock covers a whole call, so operations are atomic and the call log
is the order in which they happened.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import RLock
from typing import TYPE_CHECKING

from flask import Flask
from moto.backends import SERVICE_NAMES
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from provisioner.sandbox.aws import wire
from provisioner.sandbox.aws.balancers import sweep_interfaces
from provisioner.sandbox.aws.calls import CallRecord
from provisioner.sandbox.aws.cloud import Cloud
from provisioner.sandbox.aws.constraints import check_constraints
from provisioner.sandbox.aws.control import control_of
from provisioner.sandbox.aws.ec2 import REGION_KEY, StricterEc2
from provisioner.sandbox.aws.errors import LostResponseError, RefusalError
from provisioner.sandbox.aws.faults import AFTER, BEFORE, Fault, FaultKind
from provisioner.sandbox.control import CONTROL_PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Environ = dict[str, object]
EC2_VIEW = "EC2Response.dispatch"
LOG = logging.getLogger(__name__)
BROKEN = RefusalError(
    "InternalFailure",
    "The sandbox could not answer: a fault of its own, see its log",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
)


class _Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, which looks through the folders of moto for every single request."""

    def __init__(self, create_app: Callable[[SERVICE_NAMES], Flask]) -> None:
        super().__init__(create_app)
        self._found: dict[str | None, object] = {}

    def get_backend_for_host(self, host: str | None) -> object:
        """Return the backend of a host; which one that is does not change."""
        if host not in self._found:
            self._found[host] = super().get_backend_for_host(host)
        return self._found[host]


class Front:
    """The WSGI application of the sandbox."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._control = control_of(cloud)
        self._moto = _Dispatcher(_create_app)
        self._lock = RLock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        if str(environ.get("PATH_INFO", "")).startswith(CONTROL_PREFIX):
            return self._answer_control(Request(environ))(environ, start_response)
        request = wire.read_call(environ)
        if request is None:
            with self._lock:
                return Response.from_app(self._moto, environ, buffered=True)(
                    environ, start_response
                )
        return self._answer(request, environ)(environ, start_response)

    def _answer_control(self, asked: Request) -> Response:
        with self._lock:
            status, body = self._control.answer(asked.method, asked.path, asked.get_data())
        return Response(body, status, content_type="application/json")

    def _answer(self, request: wire.WireCall, environ: Environ) -> Response:
        faults = self._cloud.faults
        late = faults.due(request.call, (FaultKind.DELAY,))
        if late is not None:
            time.sleep(late.seconds)
        before = faults.due(request.call, BEFORE)
        if before is not None:
            response = wire.refusal(request, _refusal(before, request))
            self._log(request, response.status_code, carried_out=False)
            return response
        with self._lock:
            response = self._carry_out(request, environ)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                self._log(request, response.status_code, carried_out=False)
                return response
            return self._after(request, response)

    def _carry_out(self, request: wire.WireCall, environ: Environ) -> Response:
        region = self._cloud.region(request.call)
        sweep_interfaces(region)
        try:
            if request.operation is not None and request.call.service == "elbv2":
                check_constraints(request.operation, dict(request.call.params))
            result = self._cloud.carry_out(request.call, region)
            if result is not None:
                return wire.answer(request, result)
            environ[REGION_KEY] = region
            return Response.from_app(self._moto, environ, buffered=True)
        except RefusalError as error:
            return wire.refusal(request, error)
        except Exception:
            LOG.exception("the sandbox failed to answer %s", request.call.name)
            return wire.refusal(request, BROKEN)

    def _after(self, request: wire.WireCall, response: Response) -> Response:
        """What happens to a call that has been carried out before its caller hears of it."""
        lost = False
        if request.call.mutates:
            due = self._cloud.faults.carried_out()
            if due is not None:
                callback, lost = due
                callback()
        fault = self._cloud.faults.due(request.call, AFTER)
        if lost or (fault is not None and fault.kind is FaultKind.LOSE):
            self._log(request, 0, carried_out=True)
            raise LostResponseError("the sandbox was told to lose this answer")
        if fault is not None:
            response = wire.refusal(request, _refusal(fault, request))
        self._log(request, response.status_code, carried_out=True)
        return response

    def _log(self, request: wire.WireCall, status: int, *, carried_out: bool) -> None:
        call = request.call
        self._cloud.calls.append(
            CallRecord(
                service=call.service,
                operation=call.operation,
                params=call.params,
                account=call.account,
                region=call.region,
                mutates=call.mutates,
                status=status,
                carried_out=carried_out,
                time=self._cloud.now(),
            )
        )


def _create_app(service: SERVICE_NAMES) -> Flask:
    """Make the application of a service as moto does, with our EC2 in the place of its own."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # into our log, not into a page of HTML
    if service == "ec2":
        assert EC2_VIEW in app.view_functions, "moto names its views otherwise than expected"
        app.view_functions[EC2_VIEW] = convert_to_flask_response(StricterEc2.dispatch)
    return app


def _refusal(fault: Fault, request: wire.WireCall) -> RefusalError:
    match fault.kind:
        case FaultKind.THROTTLE:
            return _throttled(request.protocol)
        case FaultKind.DENY:
            return _denied(request)
        case _:
            return RefusalError(fault.code, fault.message, status=fault.status)


def _throttled(protocol: str) -> RefusalError:
    match protocol:
        case "ec2":
            return RefusalError(
                "RequestLimitExceeded",
                "Request limit exceeded.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
        case "query":
            return RefusalError("Throttling", "Rate exceeded")
        case "rest-xml":
            return RefusalError(
                "SlowDown",
                "Please reduce your request rate.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
        case _:
            return RefusalError("ThrottlingException", "Rate exceeded")


def _denied(request: wire.WireCall) -> RefusalError:
    message = f"You are not authorized to perform: {request.call.name}"
    match request.protocol:
        case "ec2":
            return RefusalError("UnauthorizedOperation", message, status=HTTPStatus.FORBIDDEN)
        case "query" | "rest-xml":
            return RefusalError("AccessDenied", message, status=HTTPStatus.FORBIDDEN)
        case _:
            return RefusalError("AccessDeniedException", message)

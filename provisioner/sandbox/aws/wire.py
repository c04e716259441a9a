"""From an HTTP request to a decoded call and from an answer to an HTTP response.

The formats come from botocore's service models through moto's own parser and serialiser, so
everything that boto3 can send arrives here by its documented name and type. Errors are written
here, because moto warns about every code that a model does not list and AWS sends such codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.model import OperationModel
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from provisioner.sandbox.aws.calls import Call
from provisioner.sandbox.aws.errors import RefusalError

CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
ACCOUNT_ID = re.compile(r"\d{12}")
ELB_VERSIONS: Mapping[str, str] = {"2012-06-01": "elb", "2015-12-01": "elbv2"}
SERVICES: Mapping[str, str] = {
    "elasticloadbalancing": "elbv2",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
BUCKET_OPERATIONS: Mapping[tuple[str, bool], str] = {
    ("GET", False): "ListBuckets",
    ("HEAD", True): "HeadBucket",
    ("PUT", True): "CreateBucket",
    ("DELETE", True): "DeleteBucket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCall:
    """A decoded call together with what is needed to answer it in its own format."""

    call: Call
    protocol: str
    operation: OperationModel | None  # None: an operation that botocore does not know


def account_of(access_key: str) -> str:
    """The account a request is for: the access key itself, if that is an account number."""
    return access_key if ACCOUNT_ID.fullmatch(access_key) else DEFAULT_ACCOUNT_ID


def read_call(environ: dict[str, object]) -> WireCall | None:
    """Decode a signed AWS request, or return None if it is none.

    The body is put back, so that moto can read the request again.
    """
    request = Request(environ)
    signed = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if signed is None:
        return None
    body = request.get_data(cache=True)
    environ["wsgi.input"] = BytesIO(body)
    access_key, region, signing_name = signed.groups()
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    form = MultiDict(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else MultiDict()
    target = request.headers.get("X-Amz-Target", "")
    service = _service(signing_name, form.get("Version", ""))
    operation = form.get("Action") or target.rpartition(".")[2] or _rest_operation(service, request)
    account = account_of(access_key)
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    model = _operation_model(service, operation)
    protocol = "rest-xml" if service == "s3" else _protocol(model, request.mimetype)
    params: Mapping[str, object] = {}
    if service == "s3":
        params = _path_params(request)
    elif model is not None:
        params = _params(model, protocol, request, form, body)
    call = Call(service=service, operation=operation, params=params, account=account, region=region)
    return WireCall(call=call, protocol=protocol, operation=model)


def answer(wire: WireCall, result: Mapping[str, object]) -> Response:
    """Write the result of an operation in the caller's format."""
    if wire.operation is None:
        raise ValueError(f"{wire.call.name} is not an operation of the service's model")
    serializer = get_serializer_class(wire.operation.service_model.service_name, wire.protocol)
    written = serializer(operation_model=wire.operation).serialize(dict(result))
    return Response(written["body"], written["status_code"], dict(written["headers"]))


def refusal(wire: WireCall, error: RefusalError) -> Response:
    """Write an error in the caller's format."""
    request_id = str(uuid4())
    code, message = escape(error.code), escape(error.message)
    match wire.protocol:
        case "ec2":
            body = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>"
                f"</Errors><RequestID>{request_id}</RequestID></Response>"
            )
            kind = "text/xml"
        case "query":
            fault = "Sender" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
            body = (
                f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code>"
                f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId>"
                "</ErrorResponse>"
            )
            kind = "text/xml"
        case "rest-xml":
            # HEAD has no body to put the code into: the status tells it.
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            kind = "application/xml"
        case _:
            body = json.dumps({"__type": error.code, "message": error.message})
            kind = "application/x-amz-json-1.1"
    headers = {"Content-Type": kind, "x-amzn-RequestId": request_id, **error.headers}
    return Response(body, error.status, headers)


def _service(signing_name: str, version: str) -> str:
    return ELB_VERSIONS.get(version) or SERVICES.get(signing_name, signing_name)


def _rest_operation(service: str, request: Request) -> str:
    """The name of an operation that only method and path tell."""
    if service == "s3" and "Key" not in _path_params(request) and not request.query_string:
        known = BUCKET_OPERATIONS.get((request.method, "Bucket" in _path_params(request)))
        if known is not None:
            return known
    return f"{request.method} {request.path}"


def _path_params(request: Request) -> dict[str, str]:
    """Bucket and key of a request in path style."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return {name: text for name, text in (("Bucket", bucket), ("Key", key)) if text}


def _operation_model(service: str, operation: str) -> OperationModel | None:
    try:
        model: OperationModel = get_service_model(service).operation_model(operation)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    return model


def _protocol(model: OperationModel | None, mimetype: str) -> str:
    if model is None:
        return "json"
    return determine_request_protocol(model.service_model, mimetype)


def _params(
    model: OperationModel, protocol: str, request: Request, form: MultiDict[str, str], body: bytes
) -> dict[str, object]:
    parsed: dict[str, object] = PROTOCOL_PARSERS[protocol](model).parse(
        {
            "method": request.method,
            "values": form,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": {},
        }
    )
    return parsed

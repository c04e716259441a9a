"""Operations as the API answers them, and the methods that ask about them."""

from __future__ import annotations

from http import HTTPStatus

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import RefusalError, not_found
from provisioner.sandbox.gcp.queries import select
from provisioner.sandbox.gcp.references import ScopeKind, region_url, zone_url
from provisioner.sandbox.gcp.state import Operation

USER = "sandbox@sandbox.invalid"


def rendered(compute: Compute, operation: Operation) -> Document:
    """Return an operation as it stands now.

    An operation is first ``PENDING``, then ``RUNNING`` (from a quarter of its time on, inferred),
    and ``DONE`` only once its effect can be seen; so the answer that announces it never says DONE.
    """
    answer: Document = {
        "kind": "compute#operation",
        "id": str(operation.number),
        "name": operation.name,
        "operationType": operation.verb,
        "targetLink": operation.target.url,
        "targetId": str(operation.target_number),
        "user": USER,
        "insertTime": operation.started,
        "selfLink": operation.url,
    }
    match operation.scope.kind:
        case ScopeKind.REGION:
            answer["region"] = region_url(operation.project, operation.scope.name)
        case ScopeKind.ZONE:
            answer["zone"] = zone_url(operation.project, operation.scope.name)
        case ScopeKind.GLOBAL:
            pass
    if operation.request_id:
        answer["clientOperationId"] = operation.request_id
    return answer | _progress(compute, operation)


def get_operation(compute: Compute, request: Request) -> Document:
    """Read an operation."""
    return rendered(compute, find(compute, request))


def list_operations(compute: Compute, request: Request) -> Document:
    """Read the operations of one place."""
    found = [
        rendered(compute, each)
        for (project, scope, _), each in compute.state.operations.items()
        if (project, scope) == (request.project, request.scope)
    ]
    page = select(found, request.call.query, page_size=compute.settings.page_size)
    answer: Document = {
        "kind": "compute#operationList",
        "id": f"projects/{request.project}/{request.scope.path}/operations",
        "items": list(page.items),
    }
    return answer | ({"nextPageToken": page.next_token} if page.next_token else {})


def delete_operation(compute: Compute, request: Request) -> Document:
    """Forget an operation that is over."""
    operation = find(compute, request)
    if operation.finished_at is None:
        raise RefusalError(400, "badRequest", f"The operation '{operation.name}' is not over.")
    del compute.state.operations[operation.project, operation.scope, operation.name]
    return {}


def find(compute: Compute, request: Request) -> Operation:
    """Return the operation that the URL names, or refuse."""
    name = request.call.path["operation"]
    operation = compute.state.operations.get((request.project, request.scope, name))
    if operation is None:
        raise not_found(f"projects/{request.project}/{request.scope.path}/operations/{name}")
    return operation


def _progress(compute: Compute, operation: Operation) -> Document:
    if operation.finished_at is None:
        spent = compute.now() - operation.started_at
        length = compute.length(operation)
        if spent < length / 4:
            return {"status": "PENDING", "progress": 0}
        return {"status": "RUNNING", "progress": 0, "startTime": operation.started}
    answer: Document = {
        "status": "DONE",
        "progress": 100,
        "startTime": operation.started,
        "endTime": operation.finished,
    }
    return answer | (_failure(operation.error) if operation.error is not None else {})


def _failure(error: RefusalError) -> Document:
    return {
        "error": {"errors": [{"code": error.code, "message": error.message}]},
        "httpErrorStatusCode": int(error.status),
        "httpErrorMessage": HTTPStatus(error.status).phrase.upper(),
    }

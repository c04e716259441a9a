"""Objects and lists as bytes, in the shape that the client asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from aiohttp import web

from provisioner.sandbox.cluster.documents import Document, part
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.reads import Page
from provisioner.sandbox.cluster.statuses import ApiError
from provisioner.sandbox.cluster.tables import Presentation, Shape, metadata_only, table
from provisioner.sandbox.cluster.watches import EventType, WatchEvent

_encode = msgspec.json.Encoder().encode


def answer(document: Document, *, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """Return a document as a response."""
    response = web.Response(body=_encode(document), status=status, content_type="application/json")
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def refusal(error: ApiError) -> web.Response:
    """Return an error as a response."""
    response = answer(error.status(), status=error.code)
    wait = error.details.get("retryAfterSeconds")
    if isinstance(wait, int):
        response.headers["Retry-After"] = str(wait)
    return response


def presented(kind: Kind, document: Document, presentation: Presentation) -> Document:
    """Return one object in the shape that was asked for; a Status keeps its own."""
    if document.get("kind") == "Status":
        return document
    match presentation.shape:
        case Shape.TABLE:
            version = part(document, "metadata").get("resourceVersion", "")
            return table(
                kind,
                [document],
                include=presentation.include,
                metadata={"resourceVersion": version},
            )
        case Shape.METADATA:
            return metadata_only(document)
        case Shape.OBJECT:
            return document


def presented_list(kind: Kind, page: Page, presentation: Presentation) -> Document:
    """Return a page in the shape that was asked for."""
    metadata: Document = {"resourceVersion": str(page.version)}
    if page.continue_:
        metadata["continue"] = page.continue_
    if page.remaining is not None:
        metadata["remainingItemCount"] = page.remaining
    match presentation.shape:
        case Shape.TABLE:
            return table(kind, page.items, include=presentation.include, metadata=metadata)
        case Shape.METADATA:
            return {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "items": [metadata_only(one) for one in page.items],
            }
        case Shape.OBJECT:
            return as_list(kind, page.items, metadata)


def as_list(kind: Kind, documents: Iterable[Document], metadata: Document) -> Document:
    """Return a typed list; built-in lists do not repeat kind and version in their items."""
    if kind.custom is None:
        documents = (_untyped(one) for one in documents)
    return {
        "kind": f"{kind.kind}List",
        "apiVersion": kind.api_version,
        "metadata": metadata,
        "items": list(documents),
    }


def event_line(kind: Kind, event: WatchEvent, presentation: Presentation) -> bytes:
    """Return a watch event as one line."""
    document = event.document
    if event.type not in {EventType.BOOKMARK, EventType.ERROR}:
        document = presented(kind, document, presentation)
    elif event.type is EventType.BOOKMARK and presentation.shape is Shape.TABLE:
        version = part(document, "metadata").get("resourceVersion", "")
        document = table(kind, [], include="None", metadata={"resourceVersion": version})
    return _encode({"type": event.type.value, "object": document}) + b"\n"


def _untyped(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in {"kind", "apiVersion"}}

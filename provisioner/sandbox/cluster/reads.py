"""Lists: selection, paging over a consistent snapshot, and where a list stands in time."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec

from provisioner.sandbox.cluster.documents import Document, key_of
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.selectors import EVERYTHING, Selector
from provisioner.sandbox.cluster.statuses import ApiError, bad_request
from provisioner.sandbox.cluster.store import Store
from provisioner.sandbox.cluster.views import is_translated, outward


class ContinueToken(msgspec.Struct, frozen=True):
    """Where a paged list goes on: the version of its first page and the last key it gave."""

    v: int
    after: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What a list asks for."""

    namespace: str = ""
    selector: Selector = EVERYTHING
    limit: int = 0
    continue_: str = ""
    #: ``resourceVersion`` with ``resourceVersionMatch=Exact``: the past, if remembered.
    exact_version: int | None = None
    at_least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list."""

    items: tuple[Document, ...]
    version: int
    continue_: str = ""
    remaining: int | None = None


def listed(store: Store, kind: Kind, query: ListQuery) -> Page:
    """Return the page that a query asks for.

    Raises:
        ApiError: 410 when the version of the first page is forgotten, 504 for a future version.
    """
    if query.at_least > store.version:
        raise _from_the_future(query.at_least, store.version)
    token = _decoded(query.continue_) if query.continue_ else None
    version = store.version
    if token is not None:
        version = token.v
    elif query.exact_version is not None:
        version = query.exact_version
    found = store.objects(kind.storage, query.namespace, at=version)
    if is_translated(kind):
        found = [outward(kind, document) for document in found]
    if not query.selector.is_empty:
        found = [document for document in found if query.selector.matches(document)]
    if token is not None:
        found = [document for document in found if key_of(document) > token.after]
    return _page(found, query, version)


def _page(found: list[Document], query: ListQuery, version: int) -> Page:
    if not query.limit or len(found) <= query.limit:
        return Page(items=tuple(found), version=version)
    page = found[: query.limit]
    token = ContinueToken(v=version, after=key_of(page[-1]))
    return Page(
        items=tuple(page),
        version=version,
        continue_=base64.urlsafe_b64encode(msgspec.json.encode(token)).decode(),
        # The count would be of unselected objects: kube-apiserver leaves it out likewise.
        remaining=len(found) - query.limit if query.selector.is_empty else None,
    )


def _decoded(token: str) -> ContinueToken:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=ContinueToken)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise bad_request("continue key is not valid") from error


def _from_the_future(wanted: int, present: int) -> ApiError:
    return ApiError(
        504,
        "Timeout",
        f"Too large resource version: {wanted}, current: {present}",
        details={
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large version"}],
            "retryAfterSeconds": 1,
        },
    )

"""The methods that all kinds share: insert, get, list, update, patch, delete.

Order of a mutation: schema, names, references, the rules of the kind, quotas; then an operation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from provisioner.sandbox.cluster.documents import Document, part, text
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import (
    RefusalError,
    already_exists,
    in_use,
    invalid,
    required,
    stale_fingerprint,
)
from provisioner.sandbox.gcp.kinds import Change, Kind
from provisioner.sandbox.gcp.linking import link, users
from provisioner.sandbox.gcp.operations import rendered
from provisioner.sandbox.gcp.queries import select
from provisioner.sandbox.gcp.quotas import check_quotas
from provisioner.sandbox.gcp.references import (
    Ref,
    Scope,
    ScopeKind,
    parse_reference,
    region_url,
    zone_url,
)
from provisioner.sandbox.gcp.schema import carried_over, check_patterns, conform, merged
from provisioner.sandbox.gcp.state import Operation, Project, Resource, digest

NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"  # RFC 1035, as the schema spells it
_WITH_LONG_LINKS = frozenset({"forwardingRules", "networks"})

Kinds = Mapping[str, Kind]


def insert(compute: Compute, request: Request, kind: Kind) -> Document:
    """Create a resource."""
    body = conform(compute.discovery, request.method.request, request.call.body)
    body.pop("fingerprint", None)
    ref = request.sibling(_checked_name(compute, kind, body))
    if ref in compute.state.resources:
        raise already_exists(ref.path)
    change = Change(compute=compute, ref=ref, verb="insert", document=body, previous=None)
    link(change, kind)
    kind.prepare(change)
    failure = _quota_failure(compute, change)
    return rendered(compute, _create(compute, request, kind, change, failure))


def place(compute: Compute, kind: Kind, ref: Ref, body: Document) -> Resource:
    """Put a resource there at once, without an operation; for what the sandbox provides itself."""
    checked = conform(compute.discovery, kind.schema, body)
    change = Change(compute=compute, ref=ref, verb="insert", document=checked, previous=None)
    link(change, kind)
    kind.prepare(change)
    resource = Resource(ref=ref, number=compute.state.next_number(), document={})
    resource.document = _completed(compute, kind, resource, change.document)
    resource.changed_at = compute.now()
    compute.state.resources.put(resource)
    return resource


def get(compute: Compute, request: Request, kind: Kind) -> Document:
    """Read a resource."""
    return shown(compute, kind, compute.get(request.ref))


def list_(compute: Compute, request: Request, kind: Kind) -> Document:
    """Read the resources of one place, a page at a time."""
    found = [
        shown(compute, kind, resource)
        for resource in compute.resources(kind.collection, request.project)
        if resource.ref.scope == request.scope
    ]
    url = f"projects/{request.project}/{request.scope.path}/{kind.collection}"
    return answer_list(compute, request, found, url)


def answer_list(
    compute: Compute, request: Request, documents: list[Document], url: str
) -> Document:
    """Return the page that the query parameters ask for, as a list answer."""
    page = select(documents, request.call.query, page_size=compute.settings.page_size)
    return list_document(compute, request, page.items, url=url, next_token=page.next_token)


def list_document(
    compute: Compute,
    request: Request,
    items: tuple[Document, ...],
    *,
    url: str,
    next_token: str,
) -> Document:
    """Wrap the items of a page."""
    schema = compute.discovery.schema(request.method.response)
    answer: Document = {
        "kind": text(schema, "properties", "kind", "default"),
        "id": url,
        "selfLink": f"https://www.googleapis.com/compute/v1/{url}",
    }
    if items:
        answer["items"] = list(items)
    if next_token:
        answer["nextPageToken"] = next_token
    return answer


def aggregated_list(compute: Compute, request: Request, kind: Kind) -> Document:
    """Read the resources of all places, grouped by place; empty places carry a warning."""
    documents = {
        resource.ref.url: shown(compute, kind, resource)
        for resource in compute.resources(kind.collection, request.project)
    }
    page = select(
        list(documents.values()), request.call.query, page_size=compute.settings.page_size
    )
    project = compute.project(request.project)
    items: Document = {}
    for scope in _scopes_of(project, kind):
        found = [each for each in page.items if _is_in(scope, each)]
        items[scope.path] = {kind.collection: found} if found else _no_results(scope)
    schema = compute.discovery.schema(request.method.response)
    answer: Document = {
        "kind": text(schema, "properties", "kind", "default"),
        "id": f"projects/{project.name}/aggregated/{kind.collection}",
        "items": items,
    }
    return answer | ({"nextPageToken": page.next_token} if page.next_token else {})


def update(compute: Compute, request: Request, kind: Kind) -> Document:
    """Replace a resource; what the body leaves out is gone."""
    resource = compute.idle(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body)
    check_fingerprint(kind, request.method.verb, resource, body.pop("fingerprint", None))
    schema = compute.discovery.schema(kind.schema)
    old = _own_fields(resource.document)
    document = carried_over(compute.discovery, schema, old=old, new=body)
    return rewrite(compute, request, kind, resource=resource, document=document)


def patch(compute: Compute, request: Request, kind: Kind) -> Document:
    """Merge the body into a resource."""
    resource = compute.idle(request.ref)
    body = conform(compute.discovery, request.method.request, request.call.body, keep_null=True)
    check_fingerprint(kind, request.method.verb, resource, body.pop("fingerprint", None))
    document = merged(_own_fields(resource.document), body)
    return rewrite(compute, request, kind, resource=resource, document=document)


def rewrite(
    compute: Compute, request: Request, kind: Kind, *, resource: Resource, document: Document
) -> Document:
    """Check a new document of an existing resource and start the operation that puts it."""
    _check_same_name(resource, document)
    change = Change(
        compute=compute,
        ref=resource.ref,
        verb=request.method.verb,
        document={**document, "name": resource.ref.name},
        previous=resource.document,
    )
    check_patterns(compute.discovery, kind.schema, change.document)
    link(change, kind)
    _check_fixed(kind, change)
    kind.prepare(change)
    coming = _completed(compute, kind, resource, change.document)
    return rendered(compute, compute.change(request, resource, coming=coming))


def delete(compute: Compute, request: Request, kind: Kind, kinds: Kinds) -> Document:
    """Delete a resource that nothing uses."""
    resource = compute.idle(request.ref)
    ref = resource.ref
    for user in (*users(compute, ref, dict(kinds)), *kind.users(compute, resource)):
        raise in_use(kind.noun, ref.path, user.path)

    def apply() -> None:
        compute.state.resources.drop(ref)
        compute.state.departed[ref.path] = compute.now()

    def undo() -> None:
        resource.busy = ""

    operation = compute.begin(request, ref, number=resource.number, apply=apply, undo=undo)
    resource.busy = operation.name
    return rendered(compute, operation)


def check_fingerprint(kind: Kind, verb: str, resource: Resource, given: object) -> None:
    """Refuse a stale fingerprint, and a missing one where the method insists on it."""
    if not kind.fingerprint:
        return
    if not given:
        if verb in kind.guarded:
            raise required("resource.fingerprint")
        return
    if given != resource.fingerprint:
        raise stale_fingerprint()


def shown(compute: Compute, kind: Kind, resource: Resource) -> Document:
    """Return a resource as it is answered."""
    document = kind.render(compute, resource)
    if kind.fingerprint:
        document = {**document, "fingerprint": resource.fingerprint}
    return document


def _create(
    compute: Compute,
    request: Request,
    kind: Kind,
    change: Change,
    failure: RefusalError | None,
) -> Operation:
    ref = change.ref
    resource = Resource(ref=ref, number=compute.state.next_number(), document={})
    resource.document = _completed(compute, kind, resource, change.document)

    def apply() -> None:
        resource.busy = ""
        resource.changed_at = compute.now()

    def undo() -> None:
        compute.state.resources.drop(ref)

    operation = compute.begin(
        request, ref, number=resource.number, apply=apply, undo=undo, failure=failure
    )
    if operation.error is None:
        resource.busy = operation.name
        compute.state.resources.put(resource)
    return operation


def _quota_failure(compute: Compute, change: Change) -> RefusalError | None:
    """Raise what the quotas say, or return it where it is to show in the operation."""
    try:
        check_quotas(compute, change.ref, change.document)
    except RefusalError as error:
        if compute.settings.quota_error_in_operation:
            return error
        raise
    return None


def _checked_name(compute: Compute, kind: Kind, body: Document) -> str:
    name = text(body, "name")
    if not name:
        raise required("resource.name")
    if re.fullmatch(NAME, name) is None:
        raise invalid("resource.name", name, f"Must be a match of regex '{NAME}'")
    check_patterns(compute.discovery, kind.schema, body)
    return name


def _check_same_name(resource: Resource, document: Document) -> None:
    name = text(document, "name")
    if name and name != resource.ref.name:
        raise invalid("resource.name", name, "The name cannot be changed.")


def _check_fixed(kind: Kind, change: Change) -> None:
    for name in kind.fixed:
        before, after = part_of(change.previous, name), change.document.get(name)
        if after is None and change.verb == "update":
            change.put(**{name: before})
        elif after != before:
            raise invalid(f"resource.{name}", after, "This field cannot be changed.")


def part_of(document: Document | None, name: str) -> object:
    """Return a field, or None."""
    return (document or {}).get(name)


def _own_fields(document: Document) -> Document:
    """Leave out what the server writes, so that a merge starts from the caller's fields."""
    written = ("id", "kind", "selfLink", "selfLinkWithId", "creationTimestamp", "region", "zone")
    return {key: value for key, value in document.items() if key not in written}


def _completed(compute: Compute, kind: Kind, resource: Resource, document: Document) -> Document:
    """Add what the server writes on every kind."""
    ref = resource.ref
    schema = part(compute.discovery.schema(kind.schema), "properties")
    server: Document = {
        "kind": text(schema, "kind", "default"),
        "id": str(resource.number),
        "creationTimestamp": resource.document.get("creationTimestamp") or compute.clock.date(),
        "name": ref.name,
        "selfLink": ref.url,
    }
    if "selfLinkWithId" in schema and ref.collection in _WITH_LONG_LINKS:
        server["selfLinkWithId"] = ref.url.removesuffix(ref.name) + str(resource.number)
    if ref.scope.kind is ScopeKind.REGION:
        server["region"] = region_url(ref.project, ref.scope.name)
    if ref.scope.kind is ScopeKind.ZONE:
        server["zone"] = zone_url(ref.project, ref.scope.name)
    if "labelFingerprint" in schema:
        server["labelFingerprint"] = digest(repr(sorted(part(document, "labels").items())))
    return {**document, **server}


def _scopes_of(project: Project, kind: Kind) -> list[Scope]:
    found: list[Scope] = []
    if ScopeKind.GLOBAL in kind.scopes:
        found.append(Scope(kind=ScopeKind.GLOBAL))
    for region, zones in sorted(project.regions.items()):
        if ScopeKind.REGION in kind.scopes:
            found.append(Scope(kind=ScopeKind.REGION, name=region))
        if ScopeKind.ZONE in kind.scopes:
            found += [Scope(kind=ScopeKind.ZONE, name=zone) for zone in zones]
    return found


def _is_in(scope: Scope, document: Document) -> bool:
    ref = parse_reference(text(document, "selfLink"), "")
    return ref is not None and ref.scope == scope


def _no_results(scope: Scope) -> Document:
    return {
        "warning": {
            "code": "NO_RESULTS_ON_PAGE",
            "message": f"There are no results for scope '{scope.path}' on this page.",
            "data": [{"key": "scope", "value": scope.path}],
        }
    }

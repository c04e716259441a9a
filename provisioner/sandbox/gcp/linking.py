"""References between resources: made full, checked when written, and counted when deleted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import invalid, not_emulated, not_ready
from provisioner.sandbox.gcp.fields import rewritten, texts_at
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.references import Ref, ScopeKind, parse_reference

# Google has these where load balancing refers to services and groups; the sandbox does not.
_ELSEWHERE = frozenset(
    {
        "backendBuckets",
        "targetTcpProxies",
        "targetSslProxies",
        "targetGrpcProxies",
        "targetPools",
        "targetInstances",
        "targetVpnGateways",
        "httpHealthChecks",
        "httpsHealthChecks",
    }
)


def link(change: Change, kind: Kind) -> None:
    """Replace every reference of the new document by its full URL, or refuse it."""
    for reference in kind.references:
        change.document = rewritten(
            change.document, reference.path, partial(_linked, change, reference)
        )


def users(compute: Compute, ref: Ref, kinds: dict[str, Kind]) -> Iterator[Ref]:
    """Yield what refers to a resource now, or will when its operation is over."""
    for resource in compute.state.resources:
        kind = kinds[resource.ref.collection]
        if any(ref.url in _used_urls(kind, document) for document in resource.documents):
            yield resource.ref


def referred(document: Document, *path: str) -> tuple[Ref, ...]:
    """The resources named by the full URLs at a path."""
    found = (parse_reference(spelled, "") for _, spelled in texts_at(document, path))
    return tuple(ref for ref in found if ref is not None)


def _used_urls(kind: Kind, document: Document) -> set[str]:
    return {
        url
        for reference in kind.references
        if reference.uses
        for _, url in texts_at(document, reference.path)
    }


def _linked(change: Change, reference: Reference, place: str, spelled: str) -> str:
    ref = parse_reference(spelled, change.ref.project)
    if ref is None:
        raise invalid(place, spelled, "The URL is malformed.")
    if ref.collection in _ELSEWHERE:
        raise not_emulated(f"{ref.collection} ({place})")
    if ref.collection not in reference.collections:
        expected = " or ".join(reference.collections)
        raise invalid(
            place, spelled, f"Unexpected resource collection '{ref.collection}', not {expected}."
        )
    if reference.same_scope and not _same_scope(change.ref, ref):
        raise invalid(
            place, spelled, f"A resource in {change.ref.scope.path} cannot refer to this one."
        )
    if reference.uses:
        found = change.compute.get(ref)
        if found.busy:
            _check_settled(change, ref)
    return ref.url


def _check_settled(change: Change, ref: Ref) -> None:
    """Refuse a reference to what is being created or deleted; one being changed is fine."""
    for operation in change.compute.state.under_way.values():
        if operation.target == ref and operation.verb in ("insert", "delete"):
            raise not_ready(ref.path)


def _same_scope(one: Ref, other: Ref) -> bool:
    """Whether both are global, or both of the same region or of a zone in it."""
    if other.scope.kind is ScopeKind.ZONE:
        return one.scope.kind is ScopeKind.GLOBAL or one.scope.region == other.scope.region
    return one.scope.region == other.scope.region

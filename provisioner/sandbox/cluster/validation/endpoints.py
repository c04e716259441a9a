"""EndpointSlices: the sizes and address types that their writers must respect."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, items, parts, text
from provisioner.sandbox.cluster.statuses import Cause, required, unsupported, wrong

_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_MAX_ENDPOINTS = 1000
_MAX_ADDRESSES = 100


def endpoint_slice_causes(endpoints: Document, before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with an EndpointSlice."""
    address_type = text(endpoints, "addressType")
    if not address_type:
        yield required("addressType")
    elif address_type not in _ADDRESS_TYPES:
        yield unsupported("addressType", address_type, _ADDRESS_TYPES)
    if before is not None and address_type != text(before, "addressType"):
        yield wrong("addressType", address_type, "field is immutable")
    found = parts(endpoints, "endpoints")
    if len(found) > _MAX_ENDPOINTS:
        yield Cause(
            field="endpoints",
            reason="FieldValueTooMany",
            message=f"Too many: {len(found)}: must have at most {_MAX_ENDPOINTS} items",
        )
    for index, endpoint in enumerate(found):
        count = len(items(endpoint, "addresses"))
        if not count:
            yield required(f"endpoints[{index}].addresses", "must contain at least 1 address")
        elif count > _MAX_ADDRESSES:
            yield wrong(f"endpoints[{index}].addresses", count, "must have at most 100 addresses")

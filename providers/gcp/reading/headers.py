"""Read the custom headers of a BackendConfig, which the load balancer adds on its way.

Sources: "Create custom headers in backend services" of Cloud Load Balancing for the names, "Quotas
and limits" for how many and how much.
"""

from __future__ import annotations

import re

from providers.gcp.reading.fields import HEADER_NAME, Fields
from provisioner.core.values import quoted

MAX_HEADERS, MAX_HEADER_BYTES = 16, 8192  # in each direction

_HEADER = rf"{HEADER_NAME}:[^\r\n]*"
_RESERVED = frozenset({"authority", "cdn-loop", "x-user-ip"})
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_RESERVED_STARTS = ("x-google", "x-goog-", "x-gfe", "x-amz-")


def headers(block: Fields | None) -> tuple[str, ...] | None:
    """Return the headers as ``name:value``, None where there is no block."""
    if block is None:
        return None
    found = block.texts("headers")
    names: set[str] = set()
    for index, header in enumerate(found):
        name = header.partition(":")[0].lower()
        trouble, hint = _trouble(header, name, taken=name in names)
        if trouble:
            block.wrong(f"headers[{index}]", trouble, hint=hint)
        names.add(name)
    size = sum(len(header.encode()) for header in found)
    if len(found) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        block.wrong(
            "headers",
            f"it holds {len(found)} headers of {size} bytes in all; a backend service takes"
            f" {MAX_HEADERS} of {MAX_HEADER_BYTES} bytes",
            hint="let the pods set the others",
        )
    return found


def _trouble(header: str, name: str, *, taken: bool) -> tuple[str, str]:
    """Return what is wrong with a header, "" for nothing, and a way out."""
    if not re.fullmatch(_HEADER, header):
        return "it is not name:value", 'write a header such as "X-Client-Region:{client_region}"'
    if taken:
        return f"header {quoted(name)} is there twice", "keep one of the two"
    if name in _RESERVED or name.startswith(_RESERVED_STARTS):
        return f"header {quoted(name)} is Google's own to set", "use another name"
    if name in _HOP_BY_HOP:
        return f"header {quoted(name)} is for one connection and never passed on", "remove it"
    return "", ""

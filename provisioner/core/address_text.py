"""How the logical addresses of every cloud are spelled.

An address is written into a tag or a description of the resource, so its alphabet is what every
service of both clouds accepts there, and its length is bounded: a longer one is cut and ends in a
hash of the whole. Which kinds there are, and what a generation at the end means, each cloud says.
"""

from __future__ import annotations

import hashlib
import re

LONGEST = 256
"""The longest value of an AWS tag, which is the shortest place that an address is written to."""

_FOREIGN = re.compile(r"[^A-Za-z0-9+\-=._:/@]")
_HASH = 10
_SUFFIX = 12  # room for a generation, so that an address is cut alike with and without one


class AddressError(ValueError):
    """A text that is no address of ours."""


def spelled(head: str, *elements: str) -> str:
    """Return the address of these elements; ``head`` is its cloud and kind (``aws:listener``)."""
    return _cut(f"{head}/" + "/".join(clean(element) for element in elements), LONGEST - _SUFFIX)


def respelled(address: str, old: str, new: str) -> str:
    """Return the address with another head.

    Raises:
        AddressError: Its head is not ``old``.
    """
    if not address.startswith(f"{old}/"):
        raise AddressError(f"{address!r} is not the address of a {old}")
    return new + address.removeprefix(old)


def clean(element: str) -> str:
    """Return ``element`` in the alphabet of addresses; one that needed it ends in its own hash."""
    cleaned = _FOREIGN.sub("_", element).replace("@", "_")
    return cleaned if cleaned == element else f"{cleaned}-{digest10(element)}"


def digest10(*parts: str) -> str:
    """Return ten hexadecimal digits that stand for these parts, in this order."""
    text = "\x00".join(parts)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH]


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[: longest - _HASH - 1]}-{digest10(text)}"

"""Read DER, the binary form of certificates and keys: tags, lengths, contents, and no more.

The product needs five facts of a certificate (names, times, whose signature, which key) and one of
a private key; for that a cryptography library of several megabytes would be a heavy guest.
Nothing is verified here: that a chain is trusted is for clients to judge, that a key is sound for
the cloud.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_ID = 0x06
SEQUENCE = 0x30

_LONG_FORM = 0x80
_MOST_LENGTH_BYTES = 4


class DerError(ValueError):
    """Bytes that are no DER, or not of the shape that was expected."""


class Element(NamedTuple):
    """One element: its tag and its content; ``whole`` is both as they were written."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> list[Element]:
        """Return the elements inside."""
        return list(elements(self.content))


def elements(data: bytes) -> Iterator[Element]:
    """Yield the elements that stand one after another in ``data``.

    Raises:
        DerError: The data ends inside an element.
    """
    start = 0
    while start < len(data):
        header, length = _length(data, start)
        end = start + header + length
        if end > len(data):
            raise DerError("it is cut off")
        yield Element(data[start], data[start + header : end], data[start:end])
        start = end


def only(data: bytes, tag: int) -> Element:
    """Return the one element that ``data`` consists of.

    Raises:
        DerError: There is none, there are more, or it has another tag.
    """
    found = list(elements(data))
    if len(found) != 1 or found[0].tag != tag:
        raise DerError("it has another shape than it should")
    return found[0]


def _length(data: bytes, start: int) -> tuple[int, int]:
    """Return how many bytes tag and length take, and the length of the content."""
    if start + 2 > len(data):
        raise DerError("it is cut off")
    first = data[start + 1]
    if first < _LONG_FORM:
        return 2, first
    count = first - _LONG_FORM
    if not 0 < count <= _MOST_LENGTH_BYTES or start + 2 + count > len(data):
        raise DerError("a length in it cannot be read")
    return 2 + count, int.from_bytes(data[start + 2 : start + 2 + count], "big")

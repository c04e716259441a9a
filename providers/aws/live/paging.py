"""Small things that every read shares: batches within AWS' bounds, tags as mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

FILTER_VALUES = 200
"""EC2 takes at most 200 values in one filter."""

TAGGED_ARNS = 20
"""Elastic Load Balancing describes the tags of at most 20 resources in one call."""

THREADS = 4
"""Reads under way at once; the token bucket, not this, is what bounds a long listing."""


def batches(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield the items in tuples of at most ``size``."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def tag_mapping(pairs: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return AWS's list of ``{"Key", "Value"}`` as a mapping."""
    return {str(pair["Key"]): str(pair.get("Value", "")) for pair in pairs}

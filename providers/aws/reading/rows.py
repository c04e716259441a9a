"""Rows of the native tables: what is the same for every annotation of one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from providers.aws.settings import PREFIX
from provisioner.core.annotations import annotation
from provisioner.model.annotation import Annotation, Merge, Place, Setting

T = TypeVar("T")

INGRESS = frozenset({Place.INGRESS})
BOTH = frozenset({Place.INGRESS, Place.SERVICE})


def on_ingress(
    suffix: str,
    setting: Setting[T],
    parse: Callable[[str], T | None],
    merge: Merge,
    *,
    kind: str,
    summary: str,
    default: str = "",
    alias: bool = False,
    check_suffix: Callable[[str], None] | None = None,
) -> Annotation[object]:
    """Return the row of an annotation that only an Ingress may carry."""
    return annotation(
        PREFIX + suffix,
        setting,
        parse,
        places=INGRESS,
        merge=merge,
        type_name=kind,
        summary=summary,
        default=default,
        alias=alias,
        check_suffix=check_suffix,
    )


def on_backend(
    suffix: str,
    setting: Setting[T],
    parse: Callable[[str], T | None],
    *,
    kind: str,
    summary: str,
    default: str = "",
    merge: Merge = Merge.OWN,
    check_suffix: Callable[[str], None] | None = None,
) -> Annotation[object]:
    """Return the row of an annotation that an Ingress or a Service may carry."""
    return annotation(
        PREFIX + suffix,
        setting,
        parse,
        places=BOTH,
        merge=merge,
        type_name=kind,
        summary=summary,
        default=default,
        check_suffix=check_suffix,
    )

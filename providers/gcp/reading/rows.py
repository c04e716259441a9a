"""Rows of the native tables: what is the same for every annotation of one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from providers.gcp.settings import FOREIGN
from provisioner.core.annotations import annotation
from provisioner.model.annotation import Annotation, Merge, Place, Setting, TakenFor

T = TypeVar("T")

INGRESS = frozenset({Place.INGRESS})
SERVICE = frozenset({Place.SERVICE})
BOTH = INGRESS | SERVICE


def on_ingress(
    key: str,
    setting: Setting[T],
    parse: Callable[[str], T | None],
    merge: Merge,
    *,
    kind: str,
    summary: str,
    default: str = "",
    taken_for: TakenFor[T] | None = None,
) -> Annotation[object]:
    """Return the row of an annotation that only an Ingress may carry."""
    return annotation(
        key,
        setting,
        parse,
        places=INGRESS,
        merge=merge,
        type_name=kind,
        summary=summary,
        default=default,
        taken_for=taken_for,
    )


def on_service(
    key: str,
    setting: Setting[T],
    parse: Callable[[str], T | None],
    *,
    kind: str,
    summary: str,
    default: str = "",
    alias: bool = False,
    taken_for: TakenFor[T] | None = None,
) -> Annotation[object]:
    """Return the row of an annotation that only a Service may carry, as GKE has it."""
    return annotation(
        key,
        setting,
        parse,
        places=SERVICE,
        merge=Merge.OWN,
        type_name=kind,
        summary=summary,
        default=default,
        alias=alias,
        taken_for=taken_for,
    )


def ignored(_raw: str) -> object | None:
    """Return nothing: the annotation is somebody else's and says nothing to us."""
    return None


def foreign(key: str, summary: str) -> Annotation[object]:
    """Return the row of an annotation of another program, known so that nobody is warned of it."""
    return annotation(
        key,
        FOREIGN,
        ignored,
        places=BOTH,
        merge=Merge.MEMBER,
        type_name="-",
        summary=f"{summary}; has no effect here.",
    )

"""Annotations as typed values: one table per prefix, from which code *and* reference page come.

An ``Annotation`` ties a key under a prefix to a *setting*, the neutral name that the rest of the
product speaks of. A portable annotation and a native one may feed the same setting
(``ingress-provisioner.io/target-mode`` and ``alb.ingress.kubernetes.io/target-type``); saying
different things through both on one object is an error on that object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.selector import LabelSelector

T = TypeVar("T")


class AnnotationError(ValueError):
    """A value that does not parse. ``str(error)`` is one sentence; ``hint`` says what would do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Place(StrEnum):
    """Objects that may carry an annotation."""

    INGRESS = "Ingress"
    SERVICE = "Service"


class Merge(StrEnum):
    """What happens when several members of a group say different things."""

    EXCLUSIVE = (
        "exclusive"  # all members that say anything must agree; the later one is quarantined
    )
    UNION = "union"  # everything is added up; the same key with two values is a conflict
    PER_PORT = "per port"  # compared only among members on the same listener port
    RULE = "rule"  # affects the rules of the Ingress; a Service's word counts where it stands alone
    OWN = "own"  # affects only the rules and backends of the Ingress that says it
    MEMBER = "member"  # affects the ports and certificates of the Ingress, none of its rules


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A typed name of a setting; the type is that of its parsed value."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFor(Generic[T]):
    """What the incumbent controller takes a value for that it cannot read, and in words."""

    value: T
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation(Generic[T]):
    """One annotation that we read.

    Attributes:
        key: With its prefix; a trailing ``.*`` marks a family (``actions.${name}``).
        setting: What it feeds.
        parse: Text to value, None where the text asks for nothing; raises AnnotationError.
        places: Which objects may carry it.
        merge: Behaviour in a group.
        type_name: For the reference page ("string list", "JSON list of {PROTO: port}").
        summary: One sentence for the reference page.
        default: What holds when nobody says anything, in words.
        alias: An older spelling: heard only on an object without the newer one.
        either: True on one of Ingress and Service is enough, whatever the other says.
        check_suffix: Judges what stands for the star of a family; raises AnnotationError.
        taken_for: What an unreadable value is to the incumbent controller, None: an error as well.
    """

    key: str
    setting: Setting[T]
    parse: Callable[[str], T | None]
    places: frozenset[Place]
    merge: Merge
    type_name: str
    summary: str
    default: str = ""
    alias: bool = False
    either: bool = False
    check_suffix: Callable[[str], None] | None = None
    taken_for: TakenFor[T] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inexpressible:
    """What a cloud cannot do of a setting that others can.

    ``capability`` starts a sentence ("Retrying requests at an ALB"), ``hint`` is a way out.
    """

    capability: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortWord:
    """One word of a list that speaks of several ports; each port hears only its own."""

    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWord:
    """A setting that a class' parameters object states, and the field of it that does."""

    setting: str
    value: object
    field: str  # "spec.scheme"
    suffix: str = ""  # of a family


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWords:
    """What a cloud's own parameters object says (AWS: IngressClassParams).

    ``words`` hold for every Ingress of the class, above its own annotations and those of Services;
    ``of_first`` only where the Ingress is the first member of its group. ``namespaces`` is which
    namespaces may use the class at all (None: every one).
    """

    words: tuple[ClassWord, ...] = ()
    of_first: tuple[ClassWord, ...] = ()
    namespaces: LabelSelector | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

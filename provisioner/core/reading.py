"""Read an object's annotations through a table of those we know.

Nothing that stands under a prefix we read is ignored without a word: a value that does not parse
is an error, an unknown key a warning with the nearest known one, a key on the wrong kind of object
a warning, and two keys that feed one setting with different values an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Generic, TypeVar, cast

from provisioner.core import report
from provisioner.core.annotations import RESOLVED
from provisioner.core.values import UnsupportedError
from provisioner.model.annotation import (
    Annotation,
    AnnotationError,
    Inexpressible,
    Merge,
    Place,
    Setting,
)
from provisioner.model.diagnostic import Diagnostic, Severity, error, warning
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key, Meta

T = TypeVar("T")

FAMILY = ".*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Generic[T]):
    """A value, where it was said (for messages) and in which field."""

    value: T
    source: str  # "annotation alb.ingress.kubernetes.io/scheme on Ingress shop/web"
    field: str  # "metadata.annotations[alb.ingress.kubernetes.io/scheme]"
    key: str  # "alb.ingress.kubernetes.io/scheme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What one object (or several, by precedence) says, by setting."""

    said: Mapping[str, Said[object]] = field(default_factory=lambda: MappingProxyType({}))
    families: Mapping[str, Mapping[str, Said[object]]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def get(self, setting: Setting[T]) -> T | None:
        """Return the value of a setting, None where nobody said anything."""
        found = self.said.get(setting.name)
        return None if found is None else cast(T, found.value)

    def where(self, setting: Setting[T]) -> Said[T] | None:
        """Return the value of a setting together with where it was said."""
        return cast("Said[T] | None", self.said.get(setting.name))

    def family(self, setting: Setting[T]) -> Mapping[str, T]:
        """Return the values of a family (``actions.${name}``) by what stands in for the star."""
        found = self.families.get(setting.name, {})
        return {suffix: cast(T, said.value) for suffix, said in found.items()}

    def over(self, weaker: Values) -> Values:
        """Return these values, filled up with weaker ones: key by key, nothing merged inside."""
        if not weaker.said and not weaker.families:
            return self
        families = {
            name: MappingProxyType(
                {**weaker.families.get(name, {}), **self.families.get(name, {})},
            )
            for name in {*weaker.families, *self.families}
        }
        return Values(
            said=MappingProxyType({**weaker.said, **self.said}),
            families=MappingProxyType(families),
        )


NO_VALUES = Values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an object's annotations say, and what is wrong with them.

    ``failed`` are settings that the object states in a way that cannot be read.
    """

    values: Values = NO_VALUES
    failed: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


def _everything(_setting: str, _value: object) -> Inexpressible | None:
    """Stand for a cloud that can do all that can be said."""
    return None


class Table:
    """Annotations by key, families included; built once per provider.

    ``inexpressible`` tells what of a readable value the cloud cannot do.
    """

    def __init__(
        self,
        annotations: Sequence[Annotation[object]],
        prefixes: Sequence[str],
        *,
        inexpressible: Callable[[str, object], Inexpressible | None] = _everything,
    ) -> None:
        self.annotations = tuple(annotations)
        self.prefixes = tuple(prefixes)
        self.inexpressible = inexpressible
        self.either = frozenset(a.setting.name for a in annotations if a.either)
        self.of_services = frozenset(
            a.setting.name for a in annotations if Place.SERVICE in a.places
        )
        self._aliases = frozenset(a.key for a in annotations if a.alias)
        self._exact = {a.key: a for a in annotations if not a.key.endswith(FAMILY)}
        self._families = {a.key.removesuffix("*"): a for a in annotations if a.key.endswith(FAMILY)}

    def reads(self, key: str) -> bool:
        """Tell whether a key stands under one of the prefixes."""
        return key.startswith(self.prefixes)

    def in_order(self, keys: Iterable[str]) -> list[str]:
        """Return the keys that are read, older spellings after all others."""
        return sorted(filter(self.reads, keys), key=lambda key: (key in self._aliases, key))

    def find(self, key: str) -> tuple[Annotation[object], str] | None:
        """Return the annotation of a key and, for a family, what stands in for the star."""
        if (exact := self._exact.get(key)) is not None:
            return exact, ""
        for stem, annotation in self._families.items():
            if key.startswith(stem) and len(key) > len(stem):
                return annotation, key[len(stem) :]
        return None

    def nearest(self, key: str) -> str:
        """Return the known key most like this one, "" where none is."""
        prefix = next((p for p in self.prefixes if key.startswith(p)), "")
        names = [k.removeprefix(prefix) for k in self._known if k.startswith(prefix)]
        found = get_close_matches(key.removeprefix(prefix), names, n=1, cutoff=0.6)
        return prefix + found[0] if found else ""

    @property
    def _known(self) -> tuple[str, ...]:
        return (*self._exact, *(f"{stem}NAME" for stem in self._families))

    def options(self, merge: Merge, *, place: Place | None = None) -> tuple[str, ...]:
        """Return the settings of one behaviour that travel in ``options``, families left out.

        ``place`` SERVICE narrows to settings that Services may state, INGRESS to those that they
        may not.
        """
        return self._names(merge, place=place, families=False)

    def families(self, merge: Merge, *, place: Place | None = None) -> tuple[str, ...]:
        """Return the families of one behaviour, those with a field of their own included."""
        return self._names(merge, place=place, families=True)

    def _names(self, merge: Merge, *, place: Place | None, families: bool) -> tuple[str, ...]:
        return tuple(
            sorted(
                {
                    a.setting.name
                    for a in self.annotations
                    if a.merge is merge
                    and a.key.endswith(FAMILY) is families
                    and (families or a.setting.name not in RESOLVED)
                    and (place is None or (Place.SERVICE in a.places) is (place is Place.SERVICE))
                }
            )
        )


NOTHING = Reading()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The object that is read, in the words of messages.

    ``place`` None stands for a class object, which may state any setting. ``field`` is the map that
    holds the values.
    """

    subject: str
    place: Place | None
    field: str = "metadata.annotations"
    word: str = "annotation"
    lenient: bool = False  # what the incumbent controller makes do with, counts
    hidden: str = ""  # a prefix that the writer leaves out
    ingress: Key | None = None

    def path(self, key: str) -> str:
        """Return the field path of a key."""
        shown = key.removeprefix(self.hidden)
        return f"{self.field}.{shown}" if self.hidden else f"{self.field}[{shown}]"

    def name(self, key: str) -> str:
        """Return a key as a sentence names it."""
        return f"{self.word} {key.removeprefix(self.hidden)}"


def read_annotations(
    meta: Meta,
    place: Place,
    *,
    table: Table,
    ingress: Key | None = None,
    compatibility: Compatibility = Compatibility.KUBERNETES,
) -> Reading:
    """Return what an object's annotations say.

    A setting that was said wrongly is absent from the values; its error is blocking, so nothing is
    ever planned from half an object.

    Args:
        meta: The object's metadata.
        place: Which kind of object it is.
        table: The annotations that are read, portable and native ones together.
        ingress: Whose the diagnostics are, None where the object belongs to no Ingress.
        compatibility: Whose reading applies: the incumbent makes do with some unreadable values.
    """
    origin = Origin(
        subject=f"{place} {meta.key}",
        place=place,
        ingress=ingress,
        lenient=compatibility is Compatibility.INCUMBENT,
    )
    return read(meta.annotations, origin, table=table)


def read(pairs: Mapping[str, str], origin: Origin, *, table: Table) -> Reading:
    """Return what a map of annotation keys and values says."""
    reader = _Reader(origin, table)
    for key in table.in_order(pairs):
        reader.read(key, pairs[key])
    return reader.reading()


class _Reader:
    """The pass over one object."""

    def __init__(self, origin: Origin, table: Table) -> None:
        self._origin = origin
        self._table = table
        self._said: dict[str, Said[object]] = {}
        self._families: dict[str, dict[str, Said[object]]] = {}
        self._failed: set[str] = set()
        self._problems: list[Diagnostic] = []

    def read(self, key: str, raw: str) -> None:
        found = self._table.find(key)
        if found is None:
            self._problems.append(self._unknown(key))
            return
        annotation, suffix = found
        if self._origin.place is not None and self._origin.place not in annotation.places:
            self._problems.append(self._misplaced(key, annotation))
            return
        name = annotation.setting.name
        if annotation.alias and (name in self._said or name in self._failed):
            return
        try:
            value = self._parsed(annotation, suffix, raw)
        except AnnotationError as problem:
            refusal = self._refused(key, problem, annotation)
            if not self._origin.lenient or annotation.taken_for is None:
                self._failed.add(name)
                self._problems.append(refusal)
                return
            value = annotation.taken_for.value
            self._problems.append(_made_do(refusal, annotation.taken_for.words))
        if value is not None:
            self._keep(annotation, suffix, self._as_said(key, value))

    def reading(self) -> Reading:
        families = {name: MappingProxyType(found) for name, found in self._families.items()}
        return Reading(
            values=Values(said=MappingProxyType(self._said), families=MappingProxyType(families)),
            failed=frozenset(self._failed),
            diagnostics=tuple(self._problems),
        )

    def _parsed(self, annotation: Annotation[object], suffix: str, raw: str) -> object | None:
        if annotation.check_suffix is not None:
            annotation.check_suffix(suffix)
        value = annotation.parse(raw)
        lacking = self._table.inexpressible(annotation.setting.name, value)
        if lacking is not None:
            raise UnsupportedError(lacking.capability, hint=lacking.hint)
        return value

    def _as_said(self, key: str, value: object) -> Said[object]:
        origin = self._origin
        source = f"{origin.name(key)} on {origin.subject}"
        return Said(value=value, source=source, field=origin.path(key), key=key)

    def _keep(self, annotation: Annotation[object], suffix: str, said: Said[object]) -> None:
        name = annotation.setting.name
        target = self._families.setdefault(name, {}) if suffix else self._said
        before = target.setdefault(suffix or name, said)
        if before.value != said.value:
            self._failed.add(name)
            self._problems.append(self._contradiction(before, said))

    def _unknown(self, key: str) -> Diagnostic:
        origin = self._origin
        nearest = self._table.nearest(key)
        return warning(
            "ANNOTATION-UNKNOWN",
            origin.subject,
            message=f"{origin.name(key)} is not known and has no effect",
            field=origin.path(key),
            hint=f"did you mean {nearest.removeprefix(origin.hidden)}?" if nearest else "",
            ingress=origin.ingress,
        )

    def _misplaced(self, key: str, annotation: Annotation[object]) -> Diagnostic:
        origin = self._origin
        return warning(
            "ANNOTATION-PLACE",
            origin.subject,
            message=f"{origin.name(key)} has no effect on a {origin.place}",
            field=origin.path(key),
            hint="put it on the " + " or ".join(sorted(annotation.places)),
            ingress=origin.ingress,
        )

    def _refused(
        self, key: str, problem: AnnotationError, annotation: Annotation[object]
    ) -> Diagnostic:
        origin = self._origin
        if isinstance(problem, UnsupportedError):
            return report.unsupported(
                str(problem),
                origin.subject,
                field=origin.path(key),
                hint=problem.hint,
                ingress=origin.ingress,
            )
        return error(
            "ANNOTATION-VALUE",
            origin.subject,
            message=f"{origin.name(key)}: {problem}",
            field=origin.path(key),
            hint=problem.hint or (annotation.type_name and f"it takes: {annotation.type_name}"),
            ingress=origin.ingress,
        )

    def _contradiction(self, before: Said[object], said: Said[object]) -> Diagnostic:
        origin = self._origin
        return error(
            "ANNOTATION-CONTRADICTION",
            origin.subject,
            message=f"annotations {before.key} and {said.key} say different things",
            field=origin.path(said.key),
            hint="keep one of the two",
            ingress=origin.ingress,
        )


def _made_do(refusal: Diagnostic, words: str) -> Diagnostic:
    """Return what is wrong with a value that counts all the same, as the incumbent has it."""
    message = f"{refusal.message}; it counts as {words} (compatibility incumbent)"
    return replace(refusal, severity=Severity.WARNING, message=message, blocking=False)

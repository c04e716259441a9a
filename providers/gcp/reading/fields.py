"""Read an object of settings field by field, and collect everything that is wrong with it.

The API server has checked the types where the CustomResourceDefinition is installed; files come as
people wrote them. So every type and range is judged here, each finding names its field and a way
out, and all of them are told at once. An unknown field is a remark: the API server would drop it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from provisioner.core.object_error import ObjectError, ObjectRemark
from provisioner.core.values import INT32, quoted

WHOLE = (0, INT32 - 1)
RESOURCE_NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
HEADER_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"


class Notes:
    """What was found about one object while it was read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: list[ObjectError] = []
        self.remarks: list[ObjectRemark] = []
        self._read: list[Fields] = []

    def reading(self, fields: Fields) -> None:
        """Remember a block, to tell later which of its fields nobody knows."""
        self._read.append(fields)

    def wrong(self, field: str, trouble: str, *, hint: str) -> None:
        """Note an error."""
        self.errors.append(ObjectError(f"{field}: {trouble}", field=field, hint=hint))

    def odd(self, field: str, trouble: str, *, hint: str = "") -> None:
        """Note something that blocks nothing."""
        message = f"{field}: {trouble}"
        self.remarks.append(ObjectRemark(name=self.name, field=field, message=message, hint=hint))

    def finished(self) -> tuple[ObjectRemark, ...]:
        """Return the remarks, those on unknown fields included.

        Raises:
            ObjectError: There are errors; the first has the others in ``more``.
        """
        for fields in self._read:
            fields.tell_unknown()
        if self.errors:
            first, *more = self.errors
            raise ObjectError(
                str(first),
                field=first.field,
                hint=first.hint,
                name=self.name,
                more=tuple(more),
            )
        return tuple(self.remarks)


class Fields:
    """One block of an object. A field that is absent, null or wrong reads as None."""

    def __init__(self, value: Mapping[str, object], *, where: str, notes: Notes) -> None:
        self.where = where
        self.notes = notes
        self._value = value
        self._known: list[str] = []
        notes.reading(self)

    def __contains__(self, name: str) -> bool:
        """Tell whether a field holds anything at all, be it wrong."""
        return self._value.get(name) not in (None, "")

    def path(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.where}.{name}"

    def wrong(self, name: str, trouble: str, *, hint: str) -> None:
        """Note an error of a field."""
        self.notes.wrong(self.path(name), trouble, hint=hint)

    def odd(self, name: str, trouble: str, *, hint: str = "") -> None:
        """Note a remark on a field."""
        self.notes.odd(self.path(name), trouble, hint=hint)

    def tell_unknown(self) -> None:
        """Note the fields that nobody asked for."""
        for name in sorted(self._value):
            if name not in self._known:
                near = get_close_matches(name, self._known, n=1)
                hint = f"did you mean {near[0]}?" if near else ""
                self.odd(name, "it is not known and has no effect", hint=hint)

    def block(self, name: str) -> Fields | None:
        """Return a block inside this one."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self._bad(name, value, "an object", hint=f"write {name}: with fields below it")
            return None
        return Fields(value, where=self.path(name), notes=self.notes)

    def blocks(self, name: str) -> tuple[Fields, ...]:
        """Return the blocks of a list."""
        found: list[Fields] = []
        for index, item in enumerate(self._list(name)):
            place = f"{name}[{index}]"
            if isinstance(item, Mapping):
                found.append(Fields(item, where=self.path(place), notes=self.notes))
            else:
                self._bad(place, item, "an object", hint="write one with fields")
        return tuple(found)

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self._get(name)
        if value is None or isinstance(value, str):
            return value
        self._bad(name, value, "text", hint="put it in quotes")
        return None

    def boolean(self, name: str) -> bool | None:
        """Return a truth value."""
        value = self._get(name)
        if value is None or isinstance(value, bool):
            return value
        self._bad(name, value, "true or false", hint="write true or false, without quotes")
        return None

    def integer(self, name: str, bounds: tuple[int, int] = WHOLE) -> int | None:
        """Return a whole number within bounds."""
        value, (low, high) = self._get(name), bounds
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        hint = f"write a number from {low} to {high}, without quotes"
        self._bad(name, value, f"a whole number from {low} to {high}", hint=hint)
        return None

    def number(self, name: str, bounds: tuple[float, float]) -> float | None:
        """Return a number within bounds."""
        value, (low, high) = self._get(name), bounds
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        wanted = f"a number from {low:g} to {high:g}"
        self._bad(name, value, wanted, hint=f"write {wanted}, without quotes")
        return None

    def choice(self, name: str, words: Sequence[str]) -> str | None:
        """Return one of some words, which are case-sensitive."""
        value = self._get(name)
        if value is None or (isinstance(value, str) and value in words):
            return value
        wanted = ", ".join(word for word in words if word)
        self._bad(name, value, f"one of {wanted}", hint=f"write one of {wanted}")
        return None

    def matching(self, name: str, form: str, *, example: str) -> str | None:
        """Return a text of a form; an empty one is left to the caller."""
        value = self.text(name)
        if not value or re.fullmatch(form, value):
            return value
        self._bad(name, value, "a name of this kind", hint=f'write one such as "{example}"')
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found: list[str] = []
        for index, item in enumerate(self._list(name)):
            if isinstance(item, str):
                found.append(item)
            else:
                self._bad(f"{name}[{index}]", item, "text", hint="put it in quotes")
        return tuple(found)

    def _list(self, name: str) -> Sequence[object]:
        value = self._get(name)
        if value is None:
            return ()
        if isinstance(value, list | tuple):
            return value
        self._bad(name, value, "a list", hint=f"write {name}: [...]")
        return ()

    def _get(self, name: str) -> object:
        self._known.append(name)
        return self._value.get(name)

    def _bad(self, name: str, value: object, wanted: str, *, hint: str) -> None:
        self.wrong(name, f"{_shown(value)} is not {wanted}", hint=hint)


def _shown(value: object) -> str:
    """Return a wrong value as a message shows it; never what an object or a list holds."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)

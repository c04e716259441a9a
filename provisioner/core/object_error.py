"""What is wrong, or odd, with an object of settings, between who reads it and who tells people.

It stands alone because a provider's settings raise it, and those are loaded at every start.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTENT = "OBJECT-CONTENT"


class ObjectError(Exception):
    """An object of settings that cannot be used as it is.

    ``field`` is where in the object ("spec.timeoutSec"), ``name`` which object where a value names
    several, ``more`` what else is wrong with it.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = CONTENT,
        hint: str = "",
        field: str = "",
        name: str = "",
        more: tuple[ObjectError, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.field = field
        self.name = name
        self.more = more


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRemark:
    """Something odd in an object of settings that blocks nothing."""

    name: str
    field: str
    message: str
    hint: str = ""

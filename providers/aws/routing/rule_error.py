"""A rule that an ALB cannot express, as the diagnostic that its path gets."""

from __future__ import annotations


class RuleError(ValueError):
    """The code, sentence and hint of a path's diagnostic.

    ``field`` is where the mistake stands, "" for the path itself.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.field = field

"""What is wrong with a Secret, as an exception between who reads it and who tells its Ingress.

It stands alone because a provider's settings raise it, and those are loaded at every start.
"""

from __future__ import annotations

CONTENT = "SECRET-CONTENT"


class SecretError(Exception):
    """A Secret that does not hold what was asked of it; the text never quotes what it holds.

    ``name`` is which Secret, where a value names several.
    """

    def __init__(
        self, message: str, *, code: str = CONTENT, hint: str = "", name: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.name = name

"""Lines with a style, wrapped to a width: what text renderers produce before anybody paints them.

A renderer says "this line is an error"; only a terminal turns that into colour. So files, pipes and
tests get exactly the same words without it, and rich is imported only where it paints.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NARROWEST: Final = 40


class Style(StrEnum):
    """What a line is, not how it looks."""

    PLAIN = "plain"
    HEADING = "heading"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DIM = "dim"


_LOOKS: Final[Mapping[Style, str]] = {
    Style.PLAIN: "",
    Style.HEADING: "bold",
    Style.CREATE: "green",
    Style.UPDATE: "yellow",
    Style.REPLACE: "magenta",
    Style.DELETE: "red",
    Style.ERROR: "bold red",
    Style.WARNING: "bold yellow",
    Style.INFO: "cyan",
    Style.DIM: "dim",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line before wrapping; continuation lines hang ``hang`` further in.

    ``whole`` lines (rows of a table) are never wrapped.
    """

    text: str = ""
    style: Style = Style.PLAIN
    indent: int = 0
    hang: int = 2
    whole: bool = False

    def wrapped(self, width: int) -> tuple[str, ...]:
        """Return the line in pieces of at most ``width``; words longer than that stay whole."""
        if not self.text:
            return ("",)
        if self.whole:
            return (" " * self.indent + printable(self.text),)
        pieces = textwrap.wrap(
            printable(self.text),
            width=max(width, NARROWEST),
            initial_indent=" " * self.indent,
            subsequent_indent=" " * (self.indent + self.hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        return tuple(pieces) or ("",)


def printable(text: str) -> str:
    """Return text that cannot move the cursor or colour the terminal of whoever reads it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def plain(lines: Iterable[Line], *, width: int) -> str:
    """Return the lines as text without colour, with a newline at the end."""
    pieces = [piece for line in lines for piece in line.wrapped(width)]
    return "\n".join(pieces) + "\n" if pieces else ""


def painted(lines: Iterable[Line], *, width: int) -> str:
    """Return the lines as text for a terminal that shows colour."""
    from rich.console import Console  # noqa: PLC0415 - costs 60 ms; most output has no colour
    from rich.text import Text  # noqa: PLC0415 - likewise

    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, color_system="standard", highlight=False, width=100_000
    )
    for line in lines:
        for piece in line.wrapped(width):
            console.print(Text(piece, style=_LOOKS[line.style]), soft_wrap=True)
    return stream.getvalue()

"""Where output goes and how it looks there: a terminal, a pipe or a file."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provisioner.model.errors import ConfigError

if TYPE_CHECKING:  # rendering is imported when there is something to render
    from provisioner.model.plan import Plan
    from provisioner.render.lines import Line

PIPE_WIDTH: Final = 100
_FORMAT_BY_SUFFIX: Final = {
    ".json": "json",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".txt": "text",
}


def chosen_format(output: str | None, out: str, formats: Iterable[str]) -> str:
    """Return the format: what ``-o`` says, else what the name of ``--out`` says, else text."""
    if output:
        return output
    by_name = _FORMAT_BY_SUFFIX.get(Path(out).suffix.lower(), "text")
    return by_name if by_name in formats else "text"


def width() -> int:
    """Return the columns that text may use."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def wants_colour() -> bool:
    """Tell whether standard output is a terminal that wants colour (https://no-color.org)."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


def show(lines: Iterable[Line]) -> None:
    """Print lines for a person."""
    from provisioner.render.lines import painted, plain

    text = painted(lines, width=width()) if wants_colour() else plain(lines, width=width())
    write(text.encode())


def write(content: bytes, out: str = "") -> None:
    """Write to standard output, or to a file whose name is then said on standard error.

    Raises:
        ConfigError: The file cannot be written.
    """
    if not out:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        Path(out).write_bytes(content)
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}") from error
    print(f"wrote {out}", file=sys.stderr)


def write_lines(lines: Iterable[Line], out: str = "") -> None:
    """Print lines for a person, or write them to a file without colour."""
    if not out:
        show(lines)
        return
    from provisioner.render.lines import plain

    write(plain(lines, width=PIPE_WIDTH).encode(), out)


def write_plan(plan: Plan, output: str, out: str = "") -> None:
    """Write a plan in a format."""
    match output:
        case "json":
            from provisioner.render.documents import plan_to_json

            write(plan_to_json(plan), out)
        case "markdown":
            from provisioner.render.markdown import plan_to_markdown

            write(plan_to_markdown(plan).encode(), out)
        case "html":
            from provisioner.render.html import plan_to_html

            write(plan_to_html(plan).encode(), out)
        case _:
            from provisioner.render.text import plan_lines

            write_lines(plan_lines(plan), out)

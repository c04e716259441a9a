"""Find and read the files that ``-f`` names: files, folders and standard input.

A folder stands for every ``*.yaml``, ``*.yml`` and ``*.json`` below it in sorted order; hidden
names are skipped, as editors and version control keep their own things there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from provisioner.model.diagnostic import Diagnostic, error, warning

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
SUFFIXES: Final = (".yaml", ".yml", ".json")
STDIN: Final = "-"

MISSING: Final = "MANIFEST-NOT-FOUND"
UNREADABLE: Final = "MANIFEST-UNREADABLE"
TOO_LARGE: Final = "MANIFEST-TOO-LARGE"
EMPTY: Final = "MANIFEST-EMPTY"


@dataclass(frozen=True, slots=True)
class FileContent:
    """One file: its name as the user would write it, its bytes and their SHA-256."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the hex digest of the content."""
        return hashlib.sha256(self.content).hexdigest()


def file_subject(name: str) -> str:
    """Return how diagnostics name a file."""
    return f"file {name}" if name != STDIN else "standard input"


def read_files(
    paths: Sequence[str | os.PathLike[str]], stdin: BinaryIO | None
) -> Iterator[FileContent | Diagnostic]:
    """Yield each file once, however often it is named, and a diagnostic for what is not there."""
    seen: set[str] = set()
    for given in paths:
        path = os.fspath(given)
        for name in _expanded(path):
            if isinstance(name, Diagnostic):
                yield name
                continue
            identity = _identity(name)
            if identity not in seen:
                seen.add(identity)
                yield _read(name, stdin)


def _identity(name: str) -> str:
    """Return what tells whether two names are one file."""
    try:
        return STDIN if name == STDIN else os.path.realpath(name)
    except ValueError:  # a null character: reading it says so
        return name


def _expanded(path: str) -> Iterator[str | Diagnostic]:
    if path == STDIN or not Path(path).is_dir():
        yield path
        return
    found = False
    for name in _below(path):
        found = True
        yield name
    if not found:
        yield warning(
            EMPTY,
            f"folder {path}",
            message="The folder holds no manifests.",
            hint=f"Files that end in {', '.join(SUFFIXES)} are read.",
        )


def _below(folder: str) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield str(Path(root) / name)


def _read(name: str, stdin: BinaryIO | None) -> FileContent | Diagnostic:
    try:
        content = _bytes(name, stdin)
    except FileNotFoundError:
        hint = "Check the path." if "://" not in name else "Download it and pass it with -f -."
        return error(MISSING, file_subject(name), message="There is no such file.", hint=hint)
    except (OSError, ValueError) as err:
        reason = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        return error(UNREADABLE, file_subject(name), message=f"The file cannot be read: {reason}.")
    if len(content) > MAX_FILE_BYTES:
        return error(
            TOO_LARGE,
            file_subject(name),
            hint="Split it.",
            message=f"The file is larger than {MAX_FILE_BYTES // 1024**2} MiB.",
        )
    return FileContent(name, content)


def _bytes(name: str, stdin: BinaryIO | None) -> bytes:
    if name != STDIN:
        with Path(name).open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    if stdin is None:
        raise ValueError("there is no standard input")
    return stdin.read(MAX_FILE_BYTES + 1)

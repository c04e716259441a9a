"""The reference pages: made from the code, and current."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from provisioner.cli import codes
from provisioner.cli.main import COMMANDS
from provisioner.cli.reference import PAGES, cli_page, diagnostics_page

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_current(name: str) -> None:
    """What the pages say is what the code does.

    Write them anew with ``python -m provisioner.cli.reference``.
    """
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name]()


def test_every_command_is_on_the_page() -> None:
    """A command that is not documented does not exist for most people."""
    page = cli_page()

    for name in COMMANDS:
        assert f"## `provisioner {name}" in page


def test_no_code_is_missing_from_the_page() -> None:
    """Every string in the source that is spelled like a code has its entry."""
    page = diagnostics_page()

    spelled = {
        node.value
        for package in ("provisioner", "providers")
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"sandbox", "cli"} & set(path.relative_to(ROOT).parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and codes.is_code(node.value)
    }
    assert spelled - {line[4:] for line in page.splitlines() if line.startswith("### ")} == set()


def module(tmp_path: Path, source: str) -> tuple[codes.CodeUse, ...]:
    """Return what is found in a package of one module."""
    package = tmp_path / "pack"
    package.mkdir()
    (package / "part.py").write_text(source, encoding="utf-8")
    return codes.uses([package])


HINT = 'hint="mend it"'
TEXT = 'f"path {x} is bad"'


@pytest.mark.parametrize(
    "source",
    [
        f'def f(x):\n    return error("PATH-X", x, message={TEXT}, {HINT})',
        f'CODE: Final = "PATH-X"\ndef f(x):\n    return error(CODE, x, message={TEXT}, {HINT})',
        f'def f(x):\n    m = {TEXT}\n    return error("PATH-X", x, message=m, {HINT})',
        f'def f(x):\n    return context.errors("PATH-X", {TEXT}, {HINT})',
        f'def f(x):\n    return D(severity=S.ERROR, code="PATH-X", message={TEXT}, {HINT})',
        f'def no(c, m, hint):\n    error(c, m)\n\ndef f(x):\n    no("PATH-X", {TEXT}, {HINT})',
    ],
)
def test_a_code_is_found_however_it_is_written(tmp_path: Path, source: str) -> None:
    """Literal, constant, local text, helper: the entry is the same."""
    (use,) = module(tmp_path, source)

    assert use == codes.CodeUse(
        code="PATH-X",
        severity="error",
        message="path … is bad",
        hint="mend it",
        module="pack.part",
    )


def test_other_words_in_capitals_are_not_codes(tmp_path: Path) -> None:
    """``X-FORWARDED-FOR`` and ``UTF-8`` are not diagnostics."""
    assert module(tmp_path, 'def f():\n    return error("UTF-8", "x", message="m")') == ()

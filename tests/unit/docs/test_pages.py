"""Promises of every page: links lead somewhere, commands exist, and codes are told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from provisioner.cli.main import COMMANDS
from provisioner.cli.main import provisioner as command_line
from tests.unit.docs.places import DOCS, ROOT

PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
FOR_GOOGLE = tuple(
    DOCS / "how-to" / f"{name}.md"
    for name in (
        "run-on-gke",
        "compare-with-gke-ingress",
        "choose-a-google-load-balancer",
        "bring-certificates",
    )
)
_MADE = DOCS / "reference"  # made from the code, which other tests hold it to
_OPTION = re.compile(r"^--[a-z][a-z-]*$|^-[a-z]$")


def named(page: Path) -> str:
    """Return the name of a page in the list of tests."""
    return str(page.relative_to(ROOT))


def text(page: Path) -> str:
    """Return what a page says, with continued lines joined."""
    return page.read_text(encoding="utf-8").replace("\\\n", " ")


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of every command line of ours on a page."""
    blocks = re.findall(r"^(?: +|\$ )(provisioner .*)$", text(page), re.MULTILINE)
    inline = re.findall(r"`(provisioner [^`\n]+)`", text(page))
    for line in (*blocks, *inline):
        yield shlex.split(line, comments=True)


def anchors(page: Path) -> set[str]:
    """Return what a link may point at inside a page."""
    heads = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Pages and headings; what is elsewhere in the world is not asked."""
    dead = []
    for target, _, anchor in re.findall(r"\]\(([^)#\s]*)(#([^)\s]*))?\)", text(page)):
        if "://" in target:
            continue
        other = (page.parent / target).resolve() if target else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            dead.append((target, anchor))

    assert dead == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if not page.is_relative_to(_MADE)], ids=named
)
def test_every_command_exists_with_its_options(page: Path) -> None:
    """As ``--help`` lists them."""
    wrong = []
    for _, name, *rest in commands(page):
        if name not in COMMANDS:
            wrong.append(name)
            continue
        command = command_line.get_command(click.Context(command_line), name)
        if isinstance(command, click.Group):
            command = command.commands[rest[0]]
        assert command is not None
        known = {flag for option in command.params for flag in option.opts}
        given = {word.partition("=")[0] for word in rest if _OPTION.match(word.partition("=")[0])}
        wrong += [f"{name} {flag}" for flag in sorted(given - known)]

    assert wrong == []


@pytest.mark.parametrize("page", FOR_GOOGLE, ids=named)
def test_every_code_of_a_page_is_told_by_somebody(page: Path) -> None:
    """A code that nobody emits would be looked for in vain."""
    folders = (ROOT / "provisioner" / "core", ROOT / "providers")
    source = "".join(
        path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")
    )

    codes = set(re.findall(r"[`\[]([A-Z]+(?:-[A-Z]+)+)[`\]]", text(page)))

    assert codes
    assert {code for code in codes if f'"{code}"' not in source} == set()


@pytest.mark.parametrize("page", FOR_GOOGLE, ids=named)
def test_every_annotation_of_a_page_is_read(page: Path) -> None:
    """Those of GKE by the provider, ours by the core."""
    from providers.gcp.annotations import NATIVE  # noqa: PLC0415 - only this test reads it
    from provisioner.core.portable import PORTABLE  # noqa: PLC0415 - likewise

    known = {entry.key for entry in (*NATIVE, *PORTABLE)}
    prefixes = r"(?:ingress-provisioner|networking\.gke|cloud\.google|[\w.]*kubernetes)\.(?:io|com)"
    found = set(re.findall(rf"`?({prefixes}/[a-z][a-z0-9.-]+):", text(page)))
    aws = {name for name in found if name.startswith("alb.")}

    assert found - aws - known == set()


def test_the_index_leads_to_every_page() -> None:
    """A page that nothing leads to is not found."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {
        str(page.relative_to(DOCS))
        for folder in ("tutorials", "how-to", "explanation")
        for page in (DOCS / folder).glob("*.md")
    }

    assert {page for page in pages if f"({page})" not in index} == set()

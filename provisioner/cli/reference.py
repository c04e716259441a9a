"""Reference pages made from the code, so that they cannot say what is not there.

``python -m provisioner.cli.reference`` writes them below ``docs/reference``; a test compares what
is committed with what would be written.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from provisioner import wiring
from provisioner.cli import codes, options
from provisioner.cli.main import COMMANDS, provisioner
from provisioner.core.portable import PORTABLE
from provisioner.model.annotation import Annotation
from provisioner.render.markdown import escaped
from provisioner.render.schema import plan_schema, route_schema

MADE: Final = (
    "<!-- Made by `python -m provisioner.cli.reference`; change the code, not this page. -->"
)


def cli_page() -> str:
    """Return the page of commands and options."""
    lines = [MADE, "", "# Command line", "", *_EXIT_CODES]
    for name, command in _commands():
        lines += ["", f"## `provisioner {name}`", "", *_command(command)]
    return "\n".join(lines) + "\n"


_EXIT_CODES: Final = (
    "Exit codes are an interface:",
    "",
    "| Code | Meaning |",
    "|---|---|",
    "| 0 | The command did its work. |",
    "| 1 | An error; also a wrong option. |",
    "| 2 | There are changes to make. Only with `--detailed-exitcode`. |",
    "| 130 | Interrupted with Ctrl-C. |",
    "",
    "With `-f` an error diagnostic about something that the files define gives 1. Without `-f`",
    "only a plan in which nothing could be planned does. `--fail-on` overrides both. An error",
    "comes before changes: a plan with both exits with 1.",
)


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(provisioner)
    for name in COMMANDS:
        command = provisioner.get_command(context, name)
        if isinstance(command, click.Group):
            for inner, sub in sorted(command.commands.items()):
                yield f"{name} {inner}", sub
        elif command is not None:
            yield name, command


def _command(command: click.Command) -> Iterator[str]:
    yield from _paragraphs(command.help or "")
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    for argument in arguments:
        yield f"Argument: `{argument.make_metavar(click.Context(command))}`"
        yield ""
    yield "| Option | Default | Meaning |"
    yield "|---|---|---|"
    for option in command.params:
        if isinstance(option, click.Option):
            yield f"| {_spelling(option)} | {_default(option)} | {_meaning(option)} |"
    if command.epilog:
        yield ""
        yield "```text"
        yield from command.epilog.replace("\b\n", "").rstrip().splitlines()
        yield "```"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield escaped(paragraph)
        yield ""


def _spelling(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    return f"{names} `{option.make_metavar(click.Context(provisioner))}`".replace("|", "\\|")


def _default(option: click.Option) -> str:
    value = option.default
    if option.is_flag or value in {None, "", ()} or not isinstance(value, str | int | float):
        return ""
    return f"`{value}`"


def _meaning(option: click.Option) -> str:
    text = escaped(option.help or "")
    return f"{text} Environment: `{option.envvar}`." if option.envvar else text


def settings_page() -> str:
    """Return the page of settings and their environment variables."""
    lines = [MADE, "", "# Settings", "", *_SETTINGS_INTRODUCTION]
    groups: tuple[tuple[str, Iterable[options.Decorator]], ...] = (
        ("Which cloud, and who we are to it", options.CLOUD_OPTIONS),
        ("What Ingresses mean where they do not say", options.MEANING_OPTIONS),
        ("How long to wait", options.WAIT_OPTIONS),
    )
    for title, group in groups:
        lines += ["", f"## {title}", "", "| Setting | Default | Meaning |", "|---|---|---|"]
        lines += [
            f"| {_spelling(option)} | {_default(option)} | {_meaning(option)} |"
            for option in _options(group)
        ]
    return "\n".join(lines) + "\n"


_SETTINGS_INTRODUCTION: Final = (
    "A setting holds for one run of a command, or for one controller. An option on the command",
    "line comes before its environment variable. What an Ingress, a Service or a class says comes",
    "before the settings of the second group.",
)


def _options(group: Iterable[options.Decorator]) -> list[click.Option]:
    def nothing() -> int:
        return 0

    command = click.command()(options.stacked(tuple(group), nothing))
    return [param for param in command.params if isinstance(param, click.Option)]


def annotations_page() -> str:
    """Return the page of annotations: the portable ones, then each provider's."""
    lines = [MADE, "", "# Annotations", "", *_ANNOTATIONS_INTRODUCTION, "", "## Portable"]
    lines += ["", *_annotation_table(PORTABLE)]
    for name in wiring.provider_names():
        provider = wiring.load_provider(name)
        prefixes = ", ".join(f"`{prefix}`" for prefix in provider.prefixes)
        lines += ["", f"## Provider {name} ({prefixes})", ""]
        lines += _annotation_table(provider.annotations)
    return "\n".join(lines) + "\n"


_ANNOTATIONS_INTRODUCTION: Final = (
    "Portable annotations mean the same on every cloud. Native ones are read as the cloud's own",
    "controller reads them. A value that does not parse is an error on the object that carries it.",
    "An unknown annotation under a prefix that is read is a warning.",
    "",
    "*Where* says which objects may carry an annotation; what a Service says comes before what an",
    "Ingress says. *In a group* says what happens when several Ingresses share a load balancer:",
    "",
    "| In a group | Meaning |",
    "|---|---|",
    "| exclusive | All members that say anything must agree; the later one is left out. |",
    "| union | Everything is added up; one key with two values is a conflict. |",
    "| per port | Compared only among members on the same listener port. |",
    "| own | Affects only the rules and backends of the Ingress that says it. |",
    "| member | Affects only the ports and certificates of the Ingress that says it. |",
    "| rule | Affects its own rules; a Service's word counts for rules that lead to it alone. |",
)


def _annotation_table(table: Iterable[Annotation[object]]) -> Iterator[str]:
    yield "| Annotation | Type | Where | In a group | Default | Meaning |"
    yield "|---|---|---|---|---|---|"
    for row in sorted(table, key=lambda r: r.key):
        places = ", ".join(sorted(place.value for place in row.places))
        cells = (row.type_name, places, row.merge.value, row.default, row.summary)
        yield f"| `{row.key}` | {' | '.join(escaped(cell) for cell in cells)} |"


def diagnostics_page() -> str:
    """Return the page of diagnostic codes."""
    lines = [MADE, "", "# Diagnostics", "", *_DIAGNOSTICS_INTRODUCTION]
    found = codes.uses(_packages())
    for family, members in groupby(found, key=lambda use: _family(use.code)):
        lines += ["", f"## {family}"]
        for code, group in groupby(members, key=lambda use: use.code):
            lines += ["", f"### {code}", "", *_code(tuple(group))]
    return "\n".join(lines) + "\n"


_DIAGNOSTICS_INTRODUCTION: Final = (
    "A diagnostic says what is wrong with an object, where, and one way out. Codes are stable.",
    "",
    "- **error**: the smallest thing that it concerns (a path, else an Ingress) is left out of the",
    "  plan and keeps its last good rules. Everything else goes on.",
    "- **warning**: planned all the same; a person should look.",
    "- **info**: a remark.",
    "",
    f"`{codes.GAP}` stands for what differs from case to case.",
)


def _family(code: str) -> str:
    return "SECURITY-GROUP" if code.startswith("SECURITY-GROUP") else code.partition("-")[0]


def _code(group: tuple[codes.CodeUse, ...]) -> Iterator[str]:
    for use in group:
        severity = f"**{use.severity}** " if use.severity else ""
        message = escaped(use.message) or f"{codes.GAP}"
        hint = f" Hint: {_sentence(escaped(use.hint))}" if use.hint else ""
        yield f"- {severity}{_sentence(message)}{hint}"
    yield ""
    yield f"Found by {', '.join(sorted({f'`{use.module}`' for use in group}))}."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _packages() -> list[Path]:
    """Return the package folders, found without importing a provider."""
    found = []
    for name in ("provisioner", "providers"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            found.append(Path(next(iter(spec.submodule_search_locations))))
    return found


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "annotations.md": annotations_page,
    "cli.md": cli_page,
    "diagnostics.md": diagnostics_page,
    "plan.schema.json": plan_schema,
    "route.schema.json": route_schema,
    "settings.md": settings_page,
}


def write(folder: Path) -> None:
    """Write every page into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))

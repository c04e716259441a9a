"""The entry point: find the command, run it, and turn whatever happens into words and an exit code.

Exit codes are an API: 0 fine or no change, 1 error, 2 changes present (only where
``--detailed-exitcode`` asks for it). A wrong flag is therefore 1 here, although click says 2.
Nothing heavy is imported before a command runs; ``provisioner --help`` must feel instant.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NamedTuple

import click

from provisioner import __version__
from provisioner.cli.session import Session

INTERRUPTED: Final = 130
"""What shells expect of a process that Ctrl-C ended (128 + SIGINT)."""


class Place(NamedTuple):
    """Where a command lives and what the list of commands says about it."""

    module: str
    name: str
    summary: str


COMMANDS: Final[Mapping[str, Place]] = {
    "demo": Place("demo", "demo", "See the whole loop on this machine, without an account."),
    "plan": Place("plan", "plan", "Show what would change."),
    "apply": Place("apply", "apply", "Carry out a plan."),
    "run": Place("run", "run", "Run the controller."),
    "route": Place("route", "route", "Show which rule, backend and targets a request meets."),
    "limits": Place("limits", "limits", "Show how full every limit is and which bites next."),
    "render": Place("render", "render", "Print the desired resources alone."),
    "account": Place("account", "account", "Work with account files."),
    "purge": Place("purge", "purge", "Delete everything that this cluster owns."),
}


# Planning makes millions of small values and hardly a cycle: looking for cycles every 700 objects
# (Python's default) costs a fifth of the time and finds nothing.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for, and lists commands without importing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer meets them."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(f"provisioner.cli.{place.module}"), place.name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place.module}.{place.name} is not a command")
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])


@click.command(
    cls=LazyGroup,
    epilog="Start with: provisioner demo",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="provisioner", message="%(prog)s %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    envvar="PROVISIONER_DEBUG",
    help="Show the traceback of an unexpected error.",
)
@click.pass_obj
def provisioner(session: Session, *, debug: bool) -> None:
    """Turn Kubernetes Ingresses into cloud load balancers, with a plan before every change."""
    session.debug = session.debug or debug


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 50)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    session = Session()
    try:
        code = _invoke(arguments, session)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    return code


def _invoke(arguments: Sequence[str] | None, session: Session) -> int:
    from provisioner.model.errors import ProvisionerError

    try:
        result: object = provisioner.main(
            args=None if arguments is None else list(arguments),
            prog_name="provisioner",
            standalone_mode=False,
            obj=session,
        )
    except click.ClickException as error:
        error.show()
        return 1
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except ProvisionerError as error:
        return _explained(error, session)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        return _unexpected(error, session)
    return result if isinstance(result, int) else 0


def _explained(error: Exception, session: Session) -> int:
    """Tell an error that was foreseen."""
    _tell(str(error), str(getattr(error, "hint", "")), session)
    if session.debug:
        _traceback(error)
    return 1


def _unexpected(error: Exception, session: Session) -> int:
    """Tell an error that is a bug of ours."""
    detail = " ".join(str(error).split())
    hint = "this is a bug; run the same command with --debug and report what it prints"
    _tell(f"unexpected {type(error).__name__}: {detail}", hint * (not session.debug), session)
    if session.debug:
        _traceback(error)
    return 1


def _tell(message: str, hint: str, session: Session) -> None:
    """Say why the command stopped: on stderr and, under ``-o json``, as a document as well."""
    if session.json:
        from provisioner.render.documents import failure_to_json

        click.echo(failure_to_json(message, hint), nl=False)
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def _traceback(error: Exception) -> None:
    import traceback

    traceback.print_exception(error, file=sys.stderr)


def _reader_left() -> int:
    """End quietly when whoever read our output has gone (``provisioner plan | head``)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1

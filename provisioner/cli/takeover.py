"""``--take-over``: comparing with what an incumbent controller made, and nothing more.

A comparison reads that controller's Ingresses and resources as if they were ours. It must never be
carried out while that controller runs, for both would write, so whatever writes refuses the option.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.cli.options import Request
from provisioner.model.errors import ConfigError

OPTION = "take-over"


def refuse_take_over(request: Request, command: str) -> None:
    """Stop a command that writes.

    Raises:
        ConfigError: The request asks for a take-over.
    """
    if request.take_over:
        raise ConfigError(
            f"`provisioner {command}` cannot take anything over: --take-over is for comparing",
            hint="see what would change with `provisioner plan --take-over`",
        )


def refuse_saved(options: Iterable[tuple[str, str]], path: str) -> None:
    """Stop where a saved plan is a comparison.

    Raises:
        ConfigError: It is one.
    """
    if any(name == OPTION for name, _ in options):
        raise ConfigError(
            f"{path} is a comparison (--take-over), so it cannot be applied",
            hint="make a plan without --take-over",
        )


def check_take_over(request: Request) -> None:
    """Refuse options that leave nothing to compare with.

    Raises:
        ConfigError: An account file was named.
    """
    if request.take_over and request.account:
        raise ConfigError(
            "--take-over cannot go with --account: an account file holds only what is ours",
            hint="leave --account out, so that the live account is read",
        )

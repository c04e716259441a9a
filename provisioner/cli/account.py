"""``provisioner account``: the account facts that a plan needs, as a file."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

EPILOG = """\b
Examples:
  provisioner account export --out account.yaml
      once, with credentials; then in continuous integration, without any:
  provisioner plan -f k8s/ --account account.yaml
"""


@click.group()
def account() -> None:
    """Work with account files: what a cloud account says, kept in a file."""


@account.command(epilog=EPILOG)
@options.request_options(options.PLANNING_OPTIONS)
@click.option("--out", default="", metavar="FILE", help="Write to this file.")
@options.debug_option
def export(request: Request, *, out: str) -> int:
    """Write what the live account says that planning needs: facts, limits, and what we own.

    What to look up follows from the Ingresses, so the cluster (or the files of -f) is read too.
    The file holds no secrets.
    """
    from provisioner.cli import output as sink
    from provisioner.cli.exporting import account_file
    from provisioner.cli.world import open_world
    from provisioner.model.errors import ConfigError

    if request.account:
        raise ConfigError("account export reads the live account", hint="leave --account out")
    sink.write(account_file(open_world(request)).encode(), out)
    return 0

"""``provisioner demo``: the whole loop on this machine, without an account or a cluster."""

from __future__ import annotations

import click

from provisioner.cli import options

EPILOG = """\b
Examples:
  provisioner demo
      from an Ingress to a load balancer and back, in an embedded AWS
  provisioner demo gcp
      the same story in an embedded Google Cloud
  provisioner demo --keep
      stay up in the middle of it, to look around
"""


@click.command(epilog=EPILOG)
@click.argument("provider", default="aws", type=click.Choice(["aws", "gcp"]), metavar="[aws|gcp]")
@click.option(
    "--keep",
    is_flag=True,
    help="Stay up once the load balancer is there, until Ctrl-C, and say how to reach it.",
)
@options.debug_option
def demo(*, provider: str, keep: bool) -> int:
    """Start an embedded cluster, an embedded cloud and a real controller, and watch them work.

    Everything listens on this machine only. Nothing needs credentials.
    """
    from provisioner.model.errors import ConfigError

    try:
        from provisioner.sandbox.demo import run as run_demo
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the demo needs {error.name}, which is not installed",
            hint="install the extra: pip install 'ingress-provisioner[sandbox]'",
        ) from error
    return run_demo(provider, keep=keep, echo=click.echo)

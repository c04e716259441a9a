"""``provisioner purge``: delete everything that this cluster owns, shown as a plan first."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

EPILOG = """\b
Examples:
  provisioner purge --cluster-name prod
      what a cluster that still exists owns
  provisioner purge --no-cluster --cluster-name prod --cluster-uid 6f0c... --yes
      what a cluster that is gone has left behind
"""


@click.command(epilog=EPILOG)
@options.request_options(options.CLUSTER_OPTIONS, options.CLOUD_OPTIONS, options.WAIT_OPTIONS)
@click.option(
    "--yes", is_flag=True, help="Delete without asking. Needed where there is no terminal."
)
@options.debug_option
def purge(request: Request, *, yes: bool) -> int:
    """Delete every cloud resource that carries this cluster's ownership mark.

    Nothing else is touched, whatever it is called. The plan is shown before anything is deleted.
    Afterwards our finalizer is taken off the Ingresses of the cluster, so that they can be deleted.
    """
    from provisioner.cli.applying import Consent, carry_out
    from provisioner.cli.releasing import release_ingresses
    from provisioner.cli.world import open_empty_world

    world = open_empty_world(request)
    return carry_out(
        world,
        world.plan(),
        Consent(yes=yes),
        afterwards=lambda fence: release_ingresses(world.cluster, fence),
    )

"""``provisioner run``: the controller. It logs to standard error and ends on SIGTERM or SIGINT."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

EPILOG = """\b
Examples:
  provisioner run --cluster-name prod
      on this machine, against the cluster of the current kubeconfig
"""


@click.command(epilog=EPILOG)
@options.request_options(options.RUN_OPTIONS, options.REFUSED_OPTIONS)
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    default=8081,
    show_default=True,
    help="Port of /healthz and /readyz.",
)
@click.option(
    "--health-host",
    default="0.0.0.0",  # noqa: S104 - probes come from the kubelet, outside the pod
    show_default=True,
    help="Address that answers probes.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What to log.",
)
@options.debug_option
def run(request: Request, *, health_port: int, health_host: str, log_level: str) -> int:
    """Watch the cluster and keep its load balancers as the Ingresses say, until told to stop.

    Several replicas may run; the one that holds the Lease writes, the others stand by.
    """
    from provisioner.cli.controller import Probes, run_controller
    from provisioner.cli.takeover import refuse_take_over

    refuse_take_over(request, "run")
    return run_controller(
        request,
        probes=Probes(host=health_host, port=health_port),
        log_level=log_level,
    )

"""``provisioner plan``: show what would change. It holds a reader and no way to write."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

FORMATS = ("text", "json", "markdown", "html")

EPILOG = """\b
Examples:
  provisioner plan
      what would change in the cluster of the current kubeconfig
  provisioner plan -f k8s/ --account account.json --detailed-exitcode
      in continuous integration, without credentials; exits 2 if there are changes
  provisioner plan -f k8s/ -o json --out plan.json
      save a plan for: provisioner apply plan.json
  provisioner plan -f k8s/ --overlay -o markdown
      what merging these files would do to the whole cluster, as a comment
  provisioner plan --take-over --cluster-name prod
      what would change if the load balancers of the incumbent controller became ours
"""


@click.command(epilog=EPILOG)
@options.request_options(options.PLANNING_OPTIONS, options.TAKE_OVER_OPTIONS)
@options.exit_code_options
@options.output_options(*FORMATS)
def plan(
    request: Request,
    *,
    output: str | None,
    out: str,
    detailed_exitcode: bool,
    fail_on: str | None,
) -> int:
    """Show every change that apply or the controller would make, and why.

    Nothing is written anywhere. Exits 0 if the plan could be made, 1 on an error, and with
    --detailed-exitcode 2 if there are changes.
    """
    from provisioner.cli import output as sink
    from provisioner.cli.exitcodes import FailOn, exit_code
    from provisioner.cli.world import open_world

    world = open_world(request)
    planned = world.plan()
    sink.write_plan(planned, sink.chosen_format(output, out, FORMATS), out)
    return exit_code(
        planned,
        sources=world.sources,
        fail_on=FailOn(fail_on) if fail_on else None,
        detailed=detailed_exitcode,
    )

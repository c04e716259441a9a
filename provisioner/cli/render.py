"""``provisioner render``: the desired resources alone; no cloud is asked."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

FORMATS = ("text", "json")

EPILOG = """\b
Examples:
  provisioner render -f k8s/ --cluster-name prod -o json
      what these files mean, in the cloud API's own words
  provisioner render -f k8s/ --account account.json
      the same with subnets and certificates resolved from an account file
"""


@click.command(epilog=EPILOG)
@options.request_options(options.PLANNING_OPTIONS)
@options.output_options(*FORMATS)
def render(request: Request, *, output: str | None, out: str) -> int:
    """Print the resources that the Ingresses mean, without comparing them with any cloud.

    What only the cloud can tell (subnets, certificates) is known after apply, unless an account
    file tells it.
    """
    from provisioner.cli import output as sink
    from provisioner.cli.exitcodes import exit_code
    from provisioner.cli.world import open_world_without_cloud

    world = open_world_without_cloud(request)
    planned = world.plan()
    resources = tuple(resource for part in planned.parts for resource in part.resources)
    if sink.chosen_format(output, out, FORMATS) == "json":
        from provisioner.render.documents import resources_to_json

        content = resources_to_json(planned.provider, resources, diagnostics=planned.diagnostics)
        sink.write(content, out)
    else:
        from provisioner.render.resources import resource_lines

        sink.write_lines(resource_lines(resources, planned.diagnostics), out)
    return exit_code(planned, sources=world.sources)

"""``provisioner limits``: how full everything is. It plans, and shows the arithmetic only."""

from __future__ import annotations

import click

from provisioner.cli import options
from provisioner.cli.options import Request

FORMATS = ("text", "json", "markdown")

EPILOG = """\b
Examples:
  provisioner limits
      every load balancer of the current cluster
  provisioner limits -f k8s/ --account account.json
      what these files would use, without credentials
"""


@click.command(epilog=EPILOG)
@options.request_options(options.PLANNING_OPTIONS)
@options.output_options(*FORMATS)
def limits(request: Request, *, output: str | None, out: str) -> int:
    """Show usage, limit and headroom of every load balancer, and which limit bites next.

    Usage is that after the next apply; the peak is the worst moment on the way there.
    """
    from provisioner.cli import output as sink
    from provisioner.cli.exitcodes import exit_code
    from provisioner.cli.world import open_world

    world = open_world(request)
    planned = world.plan()
    match sink.chosen_format(output, out, FORMATS):
        case "json":
            from provisioner.render.documents import limits_to_json

            sink.write(limits_to_json(planned), out)
        case "markdown":
            from provisioner.render.limits import limits_to_markdown

            sink.write(limits_to_markdown(planned).encode(), out)
        case _:
            from provisioner.render.limits import limits_lines

            sink.write_lines(limits_lines(planned), out)
    return exit_code(planned, sources=world.sources)

"""``provisioner route``: where a request goes, and why. It reads, and sends no request anywhere."""

from __future__ import annotations

import sys

import click

from provisioner.cli import options
from provisioner.cli.options import Request

FORMATS = ("text", "json")

EPILOG = """\b
Examples:
  provisioner route https://shop.example.com/cart
      what the load balancers of this cluster do with it now
  provisioner route https://shop.example.com/cart -f k8s/ --account account.yaml
      what they would do once these files are applied
  provisioner route -f k8s/ --no-cloud --method POST --header "X-Canary: always" shop.example.com
      the same from files alone; no account, no cluster
  provisioner route https://shop.example.com/ --source-ip 203.0.113.7 --group edge -o json
      as a document; for a rule that looks at the client's address, on one load balancer
"""


@click.command(epilog=EPILOG)
@click.argument("url")
@click.option("--method", default="GET", show_default=True, help="Sent as it is written.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    help="A header of the request. May be repeated. Host takes the place of the URL's host.",
)
@click.option(
    "--source-ip",
    default="",
    metavar="IP",
    help="The client's address. Rules that look at it are passed over where it is not given.",
)
@click.option(
    "--group",
    default="",
    help="Which load balancer gets the request, where several could: the name that plans give it.",
)
@click.option(
    "--no-cloud",
    is_flag=True,
    help="With -f: ask no account; what only the cloud knows is known after apply.",
)
@options.request_options(options.PLANNING_OPTIONS)
@options.output_options(*FORMATS)
def route(
    request: Request,
    *,
    url: str,
    method: str,
    headers: tuple[str, ...],
    source_ip: str,
    group: str,
    no_cloud: bool,
    output: str | None,
    out: str,
) -> int:
    """Show which rule, backend and targets a request meets, and every rule tried before it.

    Nothing is sent: the rules are evaluated as the cloud's documentation says. Without -f (or with
    an account file alone) they are those that exist now; with -f those that would exist after
    apply.

    Which load balancer gets a request is for DNS to say, which is not asked. It is the one that
    --group names; else the one whose own DNS name the URL holds; else the one with rules for the
    host; of several, the only one with a rule that takes the request. Where two are left, the
    command says so and stops.

    Exits 0 whenever there is an answer, a 404 as well, and 1 where there is none.
    """
    from provisioner.cli import output as sink
    from provisioner.cli.routing import ask, existing, planned
    from provisioner.core.requests import parse_request
    from provisioner.model.errors import ConfigError

    if no_cloud and not request.files:
        raise ConfigError("--no-cloud needs files", hint="name them with -f")
    asked = parse_request(url, method=method, headers=headers, source_ip=source_ip)
    scene = planned(request, no_cloud=no_cloud) if request.files else existing(request, group)
    answer = ask(scene, asked, group)
    if sink.chosen_format(output, out, FORMATS) == "json":
        from provisioner.render.route_wire import route_to_json

        for note in answer.notes:
            print(f"note: {note}", file=sys.stderr)
        sink.write(route_to_json(answer), out)
    else:
        from provisioner.render.route import route_lines

        sink.write_lines(route_lines(answer, scene.world), out)
    return 0

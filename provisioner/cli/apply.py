"""``provisioner apply``: carry out a plan, saved or made on the spot."""

from __future__ import annotations

from dataclasses import replace

import click
from click.core import ParameterSource

from provisioner.cli import options
from provisioner.cli.options import Request

EPILOG = """\b
Examples:
  provisioner apply -f k8s/ --cluster-name prod
      plan, show the plan, ask, and carry it out
  provisioner apply --approve=shop/web
      also do what needs an approval; where a controller runs, record it for the controller
  provisioner apply plan.json --yes
      carry out a saved plan; refused if the world has moved on
"""
_SAVED_WITH = frozenset({"plan_file", "yes", "all_or_nothing", "kubeconfig", "context", "debug"})
"""Options that a saved plan leaves open; everything else is recorded in it."""


@click.command(epilog=EPILOG)
@click.argument("plan_file", metavar="[PLAN.json]", required=False, type=click.Path())
@options.request_options(options.PLANNING_OPTIONS, options.REFUSED_OPTIONS)
@click.option(
    "--yes", is_flag=True, help="Apply without asking. Needed where there is no terminal."
)
@click.option(
    "--all-or-nothing",
    is_flag=True,
    help="Refuse the whole plan if any load balancer in it cannot be applied.",
)
@click.option(
    "--approve",
    is_flag=False,
    flag_value="*",
    default="",
    metavar="[GROUP]",
    help="Approve what the plan says needs an approval: of this load balancer, or all of it.",
)
@options.debug_option
@click.pass_context
def apply(
    ctx: click.Context,
    request: Request,
    *,
    plan_file: str | None,
    yes: bool,
    all_or_nothing: bool,
    approve: str,
) -> int:
    """Make the cloud what the Ingresses say, step by step, after showing the plan.

    With PLAN.json the same inputs are read again and planned again. If what is then to be done is
    not part of the saved plan, nothing is done and the resource is named. Load balancers that
    cannot be applied are left out and listed; the exit code is then 1.

    What needs an approval is done only with --approve. While a controller holds the Lease, the
    approval is recorded for it and nothing else is done.
    """
    from provisioner.cli import approving
    from provisioner.cli.applying import Consent, carry_out
    from provisioner.cli.exitcodes import ERROR, exit_code
    from provisioner.cli.replay import reopen
    from provisioner.cli.takeover import refuse_take_over
    from provisioner.cli.world import open_world

    refuse_take_over(request, "apply")
    consent = Consent(yes=yes, all_or_nothing=all_or_nothing)
    if plan_file:
        _refuse_options(ctx)
        world, saved = reopen(plan_file, request)
        consent = replace(consent, saved=saved)
    else:
        world = open_world(request)
    planned = world.plan()
    if approve:
        answer = approving.approved(world, planned, approve)
        world, planned = answer.world, answer.world.plan()
        consent = replace(consent, held=lambda: approving.record(world, answer.digests))
    done = carry_out(world, planned, consent)
    return max(done, exit_code(planned, sources=world.sources)) and ERROR


def _refuse_options(ctx: click.Context) -> None:
    """Refuse options beside a saved plan that would change what it says."""
    given = sorted(
        max(param.opts, key=len)
        for param in ctx.command.params
        if param.name not in _SAVED_WITH
        and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    )
    if given:
        raise click.UsageError(f"a saved plan already says these: {', '.join(given)}")

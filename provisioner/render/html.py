"""A plan as one HTML page: nothing is fetched, nothing runs, everything is escaped.

The page forbids itself scripts and the network by its own content security policy, so that a plan
made from somebody's pull request can be opened without thinking about who wrote the manifests.
"""

from __future__ import annotations

from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import SHARED
from provisioner.render import fields, findings
from provisioner.render.graph import graph_of
from provisioner.render.lines import printable
from provisioner.render.text import SYMBOLS, step_name
from provisioner.render.usage import by_fullness, share


def plan_to_html(plan: Plan) -> str:
    """Return the plan as a complete HTML document."""
    import jinja2  # noqa: PLC0415 - costs 40 ms; only this renderer needs it

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("provisioner.render"),
        autoescape=True,
        finalize=_visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    parts = sorted(plan.load_balancers, key=lambda part: part.group)
    if plan.shared.changes or plan.shared.usages:
        parts.append(plan.shared)
    diagnostics = sorted(plan.diagnostics, key=lambda item: item.sort_key())
    return environment.get_template("plan.html.j2").render(
        plan=plan,
        parts=parts,
        diagnostics=diagnostics,
        title=_title,
        graph_of=graph_of,
        entries=fields.entries,
        symbol=SYMBOLS,
        step_name=step_name,
        percent=lambda usage: round(min(share(usage), 1.0) * 100),
        by_fullness=by_fullness,
        say=findings,
    )


def _visible(value: object) -> object:
    """Return a text without control characters and direction marks, which would hide or act."""
    return printable(value) if type(value) is str else value


def _title(part: LoadBalancerPlan) -> str:
    return "Shared by load balancers" if part.group == SHARED else f"Load balancer {part.group}"

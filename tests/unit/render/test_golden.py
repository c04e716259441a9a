"""Golden files: the exact words and bytes that readers of a plan get.

After a deliberate change write them anew with ``UPDATE_GOLDEN=1 pytest tests/unit/render`` and
read the difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.model.plan import Plan
from provisioner.render.documents import limits_to_json, plan_to_json, resources_to_json
from provisioner.render.html import plan_to_html
from provisioner.render.limits import limits_lines, limits_to_markdown
from provisioner.render.lines import plain
from provisioner.render.markdown import plan_to_markdown
from provisioner.render.resources import resource_lines
from provisioner.render.text import plan_to_text
from tests.unit.render import gcp_plans, plans

GOLDEN = Path(__file__).parents[2] / "golden" / "render"

RENDERERS: dict[str, Callable[[Plan], str]] = {
    "plan.txt": plan_to_text,
    "plan-narrow.txt": lambda plan: plan_to_text(plan, width=60),
    "plan-colour.txt": lambda plan: plan_to_text(plan, colour=True),
    "plan.json": lambda plan: plan_to_json(plan).decode(),
    "plan.md": plan_to_markdown,
    "plan.html": plan_to_html,
    "limits.txt": lambda plan: plain(limits_lines(plan), width=100),
    "limits.json": lambda plan: limits_to_json(plan).decode(),
    "limits.md": limits_to_markdown,
    "render.txt": lambda plan: plain(
        resource_lines(plan.load_balancers[0].resources, plan.diagnostics), width=100
    ),
    "render.json": lambda plan: resources_to_json(
        plan.provider, plan.load_balancers[0].resources, diagnostics=plan.diagnostics
    ).decode(),
}


PLANS: dict[str, Callable[[], Plan]] = {"": plans.rich_plan, "gcp": gcp_plans.rich_plan}


@pytest.mark.parametrize("provider", PLANS, ids=lambda name: name or "aws")
@pytest.mark.parametrize("name", RENDERERS)
def test_output_is_what_was_reviewed(name: str, provider: str) -> None:
    """Whoever changes what people or programs read sees the change as a difference of files."""
    rendered = RENDERERS[name](PLANS[provider]())
    path = GOLDEN / provider / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered, encoding="utf-8")

    assert rendered == path.read_text(encoding="utf-8")

"""What is written in an Ingress never acts in the place where its plan is read."""

from __future__ import annotations

import pytest

from provisioner.render.html import plan_to_html
from provisioner.render.markdown import plan_to_markdown
from provisioner.render.text import plan_to_text
from tests.conformance.pipeline import a_cluster, plan
from tests.factories import a_path, a_rule, an_ingress
from tests.unit.providers.aws.express.worlds import some_backends

ESCAPE, OVERRIDE = "\x1b[31m", "\u202e"
HOSTILE = f"{ESCAPE}{OVERRIDE}<script>x</script>"

RENDERERS = {"text": plan_to_text, "markdown": plan_to_markdown, "html": plan_to_html}


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_terminals_and_readers_are_not_steered(name: str) -> None:
    """No output holds an escape sequence or a mark that turns the direction of text around."""
    hostile = an_ingress(
        rules=[a_rule("a.io", a_path(f"/{HOSTILE}"), a_path("/b", f"{HOSTILE}:80"))],
        annotations={"scheme": HOSTILE},
    )

    text = RENDERERS[name](plan(a_cluster(hostile, *some_backends())))

    assert "\x1b" not in text
    assert OVERRIDE not in text
    assert "x1b" in text


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_markup_in_an_annotation_is_text(name: str) -> None:
    """What ends in a pull-request comment or a browser holds no element of somebody's making."""
    hostile = an_ingress(annotations={"scheme": "<script>x</script>"})

    text = RENDERERS[name](plan(a_cluster(hostile, *some_backends())))

    assert "<script>" not in text
    assert "&lt;script&gt;" in text

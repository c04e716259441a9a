"""The README shows what its commands print, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from provisioner.cli.main import provisioner
from provisioner.cli.session import Session

ROOT = Path(__file__).parents[3]
SHOWN = re.compile(
    r"```console\n\$ provisioner (?P<arguments>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)


def test_the_plan_in_the_readme_is_the_plan_that_is_printed() -> None:
    """A newcomer compares the first thing the README shows with the own terminal."""
    shown = SHOWN.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown is not None
    arguments = [
        str(ROOT / word) if (ROOT / word).exists() else word for word in shown["arguments"].split()
    ]

    result = CliRunner().invoke(provisioner, arguments, obj=Session())

    assert result.output.rstrip() == shown["output"].rstrip()

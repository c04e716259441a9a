"""The README shows what its commands print, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from provisioner.cli.main import provisioner
from provisioner.cli.session import Session

ROOT = Path(__file__).parents[3]
SHOWN = re.compile(
    r"```console\n\$ provisioner (?P<arguments>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)


EXAMPLES = tuple(SHOWN.finditer((ROOT / "README.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("shown", EXAMPLES, ids=lambda shown: shown["arguments"].split()[0])
def test_what_the_readme_shows_is_what_is_printed(shown: re.Match[str]) -> None:
    """A newcomer compares the first things the README shows with the own terminal."""
    arguments = [
        str(ROOT / word) if (ROOT / word).exists() else word for word in shown["arguments"].split()
    ]

    result = CliRunner().invoke(provisioner, arguments, obj=Session())

    assert result.output.rstrip() == shown["output"].rstrip()


def test_the_readme_shows_a_plan_and_a_route() -> None:
    """What a newcomer meets first, and both clouds, are among the examples held to the letter."""
    shown = [example["arguments"] for example in EXAMPLES]

    assert [arguments.split()[0] for arguments in shown] == ["plan", "route", "route"]
    assert ["account-gcp.yaml" in arguments for arguments in shown] == [False, False, True]

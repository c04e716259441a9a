"""Plans that are asked for on the command line, in this process, and what they say of an object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from provisioner.cli.main import run
from provisioner.model.resource import Json
from tests.contract.provider.desk import Desk


def planned(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Json]]:
    """Run a plan in this process and return its exit code and JSON."""
    code = run(["plan", "-o", "json", *words])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, cast("dict[str, Json]", json.loads(told.out))


def findings(plan: Mapping[str, Json], subject: str) -> list[dict[str, str]]:
    """Return what a plan says about an object."""
    listed = cast("list[dict[str, str]]", plan["diagnostics"])
    return [each for each in listed if each["subject"] == subject]


def groups(desk: Desk, plan: Mapping[str, Json]) -> list[str]:
    """Return the load balancers in which something would be created."""
    front = desk.cloud.words.front
    parts = cast("list[dict[str, Json]]", plan["loadBalancers"])
    return [
        str(part["group"])
        for part in parts
        if any(s["kind"] == front for s in cast("list[dict[str, Json]]", part["steps"]))
    ]


def offline(desk: Desk, account: Path | None = None) -> list[str]:
    """Return the options of a plan of the desk's files from an account file."""
    return [
        *("--provider", desk.cloud.name, "--account", str(account or desk.cloud.account_file)),
        *("-f", str(desk.file)),
    ]

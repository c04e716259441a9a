"""A plan from files and an account file needs no account, no cluster and no network."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.contract.provider.commands import environment, process, provisioner
from tests.contract.provider.under_test import ROOT, CloudUnderTest

EXAMPLES = ROOT / "tests" / "data" / "examples"
SCHEMA = ROOT / "docs" / "reference" / "plan.schema.json"
GOLDEN = ROOT / "tests" / "golden" / "plans"

# Any connection, to anywhere, is told and refused.
NO_NETWORK = """
import socket, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(f"NETWORK {event} {arguments}", file=sys.stderr)
        raise OSError("the test cuts the network")
sys.addaudithook(refuse)
from provisioner.cli.main import run
code = run(sys.argv[1:])
heavy = sorted({"boto3", "botocore", "google.cloud", "kubernetes"} & set(sys.modules))
print("IMPORTED", *heavy, file=sys.stderr)
sys.exit(code)
"""


def offline(cloud: CloudUnderTest, example: str, *more: str) -> list[str]:
    """Return the words of an offline plan of an example."""
    return [
        *("plan", "--provider", cloud.name, "-f", os.path.relpath(EXAMPLES / example)),
        *("--account", str(cloud.account_file), *more),
    ]


def examples(cloud: CloudUnderTest) -> list[str]:
    """Return the examples that a provider has expectations of."""
    return sorted(cloud.examples)


def test_the_examples_become_what_they_say(cloud: CloudUnderTest) -> None:
    """The published examples plan to the load balancers that their annotations ask for."""
    for example in examples(cloud):
        done = provisioner(*offline(cloud, example, "-o", "json"))
        assert done.returncode == 0, done.stderr

        plan = json.loads(done.stdout)

        cloud.examples[example](plan)
        assert plan["applyable"] is False


def test_a_plan_is_valid_against_the_published_schema(cloud: CloudUnderTest) -> None:
    """What ``plan -o json`` prints validates against docs/reference/plan.schema.json."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for example in examples(cloud):
        done = provisioner(*offline(cloud, example, "-o", "json"))

        problems = [error.message for error in validator.iter_errors(json.loads(done.stdout))]

        assert problems == []


def test_two_runs_are_byte_identical(cloud: CloudUnderTest) -> None:
    """The same files and the same account file give the same bytes, whatever the hash seed."""
    for example in examples(cloud):
        words = offline(cloud, example, "-o", "json")

        runs = {process(*words, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}

        assert len(runs) == 1


def test_the_text_of_a_plan_is_the_golden_one(
    cloud: CloudUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What people read of the examples changes only on purpose (tests/golden/plans).

    To renew a golden file, run the command and write what it prints over it.
    """
    monkeypatch.chdir(ROOT)  # diagnostics name files as the command line did
    for example in examples(cloud):
        golden = GOLDEN / f"{example}.txt"

        done = provisioner(*offline(cloud, example), env={"COLUMNS": "100", "NO_COLOR": "1"})

        (tmp_path / golden.name).write_text(done.stdout, encoding="utf-8")
        assert done.stdout == golden.read_text(encoding="utf-8")


def test_nothing_is_asked_of_any_network(cloud: CloudUnderTest) -> None:
    """An offline plan opens no connection, even with an endpoint named, and loads no cloud SDK."""
    example = examples(cloud)[0]
    words = offline(cloud, example, "--endpoint-url", "http://192.0.2.1:9")

    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, *words],
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "NETWORK" not in done.stderr
    assert done.stderr.splitlines()[-1] == "IMPORTED"


def test_detailed_exit_codes_tell_changes(cloud: CloudUnderTest) -> None:
    """With ``--detailed-exitcode`` a plan that would change something exits 2, else 0."""
    words = offline(cloud, examples(cloud)[0])

    assert provisioner(*words).returncode == 0
    assert provisioner(*words, "--detailed-exitcode").returncode == 2


@pytest.fixture(autouse=True)
def _loopback_exists() -> None:
    """The audit hook above would prove nothing where sockets do not work at all."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))

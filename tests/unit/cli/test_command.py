"""The command as a process: exit codes, streams, and what it costs to start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from provisioner.cli.main import COMMANDS
from provisioner.cli.main import provisioner as group
from tests.unit.cli.worlds import (
    ACCOUNT,
    DEPLOYMENT,
    SERVICE,
    ingress,
    provisioner,
    shop,
)

HEAVY = (
    "boto3",
    "botocore",
    "kubernetes",
    "kopf",
    "rich",
    "google",
    "msgspec",
    "jinja2",
    "yaml",
    "moto",
)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("plan", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """Help must feel instant: importing a cloud's library alone costs more than that."""
    code = (
        "import sys\n"
        "from provisioner.cli.main import run\n"
        f"assert run({list(arguments)!r}) == 0\n"
        "print('|'.join(sorted(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stderr.strip().split("|")}
    assert loaded.isdisjoint(HEAVY)


def test_help_lists_every_command_and_no_other() -> None:
    """What is not built is not listed."""
    done = provisioner("--help")

    listed = [
        line.split()[0]
        for line in done.stdout.partition("Commands:")[2].splitlines()
        if line.startswith("  ") and line.strip() and "provisioner demo" not in line
    ]
    assert done.returncode == 0
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name: str) -> None:
    """A command's help ends with examples that can be copied."""
    place = COMMANDS[name]
    command = getattr(import_module(f"provisioner.cli.{place.module}"), place.name)

    members = command.commands.values() if isinstance(command, click.Group) else [command]
    for member in members:
        assert f"provisioner {name}" in (member.epilog or "")
        assert member.help


def test_the_group_knows_the_table_of_commands() -> None:
    """Every name in the table is a command that can be had."""
    context = click.Context(group)

    assert all(group.get_command(context, name) is not None for name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("plan", "--no-such-option"),
        ("plan", "--compatibility", "other"),
        ("plan", "--no-cluster"),
        ("plan", "--owned-by", "app=x"),
        ("plan", "--prune"),
        ("plan", "-f", "x", "--overlay", "--prune"),
        ("plan", "-f", "x", "--no-cluster", "--context", "y"),
        ("apply", "/no/such/plan.json"),
        ("account", "export", "--account", "x"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_with_a_message(arguments: tuple[str, ...]) -> None:
    """2 means changes, so a wrong option must not be 2; and nobody sees a traceback."""
    done = provisioner(*arguments)

    assert done.returncode == 1
    assert "rror: " in done.stderr
    assert "Traceback" not in done.stderr


def test_without_kubeconfig_and_files_it_says_what_to_name() -> None:
    """The first thing a newcomer types without a cluster has an answer."""
    done = provisioner("plan", "--cluster-name", "x")

    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no kubeconfig at /nonexistent.")
    assert "hint: " in done.stderr


def test_a_plan_from_files_and_an_account_file_needs_nothing_else(tmp_path: Path) -> None:
    """Continuous integration has neither credentials nor a kubeconfig."""
    done = provisioner("plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT))

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Plan for cluster shop on aws\n")
    assert "Load balancer shop/web" in done.stdout
    assert "cannot be applied" in done.stdout
    assert done.stderr == ""


def test_changes_are_two_with_detailed_exitcode(tmp_path: Path) -> None:
    """A pipeline can tell changes from none."""
    files = str(shop(tmp_path))

    done = provisioner("plan", "-f", files, "--account", str(ACCOUNT), "--detailed-exitcode")

    assert done.returncode == 2


@pytest.mark.parametrize(("fail_on", "code"), [((), 1), (("--fail-on", "never"), 0)])
def test_an_error_in_your_files_is_one(tmp_path: Path, fail_on: tuple[str, ...], code: int) -> None:
    """An Ingress that names a Service which no file has fails the plan, unless told otherwise."""
    files = str(shop(tmp_path, ingress(service="missing"), ingress("other"), SERVICE, DEPLOYMENT))

    done = provisioner("plan", "-f", files, "--account", str(ACCOUNT), *fail_on)

    assert done.returncode == code
    assert "BACKEND-SERVICE-MISSING" in done.stdout
    assert "Load balancer shop/other" in done.stdout


def test_two_runs_are_byte_identical(tmp_path: Path) -> None:
    """Same input, same bytes: hash seeds and dictionaries have no say."""
    arguments = ("plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT), "-o", "json")

    first = provisioner(*arguments, environment={"PYTHONHASHSEED": "1"})
    second = provisioner(*arguments, environment={"PYTHONHASHSEED": "2"})

    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["formatVersion"] == "1.0"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("plan.json", b"{"),
        ("plan.md", b"## Load balancer plan"),
        ("plan.html", b"<!DOCTYPE html>"),
        ("plan.txt", b"Plan for"),
        ("plan", b"Plan for"),
    ],
)
def test_the_name_of_the_output_file_chooses_the_format(
    tmp_path: Path, name: str, start: bytes
) -> None:
    """``--out plan.json`` needs no -o beside it, and standard output stays empty."""
    out = tmp_path / name

    done = provisioner(
        "plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT), "--out", str(out)
    )

    assert out.read_bytes().startswith(start)
    assert (done.stdout, done.stderr) == ("", f"wrote {out}\n")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A wrong path is a message."""
    done = provisioner(
        "plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT), "--out", "/no/such/x.json"
    )

    assert done.returncode == 1
    assert "--out /no/such/x.json: No such file or directory" in done.stderr


def test_a_failure_under_json_is_json_too() -> None:
    """A program that reads our output can read why there is none."""
    done = provisioner("plan", "-f", "x", "--account", "/no/such/account.yaml", "-o", "json")

    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert "/no/such/account.yaml" in document["error"]["message"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b"{", b"\xff\xfe\xff", b"[" * 50_000, b"provider: [1"]
)
def test_an_account_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    """Whatever a file holds, its reader gets one sentence."""
    account = tmp_path / "account.yaml"
    account.write_bytes(content)

    done = provisioner("plan", "-f", str(shop(tmp_path)), "--account", str(account))

    assert done.returncode == 1
    assert str(account) in done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


def test_debug_shows_where_an_error_comes_from() -> None:
    """--debug works before and after the command's name."""
    before = provisioner("--debug", "apply", "/no/such/plan.json")
    after = provisioner("apply", "/no/such/plan.json", "--debug")

    assert "Traceback" in before.stderr
    assert "Traceback" in after.stderr


def test_a_reader_who_leaves_is_no_error(tmp_path: Path) -> None:
    """``provisioner plan | head -1`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [
            sys.executable, "-m", "provisioner.cli",
            "plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT),
        ],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "KUBECONFIG": "/nonexistent"},
        check=False,
    )  # fmt: skip
    os.close(writing)

    assert done.stderr == b""


def test_output_that_is_no_terminal_has_no_colour(tmp_path: Path) -> None:
    """Files and pipes get words only, whatever TERM and FORCE_COLOR say."""
    done = provisioner(
        "plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT),
        environment={"TERM": "xterm-256color", "FORCE_COLOR": "1"},
    )  # fmt: skip

    assert "\x1b" not in done.stdout


def test_limits_say_what_bites_next(tmp_path: Path) -> None:
    """The last line of ``limits`` is its answer."""
    done = provisioner("limits", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT))

    assert done.returncode == 0
    assert "Next to bite: " in done.stdout


def test_render_needs_no_cloud(tmp_path: Path) -> None:
    """``render`` works from files alone; only the cluster must have a name."""
    done = provisioner("render", "-f", str(shop(tmp_path)), "--cluster-name", "x", "-o", "json")

    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    kinds = {r["kind"] for lb in document["loadBalancers"] for r in lb["resources"]}
    assert {"LoadBalancer", "Listener", "ListenerRule", "TargetGroup"} <= kinds


def test_a_cluster_without_a_name_is_refused(tmp_path: Path) -> None:
    """The name is in every ownership mark, so it is never made up."""
    done = provisioner("render", "-f", str(shop(tmp_path)))

    assert done.returncode == 1
    assert "--cluster-name" in done.stderr


def test_settings_come_from_the_environment_too(tmp_path: Path) -> None:
    """The chart and pipelines set variables rather than flags."""
    done = provisioner(
        "render", "-f", str(shop(tmp_path)), environment={"PROVISIONER_CLUSTER_NAME": "x"}
    )

    assert done.returncode == 0, done.stderr


def test_files_may_come_from_standard_input() -> None:
    """``kustomize build | provisioner plan -f -`` works."""
    done = provisioner(
        "plan", "-f", "-", "--account", str(ACCOUNT),
        stdin=f"{ingress()}---\n{SERVICE}---\n{DEPLOYMENT}",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Load balancer shop/web" in done.stdout


def test_a_plan_from_an_account_file_is_not_applied(tmp_path: Path) -> None:
    """A file cannot say what the cloud is like now."""
    out = tmp_path / "plan.json"
    made = provisioner(
        "plan", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT), "--out", str(out)
    )

    done = provisioner("apply", str(out), "--yes")

    assert made.returncode == 0
    assert done.returncode == 1
    assert "was made from an account file" in done.stderr


def test_a_saved_plan_leaves_nothing_else_to_choose(tmp_path: Path) -> None:
    """Options beside a saved plan would make it another plan."""
    done = provisioner("apply", str(tmp_path / "plan.json"), "--region", "x", "-f", "y")

    assert done.returncode == 1
    assert "--files" not in done.stderr
    assert "--filename, --region" in done.stderr


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_gets_colour_unless_it_declines(
    tmp_path: Path, environment: dict[str, str], *, coloured: bool
) -> None:
    """Colour only on a terminal, and never against NO_COLOR (no-color.org)."""
    ours, theirs = os.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    process = subprocess.Popen(
        [
            sys.executable, "-m", "provisioner.cli",
            "limits", "-f", str(shop(tmp_path)), "--account", str(ACCOUNT),
        ],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**clean, "KUBECONFIG": "/nonexistent", **environment},
    )  # fmt: skip
    process.communicate(timeout=60)
    os.close(theirs)

    seen = os.read(ours, 100_000)

    os.close(ours)
    assert process.returncode == 0
    assert (b"\x1b[" in seen) is coloured

"""``render --compatibility incumbent`` says what AWS Load Balancer Controller would make."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from provisioner.cli.main import run
from tests.conformance.incumbent.corpus import FOLDER, WORLD, Case, load_cases, load_parts
from tests.conformance.incumbent.expected import CLUSTER
from tests.conformance.incumbent.rendered import Rendered, differences

CASES = load_cases()
PARTS = load_parts()


def _arguments(case: Case, folder: Path) -> Sequence[str]:
    manifests = folder / "case.yaml"
    manifests.write_text(case.manifests(), encoding="utf-8")
    account = ("--account", str(FOLDER / case.account)) if case.account else ()
    files = ("-f", str(WORLD), "-f", str(manifests))
    flags = (
        "--no-cluster",
        "--compatibility",
        "incumbent",
        "-o",
        "json",
        "--cluster-name",
        CLUSTER,
    )
    return ("render", *flags, *files, *account, *case.options)


@pytest.mark.parametrize("name", CASES)
def test_the_incumbents_model(name: str, tmp_path: Path) -> None:
    """Every resource, every field, every name and every remark are those that were written down."""
    case = CASES[name]
    output = tmp_path / "rendered.json"

    code = run([*_arguments(case, tmp_path), "--out", str(output)])

    rendered = msgspec.json.decode(output.read_bytes(), type=Rendered)
    assert list(differences(case.expected(PARTS), rendered.resources())) == []
    assert rendered.findings() == sorted(case.says)
    assert code == case.code
    assert not [secret for secret in case.hidden if secret.encode() in output.read_bytes()]


def test_the_command_itself(tmp_path: Path) -> None:
    """A process of its own prints the same as the command called in this one."""
    case = CASES["rules: paths are sorted within one list"]

    done = subprocess.run(
        [sys.executable, "-m", "provisioner.cli", *_arguments(case, tmp_path)],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == case.code, done.stderr.decode()
    assert msgspec.json.decode(done.stdout, type=Rendered).resources() == case.expected(PARTS)


def test_the_corpus_is_large() -> None:
    """The corpus holds at least sixty cases, each about another behaviour."""
    assert len({case.rule for case in CASES.values()}) > 20
    assert len(CASES) >= 60

"""``render --provider gcp --compatibility incumbent`` says what GKE Ingress would make."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from provisioner.cli.main import run
from tests.conformance.gke.corpus import FOLDER, Case, load_cases, load_parts
from tests.conformance.gke.rendered import Rendered, differences

CASES = load_cases()
PARTS = load_parts()
WRITTEN_ONCE = [
    # Of an object that is given twice the later one counts.
    name
    for name, case in CASES.items()
    if not any("DUPLICATE" in line for line in case.says)
]
NOWHERE = "http://127.0.0.1:9"
VECTORS = {
    "k8s2-um-7kpbhpki-namespace-name-uhmwf5xi",
    "k8s1-01234567-namespace-name-80-5104b449",
    "k8s1-01234567-e-namespace-name-80-5104b449",
    "k8s-ig--uid1",
    "k8s-be-80--uid1",
}


def _arguments(case: Case, folder: Path, *, backwards: bool = False) -> Sequence[str]:
    manifests = folder / "case.yaml"
    manifests.write_bytes(case.manifests(backwards=backwards))
    account = ("--account", str(FOLDER / case.account)) if case.account else ()
    flags = ("--provider", "gcp", "--no-cluster", "--compatibility", "incumbent", "-o", "json")
    return ("render", *flags, "-f", str(manifests), *account, *case.options)


@cache
def _rendered(name: str, *, backwards: bool = False) -> tuple[int, bytes]:
    """Return how the command ends and what it prints."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "rendered.json"
        arguments = _arguments(CASES[name], Path(folder), backwards=backwards)
        code = run([*arguments, "--out", str(output)])
        return code, output.read_bytes()


@pytest.mark.parametrize("name", CASES)
def test_gkes_resources(name: str) -> None:
    """Every resource, every field, every name and every remark are those that were written down."""
    case = CASES[name]

    code, text = _rendered(name)

    rendered = msgspec.json.decode(text, type=Rendered)
    assert list(differences(case.expected(PARTS), rendered.resources())) == []
    assert rendered.findings() == sorted(case.says)
    assert code == case.code
    assert not [secret for secret in case.hidden if secret.encode() in text]


@pytest.mark.parametrize("name", WRITTEN_ONCE)
def test_the_order_of_files_means_nothing(name: str) -> None:
    """Rendered again from the objects in the opposite order, every byte is the same."""
    assert _rendered(name, backwards=True) == _rendered(name)


def test_the_command_itself(tmp_path: Path) -> None:
    """A process of its own, without credentials or a cluster, prints the same as this one."""
    case = CASES["url_maps: what a path becomes"]

    done = subprocess.run(
        [sys.executable, "-m", "provisioner.cli", *_arguments(case, tmp_path)],
        capture_output=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HTTPS_PROXY": NOWHERE},
        timeout=60,
    )

    assert done.returncode == case.code, done.stderr.decode()
    assert msgspec.json.decode(done.stdout, type=Rendered).resources() == case.expected(PARTS)


def test_published_vectors() -> None:
    """The names that GKE's own vectors state are among those that the corpus expects."""
    expected = {identity for case in CASES.values() for identity in case.expected(PARTS)}
    names = {identity.rpartition("/")[2].rpartition(" ")[2] for identity in expected}

    assert names >= VECTORS


def test_the_corpus_is_large() -> None:
    """The corpus holds at least sixty cases, each about another behaviour."""
    assert len({case.rule for case in CASES.values()}) > 60
    assert len(CASES) >= 60

"""Mistakes that only AWS has: an account without enough subnets, and no credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.provider.commands import files_alone, provisioner
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import ingress
from tests.e2e.apply.asking import findings, groups, offline, planned

pytestmark = pytest.mark.parametrize("running", ["aws"], indirect=True)


@pytest.mark.parametrize(("kept", "word"), [(0, "subnet"), (1, "zone")])
def test_an_account_without_enough_subnets(
    desk: Desk, tmp_path: Path, kept: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no public subnet, or with one, every Ingress that needs two is told so, and how."""
    account = cut_subnets(desk.cloud.account_file, tmp_path / "account.yaml", kept)
    desk.put(ingress("bad"), ingress("good", annotations={"scheme": "internal"}))

    code, plan = planned(offline(desk, account), capsys)

    said = [d for d in findings(plan, "Ingress shop/bad") if d["severity"] == "error"]
    assert said
    assert any(word in f"{each['message']} {each['hint']}" for each in said)
    assert all(each["hint"] for each in said)
    assert code == 1
    assert groups(desk, plan) == ["shop/good"]


def cut_subnets(source: Path, target: Path, kept: int) -> Path:
    """Write an account file with so many public subnets."""
    head, _, rest = source.read_text(encoding="utf-8").partition("  subnets:\n")
    body, mark, tail = rest.partition("\n  # Security groups")
    entries = body.split("    - id: ")[1:]
    public = [entry for entry in entries if "public: true" in entry]
    private = [entry for entry in entries if "public: false" in entry]
    listed = "".join(f"    - id: {entry}" for entry in [*public[:kept], *private])
    target.write_text(f"{head}  subnets:\n{listed}{mark}{tail}", encoding="utf-8")
    return target


def test_no_credentials(desk: Desk) -> None:
    """Without credentials the command says which, and how to plan without any."""
    desk.put(ingress("good"))
    unconfigured = {
        key: value
        for key, value in desk.cloud.environment.items()
        if "KEY" not in key and "SECRET" not in key.partition("_CREDENTIALS")[0]
    }

    done = provisioner("plan", *files_alone(desk), env=unconfigured)

    assert done.returncode == 1
    assert "credentials" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr

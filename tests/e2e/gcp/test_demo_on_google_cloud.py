"""``provisioner demo gcp`` tells its story to the end."""

from __future__ import annotations

import pytest

from provisioner.sandbox import demo
from provisioner.sandbox.gcp.stage import PROJECT_VARIABLE, GcpStage
from provisioner.sandbox.stage import CloudStage
from tests.e2e.gcp.emptiness import left
from tests.e2e.gcp.project import hurried

pytestmark = pytest.mark.slow


def test_the_demo_ends_with_an_empty_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every act comes out as told, and every collection is empty for Google's own client."""
    monkeypatch.setenv(PROJECT_VARIABLE, "")  # the stage sets it; it is to be as it was afterwards
    told: list[str] = []
    seen: list[str] = []

    def look(cloud: CloudStage) -> None:
        assert isinstance(cloud, GcpStage)
        assert cloud.mutating_calls()["globalForwardingRules.insert"] == 1
        seen.extend(left(cloud.cloud.url, cloud.project.project))

    code = demo.run(
        "gcp", keep=False, echo=told.append, load=lambda _name: hurried(), afterwards=look
    )

    assert code == 0
    assert seen == []
    assert told[-1] == "Everything came out as told."
    acts = [line.removeprefix("== ")[:1] for line in told if line.startswith("== ")]
    assert acts == list("1234567")

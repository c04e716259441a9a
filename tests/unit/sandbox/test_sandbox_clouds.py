"""What the embedded clouds share, where it could hide what sets them apart."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from provisioner.model.errors import ConfigError
from provisioner.sandbox.aws import faults as aws
from provisioner.sandbox.gcp import faults as gcp
from provisioner.sandbox.stage import SANDBOXES, open_cloud


@pytest.mark.parametrize("kind", [aws.FaultKind.FAIL_OPERATION, aws.FaultKind.SLOW_OPERATION])
def test_aws_refuses_faults_of_operations(kind: aws.FaultKind) -> None:
    """An AWS call is over when it is answered, so such a fault would wait for ever."""
    with pytest.raises(ValueError, match=f"outlive their request: no '{kind.value}'"):
        aws.Fault(kind=kind)


def test_google_cloud_takes_faults_of_operations() -> None:
    """A change on Google Cloud is accepted first and can fail afterwards."""
    faults = gcp.Faults()

    faults.fail_operation("*.insert", code="ZONE_RESOURCE_POOL_EXHAUSTED", times=2)

    (placed,) = faults.pending()
    assert (placed.kind, placed.operation, placed.reason, placed.times) == (
        gcp.FaultKind.FAIL_OPERATION,
        "*.insert",
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        2,
    )


@pytest.mark.parametrize("provider", ["azure", "cluster", ""])
def test_a_cloud_without_a_sandbox_is_named_with_those_that_have_one(provider: str) -> None:
    """What is wrong is the name, not something that could be installed."""
    with pytest.raises(ConfigError, match=f"there is no sandbox for '{provider}'") as caught:
        open_cloud(provider)

    assert caught.value.hint == "a sandbox exists for: aws, gcp"


@pytest.mark.parametrize("provider", SANDBOXES)
def test_every_sandbox_that_is_named_exists(provider: str) -> None:
    """The list that the hint shows is the list of clouds that can be opened."""
    stage = open_cloud(provider)  # not entered: that would change the environment

    assert isinstance(stage, AbstractContextManager)

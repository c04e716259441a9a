"""``--take-over`` on the command line: a comparison, read as the incumbent reads, never applied."""

from __future__ import annotations

import pytest

from provisioner.cli.meaning import settings_of
from provisioner.cli.options import Request
from provisioner.cli.record import recorded, replayed
from provisioner.cli.takeover import check_take_over, refuse_saved, refuse_take_over
from provisioner.model.errors import ConfigError
from provisioner.model.intent import Compatibility
from provisioner.model.settings import Identity


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(), Compatibility.KUBERNETES),
        (Request(take_over=True), Compatibility.INCUMBENT),
        (Request(take_over=True, compatibility="kubernetes"), Compatibility.KUBERNETES),
        (Request(compatibility="incumbent"), Compatibility.INCUMBENT),
    ],
)
def test_a_comparison_is_read_as_the_incumbent_reads(
    request_: Request, expected: Compatibility
) -> None:
    """What another controller made is its own until someone states otherwise."""
    settings = settings_of(request_, Identity(cluster_name="demo"), settle_seconds=30)

    assert settings.compatibility is expected
    assert settings.take_over is request_.take_over


@pytest.mark.parametrize("command", ["apply", "run"])
def test_what_writes_refuses_it_by_name(command: str) -> None:
    """The hint leads to what can be done."""
    with pytest.raises(ConfigError) as caught:
        refuse_take_over(Request(take_over=True), command)

    assert f"provisioner {command}" in str(caught.value)
    assert "plan --take-over" in caught.value.hint


def test_what_writes_goes_on_without_it() -> None:
    """The option is off by default."""
    refuse_take_over(Request(), "apply")


def test_a_saved_comparison_is_known_as_one() -> None:
    """The option is recorded in the plan, and ``apply`` refuses it before it reads anything."""
    request = Request(take_over=True)

    options = recorded(request)

    assert replayed(options) == request
    with pytest.raises(ConfigError, match=r"plan\.json is a comparison"):
        refuse_saved(options, "plan.json")


def test_an_account_file_leaves_nothing_to_compare() -> None:
    """It holds only what is ours."""
    with pytest.raises(ConfigError, match="an account file holds only what is ours"):
        check_take_over(Request(take_over=True, account="account.yaml"))

"""Promises about secrets on their way out: whole in the call, and found missing before it."""

from __future__ import annotations

import pytest

from provisioner.engine.applying import Status, resolved
from provisioner.model.change import Call
from provisioner.model.resource import Fingerprint, freeze_spec, secrets_in
from tests.unit.engine.test_applying import World, a_plan, a_step, run


def test_a_fingerprint_gives_way_to_its_secret_in_the_call_alone() -> None:
    """However deep it lies; the step that everybody can print keeps the fingerprint."""
    step = a_step("rule", parameters={"Actions": [{"Secret": Fingerprint("d1", "s3cret")}]})
    world = World()

    outcome = run(world, a_plan(step))

    assert world.sent == [("rule", {"Actions": [{"Secret": "s3cret"}]})]
    assert "s3cret" not in repr((outcome, step))
    assert "s3cret" not in str(step)


def test_a_secret_that_was_not_read_fails_before_anything_is_sent() -> None:
    """Of a step with several calls none is made; what depends on it is not begun."""
    step = a_step("rule", parameters={"Secret": Fingerprint("d1")})
    world = World()

    outcome = run(world, a_plan(step, a_step("next", "rule")))

    assert world.sent == []
    assert outcome.results["rule"].status is Status.FAILED
    assert outcome.results["next"].status is Status.SKIPPED
    error = outcome.results["rule"].error
    assert error is not None
    assert "a secret that was not read" in error.message


@pytest.mark.parametrize("value", [Fingerprint("d", "one"), (Fingerprint("d", "one"), "x")])
def test_secrets_inside_a_value_are_found(value: object) -> None:
    """Whoever repeats what a cloud said can take them out of it."""
    spec = freeze_spec({"a": {"b": value}})  # type: ignore[dict-item]  # a plain value either way
    call = Call(service="s", operation="O", parameters=spec, address="a")

    assert list(secrets_in(call.parameters)) == ["one"]
    assert "one" in str(resolved(call, {}))

"""A crash in the middle of any change of any small world."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.contract.provider.desk import Desk, Killed, calls_of, failures
from tests.contract.provider.manifests import Document
from tests.contract.provider.worlds import SEARCH, start, worlds
from tests.faults.scenarios import SLOW

pytestmark = pytest.mark.slow


@SEARCH
@given(before=worlds(), after=worlds(), moment=st.floats(0, 1, exclude_max=True))
def test_any_change_interrupted_anywhere(
    desk: Desk, before: list[Document], after: list[Document], moment: float
) -> None:
    """Whatever was under way when the process died, the next one finishes and leaves no orphan."""
    start(desk, before)
    desk.converge()
    desk.cloud.slow(SLOW)
    desk.cloud.clock.sleep(120)
    desk.drop(*[key for key in desk.documents if key.startswith("Ingress ")])
    desk.put(*after)
    calls = calls_of(desk.plan()).total()
    assume(calls)

    with pytest.raises(Killed):
        desk.apply(dies_after=1 + int(moment * calls))
    desk.restart()

    failed = failures(desk.apply())
    assert not failed, failed
    desk.assert_at_rest()
    desk.clear_out()

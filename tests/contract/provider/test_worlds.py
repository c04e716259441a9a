"""Whatever the Ingresses are: applied once, there is nothing left to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document
from tests.contract.provider.worlds import SEARCH, start, worlds


@SEARCH
@given(documents=worlds())
def test_planning_after_applying_finds_nothing(desk: Desk, documents: list[Document]) -> None:
    """Any small world: apply calls what plan printed, the second plan is empty, all goes again."""
    start(desk, documents)

    desk.converge()

    desk.clear_out()


@SEARCH
@given(before=worlds(), after=worlds())
def test_any_world_becomes_any_other(
    desk: Desk, before: list[Document], after: list[Document]
) -> None:
    """From any small world to any other in one apply, with the calls that plan printed."""
    start(desk, before)
    desk.converge()
    desk.drop(*[key for key in desk.documents if key.startswith("Ingress ")])
    desk.put(*after)

    desk.converge()

    desk.clear_out()


@SEARCH
@given(documents=worlds(), order=st.randoms(use_true_random=False))
def test_the_order_of_objects_never_matters(
    desk: Desk, documents: list[Document], order: object
) -> None:
    """Objects in any order give the same digest and the same steps."""
    start(desk, documents)
    plan = desk.plan()

    desk.write(lambda listed: sorted(listed, key=lambda _: order.random()))  # type: ignore[attr-defined]  # hypothesis' Random
    again = desk.plan()

    assert again.digest == plan.digest
    assert again.steps == plan.steps

"""Whatever the Ingresses are: applied once, there is nothing left to do."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document, Route, ingress

HOSTS = ("shop.example.com", "blog.example.com", "*.example.com", "")
PATHS = ("/", "/cart", "/cart/items", "/b")
SEARCH = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def routes() -> st.SearchStrategy[Route]:
    """Any path of a small site."""
    return st.builds(
        Route,
        host=st.sampled_from(HOSTS),
        path=st.sampled_from(PATHS),
        path_type=st.sampled_from(("Prefix", "Exact")),
        service=st.sampled_from(("web", "cart")),
    )


@st.composite
def worlds(draw: st.DrawFn) -> list[Document]:
    """One to four Ingresses, some of them sharing a load balancer."""
    return [
        ingress(
            f"i{number}",
            *draw(st.lists(routes(), min_size=1, max_size=3)),
            group=draw(st.sampled_from(("", "", "edge"))),
            mode=draw(st.sampled_from(("", "pod", "node-port"))),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def start(desk: Desk, documents: list[Document]) -> None:
    """Put a world into an empty account."""
    desk.cloud.reset()
    desk.documents.clear()
    desk.furnish("web", "cart")
    desk.put(*documents)


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

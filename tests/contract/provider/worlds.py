"""Small worlds of Ingresses for hypothesis to choose from."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document, Route, ingress

HOSTS = ("shop.example.com", "blog.example.com", "*.example.com", "")
PATHS = ("/", "/cart", "/cart/items", "/b")
SEARCH = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
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

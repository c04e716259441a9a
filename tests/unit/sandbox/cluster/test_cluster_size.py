"""The server at ten thousand objects: what it costs must not depend on how many there are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import pytest

from provisioner.sandbox.cluster.documents import items
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import Answer, ApiClient
from tests.contract.cluster.manifests import INGRESSES, an_ingress

MANY = 10_000

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def crowded() -> Iterator[ClusterServer]:
    """A cluster with ten thousand Ingresses."""
    server = ClusterServer()
    for number in range(MANY):
        server.create(an_ingress(f"i{number:05}"))
    with server:
        yield server


def test_single_requests_cost_the_same_at_any_size(crowded: ClusterServer) -> None:
    """GET and PATCH of one object: within a factor of three of an almost empty server."""
    with ClusterServer() as small:
        small.create(an_ingress("i05000"))
        few = cost_of_edits(small)

    many = cost_of_edits(crowded)

    assert many < 3 * few + 0.001


def test_requests_do_not_add_up(crowded: ClusterServer) -> None:
    """The thousandth request costs what the first did: nothing remembers them all."""
    early = cost_of_edits(crowded)
    with ApiClient(crowded.url) as api:
        for _ in range(1000):
            api.get(f"{INGRESSES}/i05000")

    assert cost_of_edits(crowded) < 3 * early + 0.001


def test_a_full_list_is_quick(crowded: ClusterServer) -> None:
    """Ten thousand objects in well under a second, client's JSON included."""
    with ApiClient(crowded.url) as api:
        seconds, answer = timed(lambda: api.get(INGRESSES))

    assert len(items(answer.body, "items")) == MANY
    assert seconds < 3


def test_pages_reach_the_end(crowded: ClusterServer) -> None:
    """Twenty pages of five hundred, each object once, while someone writes."""
    seen: set[str] = set()
    query: dict[str, object] = {"limit": 500}
    with ApiClient(crowded.url) as api:
        while True:
            body = api.get(INGRESSES, **query).body
            page = json.loads(json.dumps(body))
            seen.update(one["metadata"]["name"] for one in page["items"])
            api.patch(f"{INGRESSES}/i00001", {"metadata": {"labels": {"n": str(len(seen))}}})
            if not page["metadata"].get("continue"):
                break
            query["continue"] = page["metadata"]["continue"]

    assert len(seen) == MANY


def cost_of_edits(cluster: ClusterServer) -> float:
    """Return the median seconds of a GET and a PATCH."""
    costs = []
    with ApiClient(cluster.url) as api:
        for number in range(100):
            body = {"metadata": {"labels": {"n": str(number)}}}
            seconds, _ = timed(lambda: api.get(f"{INGRESSES}/i05000"))
            more, _ = timed(partial(api.patch, f"{INGRESSES}/i05000", body))
            costs.append(seconds + more)
    return median(costs)


def timed(action: Callable[[], Answer]) -> tuple[float, Answer]:
    """Return how long an action took, and its result."""
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result

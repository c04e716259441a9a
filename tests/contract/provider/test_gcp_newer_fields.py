"""Fields that Google has added since, and that nobody here knows, survive every update."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.provider.desk import Desk, changes_of
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.manifests import Document, Route, ingress

pytestmark = pytest.mark.parametrize("running", ["gcp"], indirect=True)

NEWER: dict[str, Any] = {
    "newerNumber": 12345678901234567890,
    "newerShare": 0.30000000000000004,
    "newerText": "\u00e4\u2028\\u0041",
    "newerList": [{"newerFlag": False, "newerNothing": None}, [], {}],
}
"""What a careless reader or writer of JSON changes on its way."""
FIELD = "newerPolicy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A kind, where in it the unknown fields are put, and what makes an update of it."""

    collection: str
    places: tuple[tuple[str | int, ...], ...]
    asked: Document


CASES = (
    Case(
        collection="backendServices",
        places=((), ("logConfig",), ("backends", 0)),
        asked=ingress("web", Route(), annotations={"timeout-seconds": "55"}),
    ),
    Case(
        collection="urlMaps",
        places=((), ("hostRules", 0), ("pathMatchers", 0), ("pathMatchers", 0, "pathRules", 0)),
        asked=ingress("web", Route(), Route(path="/more")),
    ),
    Case(
        collection="healthChecks",
        places=((), ("httpHealthCheck",), ("logConfig",)),
        asked=ingress("web", Route(), annotations={"health-check-path": "/alive"}),
    ),
)


def body_of(cloud: GcpUnderTest, collection: str) -> dict[str, Any]:
    """Return the resource of the Ingress' own load balancer."""
    (found,) = [t.body for t in cloud.things(collection) if t.group == "shop/web"]
    return dict(found)


def part_of(body: Any, place: tuple[str | int, ...]) -> Any:
    """Return what of a resource is at a place."""
    for step in place:
        body = body[step] if isinstance(step, int) else body.setdefault(step, {})
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.collection)
def test_newer_fields_are_neither_drift_nor_lost(desk: Desk, case: Case) -> None:
    """A plan does not see them; an update of something else sends them back as they were."""
    cloud = desk.cloud
    assert isinstance(cloud, GcpUnderTest)
    desk.put(ingress("web", Route()))
    desk.converge()
    cloud.add_newer_fields(FIELD)
    body = copy.deepcopy(body_of(cloud, case.collection))
    for place in case.places:
        part_of(body, place)[FIELD] = NEWER
    cloud.put_by_hand(case.collection, body)
    before = body_of(cloud, case.collection)
    desk.assert_at_rest()

    desk.put(case.asked)
    plan = desk.converge()

    after = body_of(cloud, case.collection)
    assert "update" in changes_of(plan).values()
    assert after != before
    for place in case.places:
        assert written(part_of(after, place)[FIELD]) == written(NEWER), place


def written(value: object) -> str:
    """Return a value as text: equal texts are equal bytes."""
    return json.dumps(value)

"""Lists: pages, filters, order, and all places at once."""

from __future__ import annotations

import pytest
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import part, parts, text
from tests.unit.sandbox.gcp.workbench import PROJECT, REGION, ZONE, Workbench


def names(document: object) -> list[str]:
    """Return the names of a list's items."""
    return [text(each, "name") for each in parts(document, "items")]


def make_checks(bench: Workbench, count: int) -> None:
    """Make health checks whose descriptions alternate."""
    for number in range(count):
        description = "odd" if number % 2 else "even"
        body = {"name": f"hc-{number}", "type": "HTTP", "description": description}
        assert bench.rest("POST", "global/healthChecks", body).status == 200


def test_pages_hold_what_was_asked_for(bench: Workbench) -> None:
    """Asked for page by page, until there is no nextPageToken."""
    make_checks(bench, 5)
    pages, token = [], ""

    while True:
        query = {"maxResults": "2"} | ({"pageToken": token} if token else {})
        page = bench.rest("GET", "global/healthChecks", **query).body
        pages.append(names(page))
        token = text(page, "nextPageToken")
        if not token:
            break

    assert pages == [["hc-0", "hc-1"], ["hc-2", "hc-3"], ["hc-4"]]


def test_google_s_client_pages_by_itself(bench: Workbench) -> None:
    """Whatever the size of a page."""
    bench.cloud.configure(page_size=2)
    make_checks(bench, 5)

    found = bench.client(compute_v1.HealthChecksClient).list(project=PROJECT)

    assert [each.name for each in found] == [f"hc-{number}" for number in range(5)]
    assert len(bench.cloud.calls.named("healthChecks.list")) == 3


@pytest.mark.parametrize("size", ["501", "-1", "many"])
def test_a_page_holds_at_most_five_hundred(bench: Workbench, size: str) -> None:
    """Acceptable values are 0 to 500, inclusive."""
    answer = bench.rest("GET", "global/healthChecks", maxResults=size)

    assert (answer.status, answer.reason) == (400, "invalid")


def test_a_page_token_of_somebody_else_is_refused(bench: Workbench) -> None:
    """It is not taken for the first page."""
    answer = bench.rest("GET", "global/healthChecks", pageToken="abc")

    assert (answer.status, answer.reason) == (400, "invalid")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name=hc-1", ["hc-1"]),
        ("name+eq+hc-1", ["hc-1"]),
        ("name+eq+hc-[12]", ["hc-1", "hc-2"]),
        ("name+ne+hc-[12]", ["hc-0"]),
        ("name!=hc-1", ["hc-0", "hc-2"]),
        ("description=%22even%22", ["hc-0", "hc-2"]),
        ("(description=even)+(name=hc-2)", ["hc-2"]),
        ("description=even+AND+name=hc-0", ["hc-0"]),
        ("description:ev", ["hc-0", "hc-2"]),
        ("name=none", []),
    ],
)
def test_filters_select(bench: Workbench, expression: str, expected: list[str]) -> None:
    """Comparisons as the description of the filter parameter has them."""
    make_checks(bench, 3)

    page = bench.rest("GET", "global/healthChecks", filter=expression).body

    assert names(page) == expected


@pytest.mark.parametrize("expression", ["name=a+OR+name=b", "name%3Ea", "-name=a", "name"])
def test_other_filters_are_refused(bench: Workbench, expression: str) -> None:
    """Never misunderstood: either refused by name or as malformed."""
    answer = bench.rest("GET", "global/healthChecks", filter=expression)

    assert answer.status in (400, 501)


def test_labels_can_be_filtered(bench: Workbench) -> None:
    """labels.<key>=<value> and labels.<key>:*."""
    url_map = bench.url_map(defaultService=bench.service("web"))
    bench.frontend(url_map, "one", labels={"team": "shop"})
    bench.frontend(url_map, "two")

    equal = bench.rest("GET", "global/forwardingRules", filter="labels.team=shop").body
    there = bench.rest("GET", "global/forwardingRules", filter="labels.team:*").body

    assert (names(equal), names(there)) == (["one"], ["one"])


def test_the_newest_can_come_first(bench: Workbench) -> None:
    """orderBy=creationTimestamp desc; by name otherwise."""
    bench.health_check("b")
    bench.cloud.advance(60)
    bench.health_check("a")

    by_name = bench.get("global/healthChecks")
    by_age = bench.rest("GET", "global/healthChecks", orderBy="creationTimestamp+desc").body
    wrong = bench.rest("GET", "global/healthChecks", orderBy="size")

    assert (names(by_name), names(by_age)) == (["a", "b"], ["a", "b"])
    assert wrong.status == 400


def test_aggregated_lists_name_every_place(bench: Workbench) -> None:
    """Places without results carry a warning."""
    bench.health_check("one")
    bench.health_check("two", f"regions/{REGION}")

    answer = bench.get("aggregated/healthChecks")

    places = part(answer, "items")
    assert answer["kind"] == "compute#healthChecksAggregatedList"
    assert [text(e, "name") for e in parts(places, "global", "healthChecks")] == ["one"]
    assert [text(e, "name") for e in parts(places, f"regions/{REGION}", "healthChecks")] == ["two"]
    assert text(places, "regions/us-central1", "warning", "code") == "NO_RESULTS_ON_PAGE"


def test_google_s_client_reads_aggregated_lists(bench: Workbench) -> None:
    """Zonal machines, found in one call."""
    found = bench.client(compute_v1.InstancesClient).aggregated_list(project=PROJECT)

    machines = {scope: [each.name for each in group.instances] for scope, group in found}
    assert machines[f"zones/{ZONE}"] == ["gke-demo-pool-0", "gke-demo-pool-2"]


def test_an_empty_list_has_no_items(bench: Workbench) -> None:
    """As the API answers it."""
    page = bench.get("global/sslCertificates")

    assert page["kind"] == "compute#sslCertificateList"
    assert "items" not in page

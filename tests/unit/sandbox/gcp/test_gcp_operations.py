"""Operations: what they say, when their effect shows, and what is locked meanwhile."""

from __future__ import annotations

import time

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import parts, text
from tests.unit.sandbox.gcp.workbench import (
    HOME,
    PROJECT,
    REGION,
    ZONE,
    Workbench,
    refused,
    some_uuid,
)

CHECK = {"name": "hc", "type": "HTTP"}


def test_google_s_client_creates_and_waits(bench: Workbench) -> None:
    """The unary methods and an operations client of one's own work against the emulator."""
    checks = bench.client(compute_v1.HealthChecksClient)

    started = checks.insert_unary(
        project=PROJECT,
        health_check_resource=compute_v1.HealthCheck(name="hc", type_="HTTP"),
    )
    done = bench.wait(started)

    assert started.status is not compute_v1.Operation.Status.DONE
    assert done.status is compute_v1.Operation.Status.DONE
    assert done.target_link.endswith(f"{HOME}/global/healthChecks/hc")
    assert checks.get(project=PROJECT, health_check="hc").check_interval_sec == 5


def test_an_operation_passes_through_its_states(bench: Workbench) -> None:
    """PENDING, RUNNING, DONE; its length follows the setting."""
    bench.cloud.configure(operation_seconds=60)
    answer = bench.rest("POST", "global/healthChecks", CHECK)
    states = [text(answer.body, "status")]

    for seconds in (30, 31):
        bench.cloud.advance(seconds)
        states.append(text(bench.operation(answer), "status"))

    assert states == ["PENDING", "RUNNING", "DONE"]


def test_a_change_shows_when_its_operation_is_done(bench: Workbench) -> None:
    """A reader who does not wait reads the old state."""
    bench.make("global/healthChecks", CHECK)
    bench.cloud.configure(operation_seconds=60)

    bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 20})
    before = bench.get("global/healthChecks/hc")["checkIntervalSec"]
    bench.cloud.advance(61)

    assert before == 5
    assert bench.get("global/healthChecks/hc")["checkIntervalSec"] == 20


def test_a_deleted_resource_stays_until_the_operation_is_done(bench: Workbench) -> None:
    """Deletion is asynchronous as well."""
    bench.make("global/healthChecks", CHECK)
    bench.cloud.configure(operation_seconds=60)

    bench.rest("DELETE", "global/healthChecks/hc")
    during = bench.rest("GET", "global/healthChecks/hc").status
    bench.cloud.advance(61)

    assert (during, bench.rest("GET", "global/healthChecks/hc").status) == (200, 404)


@pytest.mark.parametrize(
    ("method", "body"), [("PATCH", {"timeoutSec": 3}), ("DELETE", None), ("PUT", CHECK)]
)
def test_a_resource_is_locked_while_an_operation_runs(
    bench: Workbench, method: str, body: object
) -> None:
    """resourceNotReady, as the API words it."""
    bench.make("global/healthChecks", CHECK)
    bench.cloud.configure(operation_seconds=60)
    bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 20})

    answer = bench.rest(method, "global/healthChecks/hc", body)

    assert (answer.status, answer.reason) == (400, "resourceNotReady")
    assert answer.message == f"The resource '{HOME}/global/healthChecks/hc' is not ready"


def test_a_resource_under_creation_cannot_be_referred_to(bench: Workbench) -> None:
    """It can be read, though."""
    bench.cloud.configure(operation_seconds=60)
    bench.rest("POST", "global/healthChecks", CHECK)

    answer = bench.rest(
        "POST",
        "global/backendServices",
        {"name": "web", "healthChecks": ["global/healthChecks/hc"]},
    )

    assert bench.get("global/healthChecks/hc")["name"] == "hc"
    assert answer.reason == "resourceNotReady"


def test_a_resource_under_change_can_be_referred_to(bench: Workbench) -> None:
    """Only creation and deletion keep others from referring to it."""
    bench.make("global/healthChecks", CHECK)
    bench.cloud.configure(operation_seconds=60)
    bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 20})

    answer = bench.rest(
        "POST",
        "global/backendServices",
        {"name": "web", "healthChecks": ["global/healthChecks/hc"]},
    )

    assert answer.status == 200


def test_what_an_update_under_way_refers_to_is_in_use(bench: Workbench) -> None:
    """Otherwise the update would end in a dangling reference."""
    bench.service("web")
    bench.health_check("new")
    service = bench.get("global/backendServices/web")
    bench.cloud.configure(operation_seconds=60)
    change = {"fingerprint": service["fingerprint"], "healthChecks": ["global/healthChecks/new"]}
    bench.rest("PATCH", "global/backendServices/web", change)

    answer = bench.rest("DELETE", "global/healthChecks/new")

    assert answer.reason == "resourceInUseByAnotherResource"


@pytest.mark.parametrize(
    ("home", "field"), [("global", ""), (f"regions/{REGION}", "region"), (f"zones/{ZONE}", "zone")]
)
def test_operations_live_where_their_resources_do(bench: Workbench, home: str, field: str) -> None:
    """Three clients for one purpose: global, regional and zonal operations."""
    collection, body = "healthChecks", dict(CHECK)
    if field == "zone":
        collection, body = "instanceGroups", {"name": "ig"}

    operation = bench.rest("POST", f"{home}/{collection}", body).body
    listed = parts(bench.get(f"{home}/operations"), "items")

    assert text(operation, "selfLink").endswith(f"{home}/operations/{operation['name']}")
    assert [each["name"] for each in listed] == [operation["name"]]
    assert not field or text(operation, field).endswith(home)


def test_wait_returns_when_the_operation_is_over(bench: Workbench) -> None:
    """It blocks on the server, and other calls pass meanwhile."""
    bench.cloud.configure(operation_seconds=0.2)
    begun = time.monotonic()
    started = bench.client(compute_v1.HealthChecksClient).insert_unary(
        project=PROJECT,
        health_check_resource=compute_v1.HealthCheck(name="hc", type_="HTTP"),
    )

    done = bench.wait(started)

    assert done.status is compute_v1.Operation.Status.DONE
    assert time.monotonic() - begun >= 0.2


def test_wait_gives_up_after_its_limit(bench: Workbench) -> None:
    """Two minutes at Google; the operation is then answered as it stands."""
    bench.cloud.configure(operation_seconds=60, wait_seconds=0.05)
    operation = bench.rest("POST", "global/healthChecks", CHECK).body

    answer = bench.rest("POST", f"global/operations/{operation['name']}/wait")

    assert answer.body["status"] != "DONE"


def test_an_operation_can_be_forgotten_once_it_is_over(bench: Workbench) -> None:
    """Deleting it answers an empty object; afterwards it is not found."""
    operations = bench.client(compute_v1.GlobalOperationsClient)
    operation = bench.rest("POST", "global/healthChecks", CHECK).body

    operations.delete(project=PROJECT, operation=str(operation["name"]))

    with refused(NotFound):
        operations.get(project=PROJECT, operation=str(operation["name"]))


def test_a_failing_operation_has_no_effect(bench: Workbench) -> None:
    """The request is answered with 200; the error is in the operation."""
    bench.cloud.faults.fail_operation("healthChecks.insert", code="INTERNAL_ERROR", status=503)

    answer = bench.rest("POST", "global/healthChecks", CHECK)
    operation = bench.operation(answer)

    assert answer.status == 200
    assert operation["httpErrorStatusCode"] == 503
    assert parts(operation, "error", "errors")[0]["code"] == "INTERNAL_ERROR"
    assert bench.rest("GET", "global/healthChecks/hc").status == 404


def test_a_failing_update_leaves_the_resource_as_it_was(bench: Workbench) -> None:
    """And unlocked."""
    bench.make("global/healthChecks", CHECK)
    bench.cloud.faults.fail_operation("healthChecks.patch")

    bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 20})

    assert bench.get("global/healthChecks/hc")["checkIntervalSec"] == 5
    assert bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 9}).status == 200


def test_one_operation_can_be_slower_than_the_others(bench: Workbench) -> None:
    """So that a test can let a certain step hang."""
    bench.cloud.faults.slow_operation("healthChecks.insert", seconds=60)

    slow = bench.rest("POST", "global/healthChecks", CHECK)
    quick = bench.rest("POST", "global/healthChecks", {"name": "other", "type": "HTTP"})

    assert text(bench.operation(slow), "status") != "DONE"
    assert text(bench.operation(quick), "status") == "DONE"


def test_a_request_id_starts_one_operation_only(bench: Workbench) -> None:
    """The same requestId answers the operation of the first call."""
    request_id = some_uuid()

    first = bench.rest("POST", "global/healthChecks", CHECK, requestId=request_id)
    second = bench.rest("POST", "global/healthChecks", CHECK, requestId=request_id)
    other = bench.rest("POST", "global/healthChecks", CHECK, requestId=some_uuid())

    assert second.body["name"] == first.body["name"]
    assert first.body["clientOperationId"] == request_id
    assert other.status == 409


def test_a_request_id_is_a_uuid_other_than_zero(bench: Workbench) -> None:
    """The API reference: "the request ID must be a valid UUID", zero not supported."""
    for wrong in ("1", "00000000-0000-0000-0000-000000000000"):
        answer = bench.rest("POST", "global/healthChecks", CHECK, requestId=wrong)
        assert (answer.status, answer.reason) == (400, "invalid")


def test_google_s_client_raises_what_the_emulator_answers(bench: Workbench) -> None:
    """The error's class follows from the status, its text from the message."""
    bench.service("web")

    with refused(BadRequest, saying="is already being used by"):
        bench.client(compute_v1.HealthChecksClient).delete_unary(
            project=PROJECT, health_check="web-hc"
        )

"""Faults on demand, rates, the call log, time, and all of it over HTTP."""

from __future__ import annotations

import time
from http.client import RemoteDisconnected

import pytest
from google.api_core.exceptions import Forbidden, ServiceUnavailable, TooManyRequests
from google.cloud import compute_v1

from provisioner.sandbox.cluster.documents import part, parts
from provisioner.sandbox.gcp.leftovers import leftovers
from tests.unit.sandbox.gcp.workbench import HOME, PROJECT, Workbench, refused

CHECK = {"name": "hc", "type": "HTTP"}
PLACE = f"/compute/v1/{HOME}/global/healthChecks"


def insert(bench: Workbench) -> compute_v1.Operation:
    """Insert a health check with Google's client."""
    return bench.client(compute_v1.HealthChecksClient).insert_unary(
        project=PROJECT, health_check_resource=compute_v1.HealthCheck(name="hc", type_="HTTP")
    )


def exists(bench: Workbench) -> bool:
    """Whether the health check is there."""
    return bench.rest("GET", "global/healthChecks/hc").status == 200


@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (429, TooManyRequests)])
def test_a_throttle_refuses_before_anything_happens(
    bench: Workbench, status: int, kind: type[Forbidden | TooManyRequests]
) -> None:
    """rateLimitExceeded, as often as asked for; the status is a setting."""
    bench.cloud.configure(rate_status=status)
    bench.cloud.faults.throttle("healthChecks.insert", times=2)

    for _ in range(2):
        with refused(kind, saying="Rate Limit Exceeded"):
            insert(bench)
    insert(bench)

    assert bench.cloud.calls.counts() == {"healthChecks.insert": 1}


def test_more_calls_than_the_rate_are_refused(bench: Workbench) -> None:
    """Counted per project over the last minute (API rate limits)."""
    bench.cloud.configure(requests_per_minute=3)

    statuses = [bench.rest("GET", "global/healthChecks").status for _ in range(4)]
    bench.cloud.advance(61)

    assert statuses == [200, 200, 200, 403]
    assert bench.rest("GET", "global/healthChecks").status == 200


def test_a_call_can_fail_before_or_after_it_is_carried_out(bench: Workbench) -> None:
    """The n-th call of an operation, with the status asked for."""
    bench.make("global/healthChecks", {"name": "first", "type": "HTTP"})
    bench.cloud.faults.fail("healthChecks.insert", skip=1)
    bench.cloud.faults.fail("*.delete", after=True)

    bench.make("global/healthChecks", {"name": "second", "type": "HTTP"})
    before = bench.rest("POST", "global/healthChecks", CHECK)
    after = bench.rest("DELETE", "global/healthChecks/first")

    assert (before.status, before.reason, exists(bench)) == (503, "backendError", False)
    assert (after.status, bench.rest("GET", "global/healthChecks/first").status) == (503, 404)


def test_google_s_client_does_not_repeat_a_change(bench: Workbench) -> None:
    """Retries are the caller's; one call arrives."""
    bench.cloud.faults.fail("healthChecks.insert")

    with refused(ServiceUnavailable):
        insert(bench)

    assert len(bench.cloud.calls.named("healthChecks.insert")) == 1


def test_an_answer_can_be_lost(bench: Workbench) -> None:
    """The change is made, the connection is cut."""
    bench.cloud.faults.lose_response("healthChecks.insert")

    with pytest.raises(RemoteDisconnected):
        bench.rest("POST", "global/healthChecks", CHECK)

    record = bench.cloud.calls.named("healthChecks.insert")[0]
    assert exists(bench)
    assert (record.status, record.carried_out) == (0, True)


def test_a_permission_can_be_missing(bench: Workbench) -> None:
    """Until cleared; the message names the permission."""
    bench.cloud.faults.deny("healthChecks.insert")

    answers = [bench.rest("POST", "global/healthChecks", CHECK) for _ in range(2)]
    bench.cloud.faults.clear()
    bench.make("global/healthChecks", CHECK)

    assert {(each.status, each.reason) for each in answers} == {(403, "forbidden")}
    assert "compute.healthChecks.insert" in answers[0].message


def test_a_call_can_be_slow(bench: Workbench) -> None:
    """Answered late, but answered."""
    bench.cloud.faults.delay("healthChecks.list", seconds=0.2)
    begun = time.monotonic()

    answer = bench.rest("GET", "global/healthChecks")

    assert answer.status == 200
    assert time.monotonic() - begun >= 0.2


def test_a_caller_can_be_killed_after_any_change(bench: Workbench) -> None:
    """The callback runs once the n-th change was made; the line is cut."""
    deaths: list[int] = []
    bench.cloud.faults.kill_after(2, lambda: deaths.append(len(bench.cloud.calls.mutating())))

    bench.make("global/healthChecks", CHECK)
    with pytest.raises(RemoteDisconnected):
        bench.rest("PATCH", "global/healthChecks/hc", {"checkIntervalSec": 9})

    assert deaths == [1]
    assert bench.get("global/healthChecks/hc")["checkIntervalSec"] == 9


def test_the_log_tells_reads_from_writes(bench: Workbench) -> None:
    """By the published names; refused calls changed nothing."""
    bench.make("global/healthChecks", CHECK)
    bench.rest("POST", "global/healthChecks", CHECK)
    bench.rest("POST", "global/urlMaps/map/validate", {"resource": {}})

    assert bench.cloud.calls.counts() == {"healthChecks.insert": 1}
    names = {(record.operation, record.mutates) for record in bench.cloud.calls}
    assert names == {
        ("healthChecks.insert", True),
        ("healthChecks.get", False),
        ("urlMaps.validate", False),
    }
    assert bench.cloud.calls.named("healthChecks.get")[0].name == "hc"
    assert bench.cloud.calls.named("healthChecks.insert")[0].body == CHECK


def test_the_data_plane_follows_later(bench: Workbench) -> None:
    """DONE is not the moment from which traffic follows; deletions count as well."""
    bench.cloud.configure(propagation_seconds=60)
    bench.make("global/healthChecks", CHECK)
    path = f"{HOME}/global/healthChecks/hc"

    made = path in bench.cloud.propagating()
    bench.cloud.advance(61)
    settled = path in bench.cloud.propagating()
    bench.rest("DELETE", "global/healthChecks/hc")

    assert (made, settled, path in bench.cloud.propagating()) == (True, False, True)


def test_everything_can_be_controlled_over_http(bench: Workbench) -> None:
    """For a demo or a test in another process."""
    bench.control("POST", "faults", {"kind": "throttle", "operation": "healthChecks.insert"})
    bench.control("POST", "settings", {"propagation_seconds": 60})
    bench.control("POST", "quotas", {"HEALTH_CHECKS": 5})
    bench.control("POST", "limits", {"endpoints-per-call": 5})
    bench.control("POST", "unhealthy", {"add": ["10.4.0.2"]})
    throttled = bench.rest("POST", "global/healthChecks", CHECK)
    bench.make("global/healthChecks", CHECK)
    pending = bench.control("GET", "propagation").body

    bench.control("POST", "clock", {"advance": 61})

    assert throttled.reason == "rateLimitExceeded"
    assert f"{HOME}/global/healthChecks/hc" in part(pending, "pending")
    assert bench.control("GET", "propagation").body == {"settled": True, "pending": {}}
    assert bench.cloud.limits["endpoints-per-call"] == 5
    assert bench.cloud.quotas["HEALTH_CHECKS"] == 5
    assert bench.cloud.unhealthy == {"10.4.0.2"}
    assert parts(bench.control("GET", "calls").body, "calls")[-1]["operation"] == "healthChecks.get"


def test_machines_can_be_placed_over_http(bench: Workbench) -> None:
    """The sandbox's own way, because instances.insert is not emulated."""
    parent = f"{HOME}/zones/europe-west1-d/instances"
    interface = {"network": "global/networks/default", "networkIP": "10.132.0.99"}
    body = {"name": "vm", "networkInterfaces": [interface]}

    placed = bench.control("POST", "place", {"parent": parent, "body": body})

    assert placed.status == 200
    assert bench.get("zones/europe-west1-d/instances/vm")["status"] == "RUNNING"


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("GET", "nonsense", None, 404),
        ("POST", "settings", {"sped": 1}, 400),
        ("POST", "settings", {"operation_seconds": -1}, 400),
        ("POST", "quotas", {"DOORS": 1}, 400),
        ("POST", "limits", {"doors": 1}, 400),
        ("POST", "faults", {"kind": "explode"}, 400),
        ("POST", "clock", {"advance": -1}, 400),
        ("POST", "place", {"parent": "doors", "body": {}}, 400),
    ],
)
def test_mistakes_in_controls_are_named(
    bench: Workbench, method: str, route: str, body: object, status: int
) -> None:
    """With what would have been right."""
    answer = bench.control(method, route, body)

    assert answer.status == status
    assert answer.body["error"]


def test_a_reset_empties_everything(bench: Workbench) -> None:
    """State, log, faults and settings; networks and machines stay if asked for."""
    bench.service("web")
    bench.cloud.configure(operation_seconds=5)
    bench.cloud.faults.throttle()

    bench.cloud.reset(keep_network=True)
    kept = bench.get("global/networks/default")["name"]
    bench.cloud.reset()

    assert kept == "default"
    assert bench.rest("GET", "global/networks/default").status == 404
    assert bench.cloud.settings.operation_seconds == 0
    assert len(bench.cloud.calls) == 1


def test_leftovers_name_whatever_is_left(bench: Workbench) -> None:
    """By collection; networks and machines are not a controller's."""
    before = leftovers(bench.cloud.url)
    bench.frontend(bench.url_map(defaultService=bench.service("web")))
    bench.make("global/firewalls", {"name": "fw", "allowed": [{"IPProtocol": "tcp"}]})
    bench.endpoint_group()

    assert before == {}
    assert leftovers(bench.cloud.url) == {
        "forwardingRules": ("front",),
        "targetHttpProxies": ("front-proxy",),
        "urlMaps": ("map",),
        "backendServices": ("web",),
        "healthChecks": ("web-hc",),
        "firewalls": ("fw",),
        "networkEndpointGroups": ("zones/europe-west1-b/neg",),
    }


def test_waiting_for_a_stranger_is_not_found(bench: Workbench) -> None:
    """And logged once."""
    answer = bench.rest("POST", "global/operations/none/wait")

    assert (answer.status, answer.reason) == (404, "notFound")
    assert len(bench.cloud.calls.named("globalOperations.wait")) == 1


@pytest.mark.parametrize(
    "wrong", [{"page_size": 0}, {"page_size": 501}, {"rate_status": 500}, {"health_seconds": -1}]
)
def test_settings_that_can_only_be_mistakes_are_refused(
    bench: Workbench, wrong: dict[str, object]
) -> None:
    """With status 400, and nothing is changed."""
    answer = bench.control("POST", "settings", wrong)

    assert answer.status == 400
    assert bench.cloud.settings.page_size == 500


def test_faults_and_calls_can_be_forgotten_over_http(bench: Workbench) -> None:
    """Placed ones are listed until then."""
    bench.control("POST", "faults", {"kind": "fail", "operation": "*.insert"})
    bench.rest("GET", "global/healthChecks")
    pending = parts(bench.control("GET", "faults").body, "faults")

    bench.control("DELETE", "faults")
    bench.control("DELETE", "calls")
    bench.control("POST", "reset")

    assert [each["kind"] for each in pending] == ["fail"]
    assert bench.cloud.faults.pending() == ()
    assert len(bench.cloud.calls) == 0


def test_an_unknown_metric_or_limit_is_named(bench: Workbench) -> None:
    """A typo in a test must not go unnoticed; deleting a change restores the figure."""
    with pytest.raises(ValueError, match="unknown quota DOORS"):
        bench.cloud.quotas["DOORS"] = 1
    with pytest.raises(ValueError, match="must not be negative"):
        bench.cloud.limits["endpoints-per-call"] = -1
    bench.cloud.quotas["URL_MAPS"] = 1
    bench.cloud.limits["endpoints-per-call"] = 1

    del bench.cloud.quotas["URL_MAPS"]
    del bench.cloud.limits["endpoints-per-call"]

    assert (bench.cloud.quotas["URL_MAPS"], bench.cloud.limits["endpoints-per-call"]) == (250, 500)
    assert len(bench.cloud.limits) == len(dict(bench.cloud.limits))
    assert len(bench.cloud.quotas) == len(dict(bench.cloud.quotas))

"""Promises of the writer: one call and its operation, whatever happens on the way."""

from __future__ import annotations

import pytest

from provisioner.model.errors import (
    Conflict,
    Denied,
    LimitExceeded,
    NotLeader,
    Rejected,
    Throttled,
    Unavailable,
)
from provisioner.model.resource import Fingerprint, PlainInput
from provisioner.sandbox.cluster.documents import text
from tests.unit.providers.gcp.shell.projects import (
    CHECK,
    HOME,
    MARK,
    ZONE,
    CloudClock,
    World,
    call,
)

LINK = {"selfLink": "targetLink"}


def check_body(world: World, name: str = "hc") -> dict[str, PlainInput]:
    return {
        "name": name,
        "description": world.description(CHECK),
        "type": "HTTP",
        "httpHealthCheck": {"portSpecification": "USE_SERVING_PORT"},
    }


def mutations(world: World) -> list[str]:
    return [record.operation for record in world.cloud.calls if record.mutates]


def test_an_insert_returns_the_link_as_a_path(world: World) -> None:
    """Outputs are what Refs stand for, without the host that the API puts before them."""
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    outputs = world.writer().send(made, made.parameters)

    assert outputs == {"selfLink": f"{HOME}/global/healthChecks/hc"}
    assert mutations(world) == ["healthChecks.insert"]


def test_an_output_may_come_from_the_resource(world: World) -> None:
    """The address of a reserved address is known only once it is reserved."""
    made = call(
        "globalAddresses.insert",
        address="gcp:address/shop/web",
        outputs={**LINK, "IPAddress": "resource.address"},
        body={"name": "ad", "description": world.description("gcp:address/shop/web")},
    )

    outputs = world.writer().send(made, made.parameters)

    assert outputs["IPAddress"] == text(world.read(f"{HOME}/global/addresses/ad"), "address")


def test_a_call_is_over_when_its_operation_is(world: World) -> None:
    """HTTP 200 says only that the request was accepted; pauses grow from 0.5 s to 5 s."""
    world.cloud.configure(operation_seconds=30.0)
    clock = CloudClock(world.cloud)
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    world.writer(clock=clock).send(made, made.parameters)

    assert text(world.read(f"{HOME}/global/healthChecks/hc"), "name") == "hc"
    assert clock.pauses[0] == 0.5
    assert max(clock.pauses) == 5.0


@pytest.mark.parametrize(
    ("operation", "scope", "parent", "body"),
    [
        (
            "regionHealthChecks.insert",
            "regions/europe-west1",
            "regions/europe-west1/healthChecks",
            {"name": "hc", "type": "HTTP"},
        ),
        (
            "instanceGroups.insert",
            f"zones/{ZONE}",
            f"zones/{ZONE}/instanceGroups",
            {"name": "ig"},
        ),
    ],
)
def test_operations_are_asked_about_where_they_are(
    world: World, operation: str, scope: str, parent: str, body: dict[str, str]
) -> None:
    """Regions and zones have operations of their own."""
    made = call(operation, scope=scope, outputs=LINK, body=dict(body))

    outputs = world.writer().send(made, made.parameters)

    assert outputs == {"selfLink": f"{HOME}/{parent}/{body['name']}"}


def test_an_operation_that_fails_after_200_raises_its_reason(world: World) -> None:
    """Its code is spelled as in an answer, so that callers need to know one spelling."""
    world.cloud.faults.fail_operation(
        "healthChecks.insert", code="QUOTA_EXCEEDED", message="Quota exceeded.", status=403
    )
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))

    with pytest.raises(LimitExceeded, match="quotaExceeded") as caught:
        world.writer().send(made, made.parameters)

    assert caught.value.code == "quotaExceeded"


def test_an_operation_that_does_not_end_is_given_up_after_ten_minutes(world: World) -> None:
    """A worker must not wait for ever; planning again finds out what became of it."""
    world.cloud.faults.slow_operation("healthChecks.insert", seconds=10_000.0)
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))
    before = world.cloud.now()

    with pytest.raises(Unavailable, match="still running after 10 minutes"):
        world.writer().send(made, made.parameters)

    assert 600 <= world.cloud.now() - before < 620


def test_a_lost_answer_is_asked_for_again_with_the_same_request_id(world: World) -> None:
    """So it is carried out once, and nothing is left to guess."""
    world.cloud.faults.lose_response("healthChecks.insert")
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    outputs = world.writer().send(made, made.parameters)

    ids = {r.query["requestId"] for r in world.cloud.calls if r.operation == "healthChecks.insert"}
    assert outputs == {"selfLink": f"{HOME}/global/healthChecks/hc"}
    assert len(ids) == 1
    assert mutations(world).count("healthChecks.insert") == 2


def test_every_call_has_a_request_id_of_its_own(world: World) -> None:
    """Two calls that share an id would be one to Google."""
    writer = world.writer()
    for name in ("a", "b"):
        made = call("healthChecks.insert", address=CHECK, body=check_body(world, name))
        writer.send(made, made.parameters)

    ids = {r.query["requestId"] for r in world.cloud.calls if r.operation == "healthChecks.insert"}
    assert len(ids) == 2


@pytest.mark.parametrize("status", [403, 429])
def test_a_refusal_for_being_too_fast_is_repeated(world: World, status: int) -> None:
    """Google says 403 rateLimitExceeded or 429; its own client repeats neither."""
    world.cloud.configure(rate_status=status)
    world.cloud.faults.throttle("healthChecks.insert", times=3)
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    assert world.writer().send(made, made.parameters)


def test_throttling_ends_at_some_point(world: World) -> None:
    """A worker must get back to its queue."""
    world.cloud.faults.throttle("healthChecks.insert", times=99)
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))

    with pytest.raises(Throttled, match="rateLimitExceeded"):
        world.writer().send(made, made.parameters)

    assert len(mutations(world)) == 10


def test_a_resource_that_is_busy_is_tried_again(world: World) -> None:
    """resourceNotReady: another operation works on it; the call did not happen."""
    world.health_check()
    world.cloud.faults.fail(
        "healthChecks.delete", reason="resourceNotReady", message="not ready", status=400, times=2
    )
    made = call("healthChecks.delete", name="hc", address=CHECK)

    world.writer().send(made, made.parameters)

    assert mutations(world).count("healthChecks.delete") == 3


def test_the_fence_is_asked_before_every_attempt(world: World) -> None:
    """Whoever lost the lease while waiting sends nothing."""
    world.fence.open = False
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))

    with pytest.raises(NotLeader):
        world.writer().send(made, made.parameters)

    assert mutations(world) == []


def test_reads_of_a_writer_need_no_fence(world: World) -> None:
    """A deposed leader may learn what became of its last write."""
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))

    world.writer().send(made, made.parameters)

    assert world.fence.checks == 1
    assert len(world.cloud.calls) > 1


def test_a_denial_names_the_permission(world: World) -> None:
    """The hint can be handed to whoever grants roles."""
    world.cloud.faults.deny("healthChecks.insert")
    made = call("healthChecks.insert", address=CHECK, body=check_body(world))

    with pytest.raises(Denied) as caught:
        world.writer().send(made, made.parameters)

    assert "compute.healthChecks." in caught.value.hint


def test_what_exists_under_our_mark_counts_as_made(world: World) -> None:
    """A crash between a create and its answer leaves a resource that is as good as ours."""
    world.health_check()
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    outputs = world.writer().send(made, made.parameters)

    assert outputs == {"selfLink": f"{HOME}/global/healthChecks/hc"}


@pytest.mark.parametrize(
    "description",
    [
        "",
        "somebody's",
        f'{{"{MARK}owner":"other/u/default","{MARK}resource":"{CHECK}"}}',
        f'{{"{MARK}owner":"demo/u-1/default","{MARK}resource":"gcp:health-check/shop/other/x"}}',
    ],
)
def test_what_exists_under_another_mark_is_a_conflict(world: World, description: str) -> None:
    """A name alone makes nothing ours (semantics of ownership)."""
    world.health_check(description=description)
    made = call("healthChecks.insert", address=CHECK, outputs=LINK, body=check_body(world))

    with pytest.raises(Conflict, match="not ours"):
        world.writer().send(made, made.parameters)


def test_deleting_what_is_gone_is_done(world: World) -> None:
    """The plan says which codes mean that somebody did it."""
    made = call(
        "healthChecks.delete", name="hc", address=CHECK, already_done=frozenset({"notFound"})
    )

    assert world.writer().send(made, made.parameters) == {}


def test_deleting_what_is_used_is_a_conflict(world: World) -> None:
    """A health check goes after the backend service that it is for."""
    world.service()
    made = call("healthChecks.delete", name="be-hc", address=CHECK)

    with pytest.raises(Conflict) as caught:
        world.writer().send(made, made.parameters)

    assert caught.value.code == "resourceInUseByAnotherResource"


def test_secrets_are_hidden_in_what_google_says(world: World) -> None:
    """Refusals may quote the request, a private key included."""
    key = "-----SECRET-----"
    world.cloud.faults.fail(
        "sslCertificates.insert", reason="invalid", message=f"Bad key {key}", status=400
    )
    made = call(
        "sslCertificates.insert",
        address="gcp:ssl-certificate/shop/web/x",
        body={"name": "cr", "selfManaged": {"privateKey": Fingerprint("d", key)}},
    )

    with pytest.raises(Rejected) as caught:
        world.writer().send(made, {"scope": "global", "body": {"name": "cr"}})

    assert key not in caught.value.message
    assert "[hidden]" in caught.value.message


@pytest.mark.parametrize("operation", ["insert", "healthChecks", ""])
def test_what_is_no_method_is_a_bug_that_is_told(world: World, operation: str) -> None:
    """Nothing is sent, and no traceback reaches anybody."""
    made = call(operation, body={})

    with pytest.raises(Rejected, match="cannot be sent"):
        world.writer().send(made, made.parameters)

    assert list(world.cloud.calls) == []

"""Promises of reading our own writes: a controller never acts on what it has just changed."""

from __future__ import annotations

from providers.gcp.live.journal import Journal
from provisioner.model.resource import PlainInput
from tests.unit.providers.gcp.shell.projects import (
    CHECK,
    HOME,
    PROJECT,
    REGION,
    SERVICE,
    ManualClock,
    World,
    call,
)


def test_what_was_just_created_is_there_although_listings_are_old(world: World) -> None:
    """A controller that plans again at once must not make a second copy."""
    reader = world.reader(max_age_seconds=600.0)
    reader.observe()
    body: dict[str, PlainInput] = {
        "name": "hc",
        "type": "HTTP",
        "description": world.description(CHECK),
    }
    made = call("healthChecks.insert", address=CHECK, body=body)

    world.writer(journal=reader.journal).send(made, made.parameters)

    assert CHECK in reader.observe().resources
    gone = call("healthChecks.delete", name="hc", address=CHECK)
    world.writer(journal=reader.journal).send(gone, gone.parameters)
    assert CHECK not in reader.observe().resources


def test_what_was_just_changed_is_so_although_listings_are_old(world: World) -> None:
    """An update that seems not to have happened would be sent again."""
    world.service()
    reader = world.reader(max_age_seconds=600.0)
    reader.observe()
    made = call("backendServices.update", name="be", body={"timeoutSec": 77})

    world.writer(journal=reader.journal).send(made, made.parameters)

    assert reader.observe().resources[SERVICE].spec["timeoutSec"] == 77


def test_a_listing_is_made_again_once_it_is_out_of_date(world: World) -> None:
    """A health check has no fingerprint by which a listing could be told to lag."""
    world.health_check()
    reader = world.reader(max_age_seconds=600.0)
    reader.observe()
    made = call("healthChecks.update", name="hc", address=CHECK, body={"timeoutSec": 4})

    world.writer(journal=reader.journal).send(made, made.parameters)
    world.cloud.calls.clear()

    assert reader.observe().resources[CHECK].spec["timeoutSec"] == 4
    assert [r.operation for r in world.cloud.calls] == ["healthChecks.aggregatedList"]


def test_the_journal_forgets_after_a_minute() -> None:
    """By then the listings are right, and somebody else may have changed things."""
    clock = ManualClock()
    journal = Journal(clock)
    link = f"{HOME}/regions/{REGION}/healthChecks/hc"
    journal.created(link, {"selfLink": link})

    first = journal.completed("healthChecks", PROJECT, [])
    clock.time = 61.0

    assert first == [{"selfLink": link}]
    assert journal.completed("healthChecks", PROJECT, []) == []

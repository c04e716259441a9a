"""How fast AWS is asked, and for how long."""

from __future__ import annotations

import pytest

from providers.aws.live.pace import LOST_ATTEMPTS, THROTTLED_ATTEMPTS, Pace, TokenBucket, persist
from provisioner.model.errors import Denied, ProviderError, Throttled, Unavailable
from tests.unit.providers.aws.shell.clouds import ManualClock


def test_a_burst_is_free_and_what_comes_after_waits_for_the_refill() -> None:
    """AWS refills its buckets steadily; so do we."""
    clock = ManualClock()
    bucket = TokenBucket(burst=3, per_second=2, clock=clock)

    for _ in range(5):
        bucket.take()

    assert clock.pauses == [0.5, 0.5]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    """A quiet hour does not entitle to a storm."""
    clock = ManualClock()
    bucket = TokenBucket(burst=1, per_second=1, clock=clock)
    clock.time = 3600

    bucket.take()
    bucket.take()

    assert clock.pauses == [1]


def test_reads_of_load_balancing_follow_the_published_bucket() -> None:
    """AWS documents them: 40 at once, then 10 a second."""
    clock = ManualClock()
    pace = Pace(clock)

    for _ in range(50):
        pace.wait("elbv2", "DescribeRules")

    assert clock.time == pytest.approx(1.0)


def test_reads_do_not_use_up_what_writes_need() -> None:
    """Each class of calls has a bucket of its own."""
    clock = ManualClock()
    pace = Pace(clock)
    for _ in range(40):
        pace.wait("elbv2", "DescribeRules")

    pace.wait("elbv2", "CreateRule")
    pace.wait("elbv2", "RegisterTargets")
    pace.wait("ec2", "DescribeVpcs")

    assert clock.pauses == []


class Sending:
    """A call that fails some times before it succeeds."""

    def __init__(self, error: ProviderError, times: int) -> None:
        self.error = error
        self.left = times
        self.attempts = 0

    def __call__(self) -> str:
        """Make one attempt."""
        self.attempts += 1
        if self.left > 0:
            self.left -= 1
            raise self.error
        return "done"


@pytest.mark.parametrize("reading", [True, False])
def test_a_throttle_is_waited_out(*, reading: bool) -> None:
    """A refusal for being too fast did not happen, so it may be repeated, writes too."""
    clock = ManualClock()
    call = Sending(Throttled("Rate exceeded"), times=4)

    result = persist(call, clock, reading=reading)

    assert result == "done"
    assert len(clock.pauses) == 4
    assert all(pause <= 8 for pause in clock.pauses)


def test_patience_with_throttles_ends() -> None:
    """A controller must get back to its queue."""
    call = Sending(Throttled("Rate exceeded"), times=100)

    with pytest.raises(Throttled):
        persist(call, ManualClock(), reading=False)

    assert call.attempts == THROTTLED_ATTEMPTS


def test_a_lost_answer_to_a_read_is_asked_for_again() -> None:
    """Reading twice changes nothing."""
    call = Sending(Unavailable("timeout", code="ReadTimeoutError"), times=2)

    assert persist(call, ManualClock(), reading=True) == "done"
    assert call.attempts == LOST_ATTEMPTS


def test_a_lost_answer_to_a_write_is_never_repeated() -> None:
    """It may have been carried out; a second attempt could make a second thing."""
    call = Sending(Unavailable("timeout", code="ReadTimeoutError"), times=1)

    with pytest.raises(Unavailable):
        persist(call, ManualClock(), reading=False)

    assert call.attempts == 1


def test_an_unreachable_endpoint_is_told_at_once() -> None:
    """Whoever mistyped an address should not wait for three timeouts to learn it."""
    call = Sending(Unavailable("no route", code="EndpointConnectionError"), times=3)

    with pytest.raises(Unavailable):
        persist(call, ManualClock(), reading=True)

    assert call.attempts == 1


def test_other_refusals_are_final() -> None:
    """A missing permission does not appear by asking again."""
    call = Sending(Denied("no"), times=1)

    with pytest.raises(Denied):
        persist(call, ManualClock(), reading=True)

    assert call.attempts == 1

"""Promises of the queue: nothing is lost, nothing is done twice at once."""

from __future__ import annotations

from queue import Queue
from threading import Event, Thread
from time import monotonic

from provisioner.operator.queue import GroupQueue


class Time:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_queue(time: Time) -> GroupQueue:
    return GroupQueue(
        time, debounce_seconds=1.0, base_backoff_seconds=2.0, max_backoff_seconds=10.0
    )


def test_many_changes_in_a_moment_are_one_piece_of_work() -> None:
    """Ten edits of one group within the debounce are worked on once."""
    time = Time()
    queue = a_queue(time)

    for _ in range(10):
        queue.add("shop/web")
    time.now = 1.0

    assert queue.take(timeout=0) == "shop/web"
    queue.done("shop/web")
    assert queue.take(timeout=0) is None


def test_nothing_is_taken_before_it_is_due() -> None:
    """The debounce waits for company."""
    queue = a_queue(Time())

    queue.add("shop/web")

    assert queue.take(timeout=0) is None
    assert queue.idle


def test_a_change_during_work_is_worked_on_afterwards_and_not_beside() -> None:
    """One worker per group: two would race on the same load balancer."""
    time = Time()
    queue = a_queue(time)
    queue.add("a")
    time.now = 1.0
    assert queue.take(timeout=0) == "a"

    queue.add("a")
    time.now = 2.0

    assert queue.take(timeout=0) is None
    queue.done("a")
    assert queue.take(timeout=0) == "a"


def test_a_busy_group_does_not_hold_up_another() -> None:
    """Groups are independent."""
    time = Time()
    queue = a_queue(time)
    queue.add("a")
    time.now = 1.0
    queue.take(timeout=0)
    queue.add("a")
    queue.add("b")
    time.now = 2.0

    assert queue.take(timeout=0) == "b"


def test_failures_come_back_later_and_later_and_success_forgets_them() -> None:
    """2, 4, 8, then 10 seconds at the most."""
    time = Time()
    queue = a_queue(time)

    delays = []
    for _ in range(5):
        queue.add_after("a", 0)
        time.now += 100
        assert queue.take(timeout=0) == "a"
        delays.append(queue.failed("a"))
    time.now += 100
    queue.take(timeout=0)
    queue.done("a")

    assert delays == [2, 4, 8, 10, 10]
    assert queue.failed("a") == 2


def test_an_earlier_date_wins() -> None:
    """A waiting group that changes is not made to wait out its pause."""
    time = Time()
    queue = a_queue(time)
    queue.add_after("a", 60)

    queue.add("a")
    time.now = 1.0

    assert queue.take(timeout=0) == "a"


def test_closing_releases_those_who_wait() -> None:
    """A stopping controller leaves no thread behind."""
    queue = a_queue(Time())

    queue.close()

    assert queue.take() is None


def test_an_idle_worker_takes_over_the_watch_when_another_gets_busy() -> None:
    """Both wait without an end; whoever takes the first name must leave the next to the other."""
    queue = GroupQueue(monotonic, debounce_seconds=0.0)
    taken: Queue[str | None] = Queue()
    release = Event()

    def work() -> None:
        taken.put(queue.take())
        release.wait(10)

    workers = [Thread(target=work, daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    queue.add_after("now", 0.05)
    queue.add_after("soon", 0.1)

    assert {taken.get(timeout=5), taken.get(timeout=5)} == {"now", "soon"}
    release.set()
    for worker in workers:
        worker.join()

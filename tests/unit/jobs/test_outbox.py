from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from passerby.database.connection import Database
from passerby.errors import LeaseLost
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.message import Delivery, DeliveryState, OutgoingMessage, QueuedMessage
from passerby.jobs.outbox import ATTEMPT_TIMEOUT, Outbox
from passerby.jobs.store import MAX_ATTEMPTS, JobStore
from passerby.records import VideoInfo

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADDRESS = {"topic": "done", "role": "teller"}
TOLD = NewJob("000000000000", "Start", {"channel": "done"}, {}, token="once")
UNTOLD = NewJob("000000000000", "Start", {}, {})
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")


class Clock:
    """A time that passes when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **amounts: float) -> None:
        self.now += timedelta(**amounts)


def message_of(job: Job) -> OutgoingMessage | None:
    if "channel" not in job.request:
        return None
    return OutgoingMessage(ADDRESS, f"{job.id} {job.state} {job.ended_at}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> JobStore:
    return JobStore(database, clock, message_of)


@pytest.fixture
def outbox(database: Database, clock: Clock) -> Outbox:
    return Outbox(database, clock)


def succeeded(store: JobStore, new: NewJob = TOLD) -> str:
    job = store.submit(new, open_limit=99)
    while (claimed := store.claim("worker", 60)) and claimed.id != job.id:
        continue
    store.succeed(job.id, "worker", VIDEO, Counts(1, 1))
    return job.id


def state_of(outbox: Outbox, job_id: str) -> DeliveryState:
    return outbox.deliveries([job_id])[job_id].state


def test_where_there_is_nothing_to_tell(store: JobStore, outbox: Outbox) -> None:
    untold = succeeded(store, UNTOLD)
    unended = store.submit(TOLD, open_limit=1)

    assert outbox.claim() is None
    assert outbox.deliveries([untold, unended.id]) == {}


def succeed(store: JobStore, job_id: str, clock: Clock) -> None:  # noqa: ARG001
    store.claim("worker", 60)
    store.succeed(job_id, "worker", VIDEO, Counts(1, 1))


def fail(store: JobStore, job_id: str, clock: Clock) -> None:  # noqa: ARG001
    store.claim("worker", 60)
    store.fail(job_id, "worker", "Unsupported codec/format.")


def cancel_queued(store: JobStore, job_id: str, clock: Clock) -> None:  # noqa: ARG001
    store.cancel(job_id)


def cancel_running(store: JobStore, job_id: str, clock: Clock) -> None:  # noqa: ARG001
    store.claim("worker", 60)
    store.cancel(job_id)
    store.mark_cancelled(job_id, "worker")


def cancel_abandoned(store: JobStore, job_id: str, clock: Clock) -> None:
    store.claim("worker", 60)
    store.cancel(job_id)
    clock.passes(seconds=61)
    assert store.claim("another", 60) is None


def die_time_and_again(store: JobStore, job_id: str, clock: Clock) -> None:
    for _ in range(MAX_ATTEMPTS):
        claimed = store.claim("worker", 60)
        assert claimed is not None
        assert claimed.id == job_id
        clock.passes(seconds=61)
    assert store.claim("worker", 60) is None


@pytest.mark.parametrize(
    ("end", "state"),
    [
        pytest.param(succeed, JobState.SUCCEEDED, id="succeeded"),
        pytest.param(fail, JobState.FAILED, id="failed"),
        pytest.param(cancel_queued, JobState.CANCELLED, id="cancelled while it waited"),
        pytest.param(cancel_running, JobState.CANCELLED, id="cancelled while it ran"),
        pytest.param(cancel_abandoned, JobState.CANCELLED, id="cancelled, its worker dead"),
        pytest.param(die_time_and_again, JobState.FAILED, id="broken off too often"),
    ],
)
def test_every_end_is_told_once(
    store: JobStore,
    outbox: Outbox,
    clock: Clock,
    end: Callable[[JobStore, str, Clock], None],
    state: JobState,
) -> None:
    job = store.submit(TOLD, open_limit=1)
    end(store, job.id, clock)

    message = outbox.claim()

    assert message is not None
    assert message.address == ADDRESS
    assert message.body == f"{job.id} {state} {clock.now}"
    assert (message.job_id, message.queued_at, message.attempt) == (job.id, clock.now, 1)
    assert outbox.claim() is None


def test_a_job_given_back_is_not_told(store: JobStore, outbox: Outbox) -> None:
    job = store.submit(TOLD, open_limit=1)
    store.claim("worker", 60)
    store.release(job.id, "worker")

    assert outbox.claim() is None


def test_a_worker_that_lost_its_job_tells_nothing(store: JobStore, outbox: Outbox) -> None:
    job = store.submit(TOLD, open_limit=1)
    store.claim("worker", 60)

    with pytest.raises(LeaseLost):
        store.succeed(job.id, "thief", VIDEO, Counts(1, 1))
    assert outbox.claim() is None


def test_a_repeated_submission_is_not_told_again(store: JobStore, outbox: Outbox) -> None:
    job_id = succeeded(store)
    first = outbox.claim()
    assert first is not None
    outbox.mark_delivered(first)

    assert store.submit(TOLD, open_limit=1).id == job_id
    assert store.cancel(job_id).state is JobState.SUCCEEDED
    assert outbox.claim() is None


def test_the_end_and_its_message_are_stored_together(database: Database, clock: Clock) -> None:
    def broken(_job: Job) -> OutgoingMessage:
        raise ZeroDivisionError

    store = JobStore(database, clock, broken)
    job = store.submit(TOLD, open_limit=1)

    with pytest.raises(ZeroDivisionError):
        store.cancel(job.id)
    assert store.find(job.id).state is JobState.QUEUED


@pytest.mark.parametrize(
    ("mark", "state"),
    [
        pytest.param(Outbox.mark_delivered, DeliveryState.DELIVERED, id="delivered"),
        pytest.param(Outbox.mark_undeliverable, DeliveryState.NOWHERE_TO_SEND, id="undeliverable"),
    ],
)
def test_a_settled_message_is_not_tried_again(
    store: JobStore,
    outbox: Outbox,
    clock: Clock,
    mark: Callable[[Outbox, QueuedMessage], None],
    state: DeliveryState,
) -> None:
    job_id = succeeded(store)
    message = outbox.claim()
    assert message is not None
    mark(outbox, message)
    clock.passes(days=2)

    assert outbox.claim() is None
    assert outbox.deliveries([job_id])[job_id] == Delivery(state, 1, None, None, START)


def test_a_failed_message_is_the_same_the_next_time(
    store: JobStore, outbox: Outbox, clock: Clock
) -> None:
    succeeded(store)
    first = outbox.claim()
    assert first is not None
    outbox.mark_failed(first, "no route")
    assert outbox.claim() is None
    clock.passes(seconds=1)

    second = outbox.claim()

    assert second is not None
    assert (second.id, second.body, second.queued_at) == (first.id, first.body, first.queued_at)
    assert second.attempt == 2


def test_a_failing_message_says_since_when_and_why(
    store: JobStore, outbox: Outbox, clock: Clock
) -> None:
    job_id = succeeded(store)
    for error in ("no route", "refused"):
        clock.passes(seconds=10)
        message = outbox.claim()
        assert message is not None
        outbox.mark_failed(message, error)

    delivery = outbox.deliveries([job_id])[job_id]

    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 2)
    assert delivery.failing_since == START + timedelta(seconds=10)
    assert delivery.last_error == "refused"


def test_a_message_is_given_up_after_three_days(
    store: JobStore, outbox: Outbox, clock: Clock
) -> None:
    job_id = succeeded(store)
    attempts = []
    while state_of(outbox, job_id) is DeliveryState.PENDING:
        message = outbox.claim()
        if message is None:
            clock.passes(seconds=1 if clock.now < START + timedelta(minutes=1) else 600)
            continue
        attempts.append((clock.now - START).total_seconds())
        outbox.mark_failed(message, "refused")

    assert attempts[:5] == [0, 1, 3, 7, 15]
    assert 70 * 3600 < attempts[-1] <= 72 * 3600
    assert attempts[-1] - attempts[-2] == 3600
    assert state_of(outbox, job_id) is DeliveryState.GIVEN_UP
    assert outbox.deliveries([job_id])[job_id].last_error == "refused"


def test_one_that_failed_does_not_keep_the_others_waiting(
    store: JobStore, outbox: Outbox, clock: Clock
) -> None:
    succeeded(store, NewJob("000000000000", "Start", {"channel": "dead"}, {}))
    dead = outbox.claim()
    assert dead is not None
    outbox.mark_failed(dead, "refused")
    clock.passes(hours=1)
    new_id = succeeded(store)

    first = outbox.claim()

    assert first is not None
    assert first.job_id == new_id


def test_whoever_dies_delivering_is_replaced(store: JobStore, outbox: Outbox, clock: Clock) -> None:
    succeeded(store)
    assert outbox.claim()
    assert outbox.claim() is None
    clock.passes(seconds=ATTEMPT_TIMEOUT.total_seconds())

    again = outbox.claim()

    assert again is not None
    assert again.attempt == 2


def test_a_late_failure_changes_nothing_but_a_late_success_counts(
    store: JobStore, outbox: Outbox, clock: Clock
) -> None:
    job_id = succeeded(store)
    slow = outbox.claim()
    assert slow is not None
    clock.passes(seconds=ATTEMPT_TIMEOUT.total_seconds())
    assert outbox.claim()

    outbox.mark_failed(slow, "refused")
    assert outbox.deliveries([job_id])[job_id].last_error is None
    outbox.mark_delivered(slow)
    assert state_of(outbox, job_id) is DeliveryState.DELIVERED

from datetime import UTC, datetime, timedelta

from passerby.database.connection import Database
from passerby.jobs.job import Job, JobState, NewJob
from passerby.jobs.message import DeliveryState, OutgoingMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.queue_stats import queue_stats
from passerby.jobs.store import JobStore

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEW = NewJob(
    account_id="123456789012",
    operation="StartPersonTracking",
    request={},
    source={},
    token=None,
    tag=None,
)


def test_no_jobs(database: Database) -> None:
    counted = queue_stats(database, NOON)

    assert counted.jobs == dict.fromkeys(JobState, 0)
    assert counted.longest_wait_seconds == 0
    assert counted.messages == dict.fromkeys(DeliveryState, 0)
    assert counted.longest_pending_seconds == 0
    assert (counted.stalled_jobs, counted.repeated_jobs) == (0, 0)


def test_the_oldest_job_still_waiting_counts(database: Database) -> None:
    now = [NOON]
    store = JobStore(database, now=lambda: now[0])
    for _ in range(3):
        store.submit(NEW, open_limit=9)
        now[0] += timedelta(minutes=1)
    store.claim("worker", lease_seconds=60)

    counted = queue_stats(database, NOON + timedelta(minutes=5))

    assert counted.jobs[JobState.QUEUED] == 2
    assert counted.jobs[JobState.RUNNING] == 1
    assert counted.longest_wait_seconds == 4 * 60


def test_a_job_whose_worker_died_is_abandoned_until_it_is_taken_up_again(
    database: Database,
) -> None:
    now = [NOON]
    store = JobStore(database, now=lambda: now[0])
    store.submit(NEW, open_limit=9)
    store.claim("first", lease_seconds=60)

    counted = [queue_stats(database, NOON + timedelta(seconds=seconds)) for seconds in (59, 61)]
    assert [each.stalled_jobs for each in counted] == [0, 1]
    assert counted[1].repeated_jobs == 0

    now[0] += timedelta(seconds=61)
    store.claim("second", lease_seconds=60)
    taken_up = queue_stats(database, now[0])
    assert (taken_up.stalled_jobs, taken_up.repeated_jobs) == (0, 1)


def test_the_oldest_message_still_to_be_delivered_counts(database: Database) -> None:
    now = [NOON]

    def message_of(_job: Job) -> OutgoingMessage:
        return OutgoingMessage({}, "")

    store = JobStore(database, now=lambda: now[0], message_of=message_of)
    for _ in range(3):
        store.cancel(store.submit(NEW, open_limit=9).id)
        now[0] += timedelta(minutes=1)
    outbox = Outbox(database, now=lambda: now[0])
    first = outbox.claim()
    assert first is not None
    outbox.mark_delivered(first)

    counted = queue_stats(database, NOON + timedelta(minutes=5))

    assert counted.messages[DeliveryState.DELIVERED] == 1
    assert counted.messages[DeliveryState.PENDING] == 2
    assert counted.longest_pending_seconds == 4 * 60

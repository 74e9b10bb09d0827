from datetime import UTC, datetime, timedelta

from passerby.jobs.census import census
from passerby.jobs.database import Database
from passerby.jobs.job import JobState, NewJob
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
    counted = census(database, NOON)

    assert counted.jobs == dict.fromkeys(JobState, 0)
    assert counted.longest_wait_seconds == 0


def test_the_oldest_job_still_waiting_counts(database: Database) -> None:
    now = [NOON]
    store = JobStore(database, now=lambda: now[0])
    for _ in range(3):
        store.submit(NEW, open_limit=9)
        now[0] += timedelta(minutes=1)
    store.claim("worker", lease_seconds=60)

    counted = census(database, NOON + timedelta(minutes=5))

    assert counted.jobs[JobState.QUEUED] == 2
    assert counted.jobs[JobState.RUNNING] == 1
    assert counted.longest_wait_seconds == 4 * 60

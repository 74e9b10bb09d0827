import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from passerby.database.connection import Database
from passerby.errors import JobCancelled, JobNotFound, LeaseLost, TooManyOpenJobs
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.store import JobStore
from passerby.records import Progress, Stage, VideoInfo

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
ACCOUNT = "000000000000"
NEW = NewJob(
    account_id=ACCOUNT,
    operation="StartPersonTracking",
    request={
        "Video": {"Name": "ü 人.mp4"},
        "Half": "\ud800\0",
        "Numbers": [1, 2.5, None],
    },
    source={"bucket": "videos", "key": "walk.mp4"},
    tag="morning",
)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 29.969999313354492, 640, 360, 14581, "LIMITED")
COUNTS = Counts(persons=3, sightings=1200)
LEASE = 30.0


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database, now=lambda: START)


def at(database: Database, seconds: float) -> JobStore:
    """The same store, so many seconds after START."""
    return JobStore(database, now=lambda: START + timedelta(seconds=seconds))


def claimed(store: JobStore, worker_id: str = "anna") -> Job:
    store.submit(NEW, open_limit=9)
    job = store.claim(worker_id, LEASE)
    assert job is not None
    return job


def test_an_empty_store(store: JobStore) -> None:
    assert store.recent(limit=10) == []
    assert store.claim("anna", LEASE) is None


def test_a_new_job_is_kept_as_it_was_handed_in(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    assert re.fullmatch("[0-9a-f]{64}", job.id)
    assert job == Job(
        id=job.id,
        account_id=ACCOUNT,
        operation="StartPersonTracking",
        request=NEW.request,
        source=NEW.source,
        tag="morning",
        state=JobState.QUEUED,
        progress=Progress(Stage.QUEUED, 0.0, 0, 0.0),
        status_message=None,
        video=None,
        counts=None,
        created_at=START,
        started_at=None,
        ended_at=None,
        attempt=0,
    )
    assert job.open
    assert store.find(job.id) == job


def test_times_come_back_in_utc(database: Database) -> None:
    paris = timezone(timedelta(hours=1))
    job = JobStore(database, now=lambda: START.astimezone(paris)).submit(NEW, open_limit=1)

    assert job.created_at == START
    assert job.created_at.tzinfo is UTC


def test_a_job_is_found_by_its_own_account_only(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    assert store.find(job.id, ACCOUNT) == job
    with pytest.raises(JobNotFound):
        store.find(job.id, "111111111111")
    with pytest.raises(JobNotFound):
        store.find("0" * 64)


def test_a_job_is_found_by_the_first_digits_of_its_id(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=2)

    assert store.find_by_prefix(job.id) == job
    assert store.find_by_prefix(job.id[:12]) == job
    with pytest.raises(JobNotFound, match="no such job"):
        store.find_by_prefix("_" * 12)  # which SQL would take for any twelve characters
    store.submit(NEW, open_limit=2)
    with pytest.raises(JobNotFound, match="More than one"):
        store.find_by_prefix("")


def test_recent_jobs_newest_first(store: JobStore) -> None:
    first, second = (store.submit(NEW, open_limit=9) for _ in range(2))
    other = store.submit(replace(NEW, account_id="111111111111"), open_limit=9)
    first = store.cancel(first.id)

    assert store.recent(limit=10) == [other, second, first]
    assert store.recent(limit=2) == [other, second]
    assert store.recent(limit=10, account_id=ACCOUNT) == [second, first]
    assert store.recent(limit=10, state=JobState.QUEUED) == [other, second]
    assert store.recent(limit=10, state=JobState.CANCELLED, account_id=ACCOUNT) == [first]


def test_open_jobs_are_limited_for_each_account(store: JobStore) -> None:
    first = claimed(store)
    store.submit(NEW, open_limit=2)

    with pytest.raises(TooManyOpenJobs):
        store.submit(NEW, open_limit=2)
    store.submit(replace(NEW, account_id="111111111111"), open_limit=2)
    store.fail(first.id, "anna", "broken")
    store.submit(NEW, open_limit=2)


def test_a_limit_of_zero_allows_any_number_of_open_jobs(store: JobStore) -> None:
    for _ in range(25):
        store.submit(NEW, open_limit=0)

    assert len(store.recent(limit=100, state=JobState.QUEUED)) == 25


def test_jobs_are_claimed_in_order_of_arrival(store: JobStore) -> None:
    first, second = (store.submit(NEW, open_limit=9) for _ in range(2))

    claims = [store.claim(worker, LEASE) for worker in ("anna", "bert", "carl")]

    assert [job and job.id for job in claims] == [first.id, second.id, None]


def test_a_claimed_job_runs(store: JobStore) -> None:
    job = claimed(store)

    assert (job.state, job.attempt, job.started_at) == (JobState.RUNNING, 1, START)
    assert job.progress == Progress(Stage.PLANNING)
    assert store.find(job.id) == job


def test_a_report_is_seen_and_extends_the_lease(database: Database) -> None:
    job = claimed(at(database, 0))
    progress = Progress(Stage.OBSERVING, 0.25, 900, 1.75)

    at(database, 20).report(job.id, "anna", progress, LEASE)

    assert at(database, 49).claim("bert", LEASE) is None
    assert at(database, 49).find(job.id).progress == progress


def test_a_job_whose_lease_ran_out_goes_to_another(database: Database) -> None:
    job = claimed(at(database, 0))

    again = at(database, 31).claim("bert", LEASE)

    assert again == replace(job, attempt=2)


def test_a_worker_that_lost_its_lease_is_told_so(database: Database) -> None:
    job = claimed(at(database, 0))
    store = at(database, 31)
    assert store.claim("bert", LEASE)

    sayings: list[Callable[[], None]] = [
        lambda: store.report(job.id, "anna", Progress(), LEASE),
        lambda: store.succeed(job.id, "anna", VIDEO, COUNTS),
        lambda: store.fail(job.id, "anna", "broken"),
        lambda: store.mark_cancelled(job.id, "anna"),
        lambda: store.release(job.id, "anna"),
    ]
    for say in sayings:
        with pytest.raises(LeaseLost):
            say()
    assert store.find(job.id).state is JobState.RUNNING
    store.succeed(job.id, "bert", VIDEO, COUNTS)


def test_a_late_worker_keeps_a_job_that_nobody_took(database: Database) -> None:
    job = claimed(at(database, 0))

    at(database, 31).report(job.id, "anna", Progress(), LEASE)

    assert at(database, 60).claim("bert", LEASE) is None


def test_a_job_is_given_up_when_three_workers_died_of_it(database: Database) -> None:
    job = at(database, 0).submit(NEW, open_limit=1)
    attempts = [at(database, seconds).claim("anna", LEASE) for seconds in (0, 31, 62, 93)]

    assert [claim and claim.attempt for claim in attempts] == [1, 2, 3, None]
    ended = at(database, 93).find(job.id)
    assert (ended.state, ended.status_message) == (
        JobState.FAILED,
        "The analysis broke off 3 times.",
    )
    assert ended.ended_at == START + timedelta(seconds=93)


def test_a_job_that_succeeds(database: Database) -> None:
    job = claimed(at(database, 0))

    at(database, 5).succeed(job.id, "anna", VIDEO, COUNTS)

    ended = at(database, 5).find(job.id)
    assert ended == replace(
        job,
        state=JobState.SUCCEEDED,
        video=VIDEO,
        counts=COUNTS,
        progress=Progress(Stage.PLANNING, 1.0),
        ended_at=START + timedelta(seconds=5),
    )
    assert not ended.open


def test_a_job_that_fails(store: JobStore) -> None:
    job = claimed(store)

    store.fail(job.id, "anna", "Unsupported codec/format.")

    ended = replace(
        job, state=JobState.FAILED, status_message="Unsupported codec/format.", ended_at=START
    )
    assert store.find(job.id) == ended


def test_a_reason_that_no_database_can_hold(store: JobStore) -> None:
    job = claimed(store)

    store.fail(job.id, "anna", "No \0 file \ud800.")

    assert store.find(job.id).status_message == "No \ufffd file ?."


def test_an_ended_job_is_never_claimed(database: Database) -> None:
    job = claimed(at(database, 0))
    at(database, 0).fail(job.id, "anna", "broken")

    assert at(database, 999).claim("bert", LEASE) is None


def test_a_queued_job_is_cancelled_at_once(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    cancelled = store.cancel(job.id)

    assert (cancelled.state, cancelled.ended_at) == (JobState.CANCELLED, START)
    assert store.find(job.id) == cancelled
    assert store.claim("anna", LEASE) is None


def test_a_running_job_is_asked_to_end(store: JobStore) -> None:
    job = claimed(store)

    assert store.cancel(job.id) == job
    with pytest.raises(JobCancelled):
        store.report(job.id, "anna", Progress(), LEASE)
    store.mark_cancelled(job.id, "anna")
    assert store.find(job.id).state is JobState.CANCELLED


def test_a_cancelled_job_is_not_tried_again(database: Database) -> None:
    job = claimed(at(database, 0))
    at(database, 1).cancel(job.id)

    assert at(database, 31).claim("bert", LEASE) is None
    assert at(database, 31).find(job.id).state is JobState.CANCELLED


def test_cancelling_an_ended_job_changes_nothing(store: JobStore) -> None:
    job = claimed(store)
    store.succeed(job.id, "anna", VIDEO, COUNTS)
    ended = store.find(job.id)

    assert store.cancel(job.id) == ended


def test_cancelling_an_unknown_job(store: JobStore) -> None:
    with pytest.raises(JobNotFound):
        store.cancel("0" * 64)


def test_a_released_job_is_the_next_one_again(store: JobStore) -> None:
    job = claimed(store)
    store.submit(NEW, open_limit=9)

    store.release(job.id, "anna")

    released = store.find(job.id)
    assert (released.state, released.attempt) == (JobState.QUEUED, 0)
    assert released.progress == Progress()
    assert store.claim("bert", LEASE) == job

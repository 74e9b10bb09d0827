"""How often a job is tried, when, and what a worker may publish."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from passerby.database.connection import Database
from passerby.errors import LeaseLost
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.message import OutgoingMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.store import MAX_RETRIES, JobStore
from passerby.records import Progress, Stage, VideoInfo

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW = NewJob("000000000000", "Start", {}, {})
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")
COUNTS = Counts(persons=3, sightings=1200)
LEASE = 30.0

At = Callable[[float], JobStore]


@pytest.fixture
def at(database: Database) -> At:
    """The store, so many seconds after START."""
    return lambda seconds: JobStore(database, now=lambda: START + timedelta(seconds=seconds))


def telling(database: Database, seconds: float) -> JobStore:
    """The same store, which has a message for each ended job."""
    now = START + timedelta(seconds=seconds)
    return JobStore(database, lambda: now, lambda _: OutgoingMessage({}, "ended"))


def further(at: At, job: Job, seconds: float, finished_shards: int) -> None:
    progress = Progress(Stage.OBSERVING, 0.5, finished_shards=finished_shards)
    at(seconds).report(job.id, "anna", progress, LEASE)


def test_a_job_that_gets_further_in_each_attempt_is_not_given_up(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for attempt in range(8):
        claimed = at(attempt * 100).claim("anna", LEASE)
        assert claimed
        assert claimed.attempt == attempt + 1
        further(at, job, attempt * 100 + 1, finished_shards=attempt // 2)

    assert at(700).find(job.id).state is JobState.RUNNING


def test_shards_finished_before_are_no_progress(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    claims = []
    for attempt in range(5):
        claims.append(at(attempt * 100).claim("anna", LEASE))
        if claims[-1]:
            further(at, job, attempt * 100 + 1, finished_shards=4)

    # The first attempt finished shards; the three after it found them, and did no more.
    assert [claim and claim.attempt for claim in claims] == [1, 2, 3, 4, None]
    assert at(400).find(job.id).status_message == "The analysis broke off 3 times."


def test_a_released_job_was_not_tried(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for second in range(9):
        assert at(second).claim("anna", LEASE)
        at(second).release(job.id, "anna")

    assert at(9).claim("anna", LEASE)
    assert at(9).find(job.id).state is JobState.RUNNING


def test_what_fails_for_now_is_tried_later_and_later(at: At) -> None:
    job, other = (at(0).submit(NEW, open_limit=2) for _ in range(2))
    assert at(0).claim("anna", LEASE) == at(0).find(job.id)
    at(0).try_again(job.id, "anna", "The disk is full.")

    waiting = at(0).find(job.id)
    assert (waiting.state, waiting.attempt, waiting.status_message) == (JobState.QUEUED, 1, None)
    claimed = at(9).claim("anna", LEASE)
    assert claimed
    assert claimed.id == other.id  # which does not wait behind it
    assert at(10).claim("bert", LEASE) is None
    claimed = at(10.1).claim("bert", LEASE)
    assert claimed
    assert (claimed.id, claimed.attempt) == (job.id, 2)
    at(20).try_again(job.id, "bert", "The disk is full.")
    assert at(39).claim("bert", LEASE) is None
    assert at(41).claim("bert", LEASE)


def test_a_passing_fault_that_stays_fails_the_job(database: Database, at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for retry in range(MAX_RETRIES + 1):
        store = telling(database, retry * 1000)
        assert store.claim("anna", LEASE)
        store.try_again(job.id, "anna", "The disk is full.")
        assert store.find(job.id).open is (retry < MAX_RETRIES)

    ended = at(0).find(job.id)
    assert (ended.state, ended.status_message) == (JobState.FAILED, "The disk is full.")
    assert Outbox(database).claim()


def test_retries_and_dead_workers_are_counted_apart(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for second in (0, 100):
        assert at(second).claim("anna", LEASE)
        at(second).try_again(job.id, "anna", "The disk is full.")
    assert at(200).claim("bert", LEASE)  # and dies

    claimed = at(300).claim("carl", LEASE)

    assert claimed
    assert (claimed.id, claimed.attempt) == (job.id, 4)


def test_three_dead_workers_end_a_job_whatever_comes_between(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for second in (0, 1000, 2000):
        assert at(second).claim("anna", LEASE)
        at(second).try_again(job.id, "anna", "The disk is full.")
        assert at(second + 500).claim("bert", LEASE)  # and dies

        if second < 2000:
            assert at(second + 600).claim("carl", LEASE)
            at(second + 600).release(job.id, "carl")

    assert at(3000).claim("anna", LEASE) is None
    assert at(3000).find(job.id).status_message == "The analysis broke off 3 times."


def test_progress_grants_all_retries_anew(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    for attempt in range(2 * MAX_RETRIES):
        assert at(attempt * 1000).claim("anna", LEASE)
        further(at, job, attempt * 1000 + 1, finished_shards=attempt // 2)
        at(attempt * 1000 + 2).try_again(job.id, "anna", "The disk is full.")

    assert at(0).find(job.id).open


def test_a_job_that_rests_is_cancelled_at_once(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    assert at(0).claim("anna", LEASE)
    at(0).try_again(job.id, "anna", "The disk is full.")

    assert at(1).cancel(job.id).state is JobState.CANCELLED
    assert at(999).claim("anna", LEASE) is None


HOLD = """
import sys
from passerby.database.connection import open_database
from passerby.jobs.worker_id import make_worker_id
from passerby.jobs.store import JobStore
assert JobStore(open_database(sys.argv[1])).claim(make_worker_id(), 3600)
print("holds", flush=True)
sys.stdin.read()
"""


def test_a_worker_that_died_on_this_machine_is_not_waited_for(
    database: Database, database_url: str
) -> None:
    store = JobStore(database)
    job = store.submit(NEW, open_limit=1)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"holds\n"
        assert store.claim("anna", LEASE) is None
        holder.kill()
        holder.wait()

        claimed = store.claim("anna", LEASE)

    assert claimed
    assert (claimed.id, claimed.attempt) == (job.id, 2)


def test_what_was_found_is_published_while_the_job_is_the_worker_s(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    assert at(0).claim("anna", LEASE)
    seen: list[JobState] = []

    at(1).succeed(job.id, "anna", VIDEO, COUNTS, lambda: seen.append(at(1).find(job.id).state))

    assert seen == [JobState.RUNNING]  # to others, who cannot take it meanwhile
    assert at(1).find(job.id).state is JobState.SUCCEEDED


def test_a_worker_that_lost_its_lease_publishes_nothing(at: At) -> None:
    job = at(0).submit(NEW, open_limit=1)
    assert at(0).claim("anna", LEASE)
    assert at(31).claim("bert", LEASE)
    published: list[str] = []

    with pytest.raises(LeaseLost):
        at(32).succeed(job.id, "anna", VIDEO, COUNTS, lambda: published.append("anna"))
    at(33).succeed(job.id, "bert", VIDEO, COUNTS, lambda: published.append("bert"))
    with pytest.raises(LeaseLost):
        at(34).succeed(job.id, "anna", VIDEO, COUNTS, lambda: published.append("anna"))

    assert published == ["bert"]


def test_a_job_whose_results_cannot_be_published_has_not_succeeded(
    database: Database, at: At
) -> None:
    job = at(0).submit(NEW, open_limit=1)
    assert at(0).claim("anna", LEASE)

    def full() -> None:
        raise OSError("no space left")

    told = telling(database, 0)
    with pytest.raises(OSError, match="no space"):
        told.succeed(job.id, "anna", VIDEO, COUNTS, full)

    assert at(1).find(job.id).state is JobState.RUNNING
    assert Outbox(database).claim() is None
    told.succeed(job.id, "anna", VIDEO, COUNTS)

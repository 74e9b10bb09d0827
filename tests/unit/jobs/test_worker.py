import errno
import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.errors import StoreUnreachable, TooLittleSpace, UnsupportedVideo
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.lease import LEASE_SECONDS
from passerby.jobs.store import JobStore
from passerby.jobs.worker import Analyse, Outcome, Worker
from passerby.records import Progress, ProgressCallback, Stage, VideoInfo

NEW = NewJob("000000000000", "Start", {}, {"location": "walk.mp4"})
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")
OUTCOME = Outcome(VIDEO, Counts(persons=2, sightings=30))


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


@contextmanager
def working(store: JobStore, analyse: Analyse) -> Iterator[None]:
    """A worker that runs for as long as the block."""
    stop = threading.Event()
    thread = threading.Thread(target=Worker(store, analyse).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=PATIENCE_SECONDS)
        assert not thread.is_alive()


def finished(store: JobStore, job: Job) -> Job:
    wait_until(lambda: not store.find(job.id).open)
    return store.find(job.id)


def report_until_raised(_job: Job, report: ProgressCallback) -> Outcome:
    while True:
        report(Progress(Stage.OBSERVING, 0.5))
        time.sleep(0.02)


def test_a_job_that_succeeds(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    with working(store, lambda _job, _report: OUTCOME):
        ended = finished(store, job)

    assert (ended.state, ended.video, ended.counts) == (
        JobState.SUCCEEDED,
        VIDEO,
        OUTCOME.counts,
    )


def test_jobs_are_done_one_after_another(store: JobStore) -> None:
    jobs = [store.submit(NEW, open_limit=9) for _ in range(3)]
    seen: list[str] = []

    def analyse(job: Job, _report: ProgressCallback) -> Outcome:
        seen.append(job.id)
        return OUTCOME

    with working(store, analyse):
        finished(store, jobs[-1])

    assert seen == [job.id for job in jobs]


def test_a_job_submitted_later_is_seen(store: JobStore) -> None:
    with working(store, lambda _job, _report: OUTCOME):
        time.sleep(0.1)
        job = store.submit(NEW, open_limit=1)

        assert finished(store, job).state is JobState.SUCCEEDED


def test_a_video_that_cannot_be_used_fails_with_its_reason(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    def analyse(_job: Job, _report: ProgressCallback) -> Outcome:
        raise UnsupportedVideo

    with working(store, analyse):
        ended = finished(store, job)

    assert (ended.state, ended.status_message) == (JobState.FAILED, "Unsupported codec/format.")


def test_a_defect_fails_the_job_tells_nothing_and_is_logged(
    store: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    job = store.submit(NEW, open_limit=9)
    second = store.submit(NEW, open_limit=9)

    def analyse(this: Job, _report: ProgressCallback) -> Outcome:
        if this.id == job.id:
            raise ZeroDivisionError("the secret of the house")
        return OUTCOME

    with caplog.at_level(logging.ERROR), working(store, analyse):
        ended = finished(store, job)
        assert finished(store, second).state is JobState.SUCCEEDED

    assert ended.state is JobState.FAILED
    told = re.fullmatch(r"Internal error \(reference ([0-9a-f]{8})\)\.", ended.status_message or "")
    assert told
    assert told[1] in caplog.text
    assert "the secret of the house" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreUnreachable(), id="no answer from the object store"),
        pytest.param(TooLittleSpace(), id="no room for a copy"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), id="disk full"),
        pytest.param(OSError(errno.EDQUOT, "Disk quota exceeded"), id="quota used up"),
    ],
)
def test_what_may_pass_is_tried_again(store: JobStore, error: Exception) -> None:
    job = store.submit(NEW, open_limit=1)
    failed = threading.Event()

    def analyse(_job: Job, _report: ProgressCallback) -> Outcome:
        failed.set()
        raise error

    with working(store, analyse):
        assert failed.wait(10)
        wait_until(lambda: store.find(job.id).state is JobState.QUEUED)

    assert store.find(job.id).attempt == 1


def test_a_running_job_that_is_cancelled(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    with working(store, report_until_raised):
        wait_until(lambda: store.find(job.id).state is JobState.RUNNING)
        store.cancel(job.id)
        ended = finished(store, job)

    assert ended.state is JobState.CANCELLED


def test_a_stopping_worker_gives_its_job_back(store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)

    with working(store, report_until_raised):
        wait_until(lambda: store.find(job.id).state is JobState.RUNNING)

    released = store.find(job.id)
    assert (released.state, released.attempt) == (JobState.QUEUED, 0)


def test_a_job_lost_to_another_worker_is_dropped(
    database: Database, store: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    job = store.submit(NEW, open_limit=1)
    later = JobStore(database, now=lambda: utc_now() + timedelta(seconds=LEASE_SECONDS + 1))
    ended = threading.Event()

    def analyse(this: Job, report: ProgressCallback) -> Outcome:
        assert later.claim("thief", LEASE_SECONDS)
        try:
            return report_until_raised(this, report)
        finally:
            ended.set()

    with caplog.at_level(logging.WARNING), working(store, analyse):
        assert ended.wait(10)

    assert store.find(job.id).state is JobState.RUNNING
    assert "now belongs to another worker" in caplog.text
    later.succeed(job.id, "thief", VIDEO, OUTCOME.counts)


class AbsentOnce(JobStore):
    """A store that cannot be reached for the first claim."""

    claims = 0

    def claim(self, worker_id: str, lease_seconds: float) -> Job | None:
        self.claims += 1
        if self.claims == 1:
            raise OSError("no route to the database")
        return super().claim(worker_id, lease_seconds)


class DeafOnce(JobStore):
    """A store that does not hear at first how a job ended."""

    deaf = True

    def succeed(self, *said: Any, **more: Any) -> None:  # noqa: ANN401 - whatever it is
        if self.deaf:
            self.deaf = False
            raise OSError("database or disk is full")
        super().succeed(*said, **more)


def test_the_end_of_a_job_is_said_until_it_is_heard(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = DeafOnce(database)
    job = store.submit(NEW, open_limit=1)
    published: list[str] = []
    outcome = replace(OUTCOME, publish=lambda: published.append(job.id))

    with caplog.at_level(logging.ERROR), working(store, lambda _job, _report: outcome):
        ended = finished(store, job)

    assert (ended.state, ended.attempt, published) == (JobState.SUCCEEDED, 1, [job.id])
    assert "disk is full" in caplog.text


def test_a_worker_outlives_a_store_out_of_reach(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = AbsentOnce(database)
    job = store.submit(NEW, open_limit=1)

    with caplog.at_level(logging.ERROR), working(store, lambda _job, _report: OUTCOME):
        assert finished(store, job).state is JobState.SUCCEEDED

    assert "no route to the database" in caplog.text

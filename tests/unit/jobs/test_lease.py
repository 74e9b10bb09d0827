import logging
import threading
import time
from datetime import timedelta

import pytest
from tests.waiting import PATIENCE_SECONDS, wait_until

from passerby import logs
from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.errors import JobCancelled, LeaseLost
from passerby.jobs.job import Job, NewJob
from passerby.jobs.lease import HEARTBEAT_SECONDS, LEASE_SECONDS, Lease
from passerby.jobs.store import JobStore
from passerby.records import Progress, Stage

PROGRESS = Progress(Stage.OBSERVING, 0.5, 100, 2.0)


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def job(store: JobStore) -> Job:
    store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=1)
    job = store.claim("anna", LEASE_SECONDS)
    assert job is not None
    return job


def report_until_raised(lease: Lease) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        lease.report(PROGRESS)
        time.sleep(0.05)


def test_progress_reaches_the_store(store: JobStore, job: Job) -> None:
    with Lease(store, job, "anna", threading.Event()) as lease:
        lease.report(PROGRESS)
        wait_until(lambda: store.find(job.id).progress == PROGRESS)

    assert store.find(job.id).progress == PROGRESS


def test_a_job_asked_to_end_is_told_so(store: JobStore, job: Job) -> None:
    with Lease(store, job, "anna", threading.Event()) as lease:
        store.cancel(job.id)

        with pytest.raises(JobCancelled):
            report_until_raised(lease)


def test_a_job_taken_by_another_is_told_so(database: Database, store: JobStore, job: Job) -> None:
    later = JobStore(database, now=lambda: utc_now() + timedelta(seconds=LEASE_SECONDS + 1))
    with Lease(store, job, "anna", threading.Event()) as lease:
        assert later.claim("bert", LEASE_SECONDS)

        with pytest.raises(LeaseLost):
            report_until_raised(lease)


def test_a_stopping_worker_stops_at_the_next_report(store: JobStore, job: Job) -> None:
    stopping = threading.Event()
    with Lease(store, job, "anna", stopping) as lease:
        lease.report(PROGRESS)
        stopping.set()

        with pytest.raises(LeaseLost, match="stopping"):
            lease.report(PROGRESS)


def test_the_heart_stops_with_the_block(store: JobStore, job: Job) -> None:
    before = threading.active_count()

    with pytest.raises(KeyError), Lease(store, job, "anna", threading.Event()):
        raise KeyError

    assert threading.active_count() == before


def busy() -> None:
    """Compute for minutes, without a word to anybody."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        sum(range(10_000))
    raise AssertionError("nobody interrupted this")


def test_a_cancelled_job_is_interrupted_where_it_does_not_report(store: JobStore, job: Job) -> None:
    store.cancel(job.id)
    with pytest.raises(JobCancelled), Lease(store, job, "anna", threading.Event()):
        busy()


def test_a_stopping_worker_is_interrupted_where_it_does_not_report(
    store: JobStore, job: Job
) -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(LeaseLost, match="stopping"), Lease(store, job, "anna", stopping):
        busy()

    store.release(job.id, "anna")


def test_whoever_was_told_may_leave_in_peace(store: JobStore, job: Job) -> None:
    with Lease(store, job, "anna", threading.Event()) as lease:
        store.cancel(job.id)
        with pytest.raises(JobCancelled):
            report_until_raised(lease)
        time.sleep(3 * HEARTBEAT_SECONDS)


class AbsentOnce(JobStore):
    """A store that cannot be reached for the first report."""

    reports = 0

    def report(self, job_id: str, worker_id: str, progress: Progress, lease_seconds: float) -> None:
        self.reports += 1
        if self.reports == 1:
            raise OSError("no route to the database")
        super().report(job_id, worker_id, progress, lease_seconds)


def test_a_store_out_of_reach_for_a_moment_ends_nothing(
    database: Database, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    store = AbsentOnce(database)
    with caplog.at_level(logging.ERROR), Lease(store, job, "anna", threading.Event()) as lease:
        lease.report(PROGRESS)
        wait_until(lambda: store.find(job.id).progress == PROGRESS)

    assert store.find(job.id).progress == PROGRESS
    assert "no route to the database" in caplog.text


class Listener(logging.Handler):
    """Notes what each line is about where it is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[object] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.facts.append((record.levelname, logs.current_log_settings().fields))


def test_what_the_heartbeat_says_is_about_the_job(database: Database, job: Job) -> None:
    listener = Listener()
    logging.getLogger("passerby").addHandler(listener)
    try:
        with (
            logs.context(job_id=job.id),
            Lease(AbsentOnce(database), job, "anna", threading.Event()),
        ):
            wait_until(lambda: bool(listener.facts))
    finally:
        logging.getLogger("passerby").removeHandler(listener)

    assert listener.facts == [("ERROR", {"job_id": job.id})]

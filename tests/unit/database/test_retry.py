"""A PostgreSQL server that cuts connections, or is away for a moment."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import DBAPIError
from tests.postgresql import Server
from tests.waiting import PATIENCE_SECONDS

from passerby.access.encryption import SealingKey
from passerby.access.keys import AccessKeys
from passerby.database import retry
from passerby.database.connection import Database, open_database
from passerby.database.retry import was_cut
from passerby.database.schema import JOBS
from passerby.errors import LeaseLost
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.message import DeliveryState, OutgoingMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.queue_stats import queue_stats
from passerby.jobs.store import JobStore
from passerby.jobs.worker import Outcome, Worker
from passerby.records import Progress, ProgressCallback, Stage, VideoInfo

NEW = NewJob("000000000000", "Start", {}, {})
TOKEN = NewJob("000000000000", "Start", {"n": 1}, {}, token="once")
PROGRESS = Progress(Stage.OBSERVING, 0.5, 100, 2.0)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")
LEASE = 30.0


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    with closing(open_database(postgresql_url)) as database:
        yield database


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database, message_of=lambda job: OutgoingMessage({}, job.id))


class Cut:
    """Cuts the connections at one moment: before some statement, or before some commit."""

    def __init__(self, server: Server, moment: int) -> None:
        self._server = server
        self._left = moment
        self.done = False

    @contextmanager
    def armed(self) -> Iterator[None]:
        """While the block runs, its statements and commits are counted."""
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", self._pass)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._statement)
            event.remove(Engine, "commit", self._pass)

    def _statement(self, connection: Connection, *_: object) -> None:
        self._pass(connection)

    def _pass(self, _connection: Connection) -> None:
        if self._left == 0 and not self.done:
            self.done = True
            self._server.cut_connections()
        self._left -= not self.done


def run_everything(database: Database, store: JobStore) -> dict[str, object]:
    """Run each kind of transaction; returns the state of everything afterwards."""
    outbox, keys = Outbox(database), AccessKeys(database, SealingKey(bytes(32)))
    job = store.submit(NEW, open_limit=3)
    repeated = [store.submit(TOKEN, open_limit=3).id for _ in range(2)]
    assert store.find_repeated(TOKEN) == store.find(repeated[0])
    claimed = store.claim("anna", LEASE)
    assert claimed is not None
    store.report(job.id, "anna", PROGRESS, LEASE)
    store.succeed(job.id, "anna", VIDEO, Counts(1, 1))
    store.cancel(repeated[0])
    while message := outbox.claim():
        outbox.mark_delivered(message)
    assert keys.find("AKIAAAAAAAAAAAAAAAAA") is None
    deliveries = outbox.deliveries([job.id, *repeated])
    return {
        "claimed": claimed.id == job.id,
        "same": repeated[0] == repeated[1],
        "jobs": [(each.state, each.attempt) for each in store.recent(9)],
        "delivered": [(delivery.state, delivery.attempts) for delivery in deliveries.values()],
        "stats": queue_stats(database, database.now()).jobs,
    }


def test_a_connection_cut_at_any_moment_changes_nothing(
    database: Database, store: JobStore, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.001)
    undisturbed = run_everything(database, store)
    assert undisturbed["jobs"] == [(JobState.CANCELLED, 0), (JobState.SUCCEEDED, 1)]
    assert undisturbed["delivered"] == [(DeliveryState.DELIVERED, 1)] * 2

    moments = 0
    while True:
        with database.writing() as connection:
            connection.execute(text("TRUNCATE jobs CASCADE"))
        cut = Cut(postgresql_server, moments)
        with cut.armed():
            outcome = run_everything(database, store)
        assert outcome == undisturbed, f"cut at moment {moments}"
        if not cut.done:
            break
        moments += 1

    assert moments > 40


@pytest.mark.parametrize("moment", range(0, 25, 6))
def test_a_connection_cut_while_the_tables_are_made(
    postgresql_url: str, postgresql_server: Server, moment: int
) -> None:
    cut = Cut(postgresql_server, moment)
    with cut.armed():
        open_database(postgresql_url).close()

    assert cut.done
    with closing(open_database(postgresql_url)) as database:
        assert JobStore(database).recent(1) == []


def commit_and_cut(connection: Connection) -> None:
    """The server commits, and whoever asked for it does not learn so."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.commit()
    raw.close()


def test_a_job_whose_submission_was_not_answered_is_made_once(
    database: Database, store: JobStore
) -> None:
    event.listen(Engine, "commit", commit_and_cut, once=True)

    job = store.submit(NEW, open_limit=1)

    with database.reading() as connection:
        assert connection.execute(select(JOBS.c.id)).scalars().all() == [job.id]


def test_a_claim_that_was_not_answered_is_the_claimants(store: JobStore) -> None:
    first, second = (store.submit(NEW, open_limit=2) for _ in range(2))
    event.listen(Engine, "commit", commit_and_cut, once=True)

    claimed = store.claim("anna", LEASE)

    assert claimed is not None
    assert (claimed.id, claimed.attempt) == (first.id, 1)
    assert store.find(second.id).state is JobState.QUEUED


def test_an_end_that_was_not_answered_is_told_once(database: Database, store: JobStore) -> None:
    job = store.submit(NEW, open_limit=1)
    assert store.claim("anna", LEASE)
    event.listen(Engine, "commit", commit_and_cut, once=True)

    with pytest.raises(LeaseLost):
        store.succeed(job.id, "anna", VIDEO, Counts(1, 1))

    assert store.find(job.id).state is JobState.SUCCEEDED
    assert len(Outbox(database).deliveries([job.id])) == 1


def test_a_server_that_is_started_again(store: JobStore, postgresql_server: Server) -> None:
    job = store.submit(NEW, open_limit=1)
    postgresql_server.stop()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(store.find, job.id)
        time.sleep(0.3)
        assert not found.done()
        postgresql_server.start()

        assert found.result() == job


def test_a_server_that_stays_away(
    store: JobStore, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "PATIENCE_SECONDS", 0.2)
    postgresql_server.stop()
    try:
        began = time.monotonic()
        with pytest.raises(DBAPIError):
            store.recent(1)
        assert time.monotonic() - began > 0.05
    finally:
        postgresql_server.start()

    assert store.recent(1) == []


def test_a_mistake_is_not_repeated(database: Database) -> None:
    tries = []

    @retry.retry_on_disconnect
    def misspelt() -> None:
        tries.append(1)
        with database.reading() as connection:
            connection.execute(text("SELEKT 1"))

    with pytest.raises(DBAPIError, match="SELEKT"):
        misspelt()

    assert len(tries) == 1


def test_a_frozen_transaction_does_not_hold_up_the_others(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(postgresql_url).close()  # makes the tables, in however long a transaction
    monkeypatch.setattr("passerby.database.postgresql.IDLE_SECONDS", 0.3)
    with closing(open_database(postgresql_url)) as database:
        store = JobStore(database)

        def freeze() -> None:
            with database.writing() as connection:
                connection.execute(text("LOCK TABLE jobs"))
                store.submit(NEW, open_limit=1)
                connection.execute(text("SELECT 1"))

        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            freeze()

        assert len(store.recent(9)) == 1


def test_a_worker_under_constant_cuts(store: JobStore, postgresql_server: Server) -> None:
    jobs = [store.submit(NEW, open_limit=99) for _ in range(10)]
    stop = threading.Event()

    def analyse(_job: Job, report: ProgressCallback) -> Outcome:
        for _ in range(5):
            time.sleep(0.02)
            report(PROGRESS)
        return Outcome(VIDEO, Counts(1, 1))

    worker = threading.Thread(target=Worker(store, analyse).run, args=(stop,))
    worker.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(store.find(job.id).open for job in jobs) and time.monotonic() < deadline:
        postgresql_server.cut_connections()
        time.sleep(0.1)
    stop.set()
    worker.join()

    ended = [store.find(job.id) for job in jobs]
    assert [(job.state, job.attempt) for job in ended] == [(JobState.SUCCEEDED, 1)] * 10


@pytest.mark.parametrize("error", [errors.AdminShutdown, errors.CrashShutdown])
def test_a_connection_ended_before_it_was_ready_was_cut(error: type[psycopg.Error]) -> None:
    assert was_cut(DBAPIError("SELECT 1", {}, error("terminating connection")))
    assert not was_cut(DBAPIError("SELECT 1", {}, errors.UndefinedTable("no such table")))

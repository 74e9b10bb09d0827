import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.waiting import PATIENCE_SECONDS

from passerby.access.encryption import SealingKey
from passerby.access.keys import AccessKeys
from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.schema import JOBS, OUTBOX, TOKENS
from passerby.errors import JobNotFound
from passerby.jobs import sweeper
from passerby.jobs.job import Counts, Job, NewJob
from passerby.jobs.message import OutgoingMessage
from passerby.jobs.outbox import Outbox
from passerby.jobs.store import JobStore
from passerby.jobs.sweeper import Folders, sweep, sweep_hourly
from passerby.records import Sightings, VideoInfo
from passerby.results.store import Results

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK_AGO = NOW - timedelta(days=7)
VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 360, 1000, "LIMITED")

MakeSightings = Callable[[int], Sightings]


class SweeperFixture:
    """A database and folders with files of jobs from some day."""

    def __init__(self, database: Database, folder: Path, sightings: Sightings) -> None:
        self.database = database
        self.results = Results(folder / "results")
        self.observations = folder / "observations"
        self.observations.mkdir()
        self.copies = folder / "copies"
        self.pictures = folder / "pictures"
        self._sightings = sightings

    def store(self, day: datetime, message: OutgoingMessage | None = None) -> JobStore:
        return JobStore(self.database, lambda: day, lambda _: message)

    def ended(
        self, day: datetime, token: str | None = None, message: OutgoingMessage | None = None
    ) -> Job:
        """A job that succeeded on a day."""
        store = self.store(day, message)
        job = store.submit(NewJob("000000000000", "Start", {}, {}, token), open_limit=9999)
        assert store.claim("worker", 60)
        self.results.write(job.id, self._sightings)
        store.succeed(job.id, "worker", VIDEO, Counts(1, len(self._sightings)))
        return store.find(job.id)

    def observed(self, name: str, day: datetime) -> Path:
        path = self.observations / name
        path.touch()
        os.utime(path, (day.timestamp(), day.timestamp()))
        return path

    def sweep(self) -> None:
        folders = Folders(self.observations, self.copies, self.pictures)
        sweep(self.database, self.results, folders, WEEK_AGO)

    def rows(self) -> tuple[int, ...]:
        """How many jobs, tokens and messages there are."""
        with self.database.reading() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (JOBS, TOKENS, OUTBOX)
            )


@pytest.fixture
def stored(database: Database, tmp_path: Path, make_sightings: MakeSightings) -> SweeperFixture:
    return SweeperFixture(database, tmp_path, make_sightings(3))


def test_nothing_to_sweep(database: Database, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    sweep(database, Results(missing), Folders(missing, missing, missing), WEEK_AGO)

    assert not missing.exists()


def test_an_old_job_goes_with_all_that_is_its_own(stored: SweeperFixture) -> None:
    old = stored.ended(WEEK_AGO - timedelta(seconds=1), token="old")
    recent = stored.ended(WEEK_AGO + timedelta(seconds=1), token="recent")

    stored.sweep()

    assert stored.rows() == (1, 1, 0)
    assert stored.results.stored() == [recent.id]
    assert stored.store(NOW).find(recent.id) == recent
    with pytest.raises(JobNotFound):
        stored.store(NOW).find(old.id)
    with pytest.raises(JobNotFound):
        stored.results.page(old.id, "timestamp", 0, 1)


def test_a_job_that_waits_or_runs_stays_however_old(stored: SweeperFixture) -> None:
    store = stored.store(NOW - timedelta(days=30))
    store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=2)
    assert store.claim("worker", 60)
    store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=2)

    stored.sweep()

    assert stored.rows() == (2, 0, 0)


def test_a_message_under_way_keeps_its_job(stored: SweeperFixture) -> None:
    job = stored.ended(NOW - timedelta(days=8), message=OutgoingMessage({}, "done"))

    stored.sweep()
    assert stored.rows() == (1, 0, 1)

    outbox = Outbox(stored.database)
    message = outbox.claim()
    assert message is not None
    assert message.job_id == job.id
    outbox.mark_delivered(message)
    stored.sweep()
    assert stored.rows() == (0, 0, 0)


def test_an_old_token_is_forgotten_before_its_job(stored: SweeperFixture) -> None:
    store = stored.store(NOW - timedelta(days=8))
    job = store.submit(NewJob("000000000000", "Start", {}, {}, "token"), open_limit=1)
    now = stored.store(NOW)
    now.cancel(job.id)

    stored.sweep()

    assert stored.rows() == (1, 0, 0)


def test_temporary_keys_go_a_week_after_their_end(stored: SweeperFixture) -> None:
    keys = AccessKeys(stored.database, SealingKey(bytes(32)))
    kept = [keys.create().id, keys.create(life=timedelta(days=1)).id]
    ended = keys.create(life=WEEK_AGO + timedelta(seconds=1) - utc_now())
    keys.create(life=WEEK_AGO - timedelta(seconds=1) - utc_now())

    stored.sweep()

    assert {entry.id for entry in keys.entries()} == {*kept, ended.id}


def test_more_jobs_than_go_at_once(stored: SweeperFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "JOBS_AT_ONCE", 2)
    store = stored.store(NOW - timedelta(days=8))
    for _ in range(4):
        new = NewJob("000000000000", "Start", {}, {})
        store.cancel(store.submit(new, open_limit=9999).id)

    stored.sweep()

    assert stored.rows() == (0, 0, 0)


def test_results_of_no_job_that_succeeded_go(
    stored: SweeperFixture, make_sightings: MakeSightings
) -> None:
    kept = stored.ended(NOW)
    store = stored.store(NOW)
    broken, running = (
        store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=9) for _ in range(2)
    )
    assert store.claim("worker", 60) == store.find(broken.id)
    store.fail(broken.id, "worker", "broken")
    assert store.claim("worker", 60) == store.find(running.id)
    for job_id in (broken.id, running.id, "ab" * 32):
        stored.results.write(job_id, make_sightings(3))

    stored.sweep()

    assert set(stored.results.stored()) == {kept.id, running.id}


def test_drafts_of_jobs_that_are_over_go_at_once(stored: SweeperFixture) -> None:
    ended = stored.ended(NOW)
    store = stored.store(NOW)
    running = store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=9)
    assert store.claim("worker", 60)
    root = stored.observations.parent / "results"
    names = [f".{job_id}.{'0' * 16}" for job_id in (ended.id, running.id, "cd" * 32)]
    for name in [*names, "notes"]:
        (root / name).mkdir()
        (root / name / "timestamp.parquet").touch()

    stored.sweep()

    assert {path.name for path in root.iterdir()} == {ended.id, names[1], "notes"}


def test_observations_that_nobody_used_for_long_go(stored: SweeperFixture) -> None:
    stored.observed("old.parquet", WEEK_AGO - timedelta(seconds=1))
    stored.observed("broken.parquet.77.unfinished", WEEK_AGO - timedelta(days=1))
    used = stored.observed("used.parquet", WEEK_AGO + timedelta(seconds=1))

    stored.sweep()

    assert list(stored.observations.iterdir()) == [used]


def test_observations_that_a_killed_process_did_not_finish_go(stored: SweeperFixture) -> None:
    now = datetime.now(UTC)
    stored.store(now).submit(NewJob("000000000000", "Start", {}, {}), open_limit=1)
    stored.observed("killed.parquet.0123.unfinished", now - timedelta(hours=2))
    fresh = stored.observed("busy.parquet.4567.unfinished", now)

    stored.sweep()

    assert list(stored.observations.iterdir()) == [fresh]


def test_what_an_open_job_observed_long_ago_stays(stored: SweeperFixture) -> None:
    came = NOW - timedelta(days=9)
    stored.store(came).submit(NewJob("000000000000", "Start", {}, {}), open_limit=1)
    stored.observed("before.parquet", came - timedelta(seconds=1))
    needed = stored.observed("needed.parquet", came + timedelta(seconds=1))

    stored.sweep()

    assert list(stored.observations.iterdir()) == [needed]


def test_copies_left_behind_go_at_once(stored: SweeperFixture) -> None:
    store = stored.store(NOW)
    running, queued, ended = (
        store.submit(NewJob("000000000000", "Start", {}, {}), open_limit=9) for _ in range(3)
    )
    assert store.claim("worker", 60) == store.find(running.id)
    store.cancel(ended.id)
    for name in (running.id, queued.id, ended.id, "ab" * 32):
        (stored.copies / name).mkdir(parents=True)
        (stored.copies / name / "video").touch()

    stored.sweep()

    assert {path.name for path in stored.copies.iterdir()} == {running.id, queued.id}


def test_sweeping_goes_on_after_a_failure_and_stops_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, swept = threading.Event(), threading.Event()

    def failing() -> None:
        swept.set()
        raise OSError("disk on fire")

    thread = threading.Thread(target=sweep_hourly, args=(failing, stop))
    thread.start()
    assert swept.wait(PATIENCE_SECONDS)
    time.sleep(0.05)
    assert thread.is_alive()
    stop.set()
    thread.join(timeout=PATIENCE_SECONDS)

    assert not thread.is_alive()
    assert "disk on fire" in caplog.text


def test_pictures_go_with_their_job(stored: SweeperFixture) -> None:
    kept, old = stored.ended(NOW), stored.ended(NOW - timedelta(days=8))
    for name in (kept.id, old.id, "ab" * 32):
        (stored.pictures / name).mkdir(parents=True)
        (stored.pictures / name / "preview.mp4").touch()

    stored.sweep()

    assert [path.name for path in stored.pictures.iterdir()] == [kept.id]
    assert (stored.pictures / kept.id / "preview.mp4").exists()


def test_drafts_of_pictures_go_after_an_hour(stored: SweeperFixture) -> None:
    folder = stored.pictures / stored.ended(NOW).id
    folder.mkdir(parents=True)
    old, new = folder / ".aa.preview.mp4", folder / ".bb.preview.mp4"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 4000, time.time() - 4000))

    stored.sweep()

    assert list(folder.iterdir()) == [new]

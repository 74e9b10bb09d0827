from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from passerby.database.connection import Database
from passerby.jobs import job_list as job_list_module
from passerby.jobs.job import OPEN_STATES, JobState, NewJob
from passerby.jobs.job_list import JobFilter, JobList
from passerby.jobs.store import JobStore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINE, THEIRS = "111111111111", "222222222222"


def submitted(store: JobStore, tag: str | None = None, account_id: str = MINE) -> str:
    return store.submit(NewJob(account_id, "Start", {}, {}, tag=tag), open_limit=9999).id


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_list_module, "JOBS_AT_ONCE", 3)


def test_newest_first_each_once_and_of_one_account(database: Database) -> None:
    store = JobStore(database)
    ids = [submitted(store) for _ in range(8)]
    submitted(store, account_id=THEIRS)
    found = JobList(database)

    everything = [job.id for job in found.older(JobFilter(MINE), None)]
    rest = [job.id for job in found.older(JobFilter(MINE), everything[4])]

    assert everything == ids[::-1]
    assert rest == everything[5:]


def test_no_more_is_read_than_asked_for(database: Database) -> None:
    store = JobStore(database)
    for _ in range(8):
        submitted(store)

    assert len(list(islice(JobList(database).older(JobFilter(MINE), None), 2))) == 2


def test_the_job_before_is_gone(database: Database) -> None:
    submitted(JobStore(database))

    assert list(JobList(database).older(JobFilter(MINE), "ab" * 32)) == []


@pytest.mark.parametrize(
    ("tag", "count"),
    [
        pytest.param("", 5, id="any"),
        pytest.param("gate", 2, id="a part, in any case"),
        pytest.param("gate-1", 1, id="whole"),
        pytest.param("%", 1, id="a wildcard of SQL is a character"),
        pytest.param("_", 0, id="another"),
        pytest.param("platform", 0, id="none"),
    ],
)
def test_tags(database: Database, tag: str, count: int) -> None:
    store = JobStore(database)
    for name in ("gate-1", "GATE-2", "50%", "yard", None):
        submitted(store, name)

    assert len(list(JobList(database).older(JobFilter(MINE, tag=tag), None))) == count


def test_states(database: Database) -> None:
    store = JobStore(database)
    running, queued, cancelled = (submitted(store) for _ in range(3))
    assert store.claim("worker", 60)
    store.cancel(cancelled)
    found = JobList(database)

    assert {job.id for job in found.older(JobFilter(MINE, OPEN_STATES), None)} == {running, queued}
    ended = found.older(JobFilter(MINE, (JobState.CANCELLED,)), None)
    assert [job.id for job in ended] == [cancelled]


def test_active_jobs_are_open_or_just_ended(database: Database) -> None:
    long_ago = JobStore(database, now=lambda: NOW - timedelta(hours=1))
    long_ago.cancel(submitted(long_ago))
    old_but_open = submitted(long_ago)
    store = JobStore(database, now=lambda: NOW)
    just_ended = submitted(store)
    store.cancel(just_ended)
    submitted(store, account_id=THEIRS)
    found = JobList(database)

    active = found.active(MINE, NOW - timedelta(seconds=30), 10)

    assert [job.id for job in active] == [just_ended, old_but_open]
    assert len(found.active(MINE, NOW - timedelta(seconds=30), 1)) == 1

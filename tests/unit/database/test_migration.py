"""Databases of earlier versions, with rows in them."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from passerby.database import postgresql
from passerby.database.connection import open_database
from passerby.database.migration import STEPS
from passerby.database.schema import METADATA
from passerby.jobs.job import JobState
from passerby.jobs.store import JobStore

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WARNING = "The video is damaged from 1.0 s to 2.0 s."

# How it was at revision 0005: name, state, counter, whether a time is set until which the
# job waits or is leased. Then how it is to be: attempts without progress, retries.
JOBS_OF_0005 = [
    pytest.param("queued", 0, False, (0, 0), id="never claimed"),
    pytest.param("queued", 2, True, (0, 2), id="waits after two passing faults"),
    pytest.param("queued", 2, False, (2, 0), id="released after two that broke off"),
    pytest.param("queued", 5, False, (0, 5), id="released after five passing faults"),
    pytest.param("running", 1, True, (1, 0), id="first attempt"),
    pytest.param("running", 3, True, (3, 0), id="third attempt"),
    pytest.param("running", 6, True, (1, 5), id="last retry"),
    pytest.param("running", 0, True, (0, 0), id="with progress"),
    pytest.param("failed", 6, False, (6, 0), id="ended"),
]


def make_database_of_0005(url: str, state: str, attempts: int, *, lease: bool) -> None:
    """Make the tables as revision 0005 had them, and a job in them."""
    engine = create_engine(url.replace("postgresql:", f"{postgresql.DRIVER}:"))
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            for step in reversed(list(STEPS.iterate_revisions("0005", "base"))):
                step.module.upgrade()
                context.stamp(STEPS, step.revision)
        insert_job(connection, state, attempts, lease=lease)
    engine.dispose()


def insert_job(connection: Connection, state: str, attempts: int, *, lease: bool) -> None:
    row = {
        "state": state,
        "attempts": attempts,
        "complaints": f'["{WARNING}"]',
        "lease_until": NOW if lease else None,
        "now": NOW,
    }
    statement = """
        INSERT INTO jobs (id, account_id, operation, request, source, state, attempt,
                          fruitless_attempts, complaints, finished_shards, stage, fraction, frames,
                          speed, cancel_requested, created_at, lease_until)
        VALUES ('0a', '000000000000', 'Start', '{}', '{}', :state, 7, :attempts, :complaints, 2,
                'queued', 0, 0, 0, false, :now, :lease_until)
    """
    connection.execute(text(statement), row)


@pytest.mark.filterwarnings("ignore:The default datetime adapter is deprecated")
@pytest.mark.parametrize(("state", "attempts", "lease", "expected"), JOBS_OF_0005)
def test_counters_of_jobs_of_revision_0005(
    database_url: str, state: str, attempts: int, *, lease: bool, expected: tuple[int, int]
) -> None:
    make_database_of_0005(database_url, state, attempts, lease=lease)

    with closing(open_database(database_url)) as database:
        job = JobStore(database).find("0a")
        with database.reading() as connection:
            query = text("SELECT attempts_without_progress, retries, finished_shards FROM jobs")
            counters = connection.execute(query).one()
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []

    assert tuple(counters) == (*expected, 2)
    assert (job.state, job.attempt, job.warnings) == (JobState(state), 7, (WARNING,))

"""The sweeper, which deletes what old jobs left.

It deletes jobs with their tokens, messages and results, the observations they were
linked from, expired keys, and what a crash left behind.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.sql.dml import ReturningDelete

from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import ACCESS_KEYS, JOBS, OUTBOX, TOKENS
from passerby.jobs.job import OPEN_STATES, JobState
from passerby.jobs.message import DeliveryState

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 3600.0
# An unfinished file is deleted after this time; writing one takes seconds.
UNFINISHED_SECONDS = 3600.0
# Jobs deleted in one transaction: no other writer waits long for it.
JOBS_AT_ONCE = 500

OPEN = JOBS.c.state.in_(OPEN_STATES)
SUCCEEDED = JOBS.c.state == JobState.SUCCEEDED


def sweep_hourly(sweep: Callable[[], None], stop: threading.Event) -> None:
    """Call `sweep` now and every hour until `stop` is set."""
    while not stop.is_set():
        try:
            sweep()
        except Exception:
            logger.exception("old jobs cannot be deleted")
        stop.wait(PAUSE_SECONDS)


@dataclass(frozen=True)
class Folders:
    """Folders with files of jobs beside their results; each may be missing."""

    observations: Path  # files that are touched whenever they are used
    copies: Path  # folders named by job id, of no use once the job has ended
    pictures: Path  # folders named by job id, of no use once the job is deleted


class StoredResults(Protocol):
    """The results of jobs, as far as the sweeper needs them."""

    def stored(self) -> list[str]:
        """List the ids of the jobs that have results."""
        ...

    def drafts(self) -> list[tuple[str, Path]]:
        """List results that are not published: the id of the job and the folder."""
        ...

    def delete(self, job_id: str) -> None:
        """Delete the results of a job, if there are any."""
        ...


def sweep(database: Database, results: StoredResults, folders: Folders, before: datetime) -> None:
    """Delete what is older than `before`.

    Parameters
    ----------
    before : datetime
        Aware. Jobs and keys are as old as their end; files, as their last use.
    """
    # First the jobs: if this process dies here, the next sweep finds their results.
    deleted = 0
    for job_id in _delete_jobs(database, before):
        results.delete(job_id)
        deleted += 1
    deleted += _delete_tokens(database, before) + _delete_expired_keys(database, before)
    for job_id in _stray_results(database, results):
        results.delete(job_id)
    for folder in [
        *_stray_folders(database, folders.copies, OPEN),
        *_stray_folders(database, folders.pictures, SUCCEEDED),
        *_stray_drafts(database, results),
    ]:
        shutil.rmtree(folder, ignore_errors=True)  # another worker may sweep, too
    unused = _observations_before(database, before).timestamp()
    _delete_files(folders.observations, "*", unused)
    _delete_files(folders.observations, "*.unfinished", time.time() - UNFINISHED_SECONDS)
    _delete_files(folders.pictures, "*/.*", time.time() - UNFINISHED_SECONDS)
    if deleted or database.is_from_earlier_build():
        database.erase_remains()


@retry_on_disconnect
def open_sources(database: Database) -> set[tuple[str, str]]:
    """List bucket and key of the videos of jobs that wait or run."""
    with database.reading() as connection:
        sources = connection.execute(select(JOBS.c.source).where(OPEN)).scalars().all()
    return {(source["bucket"], source["key"]) for source in sources}


def _delete_jobs(database: Database, before: datetime) -> Iterator[str]:
    """Delete jobs with their tokens and messages, except those whose message is pending."""
    waits = exists().where(OUTBOX.c.job_id == JOBS.c.id, OUTBOX.c.state == DeliveryState.PENDING)
    old = select(JOBS.c.number).where(JOBS.c.ended_at < before, ~waits).limit(JOBS_AT_ONCE)
    deletion = delete(JOBS).where(JOBS.c.number.in_(old)).returning(JOBS.c.id)
    while True:
        deleted = _delete_some(database, deletion)
        yield from deleted
        if len(deleted) < JOBS_AT_ONCE:
            return


@retry_on_disconnect
def _delete_some(database: Database, deletion: ReturningDelete[str]) -> Sequence[str]:
    with database.writing() as connection:
        return connection.execute(deletion).scalars().all()


@retry_on_disconnect
def _delete_tokens(database: Database, before: datetime) -> int:
    with database.writing() as connection:
        return connection.execute(delete(TOKENS).where(TOKENS.c.issued_at < before)).rowcount


@retry_on_disconnect
def _delete_expired_keys(database: Database, before: datetime) -> int:
    # Not as soon as they expire: until then, their users are told what is wrong.
    deletion = delete(ACCESS_KEYS).where(ACCESS_KEYS.c.expires_at < before)
    with database.writing() as connection:
        return connection.execute(deletion).rowcount


@retry_on_disconnect
def _stray_results(database: Database, results: StoredResults) -> list[str]:
    """List the results whose job is gone, or ended without results."""
    # Read in this order: a job is there before its results are.
    stored = results.stored()
    with database.reading() as connection:
        wanted = set(connection.execute(select(JOBS.c.id).where(or_(OPEN, SUCCEEDED))).scalars())
    return [job_id for job_id in stored if job_id not in wanted]


def _stray_drafts(database: Database, results: StoredResults) -> list[Path]:
    """List the unpublished results of jobs that are not open any more."""
    drafts = results.drafts()  # first, as above
    open_ids = _ids(database, OPEN)
    return [folder for job_id, folder in drafts if job_id not in open_ids]


def _stray_folders(database: Database, root: Path, wanted: ColumnElement[bool]) -> list[Path]:
    """List the folders of jobs that are not `wanted` any more."""
    made = list(root.glob("*"))  # first, as above
    wanted_ids = _ids(database, wanted)
    return [folder for folder in made if folder.name not in wanted_ids]


@retry_on_disconnect
def _ids(database: Database, wanted: ColumnElement[bool]) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(select(JOBS.c.id).where(wanted)).scalars())


@retry_on_disconnect
def _observations_before(database: Database, before: datetime) -> datetime:
    """Return `before`, or when the oldest open job was submitted, if that was earlier."""
    query = select(func.min(JOBS.c.created_at)).where(OPEN)
    with database.reading() as connection:
        oldest = connection.execute(query).scalar_one()
    return min(before, oldest or utc_now())


def _delete_files(folder: Path, names: str, before: float) -> None:
    """Delete files last modified before some time, in seconds since 1970."""
    for path in folder.glob(names):
        # Another worker may sweep at the same time, or a writer finish.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()

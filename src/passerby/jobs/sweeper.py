"""Which traces of old jobs are removed, and when.

Nothing outlives its time for good: jobs with their tokens, messages and results, the
observations they were linked from, temporary keys, and what a crash left behind.
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

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.sql.dml import ReturningDelete

from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import ACCESS_KEYS, JOBS, OUTBOX, TOKENS
from passerby.jobs.job import OPEN_STATES, JobState
from passerby.jobs.message import DeliveryState
from passerby.results.store import Results

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 3600.0
# How long an unfinished file of observations is left alone; writing one takes seconds.
UNFINISHED_SECONDS = 3600.0
# Jobs deleted in one transaction: no other writer waits long for it.
JOBS_AT_ONCE = 500

OPEN = JOBS.c.state.in_(OPEN_STATES)
SUCCEEDED = JOBS.c.state == JobState.SUCCEEDED


def keep_swept(sweep: Callable[[], None], stop: threading.Event) -> None:
    """Sweep now and every hour until `stop` is set."""
    while not stop.is_set():
        try:
            sweep()
        except Exception:
            logger.exception("old jobs could not be removed")
        stop.wait(PAUSE_SECONDS)


@dataclass(frozen=True)
class Folders:
    """Where traces of jobs lie beside their results; each may be missing."""

    observations: Path  # files that are touched whenever they are used
    copies: Path  # folders named by jobs, of no use once these have ended
    pictures: Path  # folders named by jobs, of no use once these are deleted


def sweep(database: Database, results: Results, folders: Folders, before: datetime) -> None:
    """Remove what is older than `before`.

    Parameters
    ----------
    before : datetime
        Aware. Jobs and keys are as old as their end; files, as their last use.
    """
    # First the jobs: should this process die now, their results are strays next time.
    for job_id in _delete_jobs(database, before):
        results.delete(job_id)
    _delete_tokens(database, before)
    _delete_expired_keys(database, before)
    for job_id in _strays(database, results):
        results.delete(job_id)
    for folder in [
        *_left_behind(database, folders.copies, OPEN),
        *_left_behind(database, folders.pictures, SUCCEEDED),
        *_drafts(database, results),
    ]:
        shutil.rmtree(folder, ignore_errors=True)  # another worker may sweep, too
    unused = _unused_by_open_jobs(database, before).timestamp()
    _delete_files(folders.observations, "*", unused)
    _delete_files(folders.observations, "*.unfinished", time.time() - UNFINISHED_SECONDS)
    _delete_files(folders.pictures, "*/.*", time.time() - UNFINISHED_SECONDS)


def _delete_jobs(database: Database, before: datetime) -> Iterator[str]:
    """Delete jobs with their tokens and messages, but none whose message is still under way."""
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
def _delete_tokens(database: Database, before: datetime) -> None:
    with database.writing() as connection:
        connection.execute(delete(TOKENS).where(TOKENS.c.issued_at < before))


@retry_on_disconnect
def _delete_expired_keys(database: Database, before: datetime) -> None:
    # Not as soon as they end: until then their holders are told what is wrong.
    with database.writing() as connection:
        connection.execute(delete(ACCESS_KEYS).where(ACCESS_KEYS.c.expires_at < before))


@retry_on_disconnect
def _strays(database: Database, results: Results) -> list[str]:
    """Ids of results whose job is gone, or ended without them."""
    # Read in this order: a job is there before its results are.
    stored = results.stored()
    with database.reading() as connection:
        wanted = set(connection.execute(select(JOBS.c.id).where(or_(OPEN, SUCCEEDED))).scalars())
    return [job_id for job_id in stored if job_id not in wanted]


def _drafts(database: Database, results: Results) -> list[Path]:
    """What was drafted for jobs which are not open any more."""
    drafts = results.drafts()  # first, as above
    open_ids = _ids(database, OPEN)
    return [folder for job_id, folder in drafts if job_id not in open_ids]


def _left_behind(database: Database, root: Path, wanted: ColumnElement[bool]) -> list[Path]:
    """Folders that were made for jobs which are not `wanted` any more."""
    made = list(root.glob("*"))  # first, as above
    wanted_ids = _ids(database, wanted)
    return [folder for folder in made if folder.name not in wanted_ids]


@retry_on_disconnect
def _ids(database: Database, wanted: ColumnElement[bool]) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(select(JOBS.c.id).where(wanted)).scalars())


@retry_on_disconnect
def _unused_by_open_jobs(database: Database, before: datetime) -> datetime:
    """`before`, or when the oldest open job came, if that was earlier."""
    query = select(func.min(JOBS.c.created_at)).where(OPEN)
    with database.reading() as connection:
        oldest = connection.execute(query).scalar_one()
    return min(before, oldest or utc_now())


def _delete_files(folder: Path, names: str, before: float) -> None:
    """Delete files last written or touched before some time, in seconds since 1970."""
    for path in folder.glob(names):
        # Another worker may sweep at the same time, or a writer finish.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()

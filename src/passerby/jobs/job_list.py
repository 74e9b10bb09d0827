"""The job list of an account, newest first, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select

from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import JOBS
from passerby.jobs.job import OPEN_STATES, Job, JobState
from passerby.jobs.rows import job_from_row

JOBS_AT_ONCE = 200


@dataclass(frozen=True)
class JobFilter:
    """Filter of the job list."""

    account_id: str
    states: tuple[JobState, ...] = ()  # empty: any
    tag: str = ""  # part of the job's tag, upper and lower case alike


class JobList:
    """Lists of the jobs of one database. Safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def older(self, wanted: JobFilter, than: str | None) -> Iterator[Job]:
        """Yield jobs, newest first, only those older than the job `than` if one is given.

        Yields nothing if that job is gone. Jobs are read in batches, as they are needed.
        """
        while True:
            jobs = self._some(wanted, than)
            yield from jobs
            if len(jobs) < JOBS_AT_ONCE:
                return
            than = jobs[-1].id

    @retry_on_disconnect
    def active(self, account_id: str, since: datetime, limit: int) -> list[Job]:
        """List jobs that are open or ended after `since`, newest first, at most `limit`."""
        active = or_(JOBS.c.state.in_(OPEN_STATES), JOBS.c.ended_at > since)
        query = _of(account_id).where(active).limit(limit)
        return self._read(query)

    @retry_on_disconnect
    def _some(self, wanted: JobFilter, than: str | None) -> list[Job]:
        query = _of(wanted.account_id).limit(JOBS_AT_ONCE)
        if wanted.states:
            query = query.where(JOBS.c.state.in_(wanted.states))
        if wanted.tag:
            query = query.where(JOBS.c.tag.icontains(wanted.tag, autoescape=True))
        if than is not None:
            number = select(JOBS.c.number).where(JOBS.c.id == than).scalar_subquery()
            query = query.where(JOBS.c.number < number)
        return self._read(query)

    def _read(self, query: Select[tuple[object, ...]]) -> list[Job]:
        with self._database.reading() as connection:
            return [job_from_row(row) for row in connection.execute(query).mappings()]


def _of(account_id: str) -> Select[tuple[object, ...]]:
    mine: Select[tuple[object, ...]] = select(JOBS).where(JOBS.c.account_id == account_id)
    return mine.order_by(JOBS.c.number.desc())

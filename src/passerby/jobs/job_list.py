"""The jobs of an account as they are looked through: newest first, page by page."""

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
class Wanted:
    """Which jobs are looked for."""

    account_id: str
    states: tuple[JobState, ...] = ()  # empty: any
    tag: str = ""  # what the job's tag has in it, in any case of its letters


class JobList:
    """The jobs of one database. Safe to use from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def older(self, wanted: Wanted, than: str | None) -> Iterator[Job]:
        """Jobs from the newest on, or from the one before the job `than`; none where that is gone.

        They are read some at a time, as they are asked for.
        """
        while True:
            jobs = self._some(wanted, than)
            yield from jobs
            if len(jobs) < JOBS_AT_ONCE:
                return
            than = jobs[-1].id

    @retry_on_disconnect
    def active(self, account_id: str, since: datetime, limit: int) -> list[Job]:
        """Jobs that are open or ended after `since`, newest first, at most `limit`."""
        active = or_(JOBS.c.state.in_(OPEN_STATES), JOBS.c.ended_at > since)
        query = _of(account_id).where(active).limit(limit)
        return self._read(query)

    @retry_on_disconnect
    def _some(self, wanted: Wanted, than: str | None) -> list[Job]:
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

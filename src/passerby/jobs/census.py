"""How many jobs there are in each state, and how long the queue makes them wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from passerby.jobs.database import Database
from passerby.jobs.job import JobState
from passerby.jobs.schema import JOBS


@dataclass(frozen=True)
class Census:
    """The jobs of one database at one time."""

    jobs: Mapping[str, int]  # every state is there
    longest_wait_seconds: float  # of the jobs still queued; 0 where there are none


def census(database: Database, now: datetime) -> Census:
    """Count the jobs; `now` is aware."""
    by_state = select(JOBS.c.state, func.count()).group_by(JOBS.c.state)
    oldest = select(JOBS.c.created_at).where(JOBS.c.state == JobState.QUEUED)
    with database.reading() as connection:
        counted = {JobState(state): count for state, count in connection.execute(by_state)}
        queued_at = connection.execute(oldest.order_by(JOBS.c.number).limit(1)).scalar()
    wait = (now - queued_at).total_seconds() if queued_at else 0.0
    return Census({state: counted.get(state, 0) for state in JobState}, max(wait, 0.0))

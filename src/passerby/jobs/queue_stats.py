"""Queue statistics: jobs and messages in each state, and how long they wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, select

from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import JOBS, OUTBOX
from passerby.jobs.job import OPEN_STATES, JobState
from passerby.jobs.message import DeliveryState


@dataclass(frozen=True)
class QueueStats:
    """Numbers of the jobs of one database and of their messages, at one time."""

    jobs: Mapping[str, int]  # by state; no state is missing
    longest_wait_seconds: float  # of the jobs still queued; 0 where there are none
    stalled_jobs: int  # running, but their lease has run out
    repeated_jobs: int  # open, and started more than once
    messages: Mapping[str, int]  # by state; no state is missing
    longest_pending_seconds: float  # of the pending messages; 0 where there are none


@retry_on_disconnect
def queue_stats(database: Database, now: datetime) -> QueueStats:
    """Count jobs and messages; `now` is aware."""
    running, pending = JOBS.c.state == JobState.RUNNING, OUTBOX.c.state == DeliveryState.PENDING
    queued_at = select(JOBS.c.created_at).where(JOBS.c.state == JobState.QUEUED)
    pending_since = select(func.min(OUTBOX.c.queued_at)).where(pending)
    with database.reading() as connection:
        jobs, messages = _by_state(connection, JOBS), _by_state(connection, OUTBOX)
        oldest = connection.execute(queued_at.order_by(JOBS.c.number).limit(1)).scalar()
        return QueueStats(
            jobs={state: jobs.get(state, 0) for state in JobState},
            longest_wait_seconds=_age_seconds(oldest, now),
            stalled_jobs=_count(connection, running, JOBS.c.lease_until < now),
            repeated_jobs=_count(connection, JOBS.c.state.in_(OPEN_STATES), JOBS.c.attempt > 1),
            messages={state: messages.get(state, 0) for state in DeliveryState},
            longest_pending_seconds=_age_seconds(connection.execute(pending_since).scalar(), now),
        )


def _by_state(connection: Connection, table: Table) -> dict[str, int]:
    query = select(table.c.state, func.count()).group_by(table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _count(connection: Connection, *wanted: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(JOBS).where(*wanted)
    return connection.execute(query).scalar_one()


def _age_seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0

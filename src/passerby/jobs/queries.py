"""Whose turn a job is, in SQL: which jobs wait, whose they are, and how they change hands."""

from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from passerby.database.schema import JOBS, UtcDateTime
from passerby.errors import JobCancelled, LeaseLost, TooManyOpenJobs
from passerby.jobs.job import OPEN_STATES, JobState
from passerby.jobs.rows import columns_of
from passerby.jobs.worker_id import is_gone
from passerby.records import Progress, Stage

QUEUED = JOBS.c.state == JobState.QUEUED
RUNNING = JOBS.c.state == JobState.RUNNING


def take_oldest(now: datetime) -> Update:
    """Make the job that has waited longest a running one, one attempt on."""
    rested = or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until < now)
    waiting = or_(and_(QUEUED, rested), stalled(now))
    oldest = select(JOBS.c.number).where(waiting).order_by(JOBS.c.number).limit(1)
    # Where rows are locked one by one, two workers must not wait for the same.
    free = oldest.with_for_update(skip_locked=True).scalar_subquery()
    return (
        update(JOBS)
        .where(JOBS.c.number == free)
        .values(
            state=JobState.RUNNING,
            attempt=JOBS.c.attempt + 1,
            fruitless_attempts=JOBS.c.fruitless_attempts + 1,
            started_at=func.coalesce(JOBS.c.started_at, literal(now, UtcDateTime)),
            **columns_of(Progress(Stage.PLANNING)),
        )
    )


def stalled(now: datetime) -> ColumnElement[bool]:
    """Jobs whose worker was not heard of in time."""
    return and_(RUNNING, JOBS.c.lease_until < now)


def expire_dead_leases(connection: Connection, now: datetime) -> None:
    """End the leases of workers that certainly are no more."""
    leased = and_(RUNNING, JOBS.c.lease_until >= now)
    names = connection.execute(select(JOBS.c.worker_id).where(leased).distinct()).scalars()
    gone = [name for name in names if name is not None and is_gone(name)]
    if gone:
        released = update(JOBS).where(leased, JOBS.c.worker_id.in_(gone))
        connection.execute(released.values(lease_until=now - timedelta(seconds=1)))


def progress_columns(progress: Progress) -> dict[str, object]:
    """What it means for a job to have so many shards finished now."""
    before = JOBS.c.finished_shards
    further = before < progress.finished_shards
    return {
        "finished_shards": case((further, progress.finished_shards), else_=before),
        "fruitless_attempts": case((further, 0), else_=JOBS.c.fruitless_attempts),
    }


def undo_attempt() -> dict[str, object]:
    """What it means for a job that its last attempt was none."""
    fruitless = JOBS.c.fruitless_attempts
    return {
        "attempt": JOBS.c.attempt - 1,
        "fruitless_attempts": case((fruitless > 0, fruitless - 1), else_=0),
    }


def leased(worker_id: str, until: datetime) -> ColumnElement[bool]:
    """The job that a worker claimed until then."""
    return and_(RUNNING, JOBS.c.worker_id == worker_id, JOBS.c.lease_until == until)


def owned_by(job_id: str, worker_id: str) -> Update:
    """Change a job while it is this worker's."""
    return update(JOBS).where(JOBS.c.id == job_id, JOBS.c.worker_id == worker_id, RUNNING)


def clear_lease(job_id: str, worker_id: str) -> Update:
    """Change a job that is this worker's, which then is nobody's."""
    return owned_by(job_id, worker_id).values(worker_id=None, lease_until=None)


def failed(ending: Update, now: datetime, message: str) -> Update:
    """End the jobs of a change badly; `message` tells their callers why."""
    return ending.values(
        state=JobState.FAILED,
        ended_at=now,
        status_message=message,
        worker_id=None,
        lease_until=None,
    )


def cancelled(now: datetime) -> Update:
    """End jobs as somebody asked."""
    return update(JOBS).values(
        state=JobState.CANCELLED,
        ended_at=now,
        status_message=JobCancelled.__doc__,
        worker_id=None,
        lease_until=None,
    )


def requeue(connection: Connection, owned_by: Update) -> None:
    """Put the job of a change back into the queue; raises LeaseLost if it changes none."""
    back = owned_by.values(state=JobState.QUEUED, **columns_of(Progress()))
    if connection.execute(back).rowcount == 0:
        raise LeaseLost


def check_room(connection: Connection, account_id: str, open_limit: int) -> None:
    """Refuse another job of an account; raises TooManyOpenJobs."""
    query = (
        select(func.count())
        .select_from(JOBS)
        .where(JOBS.c.account_id == account_id, JOBS.c.state.in_(OPEN_STATES))
    )
    open_jobs = connection.execute(query).scalar_one()
    if open_jobs >= open_limit:
        raise TooManyOpenJobs(open_jobs=open_jobs)

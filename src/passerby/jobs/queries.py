"""SQL of the job queue: which jobs wait, which worker owns them, and how that changes."""

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
from passerby.errors import JobCancelled, JobNotFound, LeaseLost, TooManyOpenJobs
from passerby.jobs.job import OPEN_STATES, Job, JobState
from passerby.jobs.rows import job_from_row, progress_columns
from passerby.jobs.worker_id import is_gone
from passerby.records import Progress, Stage

QUEUED = JOBS.c.state == JobState.QUEUED
RUNNING = JOBS.c.state == JobState.RUNNING


def claim_oldest(now: datetime) -> Update:
    """Start the next attempt at the job that has waited longest."""
    rested = or_(JOBS.c.lease_until.is_(None), JOBS.c.lease_until < now)
    waiting = or_(and_(QUEUED, rested), is_stalled(now))
    oldest = select(JOBS.c.number).where(waiting).order_by(JOBS.c.number).limit(1)
    # Where rows are locked one by one, two workers must not wait for the same.
    free = oldest.with_for_update(skip_locked=True).scalar_subquery()
    return (
        update(JOBS)
        .where(JOBS.c.number == free)
        .values(
            state=JobState.RUNNING,
            attempt=JOBS.c.attempt + 1,
            attempts_without_progress=JOBS.c.attempts_without_progress + 1,
            started_at=func.coalesce(JOBS.c.started_at, literal(now, UtcDateTime)),
            **progress_columns(Progress(Stage.PLANNING)),
        )
    )


def is_stalled(now: datetime) -> ColumnElement[bool]:
    """Select jobs whose worker let the lease run out."""
    return and_(RUNNING, JOBS.c.lease_until < now)


def expire_dead_leases(connection: Connection, now: datetime) -> None:
    """End the leases of workers whose process is certainly gone."""
    with_lease = and_(RUNNING, JOBS.c.lease_until >= now)
    names = connection.execute(select(JOBS.c.worker_id).where(with_lease).distinct()).scalars()
    gone = [name for name in names if name is not None and is_gone(name)]
    if gone:
        released = update(JOBS).where(with_lease, JOBS.c.worker_id.in_(gone))
        connection.execute(released.values(lease_until=now - timedelta(seconds=1)))


def finished_shard_columns(progress: Progress) -> dict[str, object]:
    """Columns of a job that has so many shards finished; progress resets its counters."""
    before = JOBS.c.finished_shards
    further = before < progress.finished_shards
    return {
        "finished_shards": case((further, progress.finished_shards), else_=before),
        "attempts_without_progress": case((further, 0), else_=JOBS.c.attempts_without_progress),
        "retries": case((further, 0), else_=JOBS.c.retries),
    }


def undo_attempt() -> dict[str, object]:
    """Columns of a job whose last attempt does not count."""
    return {"attempt": JOBS.c.attempt - 1, **excuse_attempt()}


def excuse_attempt() -> dict[str, object]:
    """Columns of a job whose last attempt does not count as one that broke off."""
    attempts = JOBS.c.attempts_without_progress
    return {"attempts_without_progress": case((attempts > 0, attempts - 1), else_=0)}


def is_leased_by(worker_id: str, until: datetime) -> ColumnElement[bool]:
    """Select the job that a worker has leased until exactly then."""
    return and_(RUNNING, JOBS.c.worker_id == worker_id, JOBS.c.lease_until == until)


def owned_by(job_id: str, worker_id: str) -> Update:
    """Update a job only while this worker owns it."""
    return update(JOBS).where(JOBS.c.id == job_id, JOBS.c.worker_id == worker_id, RUNNING)


def clear_lease(job_id: str, worker_id: str) -> Update:
    """Update a job that this worker owns, and end its ownership."""
    return owned_by(job_id, worker_id).values(worker_id=None, lease_until=None)


def end_as_failed(jobs: Update, now: datetime, message: str) -> Update:
    """Mark jobs as failed; `message` tells their callers why."""
    return jobs.values(
        state=JobState.FAILED,
        ended_at=now,
        status_message=message,
        worker_id=None,
        lease_until=None,
    )


def end_as_cancelled(now: datetime) -> Update:
    """Mark jobs as cancelled on request."""
    return update(JOBS).values(
        state=JobState.CANCELLED,
        ended_at=now,
        status_message=JobCancelled.__doc__,
        worker_id=None,
        lease_until=None,
    )


def requeue(connection: Connection, owned: Update) -> None:
    """Put an owned job back into the queue; raises LeaseLost if the worker does not own it."""
    requeued = owned.values(state=JobState.QUEUED, **progress_columns(Progress()))
    if connection.execute(requeued).rowcount == 0:
        raise LeaseLost


def check_open_limit(connection: Connection, account_id: str, open_limit: int) -> None:
    """Check that an account may submit another job; raises TooManyOpenJobs.

    An `open_limit` of 0 allows any number.
    """
    if not open_limit:
        return
    query = (
        select(func.count())
        .select_from(JOBS)
        .where(JOBS.c.account_id == account_id, JOBS.c.state.in_(OPEN_STATES))
    )
    open_jobs = connection.execute(query).scalar_one()
    if open_jobs >= open_limit:
        raise TooManyOpenJobs(open_jobs=open_jobs)


def find_job(connection: Connection, condition: ColumnElement[bool]) -> Job:
    """Find the job that meets a condition; raises JobNotFound."""
    job = find_job_or_none(connection, condition)
    if job is None:
        raise JobNotFound
    return job


def find_job_or_none(connection: Connection, condition: ColumnElement[bool]) -> Job | None:
    """Find the job that meets a condition, if there is one."""
    row = connection.execute(select(JOBS).where(condition)).mappings().one_or_none()
    return None if row is None else job_from_row(row)

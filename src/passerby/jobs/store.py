"""The job queue: submit, claim, report, end and look up jobs.

A worker *claims* a job with a lease, and extends the lease with each report. When
the lease runs out because the worker died, another worker may claim the job; the
lease of a worker known to be dead ends at once. A worker can change a job only
while it owns it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Update, and_, insert, select, update

from passerby.clock import utc_now
from passerby.database.connection import Database, lock_by_name
from passerby.database.retry import retry_on_disconnect, run_with_retry
from passerby.database.schema import JOBS
from passerby.errors import JobCancelled, JobNotFound, LeaseLost
from passerby.jobs.idempotency import RETENTION, earlier_job_id, remember
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.message import MessageOf
from passerby.jobs.outbox import enqueue
from passerby.jobs.queries import (
    QUEUED,
    RUNNING,
    check_open_limit,
    claim_oldest,
    clear_lease,
    end_as_cancelled,
    end_as_failed,
    excuse_attempt,
    expire_dead_leases,
    find_job,
    find_job_or_none,
    finished_shard_columns,
    is_leased_by,
    is_stalled,
    owned_by,
    requeue,
    undo_attempt,
)
from passerby.jobs.rows import job_from_row, new_job_columns, progress_columns, result_columns
from passerby.records import Progress, Sizes, VideoInfo

# A job that took three workers down with it, without progress in between, would take
# down the fourth.
MAX_ATTEMPTS = 3
# A job that met a fault that may pass (a full disk, an unreachable store) is retried
# after 10 s, then after twice the time: five minutes in all.
MAX_RETRIES = 5
FIRST_RETRY_DELAY_SECONDS = 10.0


class JobStore:
    """Jobs of one database. Safe to use from many threads and processes."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = utc_now,
        message_of: MessageOf = lambda _: None,
        retention: timedelta = RETENTION,
    ) -> None:
        self._database = database
        self._now = now
        self._message_of = message_of
        self._retention = retention

    def submit(self, new: NewJob, open_limit: int) -> Job:
        """Queue a job, or find the one that the same request made earlier.

        Raises
        ------
        TokenReused
            If the token was used for another request within the retention time.
        TooManyOpenJobs
            If the account has `open_limit` jobs queued or running; 0 allows any number.
        """
        return run_with_retry(partial(self._submit, new, open_limit, secrets.token_hex(32)))

    def _submit(self, new: NewJob, open_limit: int, new_id: str, earlier_tries: int) -> Job:
        now = self._now()
        with self._database.writing() as connection:
            lock_by_name(connection, new.account_id)
            if earlier_tries and (stored := find_job_or_none(connection, JOBS.c.id == new_id)):
                return stored
            job_id = earlier_job_id(connection, new, now - self._retention)
            if job_id is None:
                check_open_limit(connection, new.account_id, open_limit)
                connection.execute(insert(JOBS).values(new_job_columns(new, new_id, now)))
                remember(connection, new, new_id, now)
            return find_job(connection, JOBS.c.id == (job_id or new_id))

    @retry_on_disconnect
    def find_repeated(self, new: NewJob) -> Job | None:
        """Find the job that the same request made earlier; raises TokenReused."""
        issued_after = self._now() - self._retention
        with self._database.reading() as connection:
            job_id = earlier_job_id(connection, new, issued_after)
            return None if job_id is None else find_job(connection, JOBS.c.id == job_id)

    @retry_on_disconnect
    def find(self, job_id: str, account_id: str | None = None) -> Job:
        """Find a job, of any account unless one is given; raises JobNotFound."""
        wanted = JOBS.c.id == job_id
        if account_id is not None:
            wanted = and_(wanted, JOBS.c.account_id == account_id)
        with self._database.reading() as connection:
            return find_job(connection, wanted)

    @retry_on_disconnect
    def find_by_prefix(self, digits: str) -> Job:
        """Find the only job whose id starts with `digits`; raises JobNotFound."""
        query = select(JOBS).where(JOBS.c.id.startswith(digits, autoescape=True)).limit(2)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        if len(rows) > 1:
            raise JobNotFound(f"More than one job starts with {digits!r}.")
        if not rows:
            raise JobNotFound
        return job_from_row(rows[0])

    @retry_on_disconnect
    def recent(
        self, limit: int, state: JobState | None = None, account_id: str | None = None
    ) -> list[Job]:
        """List at most `limit` jobs, newest first, in any state and of any account unless given."""
        query = select(JOBS).order_by(JOBS.c.number.desc()).limit(limit)
        if state is not None:
            query = query.where(JOBS.c.state == state)
        if account_id is not None:
            query = query.where(JOBS.c.account_id == account_id)
        with self._database.reading() as connection:
            return [job_from_row(row) for row in connection.execute(query).mappings()]

    def claim(self, worker_id: str, lease_seconds: float) -> Job | None:
        """Claim the job that has waited longest; None if none waits."""
        now = self._now()
        lease_until = now + timedelta(seconds=lease_seconds)
        return run_with_retry(partial(self._claim, worker_id, now, lease_until))

    def _claim(
        self, worker_id: str, now: datetime, lease_until: datetime, earlier_tries: int
    ) -> Job | None:
        lease = {"worker_id": worker_id, "lease_until": lease_until}
        with self._database.writing() as connection:
            if earlier_tries and (
                taken := find_job_or_none(connection, is_leased_by(worker_id, lease_until))
            ):
                return taken
            expire_dead_leases(connection, now)
            self._close_stalled(connection, now)
            claimed = claim_oldest(now).values(lease)
            row = connection.execute(claimed.returning(JOBS)).mappings().one_or_none()
            return None if row is None else job_from_row(row)

    @retry_on_disconnect
    def report(self, job_id: str, worker_id: str, progress: Progress, lease_seconds: float) -> None:
        """Store the progress of a job, and extend its lease from now.

        Raises
        ------
        JobCancelled
            If the job was asked to end.
        LeaseLost
            If this worker no longer owns it.
        """
        lease_until = self._now() + timedelta(seconds=lease_seconds)
        reported = owned_by(job_id, worker_id).values(
            lease_until=lease_until,
            **progress_columns(progress),
            **finished_shard_columns(progress),
        )
        with self._database.writing() as connection:
            answer = connection.execute(reported.returning(JOBS.c.cancel_requested))
            cancel_requested = answer.scalar_one_or_none()
        if cancel_requested is None:
            raise LeaseLost
        if cancel_requested:
            raise JobCancelled

    def succeed(
        self,
        job_id: str,
        worker_id: str,
        video: VideoInfo,
        counts: Counts,
        publish: Callable[[], None] = lambda: None,
        warnings: Sequence[str] = (),
        input_sizes: Sizes = (),
    ) -> None:
        """Mark a job as succeeded, even if it was asked to end; raises LeaseLost.

        `warnings` say what was damaged in the video, `input_sizes` in which image sizes
        persons were detected. `publish` makes the results readable.
        It runs inside the transaction, while this worker certainly owns the job, and runs
        again if the transaction must be repeated.
        """
        found = {"fraction": 1.0, **result_columns(video, counts, warnings, input_sizes)}
        self._end(job_id, worker_id, JobState.SUCCEEDED, found, publish)

    def fail(self, job_id: str, worker_id: str, message: str) -> None:
        """Mark a job as failed; `message` tells its caller why. Raises LeaseLost."""
        self._end(job_id, worker_id, JobState.FAILED, {"status_message": message})

    def mark_cancelled(self, job_id: str, worker_id: str) -> None:
        """Mark a running job as cancelled on request; raises LeaseLost."""
        message = {"status_message": JobCancelled.__doc__}
        self._end(job_id, worker_id, JobState.CANCELLED, message)

    @retry_on_disconnect
    def release(self, job_id: str, worker_id: str) -> None:
        """Put a running job back in its place in the queue; raises LeaseLost.

        The attempt does not count, since nothing went wrong.
        """
        with self._database.writing() as connection:
            requeue(connection, clear_lease(job_id, worker_id).values(undo_attempt()))

    @retry_on_disconnect
    def try_again(self, job_id: str, worker_id: str, message: str) -> None:
        """Retry a running job later that met a passing fault; fail it after `MAX_RETRIES`.

        `message` tells its caller why. Raises LeaseLost. The attempt does not count as one
        that broke off: a full disk says nothing about what the video does to workers.
        """
        owned, now = clear_lease(job_id, worker_id), self._now()
        with self._database.writing() as connection:
            exhausted = owned.where(JOBS.c.retries >= MAX_RETRIES)
            if self._end_all(connection, end_as_failed(exhausted, now, message), now):
                return
            query = select(JOBS.c.retries).where(JOBS.c.id == job_id)
            delay = FIRST_RETRY_DELAY_SECONDS * 2 ** connection.execute(query).scalar_one()
            retried = owned.values(
                retries=JOBS.c.retries + 1,
                lease_until=now + timedelta(seconds=delay),
                **excuse_attempt(),
            )
            requeue(connection, retried)

    @retry_on_disconnect
    def cancel(self, job_id: str) -> Job:
        """Cancel a queued job, or ask a running one to end; raises JobNotFound.

        An ended job stays as it is. Returns the job as it is afterwards.
        """
        of_job, now = JOBS.c.id == job_id, self._now()
        with self._database.writing() as connection:
            # No worker may claim it between the next two statements.
            connection.execute(select(JOBS.c.number).where(of_job).with_for_update())
            connection.execute(update(JOBS).where(of_job, RUNNING).values(cancel_requested=True))
            self._end_all(connection, end_as_cancelled(now).where(of_job, QUEUED), now)
            return find_job(connection, of_job)

    @retry_on_disconnect
    def _end(
        self,
        job_id: str,
        worker_id: str,
        state: JobState,
        values: Mapping[str, object],
        publish: Callable[[], None] = lambda: None,
    ) -> None:
        now = self._now()
        ended = clear_lease(job_id, worker_id).values(state=state, ended_at=now, **values)
        with self._database.writing() as connection:
            if not self._end_all(connection, ended, now):
                raise LeaseLost
            publish()

    def _close_stalled(self, connection: Connection, now: datetime) -> None:
        """End the jobs whose worker died and that are not to be tried again."""
        asked_to_end = JOBS.c.cancel_requested.is_(True)
        self._end_all(connection, end_as_cancelled(now).where(is_stalled(now), asked_to_end), now)
        message = f"The analysis broke off {MAX_ATTEMPTS} times."
        given_up = update(JOBS).where(
            is_stalled(now), JOBS.c.attempts_without_progress >= MAX_ATTEMPTS
        )
        self._end_all(connection, end_as_failed(given_up, now, message), now)

    def _end_all(self, connection: Connection, ending: Update, now: datetime) -> bool:
        """End jobs and queue their messages; whether any job was ended."""
        rows = connection.execute(ending.returning(JOBS)).mappings().all()
        for job in map(job_from_row, rows):
            message = self._message_of(job)
            if message is not None:
                enqueue(connection, message, job.id, now)
        return bool(rows)

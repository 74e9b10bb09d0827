"""Which jobs there are, and whose turn it is.

A worker *claims* a job for a while, its lease, and extends the lease as it
reports. A lease that ran out, because its worker died, makes the job claimable
again; a worker known to be dead is not waited for. What a worker says of a job
counts only while the job is its own.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    insert,
    select,
    update,
)

from passerby.clock import utc_now
from passerby.database.connection import Database, lock_by_name
from passerby.database.retry import retry_on_disconnect, run_with_retry
from passerby.database.schema import JOBS
from passerby.errors import JobCancelled, JobNotFound, LeaseLost
from passerby.jobs.idempotency import RETENTION, earlier_job_id, remember
from passerby.jobs.job import Counts, Job, JobState, NewJob
from passerby.jobs.message import MessageOf
from passerby.jobs.outbox import put
from passerby.jobs.queries import (
    QUEUED,
    RUNNING,
    cancelled,
    check_room,
    clear_lease,
    expire_dead_leases,
    failed,
    leased,
    owned_by,
    progress_columns,
    requeue,
    stalled,
    take_oldest,
    undo_attempt,
)
from passerby.jobs.rows import columns_found, columns_of, columns_of_new, job_of
from passerby.records import Progress, VideoInfo

# A job that took three workers down with it, and got no further meanwhile, would take
# down the fourth.
MAX_ATTEMPTS = 3
# What fails for something that may pass is tried again after 10 s, then after twice the
# time: five minutes in all.
MAX_TRIALS = 6
FIRST_REST_SECONDS = 10.0


class JobStore:
    """The jobs of one database. Safe to use from many threads and processes."""

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
        """Put a job into the queue, or find the one this very request made earlier.

        Raises
        ------
        TokenReused
            If the token came with another request and is not forgotten yet.
        TooManyOpenJobs
            If the account has `open_limit` jobs queued or running.
        """
        return run_with_retry(partial(self._submit, new, open_limit, secrets.token_hex(32)))

    def _submit(self, new: NewJob, open_limit: int, new_id: str, earlier_tries: int) -> Job:
        now = self._now()
        with self._database.writing() as connection:
            lock_by_name(connection, new.account_id)
            if earlier_tries and (stored := _one(connection, JOBS.c.id == new_id)):
                return stored
            job_id = earlier_job_id(connection, new, now - self._retention)
            if job_id is None:
                check_room(connection, new.account_id, open_limit)
                connection.execute(insert(JOBS).values(columns_of_new(new, new_id, now)))
                remember(connection, new, new_id, now)
            return _find(connection, JOBS.c.id == (job_id or new_id))

    @retry_on_disconnect
    def repeated(self, new: NewJob) -> Job | None:
        """Find the job that this very request made earlier; raises TokenReused."""
        issued_after = self._now() - self._retention
        with self._database.reading() as connection:
            job_id = earlier_job_id(connection, new, issued_after)
            return None if job_id is None else _find(connection, JOBS.c.id == job_id)

    @retry_on_disconnect
    def find(self, job_id: str, account_id: str | None = None) -> Job:
        """One job, of any account unless one is named; raises JobNotFound."""
        wanted = JOBS.c.id == job_id
        if account_id is not None:
            wanted = and_(wanted, JOBS.c.account_id == account_id)
        with self._database.reading() as connection:
            return _find(connection, wanted)

    @retry_on_disconnect
    def starting_with(self, digits: str) -> Job:
        """The one job whose id starts so; raises JobNotFound if there is none, or another."""
        query = select(JOBS).where(JOBS.c.id.startswith(digits, autoescape=True)).limit(2)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        if len(rows) > 1:
            raise JobNotFound(f"More than one job starts with {digits!r}.")
        if not rows:
            raise JobNotFound
        return job_of(rows[0])

    @retry_on_disconnect
    def recent(
        self, limit: int, state: JobState | None = None, account_id: str | None = None
    ) -> list[Job]:
        """At most `limit` jobs, newest first, in any state and of any account unless named."""
        query = select(JOBS).order_by(JOBS.c.number.desc()).limit(limit)
        if state is not None:
            query = query.where(JOBS.c.state == state)
        if account_id is not None:
            query = query.where(JOBS.c.account_id == account_id)
        with self._database.reading() as connection:
            return [job_of(row) for row in connection.execute(query).mappings()]

    def claim(self, worker_id: str, lease_seconds: float) -> Job | None:
        """Take the job that has waited longest; None if there is none to do."""
        now = self._now()
        lease_until = now + timedelta(seconds=lease_seconds)
        return run_with_retry(partial(self._claim, worker_id, now, lease_until))

    def _claim(
        self, worker_id: str, now: datetime, lease_until: datetime, earlier_tries: int
    ) -> Job | None:
        lease = {"worker_id": worker_id, "lease_until": lease_until}
        with self._database.writing() as connection:
            if earlier_tries and (taken := _one(connection, leased(worker_id, lease_until))):
                return taken
            expire_dead_leases(connection, now)
            self._close_stalled(connection, now)
            claimed = take_oldest(now).values(lease)
            row = connection.execute(claimed.returning(JOBS)).mappings().one_or_none()
            return None if row is None else job_of(row)

    @retry_on_disconnect
    def report(self, job_id: str, worker_id: str, progress: Progress, lease_seconds: float) -> None:
        """Note how far a job is, and extend its lease from now.

        Raises
        ------
        JobCancelled
            If somebody asked for its end.
        LeaseLost
            If it is no longer this worker's.
        """
        lease_until = self._now() + timedelta(seconds=lease_seconds)
        reported = owned_by(job_id, worker_id).values(
            lease_until=lease_until, **columns_of(progress), **progress_columns(progress)
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
    ) -> None:
        """End a job well, even if its end was asked for meanwhile; raises LeaseLost.

        `warnings` say what was damaged in the video. `publish` makes what was found
        readable. It is called where the job is certainly this worker's and nobody can take
        it, perhaps again if that could not be stored.
        """
        found = {"fraction": 1.0, **columns_found(video, counts, warnings)}
        self._end(job_id, worker_id, JobState.SUCCEEDED, found, publish)

    def fail(self, job_id: str, worker_id: str, message: str) -> None:
        """End a job badly; `message` tells its caller why. Raises LeaseLost."""
        self._end(job_id, worker_id, JobState.FAILED, {"status_message": message})

    def mark_cancelled(self, job_id: str, worker_id: str) -> None:
        """End a running job as somebody asked; raises LeaseLost."""
        message = {"status_message": JobCancelled.__doc__}
        self._end(job_id, worker_id, JobState.CANCELLED, message)

    @retry_on_disconnect
    def release(self, job_id: str, worker_id: str) -> None:
        """Give a running job its place in the queue back; raises LeaseLost.

        The attempt does not count: nothing went wrong.
        """
        with self._database.writing() as connection:
            requeue(connection, clear_lease(job_id, worker_id).values(undo_attempt()))

    @retry_on_disconnect
    def try_again(self, job_id: str, worker_id: str, message: str) -> None:
        """Let a running job rest that failed for now, or end it badly if it did so too often.

        `message` tells its caller why. Raises LeaseLost.
        """
        mine, now = clear_lease(job_id, worker_id), self._now()
        with self._database.writing() as connection:
            spent = mine.where(JOBS.c.fruitless_attempts >= MAX_TRIALS)
            if self._end_all(connection, failed(spent, now, message), now):
                return
            query = select(JOBS.c.fruitless_attempts).where(JOBS.c.id == job_id)
            attempts = connection.execute(query).scalar_one()
            rest = timedelta(seconds=FIRST_REST_SECONDS * 2 ** max(attempts - 1, 0))
            requeue(connection, mine.values(lease_until=now + rest))

    @retry_on_disconnect
    def cancel(self, job_id: str) -> Job:
        """End a queued job, ask a running one to end, leave an ended one; raises JobNotFound.

        Returns the job as it is afterwards.
        """
        of_job, now = JOBS.c.id == job_id, self._now()
        with self._database.writing() as connection:
            # No worker may claim it between the next two statements.
            connection.execute(select(JOBS.c.number).where(of_job).with_for_update())
            connection.execute(update(JOBS).where(of_job, RUNNING).values(cancel_requested=True))
            self._end_all(connection, cancelled(now).where(of_job, QUEUED), now)
            return _find(connection, of_job)

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
        """End the jobs whose worker died and which are not to be tried again."""
        asked_to_end = JOBS.c.cancel_requested.is_(True)
        self._end_all(connection, cancelled(now).where(stalled(now), asked_to_end), now)
        message = f"The analysis broke off {MAX_ATTEMPTS} times."
        given_up = update(JOBS).where(stalled(now), JOBS.c.fruitless_attempts >= MAX_ATTEMPTS)
        self._end_all(connection, failed(given_up, now, message), now)

    def _end_all(self, connection: Connection, ending: Update, now: datetime) -> bool:
        """Bring jobs into a final state, each with its message; whether there was one."""
        rows = connection.execute(ending.returning(JOBS)).mappings().all()
        for job in map(job_of, rows):
            message = self._message_of(job)
            if message is not None:
                put(connection, message, job.id, now)
        return bool(rows)


def _find(connection: Connection, wanted: ColumnElement[bool]) -> Job:
    job = _one(connection, wanted)
    if job is None:
        raise JobNotFound
    return job


def _one(connection: Connection, wanted: ColumnElement[bool]) -> Job | None:
    row = connection.execute(select(JOBS).where(wanted)).mappings().one_or_none()
    return None if row is None else job_of(row)

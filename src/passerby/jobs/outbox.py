"""Which messages about ended jobs have still to be delivered, and how the others fared.

A message is put in by the transaction that ends its job, so there is neither an
ended job without its message nor a message without an ended job. Each is delivered
at least once, with the same content each time. Where to, only whoever delivers knows.
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, Update, and_, func, insert, literal, select, update

from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import OUTBOX, UtcDateTime
from passerby.jobs.message import Delivery, DeliveryState, OutgoingMessage, QueuedMessage

# The first attempt after a failed one comes after a second, each further one after
# twice the time, up to an hour; a destination has three days to come back.
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(hours=1)
PATIENCE = timedelta(days=3)

# How long a message is left to whoever attempts to deliver it. Longer than all the
# timeouts of an attempt together; when it is over, the attempt is taken for dead.
ATTEMPT_TIMEOUT = timedelta(minutes=2)


def enqueue(connection: Connection, message: OutgoingMessage, job_id: str, now: datetime) -> None:
    """Queue the message about a job; there can be only one."""
    row = insert(OUTBOX).values(
        job_id=job_id,
        message_id=str(uuid.uuid4()),
        address=message.address,
        body=message.body,
        queued_at=now,
        state=DeliveryState.PENDING,
        attempts=0,
        due_at=now,
    )
    connection.execute(row)


class Outbox:
    """The messages of one database. Safe to use from many threads and processes."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    @retry_on_disconnect
    def claim(self) -> QueuedMessage | None:
        """Take a message whose time has come; None if there is none.

        One that was not tried yet comes before those that failed: a receiver that is
        gone does not keep the others waiting.
        """
        now = self._now()
        due = and_(OUTBOX.c.state == DeliveryState.PENDING, OUTBOX.c.due_at <= now)
        ids = select(OUTBOX.c.job_id).where(due).order_by(OUTBOX.c.attempts, OUTBOX.c.due_at)
        first = ids.limit(1)
        with self._database.reading() as connection:
            if connection.execute(first).first() is None:
                return None
        free = first.with_for_update(skip_locked=True).scalar_subquery()
        taken = update(OUTBOX).where(OUTBOX.c.job_id == free)
        claimed = taken.values(attempts=OUTBOX.c.attempts + 1, due_at=now + ATTEMPT_TIMEOUT)
        with self._database.writing() as connection:
            row = connection.execute(claimed.returning(OUTBOX)).mappings().one_or_none()
        return None if row is None else _message_of(row)

    def mark_delivered(self, message: QueuedMessage) -> None:
        """Note that a claimed message arrived."""
        # Also by one that took longer than its time: what arrived, arrived.
        self._settle(_pending(message), DeliveryState.DELIVERED)

    def mark_undeliverable(self, message: QueuedMessage) -> None:
        """Note that there is nowhere to send a claimed message, now or later."""
        self._settle(_pending(message), DeliveryState.NOWHERE_TO_SEND)

    @retry_on_disconnect
    def mark_failed(self, message: QueuedMessage, error: str) -> None:
        """Note why an attempt failed; the next one follows later, unless it went on too long."""
        now = self._now()
        due_at = now + pause(message.attempt)
        failed = _of_attempt(message).values(
            last_error=error,
            failing_since=func.coalesce(OUTBOX.c.failing_since, literal(now, UtcDateTime)),
            due_at=due_at,
        )
        if due_at > message.queued_at + PATIENCE:
            self._settle(failed, DeliveryState.GIVEN_UP)
            return
        with self._database.writing() as connection:
            connection.execute(failed)

    @retry_on_disconnect
    def deliveries(self, job_ids: Iterable[str]) -> dict[str, Delivery]:
        """How the messages about jobs fare, by job id; without those that have none."""
        with self._database.reading() as connection:
            found = {job_id: _delivery(connection, job_id) for job_id in job_ids}
        return {job_id: delivery for job_id, delivery in found.items() if delivery is not None}

    @retry_on_disconnect
    def _settle(self, wanted: Update, state: DeliveryState) -> None:
        settled = wanted.values(state=state, settled_at=self._now())
        with self._database.writing() as connection:
            connection.execute(settled)


def pause(attempt: int) -> timedelta:
    """How long to wait after a failed attempt (from 1).

    >>> [pause(attempt).total_seconds() for attempt in (1, 2, 3, 12, 13, 100)]
    [1.0, 2.0, 4.0, 2048.0, 3600.0, 3600.0]
    """
    doublings = min(attempt - 1, 20)  # far beyond an hour, far below what a timedelta holds
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _pending(message: QueuedMessage) -> Update:
    return update(OUTBOX).where(
        OUTBOX.c.job_id == message.job_id, OUTBOX.c.state == DeliveryState.PENDING
    )


def _of_attempt(message: QueuedMessage) -> Update:
    """The message, unless another has begun an attempt since."""
    return _pending(message).where(OUTBOX.c.attempts == message.attempt)


def _message_of(row: RowMapping) -> QueuedMessage:
    return QueuedMessage(
        address=row["address"],
        body=row["body"],
        id=row["message_id"],
        job_id=row["job_id"],
        queued_at=row["queued_at"],
        attempt=row["attempts"],
    )


def _delivery(connection: Connection, job_id: str) -> Delivery | None:
    columns = OUTBOX.c
    query = select(
        columns.state,
        columns.attempts,
        columns.failing_since,
        columns.last_error,
        columns.settled_at,
    ).where(columns.job_id == job_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Delivery(DeliveryState(row.state), *row[1:])

"""The outbox: messages about ended jobs, and the state of their delivery.

The transaction that ends a job queues its message, so there is neither an ended job
without its message nor a message without an ended job. Each is delivered at least
once, with the same content each time. The address is opaque here.
"""

import json
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Text,
    Update,
    and_,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from passerby.clock import utc_now
from passerby.database.connection import Database
from passerby.database.retry import retry_on_disconnect
from passerby.database.schema import OUTBOX, UtcDateTime
from passerby.jobs.job import JsonObject
from passerby.jobs.message import Delivery, DeliveryState, OutgoingMessage, QueuedMessage

# The first retry follows after a second, each further one after twice the time, up to
# an hour; a destination has three days to come back.
FIRST_RETRY_DELAY = timedelta(seconds=1)
LONGEST_RETRY_DELAY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)

# A claimed message may be claimed again after this time. Longer than all timeouts of an
# attempt together, so that the attempt is certainly dead.
ATTEMPT_TIMEOUT = timedelta(minutes=2)

# Addresses that one query names.
ADDRESSES_LIMIT = 1000

_ADDRESS = cast(OUTBOX.c.address, Text)


def enqueue(connection: Connection, message: OutgoingMessage, job_id: str, now: datetime) -> None:
    """Queue the message about a job, which can have only one."""
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
    """Messages of one database. Safe to use from many threads and processes."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    def claim(self) -> QueuedMessage | None:
        """Claim a message that is due; None if none is.

        New messages come before those that failed: a receiver that is gone does not keep
        the others waiting.
        """
        return self.claim_free(None)

    @retry_on_disconnect
    def claim_free(self, is_free: Callable[[JsonObject], bool] | None) -> QueuedMessage | None:
        """Claim a message whose address is free; otherwise as `claim`."""
        now = self._now()
        due = and_(OUTBOX.c.state == DeliveryState.PENDING, OUTBOX.c.due_at <= now)
        if is_free is not None:
            due = and_(due, _ADDRESS.in_(self._free_addresses(due, is_free)))
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
        return None if row is None else _queued_message(row)

    def _free_addresses(
        self, due: ColumnElement[bool], is_free: Callable[[JsonObject], bool]
    ) -> list[str]:
        """List the addresses of due messages that are free, as they are stored."""
        with self._database.reading() as connection:
            found = connection.execute(select(_ADDRESS).where(due).distinct()).scalars().all()
        return [address for address in found if is_free(json.loads(address))][:ADDRESSES_LIMIT]

    def mark_delivered(self, message: QueuedMessage) -> None:
        """Mark a claimed message as delivered."""
        # Also after an attempt that took too long: the message has arrived.
        self._settle(_pending(message), DeliveryState.DELIVERED)

    def mark_undeliverable(self, message: QueuedMessage) -> None:
        """Mark a claimed message as one without a destination."""
        self._settle(_pending(message), DeliveryState.NOWHERE_TO_SEND)

    @retry_on_disconnect
    def mark_failed(self, message: QueuedMessage, error: str) -> None:
        """Store why an attempt failed; retry later, or give up after `GIVE_UP_AFTER`."""
        now = self._now()
        due_at = now + retry_delay(message.attempt)
        failed = _of_attempt(message).values(
            last_error=error,
            failing_since=func.coalesce(OUTBOX.c.failing_since, literal(now, UtcDateTime)),
            due_at=due_at,
        )
        if due_at > message.queued_at + GIVE_UP_AFTER:
            self._settle(failed, DeliveryState.GIVEN_UP)
            return
        with self._database.writing() as connection:
            connection.execute(failed)

    @retry_on_disconnect
    def deliveries(self, job_ids: Iterable[str]) -> dict[str, Delivery]:
        """Return the state of the messages about jobs, by job id; jobs without one are left out."""
        with self._database.reading() as connection:
            found = {job_id: _delivery(connection, job_id) for job_id in job_ids}
        return {job_id: delivery for job_id, delivery in found.items() if delivery is not None}

    @retry_on_disconnect
    def _settle(self, wanted: Update, state: DeliveryState) -> None:
        settled = wanted.values(state=state, settled_at=self._now())
        with self._database.writing() as connection:
            connection.execute(settled)


def retry_delay(attempt: int) -> timedelta:
    """Return the delay after a failed attempt (from 1).

    >>> [retry_delay(attempt).total_seconds() for attempt in (1, 2, 3, 12, 13, 100)]
    [1.0, 2.0, 4.0, 2048.0, 3600.0, 3600.0]
    """
    doublings = min(attempt - 1, 20)  # far beyond an hour, far below what a timedelta holds
    return min(FIRST_RETRY_DELAY * (1 << doublings), LONGEST_RETRY_DELAY)


def _pending(message: QueuedMessage) -> Update:
    return update(OUTBOX).where(
        OUTBOX.c.job_id == message.job_id, OUTBOX.c.state == DeliveryState.PENDING
    )


def _of_attempt(message: QueuedMessage) -> Update:
    """Update a message unless another attempt has begun since."""
    return _pending(message).where(OUTBOX.c.attempts == message.attempt)


def _queued_message(row: RowMapping) -> QueuedMessage:
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

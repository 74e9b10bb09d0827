"""Messages about ended jobs, and the state of their delivery."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from passerby.jobs.job import Job, JsonObject


@dataclass(frozen=True)
class OutgoingMessage:
    """A message and its address."""

    address: JsonObject  # locates the receiver; opaque to the queue
    body: str


@dataclass(frozen=True)
class QueuedMessage(OutgoingMessage):
    """A message to be delivered now; only `attempt` differs between deliveries."""

    id: str  # a UUID, by which a receiver recognises a repeated message
    job_id: str
    queued_at: datetime  # aware, UTC
    attempt: int  # from 1


class DeliveryState(StrEnum):
    """State of a message; all but the first are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    NOWHERE_TO_SEND = "nowhere to send"


@dataclass(frozen=True)
class Delivery:
    """State of the delivery of one message. All times are aware, in UTC."""

    state: DeliveryState
    attempts: int
    failing_since: datetime | None  # of the first failed attempt
    last_error: str | None  # why the last failed attempt failed, in a sentence
    settled_at: datetime | None  # when the state became final


# Makes the message about a job that just ended, or None if it needs none.
MessageOf = Callable[[Job], OutgoingMessage | None]

"""What is told about an ended job, and how the telling fares."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from passerby.jobs.job import Job, JsonObject


@dataclass(frozen=True)
class OutgoingMessage:
    """What is to be told, and whom."""

    address: JsonObject  # locates the receiver; read by whoever delivers, not here
    body: str


@dataclass(frozen=True)
class QueuedMessage(OutgoingMessage):
    """A message to be delivered now. But for `attempt`, it is the same each time."""

    id: str  # a UUID, by which a receiver knows a message that it got before
    job_id: str
    queued_at: datetime  # aware, UTC
    attempt: int  # from 1


class DeliveryState(StrEnum):
    """How a message fares; all but the first are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    NOWHERE_TO_SEND = "nowhere to send"


@dataclass(frozen=True)
class Delivery:
    """How the message about a job fares. All times are aware, in UTC."""

    state: DeliveryState
    attempts: int
    failing_since: datetime | None  # of the first failed attempt
    last_error: str | None  # why the last failed attempt failed, in a sentence
    settled_at: datetime | None  # since when the state is final


# Makes the message about a job that just ended; None where nobody wants one.
MessageOf = Callable[[Job], OutgoingMessage | None]

"""The dispatcher: delivers the messages of the outbox and stores the outcome."""

import logging
import secrets
import threading
from collections.abc import Callable

from passerby import logs
from passerby.errors import DeliveryError, NowhereToSend
from passerby.jobs.job import JsonObject
from passerby.jobs.message import QueuedMessage
from passerby.jobs.outbox import Outbox

logger = logging.getLogger(__name__)

# A new message waits at most this long for an idle dispatcher.
POLL_SECONDS = 0.5

# Raises NowhereToSend if there is no destination, DeliveryError if this attempt failed.
Deliver = Callable[[QueuedMessage], None]


class Lanes:
    """The destinations of messages, each taken by one dispatcher of this process at a time.

    A receiver that is slow, or never comes to the end of its answer, then occupies one
    dispatcher, however many messages are queued for it.

    Parameters
    ----------
    destination_of : callable
        Names the destination of an address. Addresses with one name share a destination.
    """

    def __init__(self, destination_of: Callable[[JsonObject], str]) -> None:
        self._destination_of = destination_of
        self._lock = threading.Lock()
        self._taken: set[str] = set()

    def claim(self, outbox: Outbox) -> QueuedMessage | None:
        """Claim a message that is due at a free destination, and take that."""
        with self._lock:
            message = outbox.claim_free(self._is_free if self._taken else None)
            if message is not None:
                self._taken.add(self._destination_of(message.address))
        return message

    def release(self, message: QueuedMessage) -> None:
        """Free the destination of a message again."""
        with self._lock:
            self._taken.discard(self._destination_of(message.address))

    def _is_free(self, address: JsonObject) -> bool:
        return self._destination_of(address) not in self._taken


def dispatch(
    outbox: Outbox, deliver: Deliver, stop: threading.Event, lanes: Lanes | None = None
) -> None:
    """Deliver messages until `stop` is set; several threads may do so at the same time.

    `lanes`, where given, are those of all of these threads.
    """
    while not stop.is_set():
        try:
            busy = _dispatch_once(outbox, deliver, lanes)
        except Exception:
            logger.exception("the outbox cannot be reached")
            busy = False
        if not busy:
            stop.wait(POLL_SECONDS)


def _dispatch_once(outbox: Outbox, deliver: Deliver, lanes: Lanes | None) -> bool:
    """Attempt to deliver one message if one is due; whether one was."""
    message = lanes.claim(outbox) if lanes else outbox.claim()
    if message is None:
        return False
    try:
        with logs.context(job_id=message.job_id):
            _attempt(outbox, deliver, message)
    finally:
        if lanes:
            lanes.release(message)
    return True


def _attempt(outbox: Outbox, deliver: Deliver, message: QueuedMessage) -> None:
    try:
        deliver(message)
    except NowhereToSend as error:
        logger.warning("job %s: %s", message.job_id, error)
        outbox.mark_undeliverable(message)
    except DeliveryError as error:
        logger.warning("job %s: attempt %d: %s", message.job_id, message.attempt, error)
        outbox.mark_failed(message, str(error))
    except Exception:
        reference = secrets.token_hex(4)
        logger.exception("job %s: internal error, reference %s", message.job_id, reference)
        outbox.mark_failed(message, f"Internal error (reference {reference}).")
    else:
        logger.info("job %s: message delivered", message.job_id)
        outbox.mark_delivered(message)

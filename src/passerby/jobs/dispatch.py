"""The dispatcher: delivers the messages of the outbox and stores the outcome."""

import logging
import secrets
import threading
from collections.abc import Callable

from passerby import logs
from passerby.errors import DeliveryError, NowhereToSend
from passerby.jobs.message import QueuedMessage
from passerby.jobs.outbox import Outbox

logger = logging.getLogger(__name__)

# A new message waits at most this long for an idle dispatcher.
POLL_SECONDS = 0.5

# Raises NowhereToSend if there is no destination, DeliveryError if this attempt failed.
Deliver = Callable[[QueuedMessage], None]


def dispatch(outbox: Outbox, deliver: Deliver, stop: threading.Event) -> None:
    """Deliver messages until `stop` is set; several threads may do so at the same time."""
    while not stop.is_set():
        try:
            busy = _dispatch_once(outbox, deliver)
        except Exception:
            logger.exception("the outbox cannot be reached")
            busy = False
        if not busy:
            stop.wait(POLL_SECONDS)


def _dispatch_once(outbox: Outbox, deliver: Deliver) -> bool:
    """Attempt to deliver one message if one is due; whether one was."""
    message = outbox.claim()
    if message is None:
        return False
    with logs.context(job_id=message.job_id):
        _attempt(outbox, deliver, message)
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

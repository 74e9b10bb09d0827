"""Send messages about ended jobs from memory, without an outbox."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from passerby.clock import utc_now
from passerby.errors import DeliveryError, NowhereToSend
from passerby.jobs.job import Job
from passerby.jobs.message import OutgoingMessage, QueuedMessage

logger = logging.getLogger(__name__)

# Pauses before each further attempt to deliver a message. Seconds.
PAUSES = (1.0, 2.0, 4.0)


class Notifier:
    """Delivers messages one after another, in a thread of its own."""

    def __init__(self, deliver: Callable[[QueuedMessage], None]) -> None:
        self._deliver = deliver
        self._messages: queue.SimpleQueue[QueuedMessage | None] = queue.SimpleQueue()
        self._stop = threading.Event()

    def send(self, job: Job, message: OutgoingMessage) -> None:
        """Put a message in the queue."""
        queued = QueuedMessage(message.address, message.body, str(uuid4()), job.id, utc_now(), 1)
        self._messages.put(queued)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Deliver while the block runs."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._messages.put(None)
            thread.join()

    def _work(self) -> None:
        while (message := self._messages.get()) is not None:
            for pause in (*PAUSES, 0.0):
                if self._deliver_once(message) or self._stop.wait(pause):
                    break

    def _deliver_once(self, message: QueuedMessage) -> bool:
        """Try to deliver a message; return whether no other attempt makes sense."""
        try:
            self._deliver(message)
        except DeliveryError as error:
            logger.warning("job %s: %s", message.job_id, error)
            return isinstance(error, NowhereToSend)
        return True

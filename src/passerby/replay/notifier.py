"""How messages about ended jobs are sent where no outbox keeps them."""

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

# A message that does not arrive is sent once more after each of these. Seconds.
PAUSES = (1.0, 2.0, 4.0)


class Notifier:
    """Delivers messages one after another, in a thread of its own."""

    def __init__(self, deliver: Callable[[QueuedMessage], None]) -> None:
        self._deliver = deliver
        self._letters: queue.SimpleQueue[QueuedMessage | None] = queue.SimpleQueue()
        self._stop = threading.Event()

    def send(self, job: Job, message: OutgoingMessage) -> None:
        """Put a message in the queue."""
        letter = QueuedMessage(message.address, message.body, str(uuid4()), job.id, utc_now(), 1)
        self._letters.put(letter)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Deliver while the block runs."""
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._letters.put(None)
            thread.join()

    def _work(self) -> None:
        while (letter := self._letters.get()) is not None:
            for pause in (*PAUSES, 0.0):
                if self._settled(letter) or self._stop.wait(pause):
                    break

    def _settled(self, letter: QueuedMessage) -> bool:
        """Try to deliver a message; whether there is no more to be done about it."""
        try:
            self._deliver(letter)
        except DeliveryError as error:
            logger.warning("job %s: %s", letter.job_id, error)
            return isinstance(error, NowhereToSend)
        return True

"""How a job stays a worker's own while the worker is busy with it.

One thread beside the analysis says to the store, twice a second, how far
the job is; that extends the lease. The analysis only notes its progress, which
costs nothing, and learns there that it should stop. Where it is long about
something without a word, as in linking a long video, it is interrupted.
"""

import logging
import signal
import threading
from contextvars import copy_context
from types import FrameType, TracebackType
from typing import Self

from passerby.errors import JobCancelled, LeaseLost
from passerby.jobs.job import Job
from passerby.jobs.store import JobStore
from passerby.records import Progress, Stage

logger = logging.getLogger(__name__)

# Long enough to sit out a machine that swaps or a database under repair, short
# enough that a job whose worker died is not given up for lost.
LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 0.5

# Python tells of a signal wherever the main thread is, and in no other.
INTERRUPT = signal.SIGUSR1


class Lease:
    """A claimed job and its heartbeat; enter it to start, leave it to stop."""

    def __init__(
        self, store: JobStore, job: Job, worker_id: str, stopping: threading.Event
    ) -> None:
        self._store = store
        self._job_id = job.id
        self._worker_id = worker_id
        self._stopping = stopping
        self._progress = Progress(Stage.PLANNING)
        self._verdict: JobCancelled | LeaseLost | None = None
        self._heeded = False  # the analysis knows of it
        self._thread_id = threading.get_ident()  # of the analysis
        self._interruptible = threading.current_thread() is threading.main_thread()
        self._over = threading.Event()
        self._heart = threading.Thread(
            # With what the log is about here.
            target=copy_context().run,
            args=(self._beat,),
            name=f"lease {job.id[:8]}",
        )

    def __enter__(self) -> Self:
        if self._interruptible:
            signal.signal(INTERRUPT, self._interrupted)
        self._heart.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._heeded = True  # what comes now comes too late
        self._over.set()
        self._heart.join()

    def report(self, progress: Progress) -> None:
        """Note how far the job is.

        Raises
        ------
        JobCancelled
            If somebody asked for its end.
        LeaseLost
            If it is another worker's by now, or this worker is stopping.
        """
        self._progress = progress
        if self._verdict is None and self._stopping.is_set():
            self._verdict = LeaseLost("The worker is stopping.")
        if self._verdict is not None:
            self._heeded = True
            raise self._verdict

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            if self._verdict is not None:
                # For a whole beat it was there to be heard.
                self._interrupt()
                return
            if self._stopping.is_set():
                self._verdict = LeaseLost("The worker is stopping.")
            else:
                self._extend()

    def _extend(self) -> None:
        try:
            self._store.report(self._job_id, self._worker_id, self._progress, LEASE_SECONDS)
        except (JobCancelled, LeaseLost) as verdict:
            self._verdict = verdict
        except Exception:
            # The store may be back before the lease has run out.
            logger.exception("job %s: its lease could not be extended", self._job_id)

    def _interrupt(self) -> None:
        if self._interruptible and not self._heeded:
            signal.pthread_kill(self._thread_id, INTERRUPT)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        """Raise the verdict in the middle of whatever the main thread does."""
        if self._verdict is not None and not self._heeded:
            self._heeded = True
            raise self._verdict

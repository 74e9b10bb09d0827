"""The lease of a running job, extended by a heartbeat thread.

Twice a second the thread reports the job's progress to the store, which extends the
lease. The analysis itself only notes its progress, which costs nothing, and learns
there that it should stop. An analysis that reports nothing for long, as while linking
a long video, is interrupted by a signal.
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

# Long enough to survive a machine that swaps or a database that restarts, short enough
# that the job of a dead worker soon goes on.
LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 0.5

# Python runs signal handlers in the main thread only, wherever it is.
INTERRUPT = signal.SIGUSR1


class Lease:
    """Lease of a claimed job; its heartbeat runs while the context is entered."""

    def __init__(
        self, store: JobStore, job: Job, worker_id: str, stopping: threading.Event
    ) -> None:
        self._store = store
        self._job_id = job.id
        self._worker_id = worker_id
        self._stopping = stopping
        self._progress = Progress(Stage.PLANNING)
        self._verdict: JobCancelled | LeaseLost | None = None
        self._delivered = False  # the verdict has reached the analysis
        self._thread_id = threading.get_ident()  # of the analysis
        self._interruptible = threading.current_thread() is threading.main_thread()
        self._over = threading.Event()
        self._heart = threading.Thread(
            # The log context of this thread holds in the heartbeat, too.
            target=copy_context().run,
            args=(self._beat,),
            name=f"lease {job.id[:8]}",
        )

    def __enter__(self) -> Self:
        if self._interruptible:
            signal.signal(INTERRUPT, self._on_interrupt)
        self._heart.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._delivered = True  # the analysis is over: never interrupt what follows
        self._over.set()
        self._heart.join()

    def report(self, progress: Progress) -> None:
        """Note the progress of the job.

        Raises
        ------
        JobCancelled
            If the job was asked to end.
        LeaseLost
            If another worker owns the job by now, or this worker is stopping.
        """
        self._progress = progress
        if self._verdict is None and self._stopping.is_set():
            self._verdict = LeaseLost("The worker is stopping.")
        if self._verdict is not None:
            self._delivered = True
            raise self._verdict

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            if self._verdict is not None:
                # The analysis has not reported for a whole heartbeat.
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
            logger.exception("job %s: its lease cannot be extended", self._job_id)

    def _interrupt(self) -> None:
        if self._interruptible and not self._delivered:
            signal.pthread_kill(self._thread_id, INTERRUPT)

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Raise the verdict in the main thread, whatever it does."""
        if self._verdict is not None and not self._delivered:
            self._delivered = True
            raise self._verdict

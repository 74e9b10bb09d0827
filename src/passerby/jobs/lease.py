"""How a job stays a worker's own while the worker is busy with it.

One thread beside the analysis says to the store, twice a second, how far
the job is; that extends the lease. The analysis only notes its progress, which
costs nothing, and learns there that it should stop.
"""

import logging
import threading
from contextvars import copy_context
from types import TracebackType
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
        self._over = threading.Event()
        self._heart = threading.Thread(
            # With what the log is about here.
            target=copy_context().run,
            args=(self._beat,),
            name=f"lease {job.id[:8]}",
        )

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
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
        if self._verdict is not None:
            raise self._verdict
        if self._stopping.is_set():
            raise LeaseLost("The worker is stopping.")

    def _beat(self) -> None:
        while self._verdict is None and not self._over.wait(HEARTBEAT_SECONDS):
            try:
                self._store.report(self._job_id, self._worker_id, self._progress, LEASE_SECONDS)
            except (JobCancelled, LeaseLost) as verdict:
                self._verdict = verdict
            except Exception:
                # The store may be back before the lease has run out.
                logger.exception("job %s: its lease could not be extended", self._job_id)

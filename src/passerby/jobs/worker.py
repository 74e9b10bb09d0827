"""The worker of the job queue: claims a job, has it analysed, stores how it ended."""

import errno
import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from passerby import logs
from passerby.errors import (
    JobCancelled,
    LeaseLost,
    PasserbyError,
    StoreUnreachable,
    TooLittleSpace,
)
from passerby.jobs.job import Counts, Job
from passerby.jobs.lease import LEASE_SECONDS, Lease
from passerby.jobs.store import JobStore
from passerby.jobs.worker_id import make_worker_id
from passerby.records import ProgressCallback, Sizes, VideoInfo

logger = logging.getLogger(__name__)

# A new job waits at most this long for an idle worker.
POLL_SECONDS = 0.5
# Between two attempts to store how a job ended.
STORE_END_PAUSE_SECONDS = 1.0

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Outcome:
    """Result of the analysis of a job; its sightings are stored already."""

    video: VideoInfo
    counts: Counts
    publish: Callable[[], None] = lambda: None  # makes the results readable; see JobStore.succeed
    warnings: Sequence[str] = ()  # what was damaged in the video, in sentences
    input_sizes: Sizes = ()  # of the images in which persons were detected


# Analyses the video of a job. The callback raises JobCancelled or LeaseLost when the
# analysis should stop; the analysis lets these pass.
Analyse = Callable[[Job, ProgressCallback], Outcome]

# Ends a job in the store, given the ids of the job and of its worker.
EndJob = Callable[[str, str], None]


class Worker:
    """Runs the jobs of a store, one at a time."""

    def __init__(self, store: JobStore, analyse: Analyse) -> None:
        self._store = store
        self._analyse = analyse
        self._id = make_worker_id()

    def run(self, stop: threading.Event) -> None:
        """Run jobs until `stop` is set; a running job then goes back into the queue."""
        while not stop.is_set():
            try:
                busy = self._work_once(stop)
            except Exception:
                logger.exception("the worker cannot reach the job queue")
                busy = False
            if not busy:
                stop.wait(POLL_SECONDS)

    def _work_once(self, stop: threading.Event) -> bool:
        """Run one job if one waits; whether one did."""
        job = self._store.claim(self._id, LEASE_SECONDS)
        if job is None:
            return False
        with logs.context(job_id=job.id):
            self._run_job(job, stop)
        return True

    def _run_job(self, job: Job, stop: threading.Event) -> None:
        logger.info("job %s: attempt %d", job.id, job.attempt)
        self._store_end(job, self._analyse_job(job, stop), stop)

    def _store_end(self, job: Job, end: EndJob, stop: threading.Event) -> None:
        """Store how a job ended, repeatedly while the store fails and the lease may still hold."""
        deadline = time.monotonic() + LEASE_SECONDS
        while True:
            try:
                end(job.id, self._id)
            except LeaseLost:
                logger.warning("job %s: now belongs to another worker", job.id)
                return
            except Exception:
                logger.exception("job %s: its end cannot be stored", job.id)
                if time.monotonic() > deadline or stop.wait(STORE_END_PAUSE_SECONDS):
                    return
            else:
                return

    def _analyse_job(self, job: Job, stop: threading.Event) -> EndJob:
        """Analyse a job, and return how to end it in the store."""
        try:
            with Lease(self._store, job, self._id, stop) as lease:
                outcome = self._analyse(job, lease.report)
        except LeaseLost:
            # Changes nothing if another worker owns the job by now.
            return self._store.release
        except JobCancelled:
            return self._store.mark_cancelled
        except Exception as error:  # noqa: BLE001 - logged, and stored for the caller
            return self._end_after(job, error)
        logger.info("job %s: analysed, %d persons", job.id, outcome.counts.persons)
        return partial(
            self._store.succeed,
            video=outcome.video,
            counts=outcome.counts,
            publish=outcome.publish,
            warnings=outcome.warnings,
            input_sizes=outcome.input_sizes,
        )

    def _end_after(self, job: Job, error: Exception) -> EndJob:
        """Return how to fail a job that cannot be analysed, or how to retry it."""
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            error = TooLittleSpace()
        if not isinstance(error, PasserbyError):
            reference = secrets.token_hex(4)
            logger.error("job %s: internal error, reference %s", job.id, reference, exc_info=error)
            return partial(self._store.fail, message=f"Internal error (reference {reference}).")
        logger.warning("job %s: %s", job.id, error)
        passing = isinstance(error, StoreUnreachable | TooLittleSpace)
        return partial(self._store.try_again if passing else self._store.fail, message=str(error))

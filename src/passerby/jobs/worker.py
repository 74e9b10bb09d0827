"""Who works off the queue: claim a job, have it analysed, say how it ended."""

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
from passerby.records import Progress, VideoInfo

logger = logging.getLogger(__name__)

# How long a new job waits at most for an idle worker to see it.
POLL_SECONDS = 0.5
# Between two attempts to store how a job ended.
SETTLE_PAUSE_SECONDS = 1.0

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Outcome:
    """What the analysis of a job tells of it; the sightings are stored already."""

    video: VideoInfo
    counts: Counts
    publish: Callable[[], None] = lambda: None  # lets the sightings be read; see JobStore.succeed
    warnings: Sequence[str] = ()  # what was damaged in the video, in sentences


# Tells how far the analysis is. Raises JobCancelled or LeaseLost when it should
# stop; the analysis lets these pass.
Report = Callable[[Progress], None]
Analyse = Callable[[Job, Report], Outcome]


class Worker:
    """Works off the jobs of a store, one at a time."""

    def __init__(self, store: JobStore, analyse: Analyse) -> None:
        self._store = store
        self._analyse = analyse
        self._id = make_worker_id()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a job under way then goes back into the queue."""
        while not stop.is_set():
            try:
                busy = self._work_once(stop)
            except Exception:
                logger.exception("the worker could not reach its queue")
                busy = False
            if not busy:
                stop.wait(POLL_SECONDS)

    def _work_once(self, stop: threading.Event) -> bool:
        """Do one job, if there is one; whether there was."""
        job = self._store.claim(self._id, LEASE_SECONDS)
        if job is None:
            return False
        with logs.context(job_id=job.id):
            self._do(job, stop)
        return True

    def _do(self, job: Job, stop: threading.Event) -> None:
        logger.info("job %s: attempt %d", job.id, job.attempt)
        self._settle(job, self._carry_out(job, stop), stop)

    def _settle(self, job: Job, settle: Callable[[str, str], None], stop: threading.Event) -> None:
        """Say how a job ended, again and again while nobody listens and it can be this worker's."""
        deadline = time.monotonic() + LEASE_SECONDS
        while True:
            try:
                settle(job.id, self._id)
            except LeaseLost:
                logger.warning("job %s: left to another worker", job.id)
                return
            except Exception:
                logger.exception("job %s: its end could not be stored", job.id)
                if time.monotonic() > deadline or stop.wait(SETTLE_PAUSE_SECONDS):
                    return
            else:
                return

    def _carry_out(self, job: Job, stop: threading.Event) -> Callable[[str, str], None]:
        """Analyse a job; returns how to end it in the store."""
        try:
            with Lease(self._store, job, self._id, stop) as lease:
                outcome = self._analyse(job, lease.report)
        except LeaseLost:
            # Changes nothing where the job is another worker's by now.
            return self._store.release
        except JobCancelled:
            return self._store.mark_cancelled
        except Exception as error:  # noqa: BLE001 - told in the log, and to the caller
            return self._failed(job, error)
        logger.info("job %s: analysed, %d persons", job.id, outcome.counts.persons)
        return partial(
            self._store.succeed,
            video=outcome.video,
            counts=outcome.counts,
            publish=outcome.publish,
            warnings=outcome.warnings,
        )

    def _failed(self, job: Job, error: Exception) -> Callable[[str, str], None]:
        """How to end a job that could not be analysed, or to have it tried again."""
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            error = TooLittleSpace()
        if not isinstance(error, PasserbyError):
            reference = secrets.token_hex(4)
            logger.error("job %s: internal error, reference %s", job.id, reference, exc_info=error)
            return partial(self._store.fail, message=f"Internal error (reference {reference}).")
        logger.warning("job %s: %s", job.id, error)
        passing = isinstance(error, StoreUnreachable | TooLittleSpace)
        return partial(self._store.try_again if passing else self._store.fail, message=str(error))

"""Who works off the queue: claim a job, have it analysed, say how it ended."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from passerby import logs
from passerby.errors import JobCancelled, LeaseLost, PasserbyError
from passerby.jobs.job import Counts, Job
from passerby.jobs.lease import LEASE_SECONDS, Lease
from passerby.jobs.store import JobStore
from passerby.records import Progress, VideoInfo

logger = logging.getLogger(__name__)

# How long a new job waits at most for an idle worker to see it.
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Outcome:
    """What the analysis of a job tells of it; the sightings are stored already."""

    video: VideoInfo
    counts: Counts


# Tells how far the analysis is. Raises JobCancelled or LeaseLost when it should
# stop; the analysis lets these pass.
Report = Callable[[Progress], None]
Analyse = Callable[[Job, Report], Outcome]


class Worker:
    """Works off the jobs of a store, one at a time."""

    def __init__(self, store: JobStore, analyse: Analyse) -> None:
        self._store = store
        self._analyse = analyse
        self._id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

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
        with logs.about(job_id=job.id):
            self._do(job, stop)
        return True

    def _do(self, job: Job, stop: threading.Event) -> None:
        logger.info("job %s: attempt %d", job.id, job.attempt)
        settle = self._carry_out(job, stop)
        try:
            settle(job.id, self._id)
        except LeaseLost:
            logger.warning("job %s: left to another worker", job.id)

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
        except PasserbyError as error:
            logger.warning("job %s: %s", job.id, error)
            return partial(self._store.fail, message=str(error))
        except Exception:
            reference = secrets.token_hex(4)
            logger.exception("job %s: internal error, reference %s", job.id, reference)
            return partial(self._store.fail, message=f"Internal error (reference {reference}).")
        logger.info("job %s: analysed, %d persons", job.id, outcome.counts.persons)
        return partial(self._store.succeed, video=outcome.video, counts=outcome.counts)

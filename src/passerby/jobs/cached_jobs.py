"""A cache of succeeded jobs, kept for some seconds.

Such a job stays as it is until it is deleted, and a caller that reads its results needs
it for each page: without a cache the look-up would cost more than the page.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from passerby.jobs.job import Job, JobState, NewJob
from passerby.jobs.store import JobStore

# A deleted job may be found this long by a process that did not delete it.
CACHE_SECONDS = 5.0
JOBS_LIMIT = 1000


class CachedJobs:
    """A job store that caches succeeded jobs. Safe to use from many threads."""

    def __init__(self, store: JobStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, Job]] = OrderedDict()

    def find_repeated(self, new: NewJob) -> Job | None:
        """As `JobStore.find_repeated`."""
        return self._store.find_repeated(new)

    def submit(self, new: NewJob, open_limit: int) -> Job:
        """As `JobStore.submit`."""
        return self._store.submit(new, open_limit)

    def find(self, job_id: str, account_id: str) -> Job:
        """As `JobStore.find`; a deleted job may be found for `CACHE_SECONDS` more."""
        name = (job_id, account_id)
        known = self._known.get(name)
        if known is not None and self._clock() < known[0]:
            return known[1]
        job = self._store.find(job_id, account_id)
        if job.state is JobState.SUCCEEDED:
            self._remember(name, job)
        return job

    def _remember(self, name: tuple[str, str], job: Job) -> None:
        with self._lock:
            self._known[name] = (self._clock() + CACHE_SECONDS, job)
            self._known.move_to_end(name)
            if len(self._known) > JOBS_LIMIT:
                self._known.popitem(last=False)

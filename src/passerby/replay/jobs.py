"""Jobs without a worker: each ends when the script says so, with a recorded result.

Everything is in memory, and the same calls give the same job ids.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.operations import AnsweredPage, Order
from passerby.clock import utc_now
from passerby.errors import JobNotFound, TokenReused
from passerby.jobs.job import Job, JobState, NewJob
from passerby.records import Progress, Stage
from passerby.replay.faults import SERVICE_OPEN_JOBS, ScriptedFaults
from passerby.replay.recordings import Recording, Recordings
from passerby.replay.script import JobRule, Script

# `StatusMessage` of a failed job where neither the script nor the recording has one: the
# service always gave one, and clients read it unasked.
UNEXPLAINED_FAILURE = "The job failed."


@dataclass
class _JobEntry:
    """A job, with the rule that decides when it ends."""

    job: Job
    token: str | None
    rule: JobRule
    ready_at: float  # seconds of the monotonic clock
    polls: int = 0
    recording: Recording | None = None  # once it ended
    timer: threading.Timer | None = None  # that ends it


@dataclass(frozen=True)
class Facts:
    """Facts of a video that need not exist."""

    size_bytes: int = 1
    fingerprint: str = "recorded"


@dataclass
class _Jobs:
    """Jobs since the last reset."""

    by_id: dict[str, _JobEntry] = field(default_factory=dict)
    by_token: dict[tuple[str, str], str] = field(default_factory=dict)  # account, token → id


class ReplayedJobs:
    """Jobs, objects and results of the API, all from recordings. Safe to use from threads.

    Parameters
    ----------
    recordings : Recordings
        What the jobs find.
    script : Script
        How they go; may be changed by `reset` and `follow`.
    on_end : callable
        Told of each job that has ended, once.
    """

    def __init__(
        self, recordings: Recordings, script: Script, on_end: Callable[[Job], None]
    ) -> None:
        self.recordings = recordings
        self._on_end = on_end
        self._lock = threading.RLock()
        self._jobs = _Jobs()
        self.follow(script)

    def follow(self, script: Script) -> None:
        """Use another script for calls and jobs that start from now on."""
        with self._lock:
            self._script = script
            self._faults = ScriptedFaults(script.faults, script.open_jobs or SERVICE_OPEN_JOBS)

    def reset(self, recordings: Recordings, script: Script) -> None:
        """Forget all jobs and start again with these recordings and this script."""
        with self._lock:
            ended, self._jobs = self._jobs, _Jobs()
            self.recordings = recordings
            self.follow(script)
        for entry in ended.by_id.values():
            if entry.timer is not None:
                entry.timer.cancel()
                entry.timer.join()

    def head(self, bucket: str, key: str, version: str | None) -> Facts:  # noqa: ARG002 - Objects
        """Give the facts of a video with a recording; raises ObjectNotFound."""
        self.recordings.find(bucket, key)
        return Facts()

    def find_repeated(self, new: NewJob) -> Job | None:
        """Find the job of the same token and request; raises TokenReused, or a scripted Fault."""
        self._faults.check("StartPersonTracking", _video(new), new.tag, new.account_id, new.token)
        with self._lock:
            return self._repeated(new)

    def submit(self, new: NewJob, open_limit: int) -> Job:
        """Start a job, or find the repeated one; raises TokenReused, or a Fault.

        The script's own limit, if it has one, replaces `open_limit`; 0 allows any number.
        """
        with self._lock:
            known = self._repeated(new)
            if known is not None:
                return known
            self._check_open_jobs(new.account_id, open_limit)
            entry = self._new_entry(new)
            self._jobs.by_id[entry.job.id] = entry
            if new.token is not None:
                self._jobs.by_token[new.account_id, new.token] = entry.job.id
            self._schedule_end(entry)
            return entry.job

    def find(self, job_id: str, account_id: str) -> Job:
        """Find a job of an account for a call; raises JobNotFound, or a scripted Fault."""
        entry = self._entry(job_id, account_id)
        job = entry.job
        self._faults.check("GetPersonTracking", _video(job), job.tag, account_id, entry.token)
        with self._lock:
            entry.polls += 1
            self._end_if_due(entry)
            return entry.job

    def page(self, job_id: str, order: Order, offset: int, count: int) -> AnsweredPage:
        """Give at most `count` items from `offset` on, and no more than the script allows."""
        recording = self._jobs.by_id[job_id].recording
        assert recording is not None  # noqa: S101 - only succeeded jobs are asked for
        rows = recording.rows(order)
        end = offset + min(count, self._script.page_rows)
        return AnsweredPage(rows[offset:end], end if end < len(rows) else None)

    def finish(self, job_id: str, failure: str | None = None) -> None:
        """End a job now: as its recording says, or failed with a message; raises JobNotFound."""
        with self._lock:
            entry = self._entry(job_id)
            if entry.job.open:
                self._end(entry, failure)

    def all(self) -> list[Job]:
        """List all jobs in the order in which they started."""
        with self._lock:
            return [entry.job for entry in self._jobs.by_id.values()]

    def _entry(self, job_id: str, account_id: str | None = None) -> _JobEntry:
        entry = self._jobs.by_id.get(job_id)
        if entry is None or account_id not in (None, entry.job.account_id):
            raise JobNotFound
        return entry

    def _repeated(self, new: NewJob) -> Job | None:
        job_id = self._jobs.by_token.get((new.account_id, new.token or ""))
        if job_id is None:
            return None
        job = self._jobs.by_id[job_id].job
        if job.request != new.request:
            raise TokenReused
        return job

    def _check_open_jobs(self, account_id: str, open_limit: int) -> None:
        open_jobs = sum(job.open and job.account_id == account_id for job in self.all())
        limit = open_limit if self._script.open_jobs is None else self._script.open_jobs
        if limit and open_jobs >= limit:
            raise Fault(faults.LIMIT_EXCEEDED, open_jobs=open_jobs, user=account_id, limit=limit)

    def _new_entry(self, new: NewJob) -> _JobEntry:
        rule = self._script.job_rule(_video(new), new.tag)
        now = utc_now()
        job = Job(
            id=_job_id(new, len(self._jobs.by_id)),
            account_id=new.account_id,
            operation=new.operation,
            request=new.request,
            source=new.source,
            tag=new.tag,
            state=JobState.RUNNING,
            progress=Progress(Stage.OBSERVING),
            status_message=None,
            video=None,
            counts=None,
            created_at=now,
            started_at=now,
            ended_at=None,
            attempt=1,
        )
        return _JobEntry(job, new.token, rule, time.monotonic() + rule.seconds)

    def _schedule_end(self, entry: _JobEntry) -> None:
        """End a job that is due at once; set a timer for one that needs no calls to end."""
        self._end_if_due(entry)
        if entry.job.open and not entry.rule.polls:
            entry.timer = threading.Timer(entry.rule.seconds, self._end_by_timer, (entry,))
            entry.timer.daemon = True
            entry.timer.start()

    def _end_by_timer(self, entry: _JobEntry) -> None:
        with self._lock:
            if entry.job.open and self._jobs.by_id.get(entry.job.id) is entry:
                self._end(entry, entry.rule.failure)

    def _end_if_due(self, entry: _JobEntry) -> None:
        due = entry.polls > entry.rule.polls or not entry.rule.polls
        if entry.job.open and due and time.monotonic() >= entry.ready_at:
            self._end(entry, entry.rule.failure)

    def _end(self, entry: _JobEntry, failure: str | None) -> None:
        source = entry.job.source
        recording = self.recordings.find(source["bucket"], source["key"])
        failure = recording.failure if failure is None else failure
        ended = replace(entry.job, ended_at=utc_now())
        if failure is None:
            entry.recording = recording
            video, counts = recording.video, recording.counts
            entry.job = replace(ended, state=JobState.SUCCEEDED, video=video, counts=counts)
        else:
            message = failure or UNEXPLAINED_FAILURE
            entry.job = replace(ended, state=JobState.FAILED, status_message=message)
        self._on_end(entry.job)


def _video(of: NewJob | Job) -> str:
    return f"{of.source['bucket']}/{of.source['key']}"


def _job_id(new: NewJob, number: int) -> str:
    """64 hexadecimal digits, the same for the same request in the same place."""
    content = json.dumps([number, new.account_id, new.request], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()

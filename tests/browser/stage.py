"""Jobs in every state, put into a data folder as workers leave them there."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from passerby.access.accounts import DEFAULT_ACCOUNT_ID
from passerby.database.connection import open_database
from passerby.jobs.job import Counts, Job, NewJob
from passerby.jobs.store import JobStore
from passerby.records import Progress, Stage, VideoInfo

VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 1920, 1080, 754_000, "LIMITED")
WORKER = "stage"
LONG = 10_000.0  # seconds of a lease: nobody takes the job up


class Stager:
    """Makes jobs, one a minute from `first` on."""

    def __init__(self, data: Path, first: datetime | None = None) -> None:
        self._database = open_database(f"sqlite:///{data / 'passerby.db'}")
        first = first or datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
        self._minutes = count()
        self._first = first
        self._now = first
        self.store = JobStore(self._database, now=lambda: self._now)

    def queued(
        self, name: str, tag: str | None = None, account_id: str = DEFAULT_ACCOUNT_ID
    ) -> Job:
        self._now = self._first + timedelta(minutes=next(self._minutes))
        bucket, _, key = name.partition("/")
        request = {"Video": {"S3Object": {"Bucket": bucket, "Name": key}}, "JobTag": tag}
        source = {"bucket": bucket, "key": key, "version": None, "fingerprint": "0"}
        new = NewJob(account_id, "StartPersonTracking", request, source, tag=tag)
        return self.store.submit(new, open_limit=100_000)

    def running(self, name: str, fraction: float, tag: str | None = None) -> Job:
        job = self._claimed(name, tag)
        progress = Progress(Stage.OBSERVING, fraction, frames=900, speed=3.1)
        self.store.report(job.id, WORKER, progress, LONG)
        return job

    def succeeded(
        self,
        name: str,
        persons: int,
        tag: str | None = None,
        warnings: Sequence[str] = (),
        account_id: str = DEFAULT_ACCOUNT_ID,
    ) -> Job:
        job = self._claimed(name, tag, account_id)
        self.store.succeed(job.id, WORKER, VIDEO, Counts(persons, persons * 40), warnings=warnings)
        return job

    def failed(self, name: str, message: str, account_id: str = DEFAULT_ACCOUNT_ID) -> Job:
        job = self._claimed(name, None, account_id)
        self.store.fail(job.id, WORKER, message)
        return job

    def cancelled(
        self, name: str, tag: str | None = None, account_id: str = DEFAULT_ACCOUNT_ID
    ) -> Job:
        return self.store.cancel(self.queued(name, tag, account_id).id)

    def close(self) -> None:
        self._database.close()

    def _claimed(self, name: str, tag: str | None, account_id: str = DEFAULT_ACCOUNT_ID) -> Job:
        job = self.queued(name, tag, account_id)
        others = []
        while (claimed := self.store.claim(WORKER, LONG)) and claimed.id != job.id:
            others.append(claimed.id)  # those that wait come first
        assert claimed is not None
        for other in others:
            self.store.release(other, WORKER)
        return job


def one_of_each(data: Path) -> None:
    """A list such as somebody might have."""
    with closing(Stager(data)) as stage:
        stage.succeeded("cctv/2026/11/01/entrance-morning.mp4", 14, "entrance")
        stage.succeeded("cctv/2026/11/01/entrance-evening.mp4", 231, "entrance")
        stage.failed("archive/holiday.mov", "Unsupported codec/format.")
        stage.cancelled("cctv/2026/11/02/yard.mp4", "yard")
        stage.succeeded("cctv/2026/11/02/entrance-morning.mp4", 1, "entrance")
        stage.running("cctv/2026/11/02/platform-3.mp4", 0.62, "platforms")
        stage.queued("cctv/2026/11/02/platform-4.mp4", "platforms")

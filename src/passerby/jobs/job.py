"""What a job is, from its submission to its end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from passerby.records import Progress, VideoInfo

JsonObject = dict[str, Any]


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Counts:
    """How much a finished job found."""

    persons: int
    sightings: int


@dataclass(frozen=True)
class NewJob:
    """A job as its caller hands it in."""

    account_id: str
    operation: str  # scopes the token: "StartPersonTracking"
    request: JsonObject  # the original request, whole; compared and handed back, never read
    source: JsonObject  # locates the video; read by whoever analyses, not here
    token: str | None = None  # makes the submission repeatable
    tag: str | None = None


@dataclass(frozen=True)
class Job:
    """A job as the store knows it. All times are aware, in UTC."""

    id: str  # 64 lowercase hexadecimal digits
    account_id: str
    operation: str
    request: JsonObject
    source: JsonObject
    tag: str | None
    state: JobState
    progress: Progress
    status_message: str | None  # why it failed, in a sentence for the caller
    video: VideoInfo | None  # known once it succeeded
    counts: Counts | None  # likewise
    created_at: datetime
    started_at: datetime | None  # of the first attempt
    ended_at: datetime | None
    attempt: int  # 0 until a worker takes it, then from 1
    warnings: tuple[str, ...] = ()  # what was damaged in the video, once it succeeded

    @property
    def open(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in OPEN_STATES

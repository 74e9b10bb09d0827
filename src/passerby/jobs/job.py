"""The records of a job, from its submission to its end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from passerby.records import Progress, VideoInfo

JsonObject = dict[str, Any]


class JobState(StrEnum):
    """State of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Counts:
    """Numbers of persons and sightings that a job found."""

    persons: int
    sightings: int


@dataclass(frozen=True)
class NewJob:
    """A job as its caller submits it."""

    account_id: str
    operation: str  # scopes the token: "StartPersonTracking"
    request: JsonObject  # the whole original request; opaque: compared and returned, never read
    source: JsonObject  # locates the video; opaque to the queue
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
    status_message: str | None  # why it failed, a sentence for the caller
    video: VideoInfo | None  # known once it succeeded
    counts: Counts | None  # likewise
    created_at: datetime
    started_at: datetime | None  # of the first attempt
    ended_at: datetime | None
    attempt: int  # 0 until a worker takes it, then from 1
    # (width, height), pixels, of the images in which persons were detected; once it succeeded
    input_sizes: tuple[tuple[int, int], ...] = ()
    warnings: tuple[str, ...] = ()  # to be known about the result, once it succeeded

    @property
    def open(self) -> bool:
        """Whether the job is queued or running."""
        return self.state in OPEN_STATES

"""All that the console works with; whoever builds it says who fills the seams."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from passerby.access.keys import AccessKey, AccessKeys
from passerby.cloud.listing import Listing
from passerby.cloud.objects import ObjectFacts
from passerby.console.artifacts import Making
from passerby.console.job_dependencies import JobDesk
from passerby.console.sessions import Sessions
from passerby.jobs.job import Job
from passerby.jobs.job_list import JobList
from passerby.jobs.store import JobStore
from passerby.results.store import Results


class Failures(Protocol):
    """How often somebody was wrong of late."""

    def allows(self, name: Hashable) -> bool:
        """Whether `name` may try again."""

    def take(self, name: Hashable) -> bool:
        """Note that it was wrong."""


@dataclass(frozen=True)
class NewAnalysis:
    """What somebody wants analysed."""

    bucket: str
    key: str
    tag: str | None = None
    token: str | None = None  # the same token, the same job


class Buckets(Protocol):
    """Where videos lie."""

    def list_buckets(self) -> list[str]:
        """Names of the buckets that can be looked through, sorted."""

    def list_objects(self, bucket: str, prefix: str, after: str | None, limit: int) -> Listing:
        """One level of a bucket; see `cloud.listing`."""

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        """Facts of an object; raises an ObjectError where it cannot be read."""


@dataclass(frozen=True)
class UploadPlace:
    """Where what is uploaded goes."""

    bucket: str
    folder: Path  # the bucket's
    bytes_limit: int  # of a file


# Queues a job as StartPersonTracking does; raises `Refused` with the sentence for the caller.
Start = Callable[[NewAnalysis, AccessKey], Job]


@dataclass(frozen=True)
class Desk:
    """What the pages are made from."""

    jobs: JobStore
    keys: AccessKeys
    results: Results
    sessions: Sessions
    failures: Failures
    job_list: JobList
    buckets: Buckets
    has_other_buckets: bool  # besides those in the list, by name
    start: Start
    upload_place: UploadPlace | None  # None: nothing can be uploaded
    making: Making
    pictures: Path  # folder of what is made of jobs' videos, a folder each
    job_desk: JobDesk  # for the page of one job
    face_attributes: str  # as set
    secure: bool  # whether the server speaks TLS: then the cookie is for TLS alone

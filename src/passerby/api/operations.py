"""The operations StartPersonTracking and GetPersonTracking."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.permission import Caller, check_topic, check_video
from passerby.api.tokens import ContinuedListing, PageTokens
from passerby.api.turns import Turns
from passerby.errors import JobCancelled, TokenReused, TooManyOpenJobs, UnsupportedVideo
from passerby.jobs.job import Job, JobState, NewJob
from passerby.records import Sightings, VideoInfo
from passerby.wire.faces import ClassifyExpressions
from passerby.wire.messages import (
    GetPersonTrackingRequest,
    GetPersonTrackingResponse,
    PersonDetection,
    S3Object,
    StartPersonTrackingRequest,
    StartPersonTrackingResponse,
)
from passerby.wire.persons import person_detections
from passerby.wire.video import video_metadata

Order = Literal["timestamp", "index"]

ROWS_PER_PAGE = 1000  # default and ceiling of MaxResults: API reference, GetPersonTracking

_START, _GET = "StartPersonTracking", "GetPersonTracking"
_ORDERS: dict[str, Order] = {"TIMESTAMP": "timestamp", "INDEX": "index"}
_STATUSES = {
    JobState.QUEUED: "IN_PROGRESS",
    JobState.RUNNING: "IN_PROGRESS",
    JobState.SUCCEEDED: "SUCCEEDED",
    JobState.FAILED: "FAILED",
    JobState.CANCELLED: "FAILED",
}
# Where nothing is known of why a job ended without a result.
_UNEXPLAINED = {
    JobState.FAILED: "The analysis failed without a message. See the log of the server.",
    JobState.CANCELLED: str(JobCancelled()),
}


class Jobs(Protocol):
    """The store in which jobs are submitted and found."""

    def find_repeated(self, new: NewJob) -> Job | None:
        """Find the job of the same token and request; raises TokenReused."""

    def submit(self, new: NewJob, open_limit: int) -> Job:
        """Queue a job, or find the repeated one; raises TokenReused, TooManyOpenJobs.

        An `open_limit` of 0 allows any number.
        """

    def find(self, job_id: str, account_id: str) -> Job:
        """Find a job of an account; raises JobNotFound."""


class ObjectFacts(Protocol):
    """Facts of an object, known before it is read."""

    @property
    def size_bytes(self) -> int:
        """Its length in bytes."""

    @property
    def fingerprint(self) -> str:
        """A text that changes when the content does."""


class Objects(Protocol):
    """The buckets that hold videos."""

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        """Give the facts of an object; raises an ObjectError if it cannot be read."""


class ResultsPage(Protocol):
    """Some rows of a result."""

    @property
    def sightings(self) -> Sightings:
        """The rows."""

    @property
    def next_offset(self) -> int | None:
        """Row at which the next page begins; None on the last page."""


@dataclass(frozen=True)
class AnsweredPage:
    """Some rows of a result that is kept in the form of an answer."""

    persons: list[PersonDetection]
    next_offset: int | None  # as of a `ResultsPage`


class Results(Protocol):
    """The store of the sightings of finished jobs, in both orders."""

    def page(
        self, job_id: str, order: Order, offset: int, count: int
    ) -> ResultsPage | AnsweredPage:
        """Give at most `count` rows from row `offset` (from 0)."""


@dataclass(frozen=True)
class Tracking:
    """Stores and limits of the operations."""

    jobs: Jobs
    objects: Objects
    results: Results
    page_tokens: PageTokens
    open_job_limit: int  # jobs of one account that may wait or run; 0: any number
    video_bytes_limit: int  # 0: any size
    # Without it, faces have what the service gave by default.
    classify_expressions: ClassifyExpressions | None = None
    turns: Turns = field(default_factory=Turns)  # of accounts whose videos are looked up


def start_person_tracking(
    tracking: Tracking, request: StartPersonTrackingRequest, caller: Caller
) -> StartPersonTrackingResponse:
    """Queue the analysis of a stored video, or find the job of a repeated request."""
    new = _new_job(request, caller.account_id)
    check_video(caller, _START, new.source["bucket"], new.source["key"])
    if request.notification_channel is not None:
        check_topic(caller, _START, request.notification_channel.sns_topic_arn)
    try:
        job = tracking.jobs.find_repeated(new) or _submit(tracking, new)
    except TokenReused as error:
        raise Fault(faults.IDEMPOTENT_PARAMETER_MISMATCH, token=new.token or "") from error
    except TooManyOpenJobs as error:
        raise Fault(
            faults.LIMIT_EXCEEDED,
            open_jobs=error.open_jobs,
            user=caller.account_id,
            limit=tracking.open_job_limit,
        ) from error
    return StartPersonTrackingResponse(job.id)


def get_person_tracking(
    tracking: Tracking, request: GetPersonTrackingRequest, caller: Caller, now: datetime
) -> GetPersonTrackingResponse:
    """Give the status of a job and, once it has succeeded, one page of its result."""
    job = tracking.jobs.find(request.job_id, caller.account_id)
    # Paths reveal what a video shows: who may not read the video may not read them either.
    check_video(caller, _GET, job.source["bucket"], job.source["key"])
    listing = ContinuedListing(caller.account_id, job.id, request.sort_by)
    # An empty token means the first page: AWS's own tutorials send it.
    row = tracking.page_tokens.row(request.next_token, listing, now) if request.next_token else 0
    answer = _status_answer(job)
    if job.state is not JobState.SUCCEEDED or job.video is None:
        return answer
    count = min(request.max_results or ROWS_PER_PAGE, ROWS_PER_PAGE)
    page = tracking.results.page(job.id, _ORDERS[request.sort_by], row, count)
    following = page.next_offset
    seal = tracking.page_tokens.seal
    return msgspec.structs.replace(
        answer,
        video_metadata=video_metadata(job.video),
        persons=_persons(page, job.video, tracking.classify_expressions),
        next_token=None if following is None else seal(listing, following, now),
    )


def _new_job(request: StartPersonTrackingRequest, account_id: str) -> NewJob:
    # The model lets these be absent; the business rules do not.
    place = request.video.s3_object or S3Object()
    if place.bucket is None or place.name is None:
        raise Fault(faults.INVALID_PARAMETER)
    return NewJob(
        account_id=account_id,
        operation=_START,
        request=msgspec.to_builtins(request),
        source={"bucket": place.bucket, "key": place.name, "version": place.version},
        token=request.client_request_token,
        tag=request.job_tag,
    )


def _submit(tracking: Tracking, new: NewJob) -> Job:
    with tracking.turns.turn(new.account_id):
        facts = tracking.objects.head(**new.source)
    limit = tracking.video_bytes_limit
    if limit and facts.size_bytes > limit:
        raise Fault(faults.VIDEO_TOO_LARGE, size=facts.size_bytes, limit=limit)
    # The fingerprint tells the worker whether the object is still the one seen here.
    source = {**new.source, "fingerprint": facts.fingerprint}
    return tracking.jobs.submit(replace(new, source=source), tracking.open_job_limit)


def _status_answer(job: Job) -> GetPersonTrackingResponse:
    """Write the status of a job, without its result."""
    started = msgspec.convert(job.request, StartPersonTrackingRequest)
    return GetPersonTrackingResponse(
        job_status=_STATUSES[job.state],
        persons=[],
        job_id=job.id,
        video=started.video,
        status_message=_status_message(job),
        job_tag=started.job_tag,
    )


def _persons(
    page: ResultsPage | AnsweredPage,
    video: VideoInfo,
    classify_expressions: ClassifyExpressions | None,
) -> list[PersonDetection]:
    if isinstance(page, AnsweredPage):
        return page.persons
    return person_detections(page.sightings, video.width, video.height, classify_expressions)


def _status_message(job: Job) -> str | None:
    """Give the message of a job in the service's words, which clients compare.

    Each job that failed has one: clients read the member without asking whether it is there.
    """
    message = (job.status_message or "").strip()
    known = str(UnsupportedVideo())
    if message.startswith(known):
        return known
    return message or _UNEXPLAINED.get(job.state)

"""Wait for a job and read its whole result, with any boto3 client for Rekognition.

    found = wait_and_collect(boto3.client("rekognition"), job_id)

boto3 has neither a waiter nor a paginator for these operations. Only the given client is
used: neither boto3 nor any other part of passerby is imported.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Any, Literal, Protocol

from passerby.errors import JobError, JobFailed

Json = dict[str, Any]
SortBy = Literal["TIMESTAMP", "INDEX"]

ROWS_PER_PAGE = 1000  # ceiling of MaxResults: API reference, GetPersonTracking

# Errors of GetPersonTracking after which its API reference says to retry.
TEMPORARY_ERRORS = (
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
)
EXPIRED = "InvalidPaginationTokenException"

# The pause between two calls, seconds, is a tenth of the wait so far, up to this limit: so
# the end of a job is noticed late by at most a tenth of its time.
LONGEST_PAUSE = 30.0
WAITED_SHARE = 0.1
# Number of retries in a row after temporary errors. Each pause is twice the one before:
# with a first pause of a second, a minute and a half in all.
REFUSALS_LIMIT = 7


class Rekognition(Protocol):
    """The part of a boto3 client that is used."""

    @property
    def exceptions(self) -> Any:  # noqa: ANN401 - made by botocore when it is asked for
        """The error classes of the client, `ClientError` among them."""

    @property
    def get_person_tracking(self) -> Callable[..., Any]:
        """The operation GetPersonTracking."""


@dataclass(frozen=True)
class JobProgress:
    """Progress of a job, or of reading its result."""

    status: str  # JobStatus: "IN_PROGRESS", "SUCCEEDED" or "FAILED"
    seconds: float  # since the waiting began
    persons: int = 0  # items of `Persons` read so far


ProgressCallback = Callable[[JobProgress], object]  # an exception it raises ends the wait


@dataclass(frozen=True)
class Found:
    """Result of a job, in the form of the service."""

    job_id: str
    video_metadata: Json
    persons: list[Json]  # items of `Persons`, in the order asked for

    def by_person(self) -> dict[int, list[Json]]:
        """Group the items by person, sorted by `Index`."""
        paths = defaultdict(list)
        for each in self.persons:
            paths[each["Person"]["Index"]].append(each)
        return dict(sorted(paths.items()))

    def answer(self) -> Json:
        """Give the result as one answer of GetPersonTracking, as `passerby track` writes it.

        As JSON in a file it is a recording for `passerby serve --replay`.
        """
        return {
            "JobStatus": "SUCCEEDED",
            "Persons": self.persons,
            "VideoMetadata": self.video_metadata,
        }


def wait_and_collect(
    client: Rekognition,
    job_id: str,
    *,
    sort_by: SortBy = "TIMESTAMP",
    timeout: float | None = 3600.0,
    poll: float = 1.0,
    on_progress: ProgressCallback = lambda _: None,
) -> Found:
    """Wait until a job has ended, and read its whole result.

    Parameters
    ----------
    client : boto3 client for Rekognition
    job_id : str, as StartPersonTracking returned it
    sort_by : "TIMESTAMP" or "INDEX"
        Order of the items.
    timeout : float, optional
        Seconds to wait for the end of the job; None: for ever.
    poll : float
        Seconds between the first looks at it; pauses grow with the time waited.
    on_progress : callable, optional
        Called after each look at the job and each page.

    Raises
    ------
    JobFailed
        If the job failed; its `status_message` says why.
    TimeoutError
        If the job has not ended in time. It goes on, and may be waited for again.
    botocore.exceptions.ClientError
        If the service refuses, other than temporarily.
    """
    began = time.monotonic()
    metadata = wait(client, job_id, timeout=timeout, poll=poll, on_progress=on_progress)
    persons: list[Json] = []
    for page in _fresh_pages(client, job_id, sort_by, poll):
        persons += page
        on_progress(JobProgress("SUCCEEDED", time.monotonic() - began, len(persons)))
    return Found(job_id, metadata, persons)


def wait(
    client: Rekognition,
    job_id: str,
    *,
    timeout: float | None = 3600.0,
    poll: float = 1.0,
    on_progress: ProgressCallback = lambda _: None,
) -> Json:
    """Wait until a job has ended and give its `VideoMetadata`; otherwise as `wait_and_collect`."""
    if not poll > 0:
        raise ValueError(f"poll must be more than 0 seconds, got {poll}")
    began = time.monotonic()
    deadline = inf if timeout is None else began + timeout
    while True:
        answer = _call(client, poll, deadline, JobId=job_id, MaxResults=1)
        now = time.monotonic()
        on_progress(JobProgress(answer["JobStatus"], now - began))
        if answer["JobStatus"] != "IN_PROGRESS":
            _check(answer, job_id)
            return dict(answer.get("VideoMetadata", {}))
        if now >= deadline:
            raise TimeoutError(f"job {job_id} is still in progress after {now - began:.0f} s")
        time.sleep(min(pause_after(now - began, poll), deadline - now))


def collect(
    client: Rekognition, job_id: str, *, sort_by: SortBy = "TIMESTAMP", pause: float = 1.0
) -> Iterator[Json]:
    """Read the result of an ended job, item by item of `Persons`, one page at a time.

    If a page token expires while a page is used, the earlier pages are read again but not
    given again, so that nothing is lost or repeated.

    Parameters
    ----------
    sort_by : "TIMESTAMP" or "INDEX"
        Order of the items.
    pause : float
        Seconds to wait after the first of several temporary refusals.

    Raises
    ------
    JobError
        If the job has not ended, or failed (JobFailed).
    botocore.exceptions.ClientError
        If the service refuses, other than temporarily.
    """
    return chain.from_iterable(_fresh_pages(client, job_id, sort_by, pause))


def pause_after(waited: float, poll: float) -> float:
    """Give the pause in seconds before the next call, after a wait of `waited` seconds.

    >>> [pause_after(waited, poll=1) for waited in (0, 5, 60, 3600)]
    [1, 1, 6.0, 30.0]
    """
    return max(poll, min(WAITED_SHARE * waited, LONGEST_PAUSE))


def _fresh_pages(
    client: Rekognition, job_id: str, sort_by: SortBy, pause: float
) -> Iterator[list[Json]]:
    """Read the pages of a result, again after a token expired, without repeated items."""
    given = 0
    while True:
        given_before, seen = given, 0
        try:
            for page in _pages(client, job_id, sort_by, pause):
                fresh = page[max(given - seen, 0) :]
                seen += len(page)
                given = max(given, seen)
                yield fresh
        except client.exceptions.ClientError as error:
            # Without anything new since the last time, a third would end like the second.
            if _code(error) != EXPIRED or given == given_before:
                raise
        else:
            return


def _pages(client: Rekognition, job_id: str, sort_by: SortBy, pause: float) -> Iterator[list[Json]]:
    members: Json = {"JobId": job_id, "SortBy": sort_by, "MaxResults": ROWS_PER_PAGE}
    while True:
        answer = _call(client, pause, inf, **members)
        _check(answer, job_id)
        yield answer["Persons"]
        # AWS never sends an empty token, but some of its imitations do.
        if not answer.get("NextToken"):
            return
        members["NextToken"] = answer["NextToken"]


def _call(client: Rekognition, pause: float, deadline: float, **members: object) -> Json:
    """Call GetPersonTracking, and retry while it is refused temporarily."""
    refusals = 0
    while True:
        try:
            return dict(client.get_person_tracking(**members))
        except client.exceptions.ClientError as error:
            refusals += 1
            if _code(error) not in TEMPORARY_ERRORS or refusals > REFUSALS_LIMIT:
                raise
            rest = min(pause * 2 ** (refusals - 1), LONGEST_PAUSE)
            if time.monotonic() + rest > deadline:
                message = f"job {members['JobId']} could not be asked for in time: {error}"
                raise TimeoutError(message) from error
        time.sleep(rest)


def _check(answer: Json, job_id: str) -> None:
    """Raise a JobError unless the job has succeeded."""
    if answer["JobStatus"] == "IN_PROGRESS":
        raise JobError(f"job {job_id} is still in progress: wait for it first")
    if answer["JobStatus"] != "SUCCEEDED":
        reason = answer.get("StatusMessage", "")
        message = f"job {job_id} failed: {reason or 'the service does not say why'}"
        raise JobFailed(message, status_message=reason)


def _code(error: Any) -> str:  # noqa: ANN401 - botocore's ClientError
    return str(error.response.get("Error", {}).get("Code", ""))

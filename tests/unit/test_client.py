import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from passerby.client import JobProgress, collect, wait, wait_and_collect
from passerby.errors import JobError, JobFailed
from passerby.replay.stub_server import StubServer, running

JOB = "5" * 64
METADATA = {"Codec": "h264", "DurationMillis": 2000, "FrameRate": 30.0, "Format": "QuickTime / MOV"}
POLL = 0.001
VIDEO = {"S3Object": {"Bucket": "cctv", "Name": "street.mp4"}}


def person(number: int) -> dict[str, Any]:
    box = {"Width": 0.25, "Height": 0.5, "Left": 0.125, "Top": 0.25}
    return {"Timestamp": number, "Person": {"Index": number % 2, "BoundingBox": box}}


@pytest.fixture
def stubbed() -> Iterator[tuple[BaseClient, Stubber]]:
    """A client to which botocore gives prepared answers, all of which must be asked for.

    It checks both, what is asked and what is answered, with AWS's own service model.
    """
    client = boto3.client(
        "rekognition", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="s"
    )
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def answer(stubber: Stubber, expected: dict[str, Any] | None = None, **members: object) -> None:
    told = {"JobStatus": "SUCCEEDED", "VideoMetadata": METADATA, "Persons": []} | members
    stubber.add_response("get_person_tracking", told, expected)


def refuse(stubber: Stubber, code: str, status: int = 400) -> None:
    stubber.add_client_error("get_person_tracking", code, "m", http_status_code=status)


LOOK = {"JobId": JOB, "MaxResults": 1}
PAGE = {"JobId": JOB, "MaxResults": 1000, "SortBy": "INDEX"}


def test_waiting_and_reading_in_the_shapes_of_aws(stubbed: tuple[BaseClient, Stubber]) -> None:
    client, stubber = stubbed
    told: list[JobProgress] = []
    answer(stubber, LOOK, JobStatus="IN_PROGRESS")
    refuse(stubber, "ThrottlingException", 500)
    answer(stubber, LOOK, Persons=[person(0)], NextToken="unused")
    answer(stubber, PAGE, Persons=[person(0), person(1)], NextToken="second")
    refuse(stubber, "ProvisionedThroughputExceededException")
    answer(stubber, PAGE | {"NextToken": "second"}, Persons=[person(2)])

    found = wait_and_collect(client, JOB, sort_by="INDEX", poll=POLL, on_progress=told.append)

    assert (found.job_id, found.video_metadata) == (JOB, METADATA)
    assert found.persons == [person(0), person(1), person(2)]
    assert found.by_person() == {0: [person(0), person(2)], 1: [person(1)]}
    assert [(each.status, each.persons) for each in told] == [
        ("IN_PROGRESS", 0),
        ("SUCCEEDED", 0),
        ("SUCCEEDED", 2),
        ("SUCCEEDED", 3),
    ]
    assert [each.seconds for each in told] == sorted(each.seconds for each in told)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({"StatusMessage": "Unsupported codec/format."}, "Unsupported codec", id="why"),
        pytest.param({}, "the service does not say why", id="no reason"),
    ],
)
def test_a_failed_job(
    stubbed: tuple[BaseClient, Stubber], members: dict[str, Any], message: str
) -> None:
    client, stubber = stubbed
    stubber.add_response("get_person_tracking", {"JobStatus": "FAILED", **members}, ANY_JOB)

    with pytest.raises(JobFailed, match=f"^job {JOB} failed: {message}") as caught:
        wait_and_collect(client, JOB)

    assert caught.value.status_message == members.get("StatusMessage", "")


ANY_JOB = {"JobId": JOB, "MaxResults": ANY}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_does_not_pass_is_raised_at_once(
    stubbed: tuple[BaseClient, Stubber], code: str
) -> None:
    client, stubber = stubbed
    refuse(stubber, code)

    with pytest.raises(getattr(client.exceptions, code)):
        wait(client, JOB)


def test_what_does_not_pass_in_the_end_is_raised_then(stubbed: tuple[BaseClient, Stubber]) -> None:
    client, stubber = stubbed
    for _ in range(8):
        refuse(stubber, "InternalServerError", 500)

    with pytest.raises(client.exceptions.InternalServerError):
        next(collect(client, JOB, pause=POLL))


def test_refusals_count_towards_the_time_to_wait(stubbed: tuple[BaseClient, Stubber]) -> None:
    client, stubber = stubbed
    refuse(stubber, "ThrottlingException", 500)

    with pytest.raises(TimeoutError, match="could not be asked for in time") as caught:
        wait(client, JOB, timeout=0.5, poll=1)

    assert isinstance(caught.value.__cause__, ClientError)


def test_a_job_that_is_not_waited_for(stubbed: tuple[BaseClient, Stubber]) -> None:
    client, stubber = stubbed
    answer(stubber, JobStatus="IN_PROGRESS")

    with pytest.raises(JobError, match="wait for it first"):
        next(collect(client, JOB))


def test_an_empty_token_ends_the_pages(stubbed: tuple[BaseClient, Stubber]) -> None:
    client, stubber = stubbed
    answer(stubber, Persons=[person(0)], NextToken="")

    assert list(collect(client, JOB)) == [person(0)]


def test_no_time_between_looks_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0"):
        wait(boto3.client("rekognition", "eu-west-1"), JOB, poll=0)


@pytest.fixture(scope="module")
def stub_server() -> Iterator[StubServer]:
    with running() as server:
        yield server


@pytest.fixture
def job_id(stub_server: StubServer) -> Iterator[str]:
    """Of a job that has ended, 50 items on pages of 10."""
    stub_server.script(page_rows=10)
    yield str(stub_server.client().start_person_tracking(Video=VIDEO)["JobId"])
    stub_server.reset()


class Clock:
    """Time that only passes in `sleep`, so that it does not matter how fast the server is."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_time_is_up_in_time(stub_server: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("passerby.client.time", clock)
    stub_server.script(jobs=[{"polls": 1_000_000}])
    client = stub_server.client()
    job_id = client.start_person_tracking(Video=VIDEO)["JobId"]

    with pytest.raises(TimeoutError, match="still in progress after 0 s"):
        wait_and_collect(client, job_id, timeout=0.25, poll=0.2)

    assert clock.now == 0.25
    assert len(stub_server.requests) == 4  # the start, and looks at 0, 0.2 and 0.25 s
    stub_server.finish(job_id)
    assert len(wait_and_collect(client, job_id, poll=POLL).persons) == 50
    stub_server.reset()


def test_pages_are_asked_for_when_they_are_needed(stub_server: StubServer, job_id: str) -> None:
    items = collect(stub_server.client(), job_id)
    gets = [each for each in stub_server.requests if each.operation == "GetPersonTracking"]
    assert gets == []

    taken = [next(items) for _ in range(11)]

    assert len(stub_server.requests) == 3  # the start and two pages
    assert len(taken) == 11


@pytest.mark.parametrize(
    ("after", "read_again"),
    [pytest.param(1, 1, id="after the first page"), pytest.param(4, 4, id="before the last")],
)
def test_an_expired_token_loses_and_doubles_nothing(
    stub_server: StubServer, job_id: str, after: int, read_again: int
) -> None:
    client = stub_server.client()
    whole = list(collect(client, job_id))
    stub_server.requests.clear()
    fault = {"code": "InvalidPaginationTokenException", "after": after, "times": 1}
    stub_server.script(page_rows=10, faults=[fault])

    assert list(collect(client, job_id)) == whole

    codes = [each.code for each in stub_server.requests]
    assert codes.count("InvalidPaginationTokenException") == 1
    assert codes.count("OK") == 5 + read_again


def test_a_token_that_always_expires(stub_server: StubServer, job_id: str) -> None:
    client = stub_server.client()
    fault = {"code": "InvalidPaginationTokenException", "after": 1}
    stub_server.script(page_rows=10, faults=[fault])
    items = collect(client, job_id)

    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        list(items)


def test_what_was_found_can_be_recorded(stub_server: StubServer, job_id: str) -> None:
    client = stub_server.client()
    found = wait_and_collect(client, job_id, poll=POLL)
    recorded = json.loads(json.dumps(found.answer()))

    stub_server.replay("cctv/street.mp4", recorded)
    again = client.start_person_tracking(Video=VIDEO, JobTag="again")["JobId"]

    assert wait_and_collect(client, again, poll=POLL).answer() == recorded


class Endless:
    """A client with so many pages, made when they are asked for."""

    def __init__(self, pages: int) -> None:
        self.exceptions = boto3.client("rekognition", "eu-west-1").exceptions
        self.pages = pages

    def get_person_tracking(self, **members: object) -> dict[str, Any]:
        page = int(str(members.get("NextToken", 0)))
        persons = [person(1000 * page + row) for row in range(1000)]
        following = {"NextToken": str(page + 1)} if page + 1 < self.pages else {}
        return {"JobStatus": "SUCCEEDED", "Persons": persons, **following}


def test_memory_does_not_grow_with_the_pages() -> None:
    def peak(pages: int) -> int:
        client = Endless(pages)
        tracemalloc.start()
        count = sum(1 for _ in collect(client, JOB))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 1000 * pages
        return most

    assert peak(20) < 1.5 * peak(4)


def test_nothing_heavy_is_loaded() -> None:
    script = "import passerby.client, sys; print(*sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(ran.stdout.split())
    assert "passerby.client" in loaded
    assert not loaded & {"boto3", "botocore", "numpy", "msgspec", "starlette", "typer"}
    ours = {name for name in loaded if name.startswith("passerby.")}
    assert ours == {"passerby.client", "passerby.errors"}

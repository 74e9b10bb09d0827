from dataclasses import replace

import numpy as np
import pytest

from passerby.access.rights import Rights
from passerby.api.faults import Fault
from passerby.api.operations import (
    Tracking,
    get_person_tracking,
    start_person_tracking,
)
from passerby.api.tokens import PageTokens
from passerby.errors import JobNotFound, ObjectNotFound
from passerby.jobs.job import JobState
from passerby.records import VideoInfo
from passerby.wire.messages import (
    GetPersonTrackingRequest,
    GetPersonTrackingResponse,
    NotificationChannel,
    S3Object,
    StartPersonTrackingRequest,
    Video,
    VideoMetadata,
)

from .conftest import NOW, CountedResults, Key, ListedJobs, ListedObjects

CALLER = Key()
ACCOUNT = CALLER.account_id
VIDEO = VideoInfo("h264", "QuickTime / MOV", 29.97, 640, 360, 14581, "LIMITED")
LOBBY = Video(S3Object(bucket="lobby", name="monday.mp4"))
START = StartPersonTrackingRequest(video=LOBBY)


@pytest.fixture
def jobs() -> ListedJobs:
    return ListedJobs()


@pytest.fixture
def tracking(jobs: ListedJobs) -> Tracking:
    return Tracking(
        jobs=jobs,
        objects=ListedObjects(),
        results=CountedResults(),
        page_tokens=PageTokens(bytes(32)),
        open_job_limit=2,
        video_bytes_limit=1000,
    )


def start(tracking: Tracking, request: StartPersonTrackingRequest = START) -> str:
    return start_person_tracking(tracking, request, CALLER).job_id


def get(
    tracking: Tracking,
    job_id: str,
    max_results: int | None = None,
    token: str | None = None,
    sort_by: str = "TIMESTAMP",
) -> GetPersonTrackingResponse:
    request = GetPersonTrackingRequest(job_id, max_results, token, sort_by)
    return get_person_tracking(tracking, request, CALLER, NOW)


def refused(tracking: Tracking, request: StartPersonTrackingRequest) -> Fault:
    with pytest.raises(Fault) as caught:
        start(tracking, request)
    return caught.value


def test_start_hands_in_the_request_whole(tracking: Tracking, jobs: ListedJobs) -> None:
    channel = NotificationChannel(sns_topic_arn="arn:t", role_arn="arn:r")
    request = StartPersonTrackingRequest(LOBBY, "token", channel, "tag")

    job_id = start(tracking, request)

    job = jobs.find(job_id, ACCOUNT)
    assert (job.operation, job.tag) == ("StartPersonTracking", "tag")
    assert job.request == {
        "Video": {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}},
        "ClientRequestToken": "token",
        "NotificationChannel": {"SNSTopicArn": "arn:t", "RoleArn": "arn:r"},
        "JobTag": "tag",
    }
    assert job.source == {
        "bucket": "lobby",
        "key": "monday.mp4",
        "version": None,
        "fingerprint": "f1",
    }


def test_a_repeated_request_finds_its_job_even_after_the_video_has_gone(
    tracking: Tracking,
) -> None:
    request = replace_token(START, "again")
    first = start(tracking, request)

    gone = replace(tracking, objects=ListedObjects({}))

    assert start(gone, request) == first


def replace_token(request: StartPersonTrackingRequest, token: str) -> StartPersonTrackingRequest:
    return StartPersonTrackingRequest(request.video, token, job_tag=request.job_tag)


def test_a_token_of_another_request_is_refused(tracking: Tracking) -> None:
    start(tracking, replace_token(START, "again"))

    fault = refused(tracking, StartPersonTrackingRequest(LOBBY, "again", job_tag="other"))

    assert fault.kind.code == "IdempotentParameterMismatchException"
    assert fault.message == "The ClientRequestToken: again you have supplied is already in use."


@pytest.mark.parametrize(
    ("video", "code"),
    [
        pytest.param(Video(), "InvalidParameterException", id="no object"),
        pytest.param(Video(S3Object()), "InvalidParameterException", id="an empty object"),
        pytest.param(Video(S3Object(bucket="lobby")), "InvalidParameterException", id="no name"),
        pytest.param(Video(S3Object(name="a")), "InvalidParameterException", id="no bucket"),
        pytest.param(
            Video(S3Object(bucket="lobby", name="huge.mp4")),
            "VideoTooLargeException",
            id="too large",
        ),
    ],
)
def test_videos_that_cannot_be_taken(tracking: Tracking, video: Video, code: str) -> None:
    assert refused(tracking, StartPersonTrackingRequest(video)).kind.code == code


def test_an_object_that_is_not_there(tracking: Tracking) -> None:
    absent = Video(S3Object(bucket="lobby", name="monday.mp4", version="7"))

    with pytest.raises(ObjectNotFound):
        start(tracking, StartPersonTrackingRequest(absent))


def test_too_many_open_jobs(tracking: Tracking) -> None:
    start(tracking)
    start(tracking)

    fault = refused(tracking, START)

    assert fault.kind.code == "LimitExceededException"
    assert fault.message == f"2  open Jobs for User {ACCOUNT}. Maximum limit: 2"


def test_a_limit_of_zero_allows_any_number(tracking: Tracking) -> None:
    unlimited = replace(tracking, video_bytes_limit=0)

    assert start(unlimited, StartPersonTrackingRequest(Video(S3Object("lobby", "huge.mp4"))))


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
@pytest.mark.parametrize("message", [None, "", " \n"])
def test_a_job_that_failed_always_says_why(
    tracking: Tracking, jobs: ListedJobs, state: JobState, message: str | None
) -> None:
    job_id = start(tracking)
    jobs.jobs[0] = replace(jobs.jobs[0], state=state, status_message=message)

    answer = get(tracking, job_id)

    assert answer.job_status == "FAILED"
    assert (answer.status_message or "").strip()


def test_the_job_of_another_account_is_unknown(tracking: Tracking) -> None:
    job_id = start_person_tracking(tracking, START, Key(account_id="000000000000")).job_id

    with pytest.raises(JobNotFound):
        get(tracking, job_id)


def test_a_video_beyond_the_rights_of_the_key(tracking: Tracking) -> None:
    job_id = start(tracking)
    stranger = Key(rights=Rights(videos=("lobby/2026/*",)))
    denied = (
        "User: arn:aws:iam::123456789012:user/AKIAEXAMPLE is not authorized to perform: "
        "rekognition:{0} on resource: arn:aws:s3:::lobby/monday.mp4 because no "
        "identity-based policy allows the rekognition:{0} action"
    )

    with pytest.raises(Fault) as starting:
        start_person_tracking(tracking, START, stranger)
    with pytest.raises(Fault) as reading:
        get_person_tracking(tracking, GetPersonTrackingRequest(job_id), stranger, NOW)

    assert starting.value.kind.code == reading.value.kind.code == "AccessDeniedException"
    assert starting.value.message == denied.format("StartPersonTracking")
    assert reading.value.message == denied.format("GetPersonTracking")


def test_a_topic_beyond_the_rights_of_the_key(tracking: Tracking) -> None:
    channel = NotificationChannel("arn:aws:sns:eu-west-1:123456789012:other", "role")
    key = Key(rights=Rights(topics=("arn:aws:sns:*:123456789012:ours-*",)))

    with pytest.raises(Fault) as caught:
        start_person_tracking(
            tracking, StartPersonTrackingRequest(LOBBY, notification_channel=channel), key
        )

    assert caught.value.kind.code == "AccessDeniedException"
    assert f"on resource: {channel.sns_topic_arn} because" in (caught.value.message or "")


@pytest.mark.parametrize(
    ("state", "message", "status"),
    [
        pytest.param(JobState.QUEUED, None, "IN_PROGRESS", id="waiting"),
        pytest.param(JobState.RUNNING, None, "IN_PROGRESS", id="running"),
        pytest.param(JobState.FAILED, "Unsupported codec/format.", "FAILED", id="failed"),
        pytest.param(JobState.CANCELLED, "Cancelled on request.", "FAILED", id="cancelled"),
    ],
)
def test_a_job_without_results(
    tracking: Tracking, jobs: ListedJobs, state: JobState, message: str | None, status: str
) -> None:
    job_id = start(tracking, StartPersonTrackingRequest(LOBBY, job_tag="tag"))
    jobs.jobs[0] = replace(jobs.jobs[0], state=state, status_message=message)

    assert get(tracking, job_id) == GetPersonTrackingResponse(
        job_status=status,
        persons=[],
        job_id=job_id,
        video=LOBBY,
        status_message=message,
        job_tag="tag",
    )


@pytest.fixture
def finished(tracking: Tracking, jobs: ListedJobs) -> str:
    job_id = start(tracking)
    jobs.jobs[0] = replace(jobs.jobs[0], state=JobState.SUCCEEDED, video=VIDEO)
    return job_id


def test_a_finished_job(tracking: Tracking, finished: str) -> None:
    answer = get(tracking, finished, max_results=2)

    assert answer.job_status == "SUCCEEDED"
    assert answer.status_message is None
    # 29.97 as a float32: the value of a real reply of 2023.
    assert answer.video_metadata == VideoMetadata(
        "h264", 14581, "QuickTime / MOV", 29.969999313354492, 360, 640, "LIMITED"
    )
    assert [(each.timestamp, each.person.index) for each in answer.persons] == [(0, 0), (1, 1)]
    box = answer.persons[0].person.bounding_box
    assert box is not None
    assert box.width == np.float32(0.1)


@pytest.mark.parametrize(
    ("max_results", "lengths"),
    [
        pytest.param(None, [1000, 1000, 500], id="the default"),
        pytest.param(1_000_000, [1000, 1000, 500], id="more than a page"),
        pytest.param(1250, [1000, 1000, 500], id="half of the rows"),
        pytest.param(625, [625, 625, 625, 625], id="no token behind a full last page"),
    ],
)
def test_pages_join_to_the_whole(
    tracking: Tracking, finished: str, max_results: int | None, lengths: list[int]
) -> None:
    pages = [get(tracking, finished, max_results, token="")]
    while (token := pages[-1].next_token) is not None:
        pages.append(get(tracking, finished, max_results, token))

    assert [len(page.persons) for page in pages] == lengths
    assert [each.timestamp for page in pages for each in page.persons] == list(range(2500))
    assert all(page.video_metadata for page in pages)


def test_the_page_size_may_change_between_pages(tracking: Tracking, finished: str) -> None:
    token = get(tracking, finished, max_results=7).next_token

    answer = get(tracking, finished, max_results=3, token=token)

    assert [each.timestamp for each in answer.persons] == [7, 8, 9]


def test_the_order_is_the_one_asked_for(tracking: Tracking, finished: str) -> None:
    answer = get(tracking, finished, max_results=1, sort_by="INDEX")

    assert answer.persons[0].person.index == 2499


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.RUNNING])
def test_a_token_does_not_survive_another_order(
    tracking: Tracking, jobs: ListedJobs, finished: str, state: JobState
) -> None:
    token = get(tracking, finished).next_token
    jobs.jobs[0] = replace(jobs.jobs[0], state=state)

    with pytest.raises(Fault) as caught:
        get(tracking, finished, token=token, sort_by="INDEX")
    assert caught.value.kind.code == "InvalidPaginationTokenException"

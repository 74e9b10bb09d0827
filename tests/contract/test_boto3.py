from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import botocore
import botocore.auth
import numpy as np
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from passerby.access.keys import AccessKey

from .conftest import OPEN_JOB_LIMIT, Server, a_walk, connect
from .replaying import Replaying, replaying

LOBBY = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}

Answer = dict[str, Any]


@pytest.fixture(scope="module", params=["the service", "the stand-in"])
def server(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server | Replaying]:
    """Both must answer the same."""
    if request.param == "the service":
        yield server
        return
    with replaying(tmp_path_factory.mktemp("stand-in")) as stub_server:
        yield stub_server


def start(rekognition: BaseClient, **members: object) -> str:
    job_id = rekognition.start_person_tracking(**{"Video": LOBBY, **members})["JobId"]
    assert isinstance(job_id, str)
    return job_id


def without_metadata(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_job_from_start_to_end(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition, JobTag="morning")
    echo = {"JobId": job_id, "Video": LOBBY, "JobTag": "morning"}

    running = rekognition.get_person_tracking(JobId=job_id)
    server.finish(job_id, a_walk(1))
    finished = rekognition.get_person_tracking(JobId=job_id)

    assert without_metadata(running) == {"JobStatus": "IN_PROGRESS", "Persons": [], **echo}
    assert without_metadata(finished) == {
        "JobStatus": "SUCCEEDED",
        "VideoMetadata": {
            "Codec": "h264",
            "DurationMillis": 14581,
            "Format": "QuickTime / MOV",
            "FrameRate": 29.969999313354492,
            "FrameHeight": 360,
            "FrameWidth": 640,
            "ColorRange": "LIMITED",
        },
        "Persons": [
            {
                "Timestamp": 0,
                "Person": {
                    "Index": 0,
                    "BoundingBox": {
                        "Width": float(np.float32(0.05)),
                        "Height": 0.25,
                        "Left": 0.0,
                        "Top": 0.0,
                    },
                },
            }
        ],
        **echo,
    }


def test_a_failed_job(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition)
    server.fail(job_id, "Unsupported codec/format.")

    assert without_metadata(rekognition.get_person_tracking(JobId=job_id)) == {
        "JobStatus": "FAILED",
        "StatusMessage": "Unsupported codec/format.",
        "Persons": [],
        "JobId": job_id,
        "Video": LOBBY,
    }


def test_paging_as_the_developer_guide_does_it(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition)
    server.finish(job_id, a_walk(2500))
    timestamps, lengths, token = [], [], ""

    while True:
        page = rekognition.get_person_tracking(JobId=job_id, MaxResults=1000000, NextToken=token)
        timestamps += [each["Timestamp"] for each in page["Persons"]]
        lengths.append(len(page["Persons"]))
        if "NextToken" not in page:
            break
        token = page["NextToken"]

    assert lengths == [1000, 1000, 500]
    assert timestamps == list(range(2500))


def test_by_index_the_surest_sighting_comes_first(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition)
    server.finish(job_id, a_walk(10))

    page = rekognition.get_person_tracking(JobId=job_id, SortBy="INDEX", MaxResults=2)

    # The confidence of the walk grows with time.
    assert [each["Timestamp"] for each in page["Persons"]] == [9, 8]


def test_a_repeated_token_starts_nothing_new(rekognition: BaseClient) -> None:
    first = start(rekognition, ClientRequestToken="again")

    assert start(rekognition, ClientRequestToken="again") == first
    assert start(rekognition) != first
    with pytest.raises(rekognition.exceptions.IdempotentParameterMismatchException):
        start(rekognition, ClientRequestToken="again", JobTag="other")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_client_whose_clock_is_wrong_can_correct_it_by_the_answer(
    rekognition: BaseClient, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """boto3 does not correct it by itself; the SDKs for JavaScript and Go do."""
    offset = timedelta(hours=hours)
    clock = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: clock() + offset)

    with pytest.raises(ClientError, match=r"InvalidSignature.*Signature (expired|not yet)") as told:
        rekognition.get_person_tracking(JobId="0" * 64)

    sent = told.value.response["ResponseMetadata"]["HTTPHeaders"]["date"]
    offset += parsedate_to_datetime(sent) - (datetime.now(UTC) + offset)
    with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
        rekognition.get_person_tracking(JobId="0" * 64)


def test_the_limit_of_open_jobs(rekognition: BaseClient, key: AccessKey) -> None:
    for _ in range(OPEN_JOB_LIMIT):
        start(rekognition)

    with pytest.raises(rekognition.exceptions.LimitExceededException) as caught:
        start(rekognition)
    assert caught.value.response["Error"]["Message"] == (
        f"3  open Jobs for User {key.account_id}. Maximum limit: 3"
    )


VALID_ID = "0" * 64
START, GET = "start_person_tracking", "get_person_tracking"


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        pytest.param(START, {}, "ValidationException", id="no video"),
        pytest.param(START, {"Video": {}}, "InvalidParameterException", id="no object"),
        pytest.param(
            START,
            {"Video": {"S3Object": {"Bucket": "lobby", "Name": "absent.mp4"}}},
            "InvalidS3ObjectException",
            id="an absent object",
        ),
        pytest.param(
            START,
            {"Video": {"S3Object": {"Bucket": "lobby", "Name": "../jobs.sqlite"}}},
            "InvalidS3ObjectException",
            id="an object outside",
        ),
        pytest.param(
            START,
            {"Video": {"S3Object": {"Bucket": "lobby", "Name": "huge.mp4"}}},
            "VideoTooLargeException",
            id="a large object",
        ),
        pytest.param(
            START,
            {"Video": {"S3Object": {"Bucket": 5}}},
            "SerializationException",
            id="a wrong type",
        ),
        pytest.param(GET, {"JobId": VALID_ID}, "ResourceNotFoundException", id="an unknown job"),
        pytest.param(GET, {"JobId": "a b!"}, "ValidationException", id="a malformed job id"),
        pytest.param(GET, {"JobId": "a" * 65}, "ValidationException", id="a long job id"),
        pytest.param(
            GET, {"JobId": VALID_ID, "SortBy": "FOO"}, "ValidationException", id="an unknown order"
        ),
        pytest.param(
            GET,
            {"JobId": VALID_ID, "NextToken": "a" * 256},
            "ValidationException",
            id="a long token",
        ),
    ],
)
def test_errors(
    rekognition: BaseClient, operation: str, params: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(rekognition, operation)(**params)

    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    declared = rekognition.meta.service_model.shape_names
    assert type(caught.value).__name__ == (code if code in declared else "ClientError")


def test_a_token_of_another_order(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition)
    server.finish(job_id, a_walk(3))
    token = rekognition.get_person_tracking(JobId=job_id, MaxResults=1)["NextToken"]

    with pytest.raises(rekognition.exceptions.InvalidPaginationTokenException):
        rekognition.get_person_tracking(JobId=job_id, NextToken=token, SortBy="INDEX")


def test_the_job_of_another_account(server: Server, rekognition: BaseClient) -> None:
    job_id = start(rekognition)
    stranger = server.keys.create("999999999999")

    with pytest.raises(rekognition.exceptions.ResourceNotFoundException):
        connect(server.url, stranger.id, stranger.secret).get_person_tracking(JobId=job_id)


@pytest.mark.parametrize(
    ("secret", "config", "code"),
    [
        pytest.param("wrong", {}, "InvalidSignatureException", id="a wrong secret"),
        pytest.param(
            "",
            {"signature_version": botocore.UNSIGNED},
            "MissingAuthenticationTokenException",
            id="no signature",
        ),
    ],
)
def test_strangers(
    server: Server, key: AccessKey, secret: str, config: dict[str, object], code: str
) -> None:
    stranger = connect(server.url, key.id, secret, **config)

    with pytest.raises(ClientError, match=code):
        stranger.get_person_tracking(JobId=VALID_ID)


def test_a_hundred_identical_calls_at_once_make_one_job(server: Server, key: AccessKey) -> None:
    client = connect(server.url, key.id, key.secret, max_pool_connections=100)

    with ThreadPoolExecutor(100) as pool:
        calls = [pool.submit(start, client, ClientRequestToken="once") for _ in range(100)]
        job_ids = {call.result() for call in calls}

    assert len(job_ids) == 1
    assert len(server.jobs.recent(9, account_id=key.account_id)) == 1


def test_an_unknown_key(server: Server) -> None:
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        connect(server.url, "AKIAUNKNOWN", "secret").get_person_tracking(JobId=VALID_ID)


def test_an_operation_the_service_never_had(rekognition: BaseClient) -> None:
    with pytest.raises(ClientError, match="UnknownOperationException"):
        rekognition.list_collections()


def test_an_endpoint_with_a_path(server: Server, key: AccessKey) -> None:
    behind_a_prefix = connect(f"{server.url}/passerby/", key.id, key.secret)

    assert len(start(behind_a_prefix)) == 64

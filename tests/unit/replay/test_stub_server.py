import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.waiting import wait_until

import passerby
from passerby.errors import FileFormatError, SettingsError
from passerby.replay.example import example
from passerby.replay.recordings import DEFAULT, Recordings
from passerby.replay.script import FaultRule, script_from
from passerby.replay.stub_server import (
    ServerOptions,
    StubServer,
    running,
    stub_server_for,
)
from passerby.replay.stub_server import (
    running_stub_server as running_this,
)

MANUAL = Path(passerby.__file__).parents[2] / "docs" / "testing.md"
VIDEO = {"S3Object": {"Bucket": "cctv", "Name": "street.mp4"}}
CHANNEL = {
    "SNSTopicArn": "arn:aws:sns:us-east-1:123456789012:AmazonRekognitionDone",
    "RoleArn": "arn:aws:iam::123456789012:role/r",
}
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def running_stub_server() -> Iterator[StubServer]:
    with running() as server:
        yield server


@pytest.fixture
def stub_server(running_stub_server: StubServer) -> Iterator[StubServer]:
    yield running_stub_server
    running_stub_server.reset()


@pytest.fixture
def client(stub_server: StubServer) -> BaseClient:
    return stub_server.client(config=ONCE)


def video(name: str) -> dict[str, object]:
    return {"S3Object": {"Bucket": "cctv", "Name": name}}


def start(client: BaseClient, **members: object) -> str:
    return str(client.start_person_tracking(**{"Video": VIDEO} | members)["JobId"])


def status(client: BaseClient, job_id: str) -> str:
    return str(client.get_person_tracking(JobId=job_id)["JobStatus"])


def test_a_job_ends_at_once(stub_server: StubServer, client: BaseClient) -> None:
    job_id = start(client, JobTag="tag")

    answer = client.get_person_tracking(JobId=job_id, MaxResults=3)

    assert [each["Timestamp"] for each in answer["Persons"]] == [0, 66, 133]
    assert (answer["JobStatus"], answer["JobTag"], answer["Video"]) == ("SUCCEEDED", "tag", VIDEO)
    assert [(seen.operation, seen.parameters, seen.code) for seen in stub_server.requests] == [
        ("StartPersonTracking", {"Video": VIDEO, "JobTag": "tag"}, "OK"),
        ("GetPersonTracking", {"JobId": job_id, "MaxResults": 3}, "OK"),
    ]


class Clock:
    """Time that only passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_polls_and_seconds(
    stub_server: StubServer, client: BaseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("passerby.replay.jobs.time", clock)
    stub_server.script(
        jobs=[
            {"tag": "polls", "polls": 2},
            {"tag": "seconds", "seconds": 0.3},
            {"tag": "both", "polls": 1, "seconds": 0.3},
        ]
    )
    polled, timed, both = (start(client, JobTag=tag) for tag in ("polls", "seconds", "both"))

    assert [status(client, polled) for _ in range(4)] == ["IN_PROGRESS"] * 2 + ["SUCCEEDED"] * 2
    assert {status(client, timed), status(client, both)} == {"IN_PROGRESS"}
    assert status(client, both) == "IN_PROGRESS"
    clock.seconds += 0.35
    assert {status(client, timed), status(client, both)} == {"SUCCEEDED"}


def test_a_job_fails_as_the_script_says(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(jobs=[{"video": "cctv/*", "failure": "Unsupported codec/format."}])

    answer = client.get_person_tracking(JobId=start(client))

    assert (answer["JobStatus"], answer["Persons"]) == ("FAILED", [])
    assert answer["StatusMessage"] == "Unsupported codec/format."
    assert "VideoMetadata" not in answer


def test_a_job_fails_as_it_was_recorded(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.replay("cctv/street.mp4", {"JobStatus": "FAILED", "StatusMessage": "Damaged."})

    assert client.get_person_tracking(JobId=start(client))["StatusMessage"] == "Damaged."


def test_a_failure_without_a_reason_has_a_message(
    stub_server: StubServer, client: BaseClient
) -> None:
    stub_server.script(jobs=[{"tag": "scripted", "failure": ""}, {"tag": "later", "polls": 9}])
    stub_server.replay("cctv/recorded.mp4", {"JobStatus": "FAILED"})
    stub_server.replay("cctv/empty.mp4", {"JobStatus": "FAILED", "StatusMessage": ""})
    later = start(client, JobTag="later")
    stub_server.finish(later, "")

    failed = [
        start(client, JobTag="scripted"),
        *(start(client, Video=video(name)) for name in ("recorded.mp4", "empty.mp4")),
        later,
    ]

    for job_id in failed:
        answer = client.get_person_tracking(JobId=job_id)
        assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "The job failed.")


def test_a_job_ends_when_a_test_says_so(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(jobs=[{"polls": 1_000_000}])
    good, bad = start(client), start(client)
    assert {status(client, good), status(client, bad)} == {"IN_PROGRESS"}

    stub_server.finish(good)
    stub_server.finish(bad, "No.")

    assert status(client, good) == "SUCCEEDED"
    assert client.get_person_tracking(JobId=bad)["StatusMessage"] == "No."


def test_faults_one_after_another(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(
        faults=[
            {"code": "ThrottlingException", "operation": "StartPersonTracking", "times": 2},
            {"code": "InternalServerError", "operation": "StartPersonTracking", "times": 1},
            {"code": "AccessDeniedException", "tag": "secret"},
            {"code": "ProvisionedThroughputExceededException", "after": 2, "times": 1},
        ]
    )
    wanted = [
        ("ThrottlingException", 500),
        ("ThrottlingException", 500),
        ("InternalServerError", 500),
    ]

    for code, http_status in wanted:
        with pytest.raises(ClientError) as caught:
            start(client)
        assert type(caught.value).__name__ == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == http_status
    with pytest.raises(client.exceptions.AccessDeniedException, match="arn:aws:s3:::cctv/street"):
        start(client, JobTag="secret")
    job_id = start(client)
    assert status(client, job_id) == "SUCCEEDED"
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        status(client, job_id)
    assert status(client, job_id) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AccessDeniedException", "is not authorized to perform: rekognition:StartPersonTracking"),
        ("IdempotentParameterMismatchException", "The ClientRequestToken: once you have"),
        ("LimitExceededException", "20  open Jobs for User 000000000000. Maximum limit: 20"),
        ("VideoTooLargeException", "10000000001 is more than the maximum limit of: 10000000000"),
        ("InvalidS3ObjectException", "Unable to get object metadata from S3"),
    ],
)
def test_the_usual_text_of_a_fault(
    stub_server: StubServer, client: BaseClient, code: str, text: str
) -> None:
    stub_server.script(faults=[{"code": code}])

    with pytest.raises(getattr(client.exceptions, code), match=text):
        start(client, ClientRequestToken="once")


def test_a_text_of_ones_own(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(faults=[{"code": "ThrottlingException", "message": "Not {now}."}])

    with pytest.raises(client.exceptions.ThrottlingException, match=r"Not \{now\}\.$"):
        start(client)


def test_boto3_gets_past_what_passes(stub_server: StubServer) -> None:
    stub_server.script(faults=[{"code": "ThrottlingException", "times": 1}])

    assert len(start(stub_server.client())) == 64

    assert [seen.code for seen in stub_server.requests] == ["ThrottlingException", "OK"]


def test_a_recording_is_answered_number_for_number(
    stub_server: StubServer, client: BaseClient
) -> None:
    job_id = start(client)
    recorded = client.get_person_tracking(JobId=job_id)
    del recorded["ResponseMetadata"]
    box = recorded["Persons"][0]["Person"]["BoundingBox"]
    box["Left"], box["Width"] = 0.4151041805744171, 1.0000000298
    recorded["VideoMetadata"]["FrameRate"] = 29.969999313354492
    stub_server.replay("cctv/street.mp4", recorded)
    answer = client.get_person_tracking(JobId=start(client))

    assert answer["Persons"] == recorded["Persons"]
    assert answer["VideoMetadata"] == recorded["VideoMetadata"]


def test_the_same_calls_give_the_same_ids(stub_server: StubServer, client: BaseClient) -> None:
    first = [start(client), start(client), start(client, JobTag="tag")]
    stub_server.reset()

    assert [start(client), start(client), start(client, JobTag="tag")] == first
    assert len(set(first)) == 3


def test_a_reset_forgets_everything(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(jobs=[{"polls": 1}], keys=[{"id": "testing", "secret": "testing"}])
    job_id = start(client)
    failed: dict[str, Any] = {"JobStatus": "FAILED"}
    stub_server.replay("cctv/street.mp4", failed)

    stub_server.reset()

    assert (stub_server.requests, stub_server.notices) == ([], [])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        status(client, job_id)
    assert status(client, start(client)) == "SUCCEEDED"
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        start(stub_server.client(aws_access_key_id="testing", aws_secret_access_key="testing"))


def test_keys_and_their_rights(stub_server: StubServer) -> None:
    rights = {"videos": ["cctv/*"], "account_id": "123456789012"}
    stub_server.script(keys=[{"id": "testing", "secret": "testing", **rights}])
    client = stub_server.client(aws_access_key_id="testing", aws_secret_access_key="testing")

    job_id = start(client)

    with pytest.raises(client.exceptions.AccessDeniedException):
        start(client, Video={"S3Object": {"Bucket": "home", "Name": "street.mp4"}})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        status(stub_server.client(), job_id)
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        start(stub_server.client(aws_access_key_id="testing", aws_secret_access_key="guessed"))


def test_whoever_gave_a_topic_is_told_once(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(jobs=[{"tag": "later", "seconds": 0.2}, {"tag": "asked", "polls": 1}])
    later = start(client, JobTag="later", NotificationChannel=CHANNEL)
    asked = start(client, JobTag="asked", NotificationChannel=CHANNEL)
    start(client)
    assert stub_server.notices == []

    assert [status(client, asked) for _ in range(3)][-1] == "SUCCEEDED"
    wait_until(lambda: len(stub_server.notices) >= 2)

    told = [(notice.topic, notice.role, notice.message["JobId"]) for notice in stub_server.notices]
    expected = (CHANNEL["SNSTopicArn"], CHANNEL["RoleArn"])
    assert told == [(*expected, asked), (*expected, later)]
    message = stub_server.notices[0].message
    assert message.pop("Timestamp") == pytest.approx(1000 * time.time(), abs=60_000)
    assert message == {
        "JobId": asked,
        "Status": "SUCCEEDED",
        "API": "StartPersonTracking",
        "JobTag": "asked",
        "Video": {"S3ObjectName": "street.mp4", "S3Bucket": "cctv"},
    }


def test_the_open_jobs_of_an_account(stub_server: StubServer, client: BaseClient) -> None:
    stub_server.script(jobs=[{"polls": 1}], open_jobs=1)
    job_id = start(client)
    with pytest.raises(client.exceptions.LimitExceededException, match=r"1  open Jobs.*limit: 1"):
        start(client)

    assert [status(client, job_id) for _ in range(2)] == ["IN_PROGRESS", "SUCCEEDED"]
    start(client)


def test_any_number_of_open_jobs_unless_somebody_says_otherwise(
    stub_server: StubServer, client: BaseClient
) -> None:
    stub_server.script(jobs=[{"polls": 1}])
    assert len({start(client, JobTag=f"night-{number}") for number in range(25)}) == 25

    limited = StubServer(Recordings({DEFAULT: example()}), options=ServerOptions(open_job_limit=1))
    limited.script(jobs=[{"polls": 1}])
    with running_this(limited):
        start(limited.client())
        with pytest.raises(client.exceptions.ClientError, match=r"1  open Jobs.*limit: 1"):
            start(limited.client(), JobTag="second")
        limited.script(jobs=[{"polls": 1}], open_jobs=0)
        start(limited.client(), JobTag="third")


@pytest.mark.parametrize("limit", [20, 3])
def test_a_scripted_limit_reads_like_one_that_was_reached(
    stub_server: StubServer, client: BaseClient, limit: int
) -> None:
    stub_server.script(jobs=[{"polls": 1}], open_jobs=limit)
    for number in range(limit):
        start(client, JobTag=f"{number}")
    with pytest.raises(client.exceptions.LimitExceededException) as reached:
        start(client, JobTag="one-too-many")
    stub_server.script(faults=[{"code": "LimitExceededException"}], open_jobs=limit)
    with pytest.raises(client.exceptions.LimitExceededException) as scripted:
        start(client)

    assert str(scripted.value) == str(reached.value)


def test_a_failure_without_a_text_has_a_message_all_the_same(
    stub_server: StubServer, client: BaseClient
) -> None:
    stub_server.script(jobs=[{"failure": ""}])

    answer = client.get_person_tracking(JobId=start(client))

    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"]


def test_a_request_of_no_sense_is_seen_as_well(stub_server: StubServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(stub_server.url).netloc)
    connection.putrequest("POST", "/")
    connection.putheader("X-Amz-Target", "RekognitionService.Start")
    connection.putheader("X-Amz-Target", "RekognitionService.Get")
    connection.putheader("Content-Length", "3")
    connection.endheaders(b"{[<")

    assert connection.getresponse().status == 400
    connection.close()
    (seen,) = stub_server.requests
    assert (seen.operation, seen.parameters, seen.status) == ("Start", None, 400)


def test_nothing_stays_behind() -> None:
    before = set(threading.enumerate())

    with running() as stub_server:
        stub_server.script(jobs=[{"seconds": 3600}])
        start(stub_server.client())
        assert len(set(threading.enumerate()) - before) >= 2

    # Those that waited for requests are on their way out.
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_a_script_that_is_no_script() -> None:
    with pytest.raises(ValueError, match="pauses"):
        StubServer(Recordings({})).script(pauses=1)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        stub_server_for(tmp_path / "absent")
    (tmp_path / "default.json").write_text(json.dumps({"JobStatus": "FAILED"}))
    (tmp_path / "script.toml").write_text("[[jobs]]\nsecond = 1\n")
    with pytest.raises(FileFormatError, match=r"script\.toml"):
        stub_server_for(tmp_path)


def manual(language: str, word: str) -> str:
    """The one block in a language that has a word in it."""
    blocks = re.findall(f"```{language}\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = (block for block in blocks if word in block)
    return str(block)


def test_the_script_in_the_manual(tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(manual("toml", "[[jobs]]"))

    script = script_from(file)

    assert script.job_rule("cctv/slow-1.mp4", "nightly").polls == 3
    assert script.faults == (
        FaultRule(
            code="ProvisionedThroughputExceededException",
            operation="GetPersonTracking",
            after=1,
            times=2,
            message="Slower.",
        ),
    )
    assert script.keys[0].account_id == "123456789012"


def test_the_program_in_the_manual(
    stub_server: StubServer,
    client: BaseClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in stub_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # which may know other credentials

    exec(manual("python", "wait_and_collect"), {"job_id": start(client)})  # noqa: S102 - ours

    assert capsys.readouterr().out == "2000\n0 0 1933\n1 666 1933\n"


def test_it_loads_no_database_and_no_decoder() -> None:
    script = "import passerby.replay.stub_server, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(ran.stdout.split())
    assert "starlette" in loaded
    assert not loaded & {"sqlalchemy", "pyarrow", "av", "cv2", "onnxruntime", "boto3"}

"""Operations of others through this server: boto3 as the client, moto's Rekognition behind."""

import base64
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.waiting import PATIENCE_SECONDS

from passerby.access.rights import Rights
from passerby.api.call_pool import CALLS
from passerby.api.forwarding import BODY_BYTES_LIMIT, Forwarding
from passerby.cloud.other_endpoint import Origin, OtherAnswer, OtherEndpoint
from passerby.errors import SettingsError

from .conftest import Server, connect, serving
from .test_server_process import Running
from .test_server_process import serving as serving_process

IMAGE = {"S3Object": {"Bucket": "lobby", "Name": "a.jpg"}}


def endpoint(url: str) -> OtherEndpoint:
    return OtherEndpoint(Origin("us-east-1", url, access_key_id="AKIAOTHER", secret_access_key="x"))


@pytest.fixture(scope="module")
def forwarder(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that forwards to moto."""
    forwarding = Forwarding(endpoint(moto_url), ("Detect*", "*TextDetection", "CompareFaces"))
    with serving(tmp_path_factory.mktemp("forwarder"), forwarding=forwarding) as server:
        yield server


_accounts = itertools.count(1)


def client_of(server: Server, *operations: str) -> BaseClient:
    key = server.keys.create(f"{next(_accounts):012d}", Rights(operations=operations))
    return connect(server.url, key.id, key.secret, max_pool_connections=60)


@pytest.fixture
def directly(moto_url: str) -> BaseClient:
    return connect(moto_url, "AKIAOTHER", "x")


def content(answer: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_answers_are_those_of_the_other_side(forwarder: Server, directly: BaseClient) -> None:
    through = client_of(forwarder, "*")

    for client in (through, directly):
        labels = client.detect_labels(Image=IMAGE, MaxLabels=10, MinConfidence=75.5)
        assert content(labels) == content(directly.detect_labels(Image=IMAGE))
    assert content(through.detect_text(Image=IMAGE)) == content(directly.detect_text(Image=IMAGE))
    job_id = through.start_text_detection(Video=IMAGE)["JobId"]
    assert content(through.get_text_detection(JobId=job_id)) == content(
        directly.get_text_detection(JobId=job_id)
    )


def test_both_kinds_of_operations_through_one_client(forwarder: Server) -> None:
    client = client_of(forwarder, "*")
    video = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}

    job_id = client.start_person_tracking(Video=video)["JobId"]

    assert client.get_person_tracking(JobId=job_id)["JobStatus"] == "IN_PROGRESS"
    assert client.detect_labels(Image=IMAGE)["Labels"]


def test_long_images(forwarder: Server) -> None:
    client = client_of(forwarder, "Detect*", "CompareFaces")
    image = {"Bytes": bytes(5 * 1024 * 1024)}

    assert client.detect_labels(Image=image)["Labels"]
    assert client.compare_faces(SourceImage=image, TargetImage=image)["FaceMatches"]


def test_a_body_beyond_the_limit(forwarder: Server) -> None:
    client = client_of(forwarder, "*")
    too_long = base64.b64encode(bytes(BODY_BYTES_LIMIT)).decode()

    with pytest.raises(ClientError) as caught:
        client.detect_labels(Image={"S3Object": {"Bucket": "b", "Name": too_long}})

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_long_body_of_a_stranger_is_not_read(forwarder: Server) -> None:
    stranger = connect(forwarder.url, "AKIASTRANGER", "x")

    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.detect_labels(Image={"Bytes": bytes(100_000)})


def test_errors_of_the_other_side(moto_url: str, forwarder: Server, tmp_path: Path) -> None:
    other = forwarder.keys.create("999999999999", Rights(operations=("*",)))
    origin = Origin("eu-west-1", forwarder.url, None, other.id, other.secret)
    del moto_url
    with serving(tmp_path, forwarding=Forwarding(OtherEndpoint(origin))) as server:
        through = client_of(server, "*")
        with pytest.raises(ClientError) as caught:
            through.describe_collection(CollectionId="c")

    told = caught.value.response
    # The other side checked the signature, and is the one that does not forward this.
    assert told["Error"]["Code"] == "UnknownOperationException"
    assert "DescribeCollection is not among the forward_operations" in told["Error"]["Message"]
    assert told["ResponseMetadata"]["RequestId"]


def test_an_endpoint_that_is_the_server_itself(tmp_path: Path) -> None:
    class Late:
        """The server's own endpoint, which is known once it listens."""

        behind: OtherEndpoint

        def send(self, operation: str, body: bytes) -> object:
            return self.behind.send(operation, body)

    late = Late()
    with serving(tmp_path, forwarding=Forwarding(late)) as server:  # type: ignore[arg-type]
        key = server.keys.create("999999999998", Rights(operations=("*",)))
        late.behind = OtherEndpoint(Origin("eu-west-1", server.url, None, key.id, key.secret))
        with pytest.raises(ClientError, match="once already"):
            client_of(server, "*").detect_faces(Image=IMAGE)


def test_an_endpoint_that_hangs_holds_up_nobody_else(tmp_path: Path) -> None:
    leave, held = threading.Event(), threading.Semaphore(0)

    class Hanging:
        """An endpoint that answers when the test says so."""

        def send(self, operation: str, body: bytes) -> OtherAnswer:
            held.release()
            leave.wait()
            return OtherAnswer(200, body, {"x-amzn-RequestId": operation})

    with (
        serving(tmp_path, forwarding=Forwarding(Hanging())) as server,
        ThreadPoolExecutor(60) as threads,
    ):
        client = client_of(server, "*")
        calls = [threads.submit(client.detect_labels, Image=IMAGE) for _ in range(50)]
        try:
            for _ in range(CALLS):
                assert held.acquire(timeout=PATIENCE_SECONDS)
            with pytest.raises(ClientError, match="Could not find JobId"):
                client.get_person_tracking(JobId="0" * 64)
            assert not held.acquire(blocking=False)
        finally:
            leave.set()
        told = {call.result()["ResponseMetadata"]["RequestId"] for call in calls}

    assert told == {"DetectLabels"}


def test_rights(forwarder: Server) -> None:
    with pytest.raises(ClientError, match="keys create --operation DetectLabels"):
        client_of(forwarder).detect_labels(Image=IMAGE)
    with pytest.raises(ClientError, match="not among the forward_operations"):
        client_of(forwarder, "*").delete_collection(CollectionId="c")
    only = client_of(forwarder, "DetectLabels")
    assert only.detect_labels(Image=IMAGE)["Labels"]
    with pytest.raises(ClientError, match="AccessDenied"):
        only.get_person_tracking(JobId="0" * 64)


@pytest.mark.parametrize("image", [IMAGE, {"Bytes": bytes(200_000)}], ids=["short", "long"])
def test_a_server_that_forwards_nothing_says_what_to_do(
    rekognition: BaseClient, image: dict[str, object]
) -> None:
    with pytest.raises(ClientError, match="forward_others = true") as caught:
        rekognition.detect_labels(Image=image)

    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


def test_one_that_is_switched_on_by_its_settings(
    moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:9")
    settings = {
        "forward_others": True,
        "forward_endpoint_url": moto_url,
        "forward_region": "us-east-1",
        "forward_access_key_id": "AKIAOTHER",
        "forward_secret_access_key": "hidden-secret",
        "forward_operations": json.dumps(["DetectLabels"]),
    }
    with (
        serving_process(tmp_path, **settings) as running,
        pytest.raises(ClientError, match="AccessDenied"),
    ):
        _connect(running).detect_labels(Image=IMAGE)

    assert "hidden-secret" not in running.log.read_text()


def _connect(running: Running) -> BaseClient:
    return boto3.client(
        "rekognition",
        endpoint_url=running.url,
        region_name="us-east-1",
        aws_access_key_id=running.key_id,
        aws_secret_access_key=running.secret,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE_SECONDS),
    )


def test_credentials_of_a_client_of_this_server_are_refused(tmp_path: Path) -> None:
    from passerby.bootstrap.installation import open_installation  # noqa: PLC0415
    from passerby.bootstrap.web_app import build_app  # noqa: PLC0415
    from passerby.settings import Settings  # noqa: PLC0415

    installation = open_installation(Settings(data=tmp_path))
    key = installation.keys.create()
    chosen = Settings(
        data=tmp_path,
        forward_others=True,
        forward_region="us-east-1",
        forward_access_key_id=key.id,
        forward_secret_access_key=key.secret,
    )
    with pytest.raises(SettingsError, match="an access key of this server"):
        build_app(open_installation(chosen))
    installation.database.close()

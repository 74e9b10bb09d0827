"""Jobs over videos in a real object store that is not ours."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from passerby.cloud.buckets import Buckets
from passerby.cloud.objects import FolderBuckets
from passerby.cloud.pinned_object import PinnedObject
from passerby.cloud.s3 import Place, head
from passerby.engine.local import LocalExecutor
from passerby.errors import UnsupportedVideo, VideoGone
from passerby.http_ranges import split_pinned_url
from passerby.pathing.analysis import analyse
from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.plan import Options
from passerby.video.probe import probe

from .conftest import BUCKET, SAMPLE, Service, ended, serving
from .swift.cluster import Swift, can_hold_swift, running

KEY = "2026/ü 人 + 1.mp4"  # what a URL must spell otherwise

CREDENTIALS = """
[owner]
aws_access_key_id = test:owner
aws_secret_access_key = owner-secret
[guest]
aws_access_key_id = test:guest
aws_secret_access_key = guest-secret
[impostor]
aws_access_key_id = test:owner
aws_secret_access_key = guessed
"""

BUCKETS = """
[s3.buckets.{bucket}]
endpoint_url = "{url}"
region = "{region}"
path_style = true
profile = "{profile}"
name = "{name}"
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Access keys where boto3 looks for them, and none elsewhere."""
    path = tmp_path_factory.mktemp("aws") / "credentials"
    path.write_text(CREDENTIALS)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory, environment: None) -> Iterator[Swift]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("swift")
    if not can_hold_swift(folder):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no file attributes here")
    with running(folder) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def owner(swift: Swift) -> BaseClient:
    """Client of the buckets' owner, who has a video in a bucket of each kind."""
    key_id, secret = swift.owner
    client = boto3.client(
        "s3",
        endpoint_url=swift.url,
        region_name=swift.region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )
    for name in ("plain", "versioned"):
        client.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": swift.region}
        )
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    client.upload_file(str(SAMPLE), "plain", KEY)
    return client


@pytest.fixture(scope="module")
def version(owner: BaseClient) -> str:
    """The version that is the sample, of an object that is a note by now."""
    stored = owner.put_object(Bucket="versioned", Key=KEY, Body=SAMPLE.read_bytes())
    owner.put_object(Bucket="versioned", Key=KEY, Body=b"see the other archive")
    return str(stored["VersionId"])


@pytest.fixture(scope="module")
def place(swift: Swift) -> Place:
    return Place(swift.url, swift.region, path_style=True, profile="owner")


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory,
    swift: Swift,
    owner: BaseClient,  # noqa: ARG001
) -> Iterator[Service]:
    """A server for which Swift's buckets have names of their own."""
    data = tmp_path_factory.mktemp("service")
    usual = {"url": swift.url, "region": swift.region, "profile": "owner", "name": "plain"}
    config = data / "passerby.toml"
    tables = [
        usual | {"bucket": "archive"},
        usual | {"bucket": "kept", "name": "versioned"},
        usual | {"bucket": "absent", "name": "nowhere"},
        usual | {"bucket": "guests", "profile": "guest"},
        usual | {"bucket": "impostors", "profile": "impostor"},
        usual | {"bucket": "overseas", "region": "us-east-1"},
    ]
    config.write_text("".join(BUCKETS.format(**table) for table in tables))
    with serving(data, "--config", config) as server:
        shutil.copy(SAMPLE, server.bucket / "people.mp4")
        yield server


@pytest.fixture(scope="module")
def client(service: Service) -> BaseClient:
    return service.client()


def start(client: BaseClient, bucket: str, **name_and_version: str) -> str:
    """StartPersonTracking; gives the job id."""
    video = {"S3Object": {"Bucket": bucket} | name_and_version}
    return str(client.start_person_tracking(Video=video)["JobId"])


def found(client: BaseClient, job_id: str) -> dict[str, Any]:
    """What a job found, without what makes it that job."""
    answer = ended(client, job_id)
    assert answer["JobStatus"] == "SUCCEEDED", answer
    return {name: answer[name] for name in ("Persons", "VideoMetadata")}


def test_a_video_in_s3_gives_what_the_same_file_gives(client: BaseClient, service: Service) -> None:
    jobs = [start(client, BUCKET, Name="people.mp4"), start(client, "archive", Name=KEY)]

    in_folder, in_bucket = (found(client, job) for job in jobs)

    assert in_folder["Persons"]
    assert in_bucket == in_folder
    assert not (service.data / "copies").exists()


def test_shards_of_a_version_in_processes_of_their_own(
    place: Place, version: str, tmp_path: Path, tracked: Path
) -> None:
    (tmp_path / "folders").mkdir()
    buckets = Buckets(
        FolderBuckets(tmp_path / "folders"), {"kept": replace(place, bucket="versioned")}
    )
    fingerprint = buckets.head("kept", KEY, version).fingerprint
    video = PinnedObject(buckets, "kept", KEY, version, fingerprint)

    folder = tmp_path / "observations"
    folder.mkdir()
    store = FolderObservationStore(folder)

    analysis = analyse(video, store, LocalExecutor(2), options=Options(shard_ms=5000))

    assert len(list(folder.iterdir())) == 4
    assert len(analysis) == pq.read_metadata(tracked / "people-walking.parquet").num_rows


def test_without_a_version_the_newest_is_meant(client: BaseClient, version: str) -> None:
    answer = ended(client, start(client, "kept", Name=KEY))

    assert version
    assert answer["JobStatus"] == "FAILED"
    assert answer["StatusMessage"] == "Unsupported codec/format."


@pytest.mark.parametrize(
    ("bucket", "members"),
    [
        pytest.param("archive", {"Name": "absent.mp4"}, id="no such key"),
        pytest.param("kept", {"Name": KEY, "Version": "1234567890.12345"}, id="no such version"),
        pytest.param("kept", {"Name": KEY, "Version": "latest"}, id="what is no version"),
        pytest.param("absent", {"Name": KEY}, id="a bucket that is not there"),
        pytest.param("elsewhere", {"Name": KEY}, id="a bucket that nothing is known of"),
        pytest.param("guests", {"Name": KEY}, id="somebody else's bucket"),
        pytest.param("impostors", {"Name": KEY}, id="a wrong secret"),
        pytest.param("overseas", {"Name": KEY}, id="another region"),
    ],
)
def test_what_cannot_be_read(client: BaseClient, bucket: str, members: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refusal:
        start(client, bucket, **members)

    assert refusal.value.response["Error"] == {
        "Code": "InvalidS3ObjectException",
        "Message": "Unable to get object metadata from S3. "
        "Check object key, region and/or access permissions.",
    }


def test_the_log_tells_no_signature_and_no_secret(client: BaseClient, service: Service) -> None:
    with pytest.raises(ClientError):
        start(client, "archive", Name="absent.mp4")
    ended(client, start(client, "archive", Name=KEY))

    log = service.log.read_text()
    assert "absent.mp4" in log
    for word in ("Signature=", "owner-secret", "guest-secret", "guessed"):
        assert word not in log


def test_a_location_is_that_of_one_content(owner: BaseClient, place: Place) -> None:
    owner.upload_file(str(SAMPLE), "plain", "changing.mp4")
    location = head(place, "plain", "changing.mp4").location
    assert probe(location).codec == "h264"

    owner.put_object(Bucket="plain", Key="changing.mp4", Body=SAMPLE.read_bytes() + b"0")

    with pytest.raises(VideoGone):
        probe(location)


def test_a_location_of_a_version_outlives_the_object(
    owner: BaseClient, place: Place, version: str
) -> None:
    with pytest.raises(UnsupportedVideo):
        probe(head(place, "versioned", KEY).location)
    owner.delete_object(Bucket="versioned", Key=KEY)

    assert probe(head(place, "versioned", KEY, version).location).codec == "h264"


def test_a_location_cannot_be_altered(place: Place, owner: BaseClient) -> None:
    location = head(place, "plain", KEY).location
    url, _ = split_pinned_url(location)
    owner.upload_file(str(SAMPLE), "plain", "other.mp4")

    assert probe(url).codec == "h264"
    with pytest.raises(VideoGone):
        probe(url.replace("%2B%201.mp4", "%2B%202.mp4"))
    with pytest.raises(VideoGone):
        probe(url.replace("X-Amz-Expires=", "X-Amz-Expires=9"))


def test_a_bucket_by_its_own_name(place: Place) -> None:
    named = replace(place, bucket="plain")

    assert head(named, "archive", KEY).fingerprint == head(place, "plain", KEY).fingerprint

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from passerby.cloud.observation_store import S3ObservationStore
from passerby.cloud.s3 import Place
from passerby.errors import ObjectForbidden, SettingsError, StoreUnreachable

from .conftest import ScriptedStore

pytestmark = pytest.mark.usefixtures("credentials")

NAME = f"{'5d' * 32}.parquet"
CONTENT = os.urandom(200_000)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def place(moto: str) -> Place:
    boto3.client("s3", endpoint_url=moto, region_name="us-east-1").create_bucket(Bucket="shared")
    return Place(endpoint_url=moto, region="us-east-1", path_style=True)


def test_what_one_machine_keeps_another_finds(place: Place, tmp_path: Path) -> None:
    here = S3ObservationStore(place, "shared", "seen/", tmp_path)
    there: S3ObservationStore = pickle.loads(pickle.dumps(here))  # noqa: S301
    assert not there.has(NAME)
    with pytest.raises(StoreUnreachable, match="Observations were removed"):
        there.fetch(NAME)

    here.put(NAME, CONTENT)

    assert there.has(NAME)
    assert there.fetch(NAME).read_bytes() == CONTENT
    store = boto3.client("s3", endpoint_url=place.endpoint_url, region_name="us-east-1")
    listed = store.list_objects_v2(Bucket="shared")["Contents"]
    assert [entry["Key"] for entry in listed] == [f"seen/{NAME}"]


def test_the_last_of_two_writers_counts(place: Place, tmp_path: Path) -> None:
    observations = S3ObservationStore(place, "shared", "", tmp_path)

    for content in (b"one", b"other"):
        observations.put(NAME, content)

    assert observations.fetch(NAME).read_bytes() == b"other"


def test_the_bucket_may_have_another_name_there(place: Place, tmp_path: Path) -> None:
    S3ObservationStore(place, "shared", "as/", tmp_path).put(NAME, CONTENT)
    called = Place(place.endpoint_url, place.region, path_style=True, bucket="shared")

    assert S3ObservationStore(called, "ours", "as/", tmp_path).fetch(NAME).read_bytes() == CONTENT


def test_a_missing_bucket_is_said_when_something_is_to_be_kept(
    place: Place, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnreachable, match="no bucket 'elsewhere'"):
        S3ObservationStore(place, "elsewhere", "", tmp_path).put(NAME, CONTENT)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(403, ObjectForbidden, id="not with these credentials"),
        pytest.param(503, StoreUnreachable, id="too busy"),
    ],
)
def test_refusals(
    store: ScriptedStore, tmp_path: Path, status: int, expected: type[Exception]
) -> None:
    observations = S3ObservationStore(
        Place(store.url, "us-east-1", path_style=True), "shared", "", tmp_path
    )
    store.now(status)

    for ask in (observations.has, observations.fetch):
        with pytest.raises(expected):
            ask(NAME)


def test_credentials_that_are_not_there_are_named(place: Place, tmp_path: Path) -> None:
    observations = S3ObservationStore(
        Place(place.endpoint_url, profile="nobody"), "shared", "", tmp_path
    )

    with pytest.raises(SettingsError, match="nobody"):
        observations.has(NAME)

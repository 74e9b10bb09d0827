import os
import pickle
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from passerby.cloud.observation_store import BucketShelf
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


def test_what_one_machine_keeps_another_finds(place: Place) -> None:
    here = BucketShelf(place, "shared", "seen/")
    there: BucketShelf = pickle.loads(pickle.dumps(here))  # noqa: S301
    assert not there.has(NAME)
    assert there.get(NAME) is None

    here.put(NAME, CONTENT)

    assert there.has(NAME)
    assert there.get(NAME) == CONTENT
    store = boto3.client("s3", endpoint_url=place.endpoint_url, region_name="us-east-1")
    listed = store.list_objects_v2(Bucket="shared")["Contents"]
    assert [entry["Key"] for entry in listed] == [f"seen/{NAME}"]


def test_the_last_of_two_writers_counts(place: Place) -> None:
    shelf = BucketShelf(place, "shared", "")

    for content in (b"one", b"other"):
        shelf.put(NAME, content)

    assert shelf.get(NAME) == b"other"


def test_the_bucket_may_have_another_name_there(place: Place) -> None:
    BucketShelf(place, "shared", "as/").put(NAME, CONTENT)
    called = Place(place.endpoint_url, place.region, path_style=True, bucket="shared")

    assert BucketShelf(called, "ours", "as/").get(NAME) == CONTENT


def test_a_missing_bucket_is_said_when_something_is_to_be_kept(place: Place) -> None:
    with pytest.raises(StoreUnreachable, match="no bucket 'elsewhere'"):
        BucketShelf(place, "elsewhere", "").put(NAME, CONTENT)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(403, ObjectForbidden, id="not with these credentials"),
        pytest.param(503, StoreUnreachable, id="too busy"),
    ],
)
def test_refusals(store: ScriptedStore, status: int, expected: type[Exception]) -> None:
    shelf = BucketShelf(Place(store.url, "us-east-1", path_style=True), "shared", "")
    store.now(status)

    for ask in (shelf.has, shelf.get):
        with pytest.raises(expected):
            ask(NAME)


def test_credentials_that_are_not_there_are_named(place: Place) -> None:
    shelf = BucketShelf(Place(place.endpoint_url, profile="nobody"), "shared", "")

    with pytest.raises(SettingsError, match="nobody"):
        shelf.has(NAME)

"""Against moto's S3, filled by boto3."""

from collections.abc import Iterator

import boto3
import pytest

from passerby.cloud.buckets import Buckets
from passerby.cloud.objects import FolderBuckets
from passerby.cloud.s3 import Place
from passerby.cloud.s3_listing import list_objects
from passerby.errors import ObjectNotFound, StoreUnreachable

pytestmark = pytest.mark.usefixtures("credentials")

KEYS = [
    "2026/11/a.mp4",
    "2026/b.mp4",
    "2026//odd.mp4",
    "c.mp4",
    "d e+f&ä.mp4",
    ".hidden.mp4",
    "made/",
    "made/x.mp4",
]


@pytest.fixture
def place(moto_url: str) -> Iterator[Place]:
    place = Place(moto_url, "eu-west-1", path_style=True)
    client = boto3.client("s3", endpoint_url=moto_url, region_name="eu-west-1")
    client.create_bucket(
        Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for key in KEYS:
        client.put_object(Bucket="far-away", Key=key, Body=key.encode())
    yield place
    for key in KEYS:
        client.delete_object(Bucket="far-away", Key=key)
    client.delete_bucket(Bucket="far-away")


@pytest.mark.parametrize(
    ("prefix", "folders", "keys"),
    [
        pytest.param("", ["2026/", "made/"], ["c.mp4", "d e+f&ä.mp4"], id="the top"),
        pytest.param("2026/", ["2026/11/"], ["2026/b.mp4"], id="a folder"),
        pytest.param("made/", [], ["made/x.mp4"], id="one with an object in its place"),
        pytest.param("missing/", [], [], id="nothing begins so"),
    ],
)
def test_one_level(place: Place, prefix: str, folders: list[str], keys: list[str]) -> None:
    found = list_objects(place, "far-away", prefix, None, 100)

    assert found.folders == folders
    assert [entry.key for entry in found.objects] == keys
    assert found.following is None


def test_part_after_part_has_everything_once(place: Place) -> None:
    seen, after = [], None
    while True:
        part = list_objects(place, "far-away", "", after, 2)
        seen += part.folders + [entry.key for entry in part.objects]
        if (after := part.following) is None:
            break

    assert sorted(seen) == ["2026/", "c.mp4", "d e+f&ä.mp4", "made/"]


def test_what_is_told_of_an_object(place: Place) -> None:
    entry = list_objects(place, "far-away", "2026/", None, 100).objects[0]

    assert entry.size_bytes == len("2026/b.mp4")
    assert entry.modified.tzinfo is not None


def test_no_such_bucket(place: Place) -> None:
    with pytest.raises(ObjectNotFound):
        list_objects(place, "nowhere", "", None, 100)


def test_a_store_that_is_not_there() -> None:
    with pytest.raises(StoreUnreachable):
        list_objects(Place("http://127.0.0.1:9", "eu-west-1"), "far-away", "", None, 100)


def test_folders_and_s3_under_one_set_of_names(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("buckets")
    (root / "near").mkdir()
    (root / "near" / "here.mp4").touch()
    named = Place(place.endpoint_url, place.region, place.path_style, bucket="far-away")
    buckets = Buckets(FolderBuckets(root), {"archive": named})

    assert buckets.list_buckets() == ["archive", "near"]
    assert buckets.list_objects("near", "", None, 9).objects[0].key == "here.mp4"
    assert buckets.list_objects("archive", "", None, 9).folders == ["2026/", "made/"]
    with pytest.raises(ObjectNotFound):
        buckets.list_objects("far-away", "", None, 9)

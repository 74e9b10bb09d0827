import pickle
from pathlib import Path

import pytest

from passerby.cloud.buckets import Buckets
from passerby.cloud.objects import FolderBuckets
from passerby.cloud.s3 import Place
from passerby.errors import ObjectNotFound

from .conftest import ScriptedStore

pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def folders(tmp_path: Path) -> FolderBuckets:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.mp4").write_bytes(b"in a folder")
    return FolderBuckets(tmp_path)


@pytest.fixture
def place(store: ScriptedStore) -> Place:
    """Where every object has 5 bytes."""
    store.now(200, b"in S3", Last_Modified="Sun, 22 Nov 2026 01:04:05 GMT")
    return Place(store.url, "eu-west-1")


@pytest.mark.parametrize(
    ("bucket", "size"),
    [
        pytest.param("folder", len(b"in a folder"), id="a folder goes before all others"),
        pytest.param("elsewhere", len(b"in S3"), id="what is no folder"),
    ],
)
def test_folders_and_one_place(
    folders: FolderBuckets, place: Place, bucket: str, size: int
) -> None:
    assert Buckets(folders, others=place).head(bucket, "a.mp4").size_bytes == size


def test_a_bucket_with_a_place_of_its_own_goes_before_a_folder(
    folders: FolderBuckets, place: Place, store: ScriptedStore
) -> None:
    named = Place(place.endpoint_url, place.region, bucket="archive")

    assert Buckets(folders, {"folder": named}).head("folder", "a.mp4").size_bytes == len(b"in S3")
    assert store.asked[0][1] == "/archive/a.mp4"


def test_a_key_that_is_not_in_the_folder_is_looked_for_nowhere_else(
    folders: FolderBuckets, place: Place, store: ScriptedStore
) -> None:
    with pytest.raises(ObjectNotFound):
        Buckets(folders, others=place).head("folder", "b.mp4")

    assert store.asked == []


def test_a_bucket_that_is_nowhere(folders: FolderBuckets, place: Place) -> None:
    with pytest.raises(ObjectNotFound):
        Buckets(folders, {"cctv": place}).head("elsewhere", "a.mp4")


def test_the_version_is_asked_for(
    folders: FolderBuckets, place: Place, store: ScriptedStore
) -> None:
    Buckets(folders, others=place).head("cctv", "a.mp4", "v 1")

    assert store.asked[0][1] == "/cctv/a.mp4?versionId=v%201"


def test_they_can_be_sent_to_another_process(folders: FolderBuckets, place: Place) -> None:
    sent = pickle.loads(pickle.dumps(Buckets(folders, {"cctv": place})))  # noqa: S301

    assert sent.head("folder", "a.mp4").size_bytes == len(b"in a folder")
    assert sent.head("cctv", "a.mp4").size_bytes == len(b"in S3")


def test_the_log_names_a_bucket_that_is_nowhere(
    folders: FolderBuckets, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ObjectNotFound):
        Buckets(folders).head("nowhere\n", "a.mp4")

    assert r"the bucket 'nowhere\n' is neither a folder nor named" in caplog.text

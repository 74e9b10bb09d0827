import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from passerby.cloud.buckets import Buckets
from passerby.cloud.objects import FolderBuckets
from passerby.cloud.pinned_object import PinnedObject, readable
from passerby.cloud.s3 import Place
from passerby.errors import StoreUnreachable, VideoGone

from .conftest import ScriptedStore

pytestmark = pytest.mark.usefixtures("credentials")

CONTENT = b"0123456789"
MODIFIED = "Sun, 22 Nov 2026 01:04:05 GMT"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "buckets" / "cctv" / "a.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def in_folder(path: Path) -> PinnedObject:
    buckets = FolderBuckets(path.parent.parent)
    return PinnedObject(buckets, "cctv", "a.mp4", None, buckets.head("cctv", "a.mp4").fingerprint)


@pytest.fixture
def in_s3(store: ScriptedStore, tmp_path: Path) -> PinnedObject:
    store.now(206, CONTENT, ETag='"1"', Last_Modified=MODIFIED)
    buckets = Buckets(FolderBuckets(tmp_path), others=Place(store.url, "eu-west-1"))
    return PinnedObject(buckets, "s3b", "a.mp4", None, buckets.head("s3b", "a.mp4").fingerprint)


def nothing() -> None:
    """Take note of nothing."""


def test_a_file_is_read_where_it_is(in_folder: PinnedObject, path: Path, tmp_path: Path) -> None:
    with readable(in_folder, tmp_path / "copy", nothing) as source:
        assert source.location() == str(path)
        assert pickle.loads(pickle.dumps(source)).location() == str(path)  # noqa: S301
        assert not (tmp_path / "copy").exists()


def test_an_object_in_s3_is_read_where_it_is(in_s3: PinnedObject, tmp_path: Path) -> None:
    with readable(in_s3, tmp_path / "copy", nothing) as source:
        location = pickle.loads(pickle.dumps(source)).location()  # noqa: S301
        assert "/s3b/a.mp4?X-Amz-Algorithm=" in location
        assert location.endswith("#etag=%221%22&size=10&modified=1795309445")
        assert not (tmp_path / "copy").exists()


def test_where_no_parts_are_given_a_copy_is_read(
    in_s3: PinnedObject, store: ScriptedStore, tmp_path: Path
) -> None:
    store.status = 200
    told: list[None] = []

    with readable(in_s3, tmp_path / "copy", lambda: told.append(None)) as source:
        location = pickle.loads(pickle.dumps(source)).location()  # noqa: S301
        assert Path(location).read_bytes() == CONTENT
        assert Path(location).is_relative_to(tmp_path / "copy")

    assert told
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("change", [os.unlink, lambda path: path.write_bytes(b"9876543210")])
def test_a_file_that_is_gone_or_another(in_folder: PinnedObject, path: Path, change) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    change(path)

    with pytest.raises(VideoGone):
        in_folder.location()


def test_a_file_that_changes_meanwhile(in_folder: PinnedObject, path: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoGone), readable(in_folder, tmp_path / "copy", nothing):
        path.write_bytes(b"9876543210")


def test_what_fails_meanwhile_goes_before_a_change(
    in_folder: PinnedObject, path: Path, tmp_path: Path
) -> None:
    def fail() -> None:
        path.unlink()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), readable(in_folder, tmp_path / "copy", nothing):
        fail()


@pytest.mark.parametrize(
    ("status", "etag"),
    [
        pytest.param(206, '"2"', id="changed"),
        pytest.param(404, '"1"', id="deleted"),
        pytest.param(403, '"1"', id="not to be read any more"),
    ],
)
def test_an_object_that_is_gone_or_another(
    in_s3: PinnedObject, store: ScriptedStore, status: int, etag: str
) -> None:
    store.now(status, CONTENT, ETag=etag, Last_Modified=MODIFIED)

    with pytest.raises(VideoGone):
        in_s3.location()


def test_a_store_that_does_not_answer_tells_nothing_of_the_video(
    in_s3: PinnedObject, store: ScriptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passerby.cloud.s3.ATTEMPTS", 1)
    store.refusals = [503] * 10

    with pytest.raises(StoreUnreachable):
        in_s3.location()


def test_a_job_that_an_earlier_version_accepted(in_s3: PinnedObject, store: ScriptedStore) -> None:
    former = in_s3.objects.head("s3b", "a.mp4", None).former_fingerprint
    assert former

    before = replace(in_s3, fingerprint=former)
    assert before.location() == in_s3.location()

    store.now(206, CONTENT, ETag='"2"', Last_Modified=MODIFIED)
    with pytest.raises(VideoGone):
        before.location()

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from passerby.cloud import upload
from passerby.cloud.upload import FileUpload, InvalidFileName, normalise_name, remove_stale_drafts
from passerby.errors import ObjectForbidden, TooLittleSpace


def received(folder: Path, name: str, content: bytes) -> str:
    with FileUpload(folder, name, len(content)) as file:
        for start in range(0, len(content), 3):
            file.write(content[start : start + 3])
        return file.publish()


def test_a_whole_file(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"

    assert received(folder, "street.mp4", b"0123456789") == "street.mp4"
    assert (folder / "street.mp4").read_bytes() == b"0123456789"
    assert len(list(folder.iterdir())) == 1


def test_nobody_loses_a_name(tmp_path: Path) -> None:
    names = [received(tmp_path, "street.mp4", text) for text in (b"a", b"b", b"c")]

    assert names == ["street.mp4", "street (2).mp4", "street (3).mp4"]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"a", b"b", b"c"]


def test_half_a_file_is_none(tmp_path: Path) -> None:
    with FileUpload(tmp_path, "a.mp4", 10) as file:
        file.write(b"abc")
        assert not (tmp_path / "a.mp4").exists()
        with pytest.raises(ValueError, match="3 bytes of 10"):
            file.publish()

    assert list(tmp_path.iterdir()) == []


def test_what_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    with FileUpload(tmp_path, "a.mp4", 10) as file:
        file.write(b"abc")

    assert list(tmp_path.iterdir()) == []


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_that_it_would_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = upload.RESERVE_BYTES + 9
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))

    assert received(tmp_path, "fits", bytes(9)) == "fits"
    with pytest.raises(TooLittleSpace):
        received(tmp_path, "does not", bytes(10))


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "uploads").touch()

    with pytest.raises(ObjectForbidden):
        received(tmp_path / "uploads", "a.mp4", b"a")


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        pytest.param("street.mp4", "street.mp4", id="plain"),
        pytest.param(" Straße am Tag (2).MP4 ", "Straße am Tag (2).MP4", id="spaces around"),
        pytest.param("cafe\u0301.mp4", "café.mp4", id="an accent apart from its letter"),
        pytest.param("a..b", "a..b", id="dots within"),
    ],
)
def test_names(name: str, spelled: str) -> None:
    assert normalise_name(name) == spelled


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../a", "a/b", "/a", "a\\b", "a\0b", "a\nb", ".a", "a" * 181, "\ud800"],
)
def test_no_names(name: str) -> None:
    with pytest.raises(InvalidFileName):
        normalise_name(name)


def test_what_a_crash_left_behind(tmp_path: Path) -> None:
    old, new, video = tmp_path / ".aa.upload", tmp_path / ".bb.upload", tmp_path / "old.mp4"
    for path in (old, new, video):
        path.touch()
    long_ago = time.time() - upload.IDLE_SECONDS - 1
    for path in (old, video):
        os.utime(path, (long_ago, long_ago))

    remove_stale_drafts(tmp_path)

    assert sorted(tmp_path.iterdir()) == [new, video]


def test_uploads_together_keep_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = upload.RESERVE_BYTES + 10
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))

    with FileUpload(tmp_path, "a.mp4", 6) as first:
        with pytest.raises(TooLittleSpace):
            FileUpload(tmp_path, "b.mp4", 5)
        with FileUpload(tmp_path, "b.mp4", 4):
            pass
        # What was written is missing on the disk by now, and not counted twice.
        first.write(b"abcdef")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 6, free - 6))
        with FileUpload(tmp_path, "c.mp4", 4):
            pass
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))

    with FileUpload(tmp_path, "d.mp4", 10):
        pass

import os
from pathlib import Path
from typing import NoReturn

import pytest

from passerby.cloud.listing import list_folder
from passerby.cloud.objects import FolderBuckets
from passerby.errors import ObjectForbidden, ObjectNotFound


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "buckets"
    for name in ("cctv/2026/11", "cctv/empty", "cctv/.hidden", "other"):
        (root / name).mkdir(parents=True)
    for name in ("cctv/b.mp4", "cctv/a.mp4", "cctv/2026/11/c.mp4", "cctv/.draft", "other/d.mp4"):
        (root / name).write_bytes(name.encode())
    (tmp_path / "secret.key").write_bytes(b"secret")
    return root / "cctv"


def shown(bucket: Path, prefix: str) -> tuple[list[str], list[str]]:
    found = list_folder(bucket, prefix, None, 100)
    return found.folders, [entry.key for entry in found.objects]


def test_one_level_sorted(bucket: Path) -> None:
    assert shown(bucket, "") == (["2026/", "empty/"], ["a.mp4", "b.mp4"])
    assert shown(bucket, "2026/") == (["2026/11/"], [])
    assert shown(bucket, "2026/11/") == ([], ["2026/11/c.mp4"])
    assert shown(bucket, "empty/") == ([], [])


def test_what_is_told_of_an_object(bucket: Path) -> None:
    entry = list_folder(bucket, "", None, 100).objects[0]

    assert entry.size_bytes == len("cctv/a.mp4")
    assert entry.modified.timestamp() == pytest.approx((bucket / "a.mp4").stat().st_mtime)


def test_part_after_part_has_everything_once(bucket: Path) -> None:
    for number in range(7):
        (bucket / "empty" / f"{number}.mp4").touch()
        (bucket / "empty" / f"{number}").mkdir()
    seen, after = [], None
    while True:
        part = list_folder(bucket, "empty/", after, 4)
        assert len(part.folders) + len(part.objects) <= 4
        seen += part.folders + [entry.key for entry in part.objects]
        if (after := part.following) is None:
            break

    assert sorted(seen) == sorted(
        [f"empty/{number}.mp4" for number in range(7)] + [f"empty/{number}/" for number in range(7)]
    )


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("../", id="one up"),
        pytest.param("../other/", id="another bucket"),
        pytest.param("2026/../../other/", id="up and over"),
        pytest.param("2026/..", id="no slash at the end"),
        pytest.param("/", id="the root"),
        pytest.param("/etc/", id="from the root"),
        pytest.param("2026//11/", id="a folder without a name"),
        pytest.param("./", id="the folder itself"),
        pytest.param("a.mp4/", id="a file"),
        pytest.param(".hidden/", id="hidden"),
        pytest.param("missing/", id="missing"),
        pytest.param("\0/", id="a zero byte"),
        pytest.param("\ud800/", id="half a character"),
        pytest.param("n" * 300 + "/", id="longer than a name can be"),
    ],
)
def test_what_is_no_folder_of_the_bucket(bucket: Path, prefix: str) -> None:
    with pytest.raises(ObjectNotFound):
        list_folder(bucket, prefix, None, 100)


def test_links_lead_nowhere_else(bucket: Path) -> None:
    for name, target in {
        "out": bucket.parent,
        "secret.mp4": bucket.parent.parent / "secret.key",
        "neighbour": bucket.parent / "other",
        "broken": bucket / "missing",
        "inside": bucket / "2026",
        "inside.mp4": bucket / "a.mp4",
    }.items():
        (bucket / "empty" / name).symlink_to(target)

    assert shown(bucket, "empty/") == (["empty/inside/"], ["empty/inside.mp4"])
    for name in ("out", "neighbour"):
        with pytest.raises(ObjectNotFound):
            list_folder(bucket, f"empty/{name}/", None, 100)


def test_pipes_and_sockets_are_no_objects(bucket: Path) -> None:
    os.mkfifo(bucket / "empty" / "pipe.mp4")

    assert shown(bucket, "empty/") == ([], [])


def test_a_folder_that_may_not_be_read(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> NoReturn:  # as to everybody but root
        raise PermissionError(path)

    monkeypatch.setattr(os, "scandir", forbidden)

    with pytest.raises(ObjectForbidden):
        list_folder(bucket, "empty/", None, 100)


@pytest.mark.parametrize("name", ["missing", "..", ".", "", "cctv/2026", "/etc"])
def test_what_is_no_bucket(bucket: Path, name: str) -> None:
    with pytest.raises(ObjectNotFound):
        FolderBuckets(bucket.parent).list_objects(name, "", None, 100)


def test_a_link_that_leads_to_itself_does_not_hide_its_folder(bucket: Path) -> None:
    (bucket / "loop").symlink_to("loop")

    assert shown(bucket, "") == (["2026/", "empty/"], ["a.mp4", "b.mp4"])

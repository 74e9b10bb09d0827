import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passerby.cloud.objects import FolderBuckets
from passerby.errors import ObjectForbidden, ObjectNotFound, SettingsError

NOBODY = 65534  # the user id that owns nothing, by custom of Linux


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bucket "videos" with an object, and things beside it that are not for the caller."""
    root = tmp_path / "buckets"
    (root / "videos" / "2026").mkdir(parents=True)
    (root / "videos" / "2026" / "walk.mp4").write_bytes(b"0123456789")
    (root / "other").mkdir()
    (root / "other" / "theirs.mp4").write_bytes(b"theirs")
    (root / "loose.mp4").write_bytes(b"in no bucket")
    (tmp_path / "secret.mp4").write_bytes(b"outside")
    return root


def test_an_object(root: Path) -> None:
    path = root / "videos" / "2026" / "walk.mp4"
    os.utime(path, (1_700_000_000, 1_700_000_000))

    facts = FolderBuckets(root).head("videos", "2026/walk.mp4")

    assert facts.size_bytes == 10
    assert facts.modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert facts.location == str(path)


def test_an_empty_object(root: Path) -> None:
    (root / "videos" / "empty").touch()

    assert FolderBuckets(root).head("videos", "empty").size_bytes == 0


@pytest.mark.parametrize("key", ["ü 人.mp4", "a b+c%20.mp4", "..mp4", ".hidden", "-rf", "a\\b"])
def test_an_object_of_any_name(root: Path, key: str) -> None:
    (root / "videos" / key).write_bytes(b"here")

    assert FolderBuckets(root).head("videos", key).size_bytes == 4


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("videos", "", id="no key"),
        pytest.param("", "2026/walk.mp4", id="no bucket"),
        pytest.param("nowhere", "walk.mp4", id="an unknown bucket"),
        pytest.param("videos", "run.mp4", id="an unknown key"),
        pytest.param("Videos", "2026/walk.mp4", id="another case"),
        pytest.param("videos", "2026", id="a folder"),
        pytest.param("videos", "2026/", id="a folder with a slash"),
        pytest.param("videos", "2026/walk.mp4/", id="a file with a slash"),
        pytest.param("videos", "2026//walk.mp4", id="two slashes"),
        pytest.param("videos", "./2026/walk.mp4", id="one dot"),
        pytest.param("videos", "2026/../2026/walk.mp4", id="two dots that stay inside"),
        pytest.param("videos", "../other/theirs.mp4", id="into another bucket"),
        pytest.param("videos", "../../secret.mp4", id="out of the buckets"),
        pytest.param("videos", "..\\other\\theirs.mp4", id="with backslashes"),
        pytest.param("videos", "%2e%2e/other/theirs.mp4", id="percent-encoded"),
        pytest.param("videos", "/etc/passwd", id="an absolute path"),
        pytest.param("videos", "//etc/passwd", id="an absolute path with two slashes"),
        pytest.param("videos", "2026/walk.mp4\0", id="a zero byte"),
        pytest.param("videos", "\ud800", id="half a character"),
        pytest.param("videos", "x" * 300, id="a name too long for a file"),
        pytest.param("videos", "a/" * 2500 + "b", id="a path too long"),
        pytest.param(".", "loose.mp4", id="the root as the bucket"),
        pytest.param("..", "secret.mp4", id="the parent as the bucket"),
        pytest.param("videos/2026", "walk.mp4", id="a folder in a bucket as the bucket"),
        pytest.param("loose.mp4", "", id="a file as the bucket"),
        pytest.param("videos\0", "2026/walk.mp4", id="a zero byte in the bucket"),
        pytest.param("\ud800", "walk.mp4", id="half a character in the bucket"),
    ],
)
def test_what_is_not_an_object(root: Path, bucket: str, key: str) -> None:
    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head(bucket, key)


def test_a_bucket_named_by_its_full_path(root: Path) -> None:
    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head(str(root / "videos"), "2026/walk.mp4")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("../../secret.mp4", id="out of the buckets"),
        pytest.param("../other/theirs.mp4", id="into another bucket"),
        pytest.param("link.mp4", id="to itself"),
        pytest.param("nowhere.mp4", id="to nothing"),
    ],
)
def test_a_link_to_elsewhere(root: Path, target: str) -> None:
    (root / "videos" / "link.mp4").symlink_to(target)

    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("videos", "link.mp4")


def test_a_linked_folder_to_elsewhere(root: Path) -> None:
    (root / "videos" / "link").symlink_to(root.parent)

    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("videos", "link/secret.mp4")


def test_a_link_within_the_bucket(root: Path) -> None:
    (root / "videos" / "link.mp4").symlink_to("2026/walk.mp4")

    facts = FolderBuckets(root).head("videos", "link.mp4")

    assert facts.location == str(root / "videos" / "2026" / "walk.mp4")


def test_a_bucket_that_is_a_link(root: Path) -> None:
    (root / "link").symlink_to(root.parent)

    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("link", "secret.mp4")


def test_the_root_may_be_a_link(root: Path) -> None:
    (root.parent / "link").symlink_to(root)

    buckets = FolderBuckets(root.parent / "link")

    assert buckets.head("videos", "2026/walk.mp4").location == str(root / "videos/2026/walk.mp4")


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "videos" / "pipe")

    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("videos", "pipe")


def test_a_device_is_not_an_object(root: Path) -> None:
    try:
        os.mknod(root / "videos" / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")

    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("videos", "null")


@pytest.mark.parametrize("version", ["", "1", "NULL"])
def test_a_folder_keeps_no_versions(root: Path, version: str) -> None:
    with pytest.raises(ObjectNotFound):
        FolderBuckets(root).head("videos", "2026/walk.mp4", version)


def test_the_only_version(root: Path) -> None:
    buckets = FolderBuckets(root)

    assert buckets.head("videos", "2026/walk.mp4", "null") == buckets.head(
        "videos", "2026/walk.mp4"
    )


@pytest.fixture
def locked_root() -> Iterator[Path]:
    """Buckets that anybody may enter, with a file and a folder that nobody may."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "videos" / "folder").mkdir(parents=True)
        for key in ("locked.mp4", "folder/walk.mp4"):
            (root / "videos" / key).write_bytes(b"0123456789")
        root.chmod(0o755)
        (root / "videos" / "locked.mp4").chmod(0)
        (root / "videos" / "folder").chmod(0)
        before = os.geteuid()
        if before == 0:  # to whom nothing is forbidden
            os.seteuid(NOBODY)
        yield root
        os.seteuid(before)
        (root / "videos" / "folder").chmod(0o755)


@pytest.mark.parametrize("key", ["locked.mp4", "folder/walk.mp4"])
def test_an_object_that_may_not_be_read(locked_root: Path, key: str) -> None:
    with pytest.raises(ObjectForbidden):
        FolderBuckets(locked_root).head("videos", key)


def rewrite(path: Path, offset: int) -> None:
    """Change one byte, and nothing that a listing shows."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("size", [1, 70_000, 1 << 20, 3 << 20])
@pytest.mark.parametrize("at_end", [False, True], ids=["first byte", "last byte"])
def test_the_fingerprint_tells_a_changed_content(
    root: Path,
    size: int,
    at_end: bool,  # noqa: FBT001
) -> None:
    path = root / "videos" / "clip.mp4"
    path.write_bytes(bytes(size))
    buckets = FolderBuckets(root)
    before = buckets.head("videos", "clip.mp4").fingerprint
    assert buckets.head("videos", "clip.mp4").fingerprint == before

    rewrite(path, size - 1 if at_end else 0)

    assert buckets.head("videos", "clip.mp4").fingerprint != before


def test_the_fingerprint_of_a_small_file_covers_every_byte(root: Path) -> None:
    path = root / "videos" / "clip.mp4"
    path.write_bytes(bytes(1 << 20))
    buckets = FolderBuckets(root)
    before = buckets.head("videos", "clip.mp4").fingerprint

    for offset in range(0, 1 << 20, 41_003):
        rewrite(path, offset)
        assert buckets.head("videos", "clip.mp4").fingerprint != before
        rewrite(path, offset)
    assert buckets.head("videos", "clip.mp4").fingerprint == before


def test_the_fingerprint_tells_another_time_of_change(root: Path) -> None:
    path = root / "videos" / "2026" / "walk.mp4"
    buckets = FolderBuckets(root)
    before = buckets.head("videos", "2026/walk.mp4").fingerprint

    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    assert buckets.head("videos", "2026/walk.mp4").fingerprint != before


def test_the_buckets_are_listed(root: Path) -> None:
    (root / "link").symlink_to(root.parent)

    assert FolderBuckets(root).list_buckets() == ["other", "videos"]


def test_no_buckets(tmp_path: Path) -> None:
    assert FolderBuckets(tmp_path).list_buckets() == []


def test_a_root_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        FolderBuckets(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("bucket", "key", "version", "told"),
    [
        ("nowhere", "walk.mp4", None, "the bucket is no folder in"),
        ("videos", "run.mp4", None, "there is no such file in"),
        ("videos", "2026", None, "it is no regular file"),
        ("videos", "./2026/walk.mp4", None, "not the path of a file"),
        ("videos", "2026/walk.mp4", "1", "keeps no versions"),
        ("videos", "\x1b[2J\x9b\u202e\n.mp4", None, "there is no such file in"),
        ("\ud800\n", "walk.mp4", None, "the bucket is no folder in"),
    ],
)
def test_the_log_says_what_was_looked_for(
    root: Path,
    bucket: str,
    key: str,
    version: str | None,
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ObjectNotFound) as refusal:
        FolderBuckets(root).head(bucket, key, version)

    assert refusal.value.in_folder
    (line,) = caplog.messages
    assert line.startswith(f"the object {key!r} in bucket {bucket!r}: ")
    assert told in line
    assert line.isprintable()


def test_the_log_says_what_may_not_be_read(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_location: str, _flags: int) -> int:
        raise PermissionError

    monkeypatch.setattr("passerby.cloud.objects.os.open", refuse)

    with pytest.raises(ObjectForbidden):
        FolderBuckets(root).head("videos", "2026/walk.mp4")

    assert "'2026/walk.mp4' in bucket 'videos': passerby may not read it" in caplog.text

"""`passerby track` on addresses: a real server, with parts and without, and a stand-in for S3."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest

import passerby
from passerby.bootstrap.recording import open_recording
from passerby.errors import (
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    StoreUnreachable,
    UnsupportedVideo,
    VideoError,
)
from passerby.settings import S3, Settings

from .conftest import done, people_clip, python, run

FRAMES = 10


class WithRanges(BaseHTTPRequestHandler):
    """Serves one file and ranges of it; elsewhere it redirects, refuses or fails."""

    content = b""
    etag: str | None = '"1"'
    requested: list[str]

    def do_GET(self) -> None:
        self.requested.append(f"{self.path} {self.headers.get('Range')}")
        kind, _, rest = self.path.partition("?")[0][1:].partition("/")
        if kind == "moved":
            self._answer(302, {"Location": f"/{rest}"})
        elif kind == "away":
            self._answer(302, {"Location": "ftp://127.0.0.1/video.mp4"})
        elif kind == "circle":
            self._answer(302, {"Location": self.path})
        elif kind.isdigit():
            self._answer(int(kind), {})
        elif kind == "untold":
            self._answer(200, {})
        else:
            self._send_part()

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_part(self) -> None:
        total = len(self.content)
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or total - 1), total - 1)
        wanted = self.headers.get("If-Match")
        if wanted not in (None, self.etag):
            self._answer(412, {})
            return
        headers = {"Content-Range": f"bytes {start}-{end}/{total}"}
        headers["Content-Length"] = str(end - start + 1)
        self._answer(206, headers | ({"ETag": self.etag} if self.etag else {}))
        try:
            self.wfile.write(self.content[start : end + 1])
        except ConnectionError:
            self.close_connection = True  # whoever reads has enough

    def log_message(self, *_ignored: object) -> None:
        """Keep the test's output clean."""


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server, which knows no ranges."""

    def log_message(self, *_ignored: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serving(handler: object) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:  # type: ignore[arg-type]
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people_clip(tmp_path_factory.mktemp("clip") / "street 1.mp4", FRAMES)


@pytest.fixture(scope="module")
def expected(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The results of the file itself."""
    out = tmp_path_factory.mktemp("expected")
    done("track", clip, "--out", out)
    return contents(out)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture
def requested() -> list[str]:
    return []


@pytest.fixture
def with_ranges(clip: Path, requested: list[str]) -> Iterator[str]:
    behaviour = {"content": clip.read_bytes(), "requested": requested}
    with serving(type("Handler", (WithRanges,), behaviour)) as url:
        yield url


@pytest.mark.parametrize("path", ["street%201.mp4?signature=secret", "moved/moved/street%201.mp4"])
def test_a_server_that_gives_parts(
    path: str, with_ranges: str, expected: dict[str, str], requested: list[str], tmp_path: Path
) -> None:
    ended = run("track", f"{with_ranges}/{path}", "--out", tmp_path / "out")

    assert ended.returncode == 0, ended.stderr
    assert contents(tmp_path / "out") == expected
    assert not [line for line in requested if line.endswith("None")]  # never all of it
    assert "secret" not in ended.stderr + ended.stdout
    assert "copied" not in ended.stderr


def test_a_server_that_gives_no_parts(clip: Path, expected: dict[str, str], tmp_path: Path) -> None:
    with serving(partial(Quiet, directory=str(clip.parent))) as url:
        ended = run("track", f"{url}/street%201.mp4", "--out", tmp_path / "out")
        again = run("track", f"{url}/street%201.mp4", "--out", tmp_path / "out")

    assert (ended.returncode, again.returncode) == (0, 0), ended.stderr
    assert "copied first" in ended.stderr
    assert contents(tmp_path / "out") == expected  # and no copy is left


def test_the_library_takes_addresses(with_ranges: str) -> None:
    analysis = passerby.track(f"{with_ranges}/street.mp4", rate=5)

    assert len(analysis) > 5


@pytest.mark.parametrize(
    ("path", "error", "told"),
    [
        pytest.param("404/a.mp4", ObjectNotFound, "answers 404", id="not there"),
        pytest.param("401/a.mp4", ObjectForbidden, "curl -fL --user", id="a login"),
        pytest.param("403/a.mp4", ObjectForbidden, "wants a login", id="forbidden"),
        pytest.param("503/a.mp4", StoreUnreachable, "answers 503", id="busy"),
        pytest.param("away", ObjectForbidden, "ftp://", id="redirected elsewhere"),
        pytest.param("circle", ObjectNotFound, "more than 5 times", id="in a circle"),
        pytest.param("untold", ObjectNotFound, "curl -fLo", id="no size"),
    ],
)
def test_what_a_server_refuses(
    path: str, error: type[PasserbyError], told: str, with_ranges: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(error) as refusal,
        open_recording(f"{with_ranges}/{path}", Settings(), tmp_path),
    ):
        pass

    assert told in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with serving(Quiet) as url:
        pass

    ended = run("track", f"{url}/a.mp4", "--out", tmp_path / "out")

    assert (ended.returncode, ended.stderr) == (
        1,
        "passerby: The server of the address does not answer.\n",
    )
    assert not (tmp_path / "out").exists()


def test_a_video_larger_than_the_settings_allow(with_ranges: str) -> None:
    settings = Settings(max_video_bytes=1000)

    with (
        pytest.raises(VideoError, match="max_video_bytes allows 1,000"),
        open_recording(f"{with_ranges}/a.mp4", settings),
    ):
        pass


def test_another_content_at_the_same_address_is_another_recording(
    clip: Path, requested: list[str]
) -> None:
    """Even where the server tells neither an entity tag nor a time."""
    content = clip.read_bytes()
    seen = set()
    for changed in (content, content[:-1] + b"x"):
        behaviour = {"content": changed, "requested": requested, "etag": None}
        with (
            serving(type("Handler", (WithRanges,), behaviour)) as url,
            open_recording(f"{url}/a.mp4", Settings()) as recording,
        ):
            seen.add((recording.source.fingerprint.rpartition(" ")[2], recording.identity))

    assert len(seen) == 2


@pytest.mark.parametrize(
    ("video", "told"),
    [
        pytest.param(
            "rtsp://u:secret@10.0.0.4/cam", "ffmpeg -i 'rtsp://NAME:PASSWORD@10", id="RTSP"
        ),
        pytest.param("RTMP://host/live", "live stream", id="RTMP in capitals"),
        pytest.param("srt://host:9000", "live stream", id="SRT"),
        pytest.param("gs://bucket/a.mp4", "download the video first", id="Google Cloud"),
        pytest.param("ftp://host/a.mp4", "download the video first", id="FTP"),
        pytest.param("-", "standard input", id="standard input"),
        pytest.param("/dev/null", "a device", id="a device"),
        pytest.param("/proc", "It is a folder", id="a folder"),
    ],
)
def test_what_cannot_be_read_from(video: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVideo) as refusal, open_recording(video, Settings(), tmp_path):
        pass

    assert told in str(refusal.value)
    assert "secret" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with (
        pytest.raises(UnsupportedVideo, match=r"a pipe, and .*ffmpeg -i"),
        open_recording(str(tmp_path / "pipe"), Settings()),
    ):
        pass


def test_a_file_by_its_address(clip: Path) -> None:
    with open_recording(clip.as_uri(), Settings()) as recording:
        assert recording.name == "street 1.mp4"


@pytest.fixture
def s3(moto_url: str, monkeypatch: pytest.MonkeyPatch, clip: Path) -> Iterator[S3]:
    """A stand-in for S3 that holds the clip, and settings for it."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=moto_url, region_name="us-east-1")
    client.create_bucket(Bucket="cctv")
    client.upload_file(str(clip), "cctv", "2026/street 1.mp4")
    yield S3(endpoint_url=moto_url, region="us-east-1", path_style=True)
    client.delete_object(Bucket="cctv", Key="2026/street 1.mp4")
    client.delete_bucket(Bucket="cctv")


def test_an_object_on_s3(s3: S3, expected: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "passerby.toml"
    config.write_text(
        f'[s3]\nendpoint_url = "{s3.endpoint_url}"\nregion = "us-east-1"\npath_style = true\n'
    )

    done("track", "s3://cctv/2026/street 1.mp4", "--out", tmp_path / "out", "--config", config)

    assert contents(tmp_path / "out") == expected


@pytest.mark.parametrize(
    ("video", "error"),
    [
        pytest.param("s3://cctv/absent.mp4", ObjectNotFound, id="no such object"),
        pytest.param("s3://nowhere/a.mp4", ObjectNotFound, id="no such bucket"),
        pytest.param("s3://cctv", ObjectNotFound, id="no key"),
        pytest.param("s3://cctv/2026/street 1.mp4?versionId=x", ObjectNotFound, id="no version"),
    ],
)
def test_what_is_not_on_s3(video: str, error: type[PasserbyError], s3: S3, tmp_path: Path) -> None:
    with pytest.raises(error), open_recording(video, Settings(s3=s3), tmp_path):
        pass

    assert not list(tmp_path.iterdir())


def test_a_folder_is_a_bucket_to_this_command_as_well(clip: Path, tmp_path: Path) -> None:
    bucket = tmp_path / "buckets" / "cctv"
    bucket.mkdir(parents=True)
    (bucket / "a.mp4").write_bytes(clip.read_bytes())

    with open_recording("s3://cctv/a.mp4", Settings(buckets=tmp_path / "buckets")) as recording:
        assert Path(recording.source.location()) == bucket / "a.mp4"


def test_standard_input_is_not_waited_for(tmp_path: Path) -> None:
    ended = python("-m", "passerby", "track", "/dev/stdin", "--out", tmp_path / "out")

    assert ended.returncode == 1
    assert "recording.mkv" in ended.stderr or "cannot be read" in ended.stderr
    assert not (tmp_path / "out").exists()

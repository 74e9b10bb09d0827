from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import MappingProxyType

import av
import pytest
from av.stream import Disposition

from passerby.errors import DamagedVideo, UnsupportedVideo, VideoGone
from passerby.testing import moving_boxes, write_clip, write_sound
from passerby.video import remote
from passerby.video.container import open_video
from passerby.video.decode import decode
from passerby.video.probe import probe

FASTSTART = {"movflags": "faststart"}


def clip_bytes(folder: Path, muxer: Mapping[str, str] = MappingProxyType({})) -> bytes:
    path = folder / "whole.mp4"
    return write_clip(path, moving_boxes(30), container_options=muxer).read_bytes()


def cut_short(folder: Path) -> bytes:
    whole = clip_bytes(folder)
    return whole[: len(whole) // 2]


def unknown_codec(folder: Path) -> bytes:
    return clip_bytes(folder).replace(b"avc1", b"zzzz")


def only_sound(folder: Path) -> bytes:
    return write_sound(folder / "sound.mp4").read_bytes()


def fixed(content: bytes) -> Callable[[Path], bytes]:
    return lambda _folder: content


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(fixed(b""), id="empty"),
        pytest.param(fixed(b"no video, only words\n" * 100), id="text"),
        pytest.param(fixed(b"\x89PNG\r\n\x1a\n" + bytes(200)), id="the head of a PNG"),
        pytest.param(fixed(b"#EXTM3U\n#EXTINF:9,\nwhole.mp4\n#EXT-X-ENDLIST\n"), id="a playlist"),
        pytest.param(fixed(b"ffconcat version 1.0\nfile whole.mp4\n"), id="a list of files"),
        pytest.param(only_sound, id="only sound"),
        pytest.param(cut_short, id="its index is missing"),
        pytest.param(unknown_codec, id="unknown codec"),
    ],
)
def test_what_is_no_usable_video_is_told_in_the_words_of_the_service(
    make: Callable[[Path], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "upload.mp4"
    path.write_bytes(make(tmp_path))

    with pytest.raises(UnsupportedVideo) as refusal:
        probe(str(path))

    assert str(refusal.value).startswith("Unsupported codec/format.")


def test_a_video_without_one_good_frame_is_damaged(tmp_path: Path) -> None:
    whole = clip_bytes(tmp_path, FASTSTART)
    pictures = whole.index(b"mdat") + 4
    path = tmp_path / "zeros.mp4"
    path.write_bytes(whole[:pictures] + bytes(len(whole) - pictures))

    with pytest.raises(DamagedVideo):
        probe(str(path))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("deleted.mp4", "No such file or directory", id="deleted"),
        pytest.param("", "Is a directory", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_gone(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(VideoGone, match=reason):
        probe(str(tmp_path / name))


def test_a_colon_in_a_file_name_is_no_protocol(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "concat:12:30.mp4", moving_boxes(3))

    assert probe(str(path)).codec == "h264"


def with_cover(folder: Path) -> Path:
    """A small video that carries a large picture to be shown in lists."""
    video = write_clip(folder / "video.mp4", moving_boxes(3, size=(64, 48)))
    cover = write_clip(
        folder / "cover.mp4",
        moving_boxes(1, size=(320, 240)),
        codec="mjpeg",
        pixel_format="yuvj420p",
    )
    with av.open(folder / "both.mp4", "w") as both, av.open(video) as one, av.open(cover) as other:
        streams = [both.add_stream_from_template(part.streams.video[0]) for part in (one, other)]
        streams[1].disposition = Disposition.attached_pic
        for part, stream in zip((one, other), streams, strict=True):
            for packet in part.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    both.mux(packet)
    return folder / "both.mp4"


def test_a_cover_picture_is_not_the_video(tmp_path: Path) -> None:
    with open_video(str(with_cover(tmp_path))) as video:
        assert (video.stream.width, video.stream.height) == (64, 48)


class Ranges(BaseHTTPRequestHandler):
    """Serves `content` and ranges of it; stops in the middle of its last `withheld` bytes."""

    content = b""
    withheld = 0
    is_refusing = False

    def do_GET(self) -> None:
        if self.is_refusing:
            self.send_error(403)
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        total = len(self.content)
        self.send_response(206)
        self.send_header(
            "Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        )
        self.send_header("Content-Length", str(total - start))
        self.end_headers()
        self.wfile.write(self.content[start : total - self.withheld])

    def log_message(self, *_ignored: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def served(content: bytes, **behaviour: int) -> Iterator[str]:
    handler = type("Handler", (Ranges,), {"content": content, **behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/clip.mp4?X-Amz-Signature=secret"
        server.shutdown()


@pytest.mark.parametrize(
    "options", [pytest.param({}, id="index last"), pytest.param(FASTSTART, id="index first")]
)
def test_a_url_gives_the_frames_of_the_file(tmp_path: Path, options: dict[str, str]) -> None:
    content = clip_bytes(tmp_path, options)

    with served(content) as url:
        times = [frame.timestamp_ms for frame in decode(url)]

    assert times == [40 * number for number in range(30)]


def test_a_url_that_answers_no_more_is_gone_and_its_signature_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "PAUSES_S", ())
    with served(b"") as url:
        pass

    with pytest.raises(VideoGone) as failure:
        probe(url)

    assert str(failure.value) == "The video cannot be read: its server does not answer."


def test_a_url_whose_time_has_run_out_is_gone() -> None:
    with served(b"", is_refusing=True) as url, pytest.raises(VideoGone, match="403"):
        probe(url)


def test_a_url_that_breaks_off_is_gone_not_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PAUSES_S", ())
    content = clip_bytes(tmp_path, FASTSTART)

    with served(content, withheld=len(content) // 3) as url, pytest.raises(VideoGone):
        list(decode(url))


def test_an_error_of_the_user_of_an_open_video_stays_what_it_is(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_boxes(3))

    with pytest.raises(ZeroDivisionError), open_video(str(path)):
        raise ZeroDivisionError

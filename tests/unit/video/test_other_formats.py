"""GIF, APNG and the recordings of Dahua: pictures at the times that the file tells."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import pytest

from passerby.errors import UnsupportedVideo
from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import decode
from passerby.video.probe import first_pts, probe
from passerby.video.sampling import AnalysedFrames
from passerby.video.shards import plan_spans
from passerby.video.stills import stills

MOVING = {"gif": ("gif", "rgb8"), "apng": ("apng", "rgb24")}
BEGAN = datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC)


def moving_pictures(path: Path, frames: int = 10, **options: object) -> str:
    codec, pixel_format = MOVING[path.suffix[1:]]
    return str(
        write_clip(
            path,
            moving_boxes(frames),
            codec=codec,
            pixel_format=pixel_format,
            **{"rate": Fraction(5), **options},  # type: ignore[arg-type]
        )
    )


def delayed_gif(path: Path, delays: Sequence[int]) -> str:
    """A GIF whose pictures have these delays, hundredths of a second."""
    moving_pictures(path, len(delays))
    content = path.read_bytes()
    parts = content.split(b"\x21\xf9\x04")  # graphic control extensions
    assert len(parts) == len(delays) + 1
    changed = [
        part[:1] + struct.pack("<H", delay) + part[3:]
        for part, delay in zip(parts[1:], delays, strict=True)
    ]
    path.write_bytes(b"\x21\xf9\x04".join([parts[0], *changed]))
    return str(path)


def dahua(path: Path, times_ms: Sequence[int], codec: str = "libx264") -> str:
    """A recording as Dahua's recorders write it, with sound between the pictures.

    Source: what FFmpeg's demuxer reads (libavformat/dhav.c).
    """
    clip = write_clip(
        path.with_suffix(".h264"), moving_boxes(len(times_ms)), codec=codec, rate=Fraction(25)
    )
    content = b""
    with av.open(clip) as source:
        packets = [packet for packet in source.demux(video=0) if packet.size]
    for number, (packet, time_ms) in enumerate(zip(packets, times_ms, strict=True)):
        kind = 0xFD if packet.is_keyframe else 0xFC
        content += _chunk(kind, number, time_ms, bytes(packet))
    path.write_bytes(content)
    return str(path)


def _chunk(kind: int, number: int, time_ms: int, payload: bytes) -> bytes:
    moment = BEGAN + timedelta(milliseconds=time_ms)
    date = (
        (moment.year - 2000) << 26
        | moment.month << 22
        | moment.day << 17
        | moment.hour << 12
        | moment.minute << 6
        | moment.second
    )
    extension = bytes([0x81, 0, 2, 25, 0x80, 0, 160 // 8, 120 // 8])  # H.264, 25 a second; size
    length = 24 + len(extension) + len(payload) + 8
    head = struct.pack(
        "<4sBBBBIIIHBB",
        b"DHAV",
        kind,
        0,
        0,
        0,
        number,
        length,
        date,
        time_ms % 65536,
        len(extension),
        0,
    )
    return head + extension + payload + b"dhav" + struct.pack("<I", length)


@pytest.mark.parametrize("ending", MOVING)
def test_moving_pictures_have_the_times_of_their_delays(ending: str, tmp_path: Path) -> None:
    path = moving_pictures(tmp_path / f"clip.{ending}")

    video = probe(path)

    assert [frame.timestamp_ms for frame in decode(path)] == [200 * number for number in range(10)]
    assert (video.width, video.height, video.duration_ms) == (160, 120, 2000)


def test_each_picture_of_a_gif_lasts_its_own_delay(tmp_path: Path) -> None:
    path = delayed_gif(tmp_path / "clip.gif", [50, 10, 200, 7])

    assert [frame.timestamp_ms for frame in decode(path)] == [0, 500, 600, 2600]
    assert probe(path).duration_ms == 2670


def test_a_gif_by_the_name_of_a_video(tmp_path: Path) -> None:
    path = Path(moving_pictures(tmp_path / "clip.gif")).rename(tmp_path / "clip.mp4")

    assert len(list(decode(str(path)))) == 10


@pytest.mark.parametrize("ending", MOVING)
def test_moving_pictures_are_one_span_and_have_stills(ending: str, tmp_path: Path) -> None:
    path = moving_pictures(tmp_path / f"clip.{ending}", 40)

    spans = plan_spans(path, 500)
    frames = [
        sampled.frame.pts
        for span in spans
        for sampled in AnalysedFrames(path, span, None, first_pts(path))
    ]

    assert frames == [frame.pts for frame in decode(path)]
    assert len(frames) == 40
    assert 4 <= len(list(stills(path, 8))) <= 16


@pytest.mark.parametrize("ending", MOVING)
def test_one_picture_is_no_video(ending: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVideo, match="picture"):
        probe(moving_pictures(tmp_path / f"still.{ending}", 1))


STEADY = [40 * number for number in range(100)]


def test_a_recording_of_dahua(tmp_path: Path) -> None:
    path = dahua(tmp_path / "door.dav", STEADY)

    video = probe(path)

    assert [frame.timestamp_ms for frame in decode(path)] == STEADY
    assert (video.codec, video.frame_rate, video.width) == ("h264", 25.0, 160)


def test_a_recording_of_dahua_is_not_sought(tmp_path: Path) -> None:
    path = dahua(tmp_path / "door.dav", STEADY)

    (span,) = plan_spans(path, 500)

    frames = AnalysedFrames(path, span, None, first_pts(path))
    assert [each.frame.timestamp_ms for each in frames] == STEADY


def test_stills_of_a_recording_of_dahua(tmp_path: Path) -> None:
    assert list(stills(dahua(tmp_path / "door.dav", STEADY), 4))

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.harness.sound import add_sound, noise
from tests.unit.video.test_remote import Shelf, served

from passerby.errors import UnsupportedVideo
from passerby.films.preview import playable, write_preview
from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import decode

UNEVEN_MS = [0, 33, 150, 190, 400, 440, 900]


def times(path: Path) -> list[int]:
    return [frame.timestamp_ms for frame in decode(str(path))]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.mp4", {"rate": Fraction(24_000, 1001)}, id="film rate"),
        pytest.param("a.mp4", {"b_frames": 2}, id="B-frames"),
        pytest.param("a.mkv", {"timestamps_ms": UNEVEN_MS}, id="variable rate"),
        pytest.param("a.mkv", {"start_ms": 1520}, id="a start offset"),
        pytest.param("a.ts", {"start_ms": 1520}, id="a clock without zero"),
    ],
)
def test_times_are_kept_and_begin_at_0(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    pictures = moving_boxes(7, (1600, 200))
    source = write_clip(tmp_path / name, pictures, **options)  # type: ignore[arg-type]

    write_preview(str(source), tmp_path / "preview.mp4")

    expected = times(source)
    shown_until_first = [0] if expected[0] else []
    assert times(tmp_path / "preview.mp4") == shown_until_first + expected
    assert first_stored(tmp_path / "preview.mp4") == (0, 0)


def first_stored(path: Path) -> tuple[int | None, int | None]:
    """PTS and DTS of the first picture for a player that reads no edit lists."""
    with av.open(path, container_options={"ignore_editlist": "1"}) as container:
        packet = next(container.demux(container.streams.video[0]))
        return packet.pts, packet.dts


@pytest.mark.parametrize(
    ("stored", "degrees", "shown"),
    [
        pytest.param((320, 240), 0, (320, 240), id="as it is"),
        pytest.param((1920, 1080), 0, (1280, 720), id="scaled down"),
        pytest.param((240, 320), 90, (320, 240), id="turned upright"),
        pytest.param((1080, 1921), 270, (1280, 720), id="turned and scaled"),
        pytest.param((1366, 30), 0, (1280, 28), id="even sizes"),
        pytest.param((4000, 2), 0, (1280, 2), id="very wide"),
    ],
)
def test_size(
    tmp_path: Path, stored: tuple[int, int], degrees: int, shown: tuple[int, int]
) -> None:
    pictures = moving_boxes(2, stored, boxes=0)
    options = {"rotation_degrees": degrees, "pixel_format": "yuv444p"}
    source = write_clip(tmp_path / "clip.mp4", pictures, **options)  # type: ignore[arg-type]

    write_preview(str(source), tmp_path / "preview.mp4")

    assert next(decode(str(tmp_path / "preview.mp4"))).size == shown
    assert playable(str(tmp_path / "preview.mp4"))


def test_form_of_the_file(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.mkv", moving_boxes(50))
    source = add_sound(silent, tmp_path / "clip.mkv", noise(2), "pcm_s16le")

    write_preview(str(source), tmp_path / "preview.mp4")

    with av.open(tmp_path / "preview.mp4") as container:
        pictures, sound = container.streams.video[0], container.streams.audio[0]
        codec = pictures.codec_context
        assert (codec.name, codec.profile, codec.pix_fmt) == ("h264", "Main", "yuv420p")
        assert sound.codec_context.name == "aac"
        packets = [packet for packet in container.demux(pictures) if packet.size]
        assert sum(packet.is_keyframe for packet in packets) >= 2
    content = (tmp_path / "preview.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_upright_pictures(tmp_path: Path) -> None:
    half = np.zeros((64, 96, 3), np.uint8)
    half[:, :48] = (40, 40, 220)
    source = write_clip(tmp_path / "clip.mp4", [half] * 2, rotation_degrees=90)

    write_preview(str(source), tmp_path / "preview.mp4")

    image = next(decode(str(tmp_path / "preview.mp4"))).image()
    expected = next(decode(str(source))).image()
    assert np.abs(image.astype(int) - expected).mean() < 4
    assert image.shape == (96, 64, 3)


def test_progress_is_reported(tmp_path: Path) -> None:
    told: list[int] = []
    source = write_clip(tmp_path / "clip.mkv", moving_boxes(3), start_ms=120)

    write_preview(str(source), tmp_path / "preview.mp4", told.append)

    assert told == [1, 2, 3]


def boxes(size: tuple[int, int] = (160, 120)) -> list[NDArray[np.uint8]]:
    return list(moving_boxes(4, size))


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        pytest.param("a.mp4", {}, True, id="H.264 in MP4"),
        pytest.param("a.mp4", {"b_frames": 2}, True, id="with B-frames"),
        pytest.param("a.mp4", {"rotation_degrees": 90}, True, id="turned"),
        pytest.param("a.webm", {"codec": "libvpx"}, True, id="VP8 in WebM"),
        pytest.param("a.webm", {"codec": "libvpx-vp9"}, True, id="VP9 in WebM"),
        pytest.param("a.webm", {"codec": "libsvtav1"}, True, id="AV1 in WebM"),
        pytest.param("a.mp4", {"codec": "libsvtav1"}, True, id="AV1 in MP4"),
        pytest.param("a.mp4", {"codec": "libx265"}, False, id="H.265"),
        pytest.param("a.mp4", {"codec": "mpeg4"}, False, id="MPEG-4 part 2"),
        pytest.param("a.mp4", {"pixel_format": "yuv444p"}, False, id="4:4:4"),
        pytest.param("a.mp4", {"pixel_format": "yuv420p10le"}, False, id="10 bits"),
        pytest.param("a.mp4", {"pixel_aspect": Fraction(1)}, True, id="square pixels"),
        pytest.param("a.mp4", {"pixel_aspect": Fraction(64, 45)}, False, id="oblong pixels"),
        pytest.param("a.mov", {}, False, id="QuickTime"),
        pytest.param("a.mkv", {}, False, id="Matroska"),
        pytest.param("a.mkv", {"codec": "libvpx-vp9"}, False, id="VP9, but in Matroska"),
        pytest.param("a.avi", {}, False, id="AVI"),
        pytest.param("a.ts", {}, False, id="a broadcast"),
        pytest.param("a.mp4", {"start_ms": 200}, False, id="a later start"),
        pytest.param("a.webm", {"codec": "libvpx", "start_ms": 200}, False, id="in WebM, too"),
        pytest.param("a.mp4", {"codec_options": {"x264-params": "tff=1"}}, False, id="interlaced"),
    ],
)
def test_playable(
    tmp_path: Path,
    name: str,
    options: dict[str, object],
    expected: bool,  # noqa: FBT001
) -> None:
    source = write_clip(tmp_path / name, boxes(), **options)  # type: ignore[arg-type]

    assert playable(str(source)) == expected


@pytest.mark.parametrize(
    ("name", "pictures", "sound", "expected"),
    [
        pytest.param("a.mp4", "libx264", "aac", True, id="AAC in MP4"),
        pytest.param("a.mp4", "libx264", "libmp3lame", True, id="MP3 in MP4"),
        pytest.param("a.mp4", "libx264", "ac3", False, id="AC-3 in MP4"),
        pytest.param("a.webm", "libvpx-vp9", "libopus", True, id="Opus in WebM"),
    ],
)
def test_playable_sound(
    tmp_path: Path,
    name: str,
    pictures: str,
    sound: str,
    expected: bool,  # noqa: FBT001
) -> None:
    silent = write_clip(tmp_path / f"silent_{name}", boxes(), codec=pictures)
    source = add_sound(silent, tmp_path / name, noise(0.2), sound)

    assert playable(str(source)) == expected


def test_the_name_does_not_make_it_playable(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", boxes(), codec="libvpx-vp9")
    shutil.copy(source, tmp_path / "clip.webm")

    assert not playable(str(tmp_path / "clip.webm"))


def test_no_frame_is_not_playable(tmp_path: Path) -> None:
    first = {"movflags": "+faststart"}
    whole = write_clip(tmp_path / "clip.mp4", boxes(), container_options=first).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"mdat") + 4])

    assert not playable(str(tmp_path / "cut.mp4"))


def test_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video")

    with pytest.raises(UnsupportedVideo):
        playable(str(tmp_path / "text.mp4"))


def test_a_video_behind_a_url(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "silent.webm", boxes(), codec="libvpx-vp9")
    source = add_sound(silent, tmp_path / "clip.webm", noise(0.2), "libopus")
    write_preview(str(source), tmp_path / "near.mp4")

    with served(Shelf(source.read_bytes())) as url:
        assert playable(url)
        write_preview(url, tmp_path / "far.mp4")

    assert (tmp_path / "far.mp4").read_bytes() == (tmp_path / "near.mp4").read_bytes()

"""Recordings put together, late starts and odd lengths: no frame is lost without a word."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from passerby.errors import DamagedVideo
from passerby.pathing.analysis import Analysis
from passerby.pathing.plan import Options
from passerby.testing import moving_boxes, write_clip

from .test_analysis import found_in

pytestmark = pytest.mark.usefixtures("colour_network")

EVERY_FRAME = Options(rate=None, with_faces=False)
RATE = Fraction(25)
CODEC = {"ts": "libx264", "mpg": "mpeg2video", "webm": "libvpx", "mkv": "libx264"}


@dataclass(frozen=True)
class Piece:
    """One recording: its frames, when its clock starts, and the size of its pictures."""

    frames: int
    start_ms: int = 0
    size: tuple[int, int] = (160, 120)

    def write(self, path: Path) -> bytes:
        codec = CODEC[path.suffix[1:]]
        options = {"live": "1"} if path.suffix == ".webm" else None
        write_clip(
            path,
            moving_boxes(self.frames, self.size, boxes=1),
            rate=RATE,
            start_ms=self.start_ms,
            codec=codec,
            container_options=options,
        )
        return path.read_bytes()


def put_together(folder: Path, container: str, pieces: list[Piece]) -> str:
    """Write the bytes of the pieces one after another."""
    whole = folder / f"whole.{container}"
    parts = [piece.write(folder / f"{n}.{container}") for n, piece in enumerate(pieces)]
    whole.write_bytes(b"".join(parts))
    return str(whole)


def check(found: Analysis, frames_in: int) -> None:
    """What must hold of every result."""
    told = sum(int(line.split()[0]) for line in found.warnings if "left out" in line)
    if not any("goes on behind" in line for line in found.warnings):
        assert found.frame_count + told == frames_in
    times = np.unique(found.sightings.timestamp_ms)
    assert len(found.frame_index) == found.frame_count
    assert times[-1] < found.video.duration_ms
    assert 0 < found.video.frame_rate <= 60
    inside = found.sightings.xyxy[found.sightings.has_body]
    assert (inside[:, 2] > 0).all()
    assert (inside[:, 0] < found.video.width).all()
    assert (inside[:, 1] < found.video.height).all()


PIECES = st.lists(
    st.builds(
        Piece,
        frames=st.integers(8, 16),
        start_ms=st.sampled_from([0, 0, 40, 200, 1400, 9000]),
        size=st.sampled_from([(160, 120), (160, 120), (80, 64)]),
    ),
    min_size=1,
    max_size=3,
)


@given(container=st.sampled_from(["ts", "webm", "mkv"]), pieces=PIECES)
@example("ts", [Piece(50), Piece(50), Piece(50)])
@example("webm", [Piece(30), Piece(30)])
@example("mpg", [Piece(30), Piece(30)])
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_frames_in_are_frames_seen_and_frames_told(
    tmp_path_factory: pytest.TempPathFactory, container: str, pieces: list[Piece]
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    whole = put_together(folder, container, pieces)

    found = found_in(whole, folder / "kept", options=EVERY_FRAME)

    check(found, sum(piece.frames for piece in pieces))
    if container != "mkv":
        assert found.frame_count == sum(piece.frames for piece in pieces)
        told = [line for line in found.warnings if "size of the picture changes" in line]
        assert bool(told) == (len({piece.size for piece in pieces}) > 1)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_what_cannot_be_followed_is_told(tmp_path: Path, ending: str) -> None:
    part = write_clip(tmp_path / f"part.{ending}", moving_boxes(50, boxes=1))
    whole = tmp_path / f"whole.{ending}"
    whole.write_bytes(3 * part.read_bytes())

    found = found_in(str(whole), tmp_path / "kept", options=EVERY_FRAME)

    assert found.frame_count < 150
    assert any("goes on behind the end" in line for line in found.warnings)
    alone = found_in(str(part), tmp_path / "alone", options=EVERY_FRAME)
    assert alone.warnings == ()


def test_boxes_of_a_smaller_picture_are_told_in_pixels_of_the_first(tmp_path: Path) -> None:
    large, small = Piece(25), Piece(25, size=(80, 60))
    whole = put_together(tmp_path, "ts", [large, small])

    found = found_in(whole, tmp_path / "kept", options=EVERY_FRAME)
    alone = found_in(put_together(tmp_path, "ts", [large]), tmp_path / "alone", options=EVERY_FRAME)

    assert (found.video.width, found.video.height) == (160, 120)
    first, second = found.frame_index < 25, found.frame_index >= 25
    assert first.sum() == second.sum() == 25
    tall = alone.sightings.xyxy[:, 3] - alone.sightings.xyxy[:, 1]
    later = found.sightings.xyxy[found.sightings.frame_index >= 25]
    np.testing.assert_allclose((later[:, 3] - later[:, 1]).mean(), tall.mean(), rtol=0.1)


def test_a_restart_means_the_same_whatever_the_length_of_a_shard(tmp_path: Path) -> None:
    whole = put_together(tmp_path, "ts", [Piece(40), Piece(40), Piece(40)])

    one = found_in(whole, tmp_path / "one", options=EVERY_FRAME)
    many = found_in(whole, tmp_path / "many", options=Options(None, with_faces=False, shard_ms=500))

    assert one.sightings.timestamp_ms.tolist() == many.sightings.timestamp_ms.tolist()
    np.testing.assert_array_equal(one.sightings.xyxy, many.sightings.xyxy)


def with_sound(path: Path, frames: int, sound_s: float, late_s: float = 0.0) -> str:
    """Pictures at 25 Hz that begin late, and sound of another length."""
    with av.open(path, "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = output.add_stream("aac", rate=8000, layout="mono")
        for number in range(round(sound_s * 8000 / 1024)):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            sound.sample_rate, sound.pts = 8000, number * 1024
            output.mux(audio.encode(sound))
        output.mux(audio.encode())
        for number, picture in enumerate(moving_boxes(frames, boxes=1)):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts = number + round(late_s * 25)
            frame.time_base = Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode())
    return str(path)


@pytest.mark.parametrize("ending", ["mkv", "mp4", "ts"])
@pytest.mark.parametrize(("sound_s", "late_s"), [(6, 0), (2, 0), (3, 1.5), (8, 3)])
def test_late_pictures_and_longer_sound_are_no_damage(
    tmp_path: Path, ending: str, sound_s: float, late_s: float
) -> None:
    clip = with_sound(tmp_path / f"sound.{ending}", 50, sound_s, late_s)

    found = found_in(clip, tmp_path / "kept", options=EVERY_FRAME)

    check(found, 50)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("moments", "rate"),
    [
        pytest.param([0], 25.0, id="one frame"),
        pytest.param([0, 10_000], 0.1, id="two frames"),
        pytest.param([n * 10_000 for n in range(6)], 0.1, id="a time-lapse"),
    ],
)
def test_the_frame_rate_is_that_of_the_frames(
    tmp_path: Path, moments: list[int], rate: float
) -> None:
    """As MediaRecorder writes it: without the duration of a frame."""
    clip = write_clip(
        tmp_path / "c.webm",
        moving_boxes(len(moments), boxes=1),
        timestamps_ms=moments,
        codec="libvpx",
        container_options={"live": "1"},
    )
    content = clip.read_bytes()
    at = content.find(b"\x23\xe3\x83")
    if at >= 0:  # DefaultDuration becomes a void element
        length = content[at + 3] & 0x7F
        clip.write_bytes(content[:at] + bytes([0xEC, 0x80 | (length + 2)]) + content[at + 2 :])

    found = found_in(str(clip), tmp_path / "kept", options=EVERY_FRAME)

    assert found.video.frame_rate == pytest.approx(rate, rel=0.3)
    assert found.video.duration_ms > moments[-1]


def test_a_video_that_lost_most_of_its_frames_fails(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mkv", moving_boxes(50, boxes=1), codec="mpeg4", gop=1)
    content = bytearray(clip.read_bytes())
    for start in range(len(content) // 5, len(content) - 2000, 400):
        content[start : start + 60] = b"\0" * 60
    clip.write_bytes(content)
    strict = Options(None, with_faces=False, most_lost=0.0)

    with pytest.raises(DamagedVideo, match="most_lost"):
        found_in(str(clip), tmp_path / "kept", options=strict)

import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.harness.sound import add_sound, noise

from passerby.films.film import FULL, Encoding, square_size, write_film
from passerby.films.preview import PREVIEW
from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import DecodedFrame, decode

Image = NDArray[np.uint8]
NTSC = Fraction(30_000, 1001)
# Without the option, MP4 would round the start of the clip.
LATE = {"start_ms": 701, "container_options": {"movie_timescale": "30000"}}


def as_it_is(_: DecodedFrame, image: Image) -> Image:
    return image


def exact_times(path: Path) -> list[Fraction]:
    with av.open(path) as container:
        stream = container.streams.video[0]
        frames = container.decode(stream)
        return [Fraction(frame.pts or 0) * (stream.time_base or 0) for frame in frames]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("a.mp4", {"rate": NTSC}, id="film rate"),
        pytest.param("a.mp4", {"rate": NTSC, **LATE}, id="a start between two ms"),
        pytest.param("a.mp4", {"rate": NTSC, "b_frames": 3, **LATE}, id="B-frames"),
        pytest.param("a.mkv", {"timestamps_ms": [7, 11, 500, 501, 999]}, id="variable rate"),
    ],
)
def test_times_are_exactly_the_same(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    source = write_clip(tmp_path / name, moving_boxes(5), **options)  # type: ignore[arg-type]

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    expected = exact_times(source)
    assert exact_times(tmp_path / "out.mp4") == expected
    if "rate" in options:
        assert (expected[0] * NTSC).denominator == 1


@pytest.mark.parametrize("encoding", [FULL, PREVIEW], ids=["film", "preview"])
def test_same_bytes_on_any_number_of_cores(tmp_path: Path, encoding: Encoding) -> None:
    """A width at which libx264's AVX-512 code is known to differ from run to run."""
    silent = write_clip(tmp_path / "silent.mkv", moving_boxes(50, (96, 64)))
    source = add_sound(silent, tmp_path / "clip.mkv", noise(2), "pcm_s16le")
    name = "PREVIEW" if encoding is PREVIEW else "FULL"
    program = (
        "import os, sys; from pathlib import Path;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from passerby.films.film import FULL, write_film;"
        "from passerby.films.preview import PREVIEW;"
        f"write_film(sys.argv[1], Path(sys.argv[2]), lambda _, image: image, {name})"
    )
    for run in range(3):
        write_film(str(source), tmp_path / f"{run}.mp4", as_it_is, encoding)
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "3.mp4")]
    subprocess.run(command, check=True)

    assert len({(tmp_path / f"{run}.mp4").read_bytes() for run in range(4)}) == 1


def test_only_pictures_and_sound_are_taken_over(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_boxes(3))
    with av.open(clip) as source, av.open(tmp_path / "told.mp4", "w") as told:
        pictures = source.streams.video[0]
        stream = told.add_stream_from_template(pictures, opaque=True)
        told.metadata["location"] = "+48.85+002.35/"
        told.metadata["comment"] = "filmed at home"
        for packet in source.demux(pictures):
            if packet.size:
                packet.stream = stream
                told.mux(packet)
    assert b"filmed at home" in (tmp_path / "told.mp4").read_bytes()

    write_film(str(tmp_path / "told.mp4"), tmp_path / "out.mp4", as_it_is)

    content = (tmp_path / "out.mp4").read_bytes()
    assert b"filmed at home" not in content
    assert b"+48.85" not in content


@pytest.mark.parametrize(
    ("size", "pixel_format", "codec"),
    [
        pytest.param((1, 1), "yuv444p", "ffv1", id="one pixel"),
        pytest.param((64, 48), "bgr24", "libx264rgb", id="RGB"),
        pytest.param((64, 48), "gray", "ffv1", id="grey"),
        pytest.param((64, 48), "yuv420p10le", "ffv1", id="10 bits"),
    ],
)
def test_odd_pictures(tmp_path: Path, size: tuple[int, int], pixel_format: str, codec: str) -> None:
    grey = [np.full((size[1], size[0], 3), 90, np.uint8)] * 2
    source = write_clip(tmp_path / "odd.mkv", grey, pixel_format=pixel_format, codec=codec)

    write_film(str(source), tmp_path / "out.mp4", as_it_is)

    pictures = [frame.image() for frame in decode(str(tmp_path / "out.mp4"))]
    assert [abs(int(image.mean()) - 90) < 4 for image in pictures] == [True, True]


def test_edited_frames_are_shown(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", moving_boxes(4))

    def darker(frame: DecodedFrame, image: Image) -> Image:
        return image // 2 if frame.index % 2 else image

    write_film(str(source), tmp_path / "out.mp4", darker)

    levels = [_level(frame) for frame in decode(str(tmp_path / "out.mp4"))]
    plain = [_level(frame) for frame in decode(str(source))]
    assert levels == pytest.approx([plain[0], plain[1] / 2, plain[2], plain[3] / 2], abs=2)


def _level(frame: DecodedFrame) -> float:
    return float(frame.image().mean())


def test_frames_are_not_gathered(tmp_path: Path) -> None:
    """Each frame is asked for when the one before has been handed to the encoder."""
    source = write_clip(tmp_path / "clip.mp4", moving_boxes(4))
    events: list[str] = []

    def edit(frame: DecodedFrame, image: Image) -> Image:
        events.append(f"paint {frame.index}")
        return image

    write_film(str(source), tmp_path / "out.mp4", edit, on_progress=lambda n: events.append(str(n)))

    assert events == list(_alternating(4))


def _alternating(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"paint {number}"
        yield str(number + 1)


@pytest.mark.parametrize(
    ("aspect", "rotation", "expected"),
    [
        pytest.param(None, 0, (64, 48), id="square"),
        pytest.param(Fraction(3, 2), 0, (96, 48), id="wide pixels"),
        pytest.param(Fraction(1, 2), 0, (64, 96), id="narrow pixels"),
        pytest.param(Fraction(3, 2), 90, (48, 96), id="wide pixels, turned"),
    ],
)
@pytest.mark.parametrize("encoding", [FULL, PREVIEW], ids=["film", "preview"])
def test_pixels_become_square(
    tmp_path: Path,
    aspect: Fraction | None,
    rotation: int,
    expected: tuple[int, int],
    encoding: Encoding,
) -> None:
    source = write_clip(
        tmp_path / "a.mp4",
        moving_boxes(3, (64, 48)),
        pixel_aspect=aspect,
        rotation_degrees=rotation,
    )
    shapes: list[tuple[int, ...]] = []

    def note(_: DecodedFrame, image: Image) -> Image:
        shapes.append(image.shape[1::-1])
        return image

    write_film(str(source), tmp_path / "out.mp4", note, encoding)

    assert shapes == [expected] * 3
    with av.open(tmp_path / "out.mp4") as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == expected
        assert stream.sample_aspect_ratio in (None, 1)


def test_a_side_that_would_be_too_long_is_kept() -> None:
    assert square_size((8192, 4096), 2.0) == (8192, 2048)
    assert square_size((4096, 8192), 0.5) == (2048, 8192)

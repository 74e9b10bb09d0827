from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from passerby.testing import Image, moving_boxes, write_clip
from passerby.video.decode import decode

FASTSTART = {"movflags": "faststart"}
RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)
CODED = 12  # grey levels that encoding may shift a plain colour


def times_of(path: Path, start_pts: int | None = None) -> list[int]:
    return [frame.timestamp_ms for frame in decode(str(path), start_pts)]


def quarters(size: tuple[int, int] = (64, 48)) -> Image:
    """Red | green over blue | white."""
    width, height = size
    image = np.empty((height, width, 3), dtype=np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    return image


def quarters_of(image: Image) -> Image:
    """(4, 3) colours at the middles of the quarters, row by row."""
    height, width, _ = image.shape
    return np.array([image[h * height // 4, w * width // 4] for h in (1, 3) for w in (1, 3)])


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        pytest.param("c.mp4", {}, [0, 40, 80, 120, 160], id="constant rate"),
        pytest.param("c.mp4", {"b_frames": 3}, [0, 40, 80, 120, 160], id="B-frames in order"),
        pytest.param(
            "c.mp4",
            {"rate": Fraction(30000, 1001)},
            [0, 33, 66, 100, 133],
            id="rounded down, as the recordings of the service are",
        ),
        pytest.param(
            "c.mp4",
            {"timestamps_ms": [0, 47, 67, 114, 500]},
            [0, 47, 67, 114, 500],
            id="variable rate",
        ),
        pytest.param("c.mp4", {"start_ms": 80}, [80, 120, 160, 200, 240], id="mp4 starting late"),
        pytest.param("c.mkv", {"start_ms": 80}, [80, 120, 160, 200, 240], id="mkv starting late"),
        pytest.param(
            "c.ts",
            {"start_ms": 5000, "b_frames": 2},
            [0, 40, 80, 120, 160],
            id="clock without zero",
        ),
        pytest.param(
            "c.mpg",
            {"codec": "mpeg2video", "b_frames": 2},
            [0, 40, 80, 120, 160],
            id="program stream",
        ),
        pytest.param(
            "c.avi", {"codec": "mpeg4", "b_frames": 0}, [0, 40, 80, 120, 160], id="AVI has no PTS"
        ),
    ],
)
def test_times(
    tmp_path: Path, name: str, options: Mapping[str, Any], expected: Sequence[int]
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(5), **options)

    assert times_of(path) == expected


def test_b_frames_in_avi_keep_the_order_of_showing(tmp_path: Path) -> None:
    # The format has no place for their times; what must hold is order and number.
    path = write_clip(tmp_path / "c.avi", moving_boxes(20), b_frames=2)
    plain = write_clip(tmp_path / "c.mp4", moving_boxes(20), b_frames=2)

    images = [frame.image() for frame in decode(str(path))]

    np.testing.assert_array_equal(images, [frame.image() for frame in decode(str(plain))])
    assert np.diff(times_of(path)).tolist() == [40] * 19


@pytest.mark.parametrize("start_pts", [0, 1, 480, 500, 960, 1200, 5000])
@pytest.mark.parametrize("name", ["c.mkv", "c.webm"])
def test_a_start_may_lie_anywhere(tmp_path: Path, name: str, start_pts: int) -> None:
    codec = "libvpx-vp9" if name == "c.webm" else "libx264"
    path = write_clip(tmp_path / name, moving_boxes(30), codec=codec)

    frames = list(decode(str(path), start_pts))

    assert [frame.pts for frame in frames] == [
        pts for pts in range(0, 1200, 40) if pts >= start_pts
    ]
    assert [frame.index for frame in frames] == list(range(len(frames)))


@pytest.mark.parametrize(
    ("degrees", "upright"),
    [
        pytest.param(0, [RED, GREEN, BLUE, WHITE], id="not turned"),
        pytest.param(90, [GREEN, WHITE, RED, BLUE], id="a quarter to the left"),
        pytest.param(-90, [BLUE, RED, WHITE, GREEN], id="a quarter to the right"),
        pytest.param(180, [WHITE, BLUE, GREEN, RED], id="upside down"),
    ],
)
@pytest.mark.parametrize("size", [None, (32, 20)], ids=["full size", "scaled"])
def test_pictures_stand_upright(
    tmp_path: Path,
    degrees: int,
    upright: Sequence[tuple[int, int, int]],
    size: tuple[int, int] | None,
) -> None:
    path = write_clip(tmp_path / "c.mp4", [quarters()], rotation_degrees=degrees)
    frame = next(decode(str(path)))
    is_lying = degrees in (90, -90)

    assert frame.size == ((48, 64) if is_lying else (64, 48))
    image = frame.image(size)

    assert image.shape == (*reversed(size or frame.size), 3)
    np.testing.assert_allclose(quarters_of(image), upright, atol=CODED)
    brightness = image.astype(float) @ [0.114, 0.587, 0.299]
    np.testing.assert_allclose(
        frame.gray(size)[5:-5:9, 5:-5:9], brightness[5:-5:9, 5:-5:9], atol=20
    )


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        pytest.param("c.mkv", {"pixel_format": "yuv444p"}, (67, 49), id="odd sizes"),
        pytest.param("c.mp4", {"pixel_format": "yuv420p10le"}, (64, 48), id="10 bit"),
        pytest.param("c.mp4", {"pixel_format": "yuvj420p"}, (64, 48), id="full range"),
    ],
)
def test_every_pixel_format_gives_the_painted_colours(
    tmp_path: Path, name: str, options: Mapping[str, Any], size: tuple[int, int]
) -> None:
    path = write_clip(tmp_path / name, [quarters(size)], **options)

    image = next(decode(str(path))).image()

    assert image.shape == (size[1], size[0], 3)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(quarters_of(image), [RED, GREEN, BLUE, WHITE], atol=CODED)


def test_colours_that_no_standard_knows_are_those_of_none_told(tmp_path: Path) -> None:
    """As a flipped byte makes them; the scaler refuses the picture then."""
    clip = write_clip(tmp_path / "plain.mp4", [quarters()])
    (plain,), (odd,) = list(decode(str(clip))), list(decode(str(clip)))
    odd.picture.colorspace, odd.picture.color_primaries, odd.picture.color_trc = 204, 3, 151
    with pytest.raises(OSError, match="not supported"):
        odd.picture.reformat(format="bgr24")

    assert np.array_equal(odd.image(), plain.image())


def test_scaling_averages_what_it_leaves_out(tmp_path: Path) -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    path = write_clip(tmp_path / "c.mkv", [stripes], codec="ffv1", pixel_format="yuv444p")

    image = next(decode(str(path))).image((8, 8))

    np.testing.assert_allclose(image, 127, atol=3)


def test_a_small_video_can_be_enlarged(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", [quarters((32, 24))])

    image = next(decode(str(path))).image((128, 96))

    np.testing.assert_allclose(quarters_of(image), [RED, GREEN, BLUE, WHITE], atol=CODED)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("c.mp4", {"container_options": FASTSTART}, id="mp4"),
        pytest.param("c.mkv", {}, id="mkv"),
        pytest.param("c.ts", {}, id="transport stream"),
    ],
)
def test_a_file_cut_short_ends_where_it_was_cut(
    tmp_path: Path, name: str, options: Mapping[str, Any]
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(50), **options)
    whole = times_of(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])

    times = times_of(path)

    assert 10 < len(times) < 48
    assert times == whole[: len(times)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("c.mp4", {"container_options": FASTSTART}, id="mp4"),
        pytest.param("c.mkv", {}, id="mkv"),
        pytest.param("c.ts", {}, id="transport stream"),
    ],
)
def test_a_damaged_stretch_costs_only_itself(
    tmp_path: Path, name: str, options: Mapping[str, Any]
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(100), **options)
    content = path.read_bytes()
    first, last = len(content) // 2, len(content) // 2 + len(content) // 20
    path.write_bytes(content[:first] + bytes(last - first) + content[last:])

    times = times_of(path)

    # A twentieth of the file, and what refers to it up to the next key frame.
    assert len(times) >= 100 - 5 - 12
    assert set(range(3000, 4000, 40)) < set(times)
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize("name", ["c.ts", "c.mpg"])
def test_a_clock_that_starts_again_goes_on(tmp_path: Path, name: str) -> None:
    codec = "mpeg2video" if name == "c.mpg" else "libx264"
    path = write_clip(tmp_path / name, moving_boxes(300), codec=codec, gop=25)
    once = times_of(path)
    path.write_bytes(path.read_bytes() * 3)

    times = times_of(path)

    assert len(once) == 300
    # Where one broadcast ends in the middle of another's, a frame or two are lost.
    assert 890 <= len(times) <= 900
    assert (np.diff(times) > 0).all()
    assert np.median(np.diff(times)) == 40
    assert times[-1] == pytest.approx(3 * 12_000, abs=200)


def test_decoding_can_be_left_at_any_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(30))
    frames = decode(str(path))

    kept = next(frames)
    frames.close()  # type: ignore[attr-defined]
    path.unlink()

    assert kept.image().shape == (120, 160, 3)

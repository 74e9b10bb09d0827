from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from passerby.records import VideoInfo
from passerby.testing import moving_boxes, write_clip
from passerby.video.probe import OBLONGEST, first_pts, pixel_aspect, probe

H264 = VideoInfo("h264", "QuickTime / MOV", 25.0, 160, 120, 1200, "LIMITED")
NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        pytest.param("clip.mp4", {}, H264, id="mp4"),
        pytest.param("clip.mov", {}, H264, id="mov is called the same"),
        pytest.param(
            "clip.mp4",
            {"rate": NTSC},
            # 30 frames of 33.3667 ms last 1001 ms exactly.
            VideoInfo("h264", "QuickTime / MOV", 30000 / 1001, 160, 120, 1001, "LIMITED"),
            id="broken rate",
        ),
        pytest.param(
            "clip.mp4",
            {"rate": Fraction(24)},
            VideoInfo("h264", "QuickTime / MOV", 24.0, 160, 120, 1250, "LIMITED"),
            id="24 frames per second",
        ),
        pytest.param(
            "clip.mp4",
            {"rotation_degrees": -90},
            VideoInfo("h264", "QuickTime / MOV", 25.0, 120, 160, 1200, "LIMITED"),
            id="a quarter turn exchanges width and height",
        ),
        pytest.param(
            "clip.mp4",
            {"pixel_format": "yuvj420p"},
            VideoInfo("h264", "QuickTime / MOV", 25.0, 160, 120, 1200, "FULL"),
            id="full range",
        ),
        pytest.param(
            "clip.webm",
            {"codec": "libvpx-vp9"},
            VideoInfo("vp9", "Matroska / WebM", 25.0, 160, 120, 1200, "LIMITED"),
            id="webm",
        ),
        pytest.param(
            "clip.ts",
            {"b_frames": 2},
            VideoInfo("h264", "MPEG-TS (MPEG-2 Transport Stream)", 25.0, 160, 120, 1200, "LIMITED"),
            id="transport stream",
        ),
        pytest.param(
            "clip.mkv",
            {"container_options": {"live": "1"}},
            VideoInfo("h264", "Matroska / WebM", 25.0, 160, 120, 1200, "LIMITED"),
            id="a duration nobody wrote down is measured",
        ),
        pytest.param(
            "clip.mp4",
            {"timestamps_ms": range(0, 3000, 100)},
            # The last of the 30 frames lasts as long as one of 25 frames per second.
            VideoInfo("h264", "QuickTime / MOV", 30 / 2.94, 160, 120, 2940, "LIMITED"),
            id="variable rate",
        ),
    ],
)
def test_probe(tmp_path: Path, name: str, options: Mapping[str, Any], expected: VideoInfo) -> None:
    path = write_clip(tmp_path / name, moving_boxes(30), **options)

    assert probe(str(path)) == expected


@pytest.mark.parametrize(
    ("name", "options", "pts"),
    [
        pytest.param("clip.mkv", {}, 0, id="at zero"),
        pytest.param("clip.mkv", {"start_ms": 80}, 80, id="two frames late, in milliseconds"),
        pytest.param("clip.ts", {"b_frames": 2}, 7200, id="the decoder's delay, in 90 kHz"),
    ],
)
def test_first_pts(tmp_path: Path, name: str, options: Mapping[str, Any], pts: int) -> None:
    path = write_clip(tmp_path / name, moving_boxes(5), **options)

    assert first_pts(str(path)) == pts


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, 1.0, id="not told"),
        pytest.param({"pixel_aspect": Fraction(1)}, 1.0, id="square"),
        pytest.param({"pixel_aspect": Fraction(16, 15)}, 16 / 15, id="PAL, 4:3"),
        pytest.param({"pixel_aspect": Fraction(8, 9)}, 8 / 9, id="NTSC, 4:3"),
        pytest.param(
            {"pixel_aspect": Fraction(4, 3), "rotation_degrees": 90}, 3 / 4, id="on its side"
        ),
        pytest.param(
            {"pixel_aspect": Fraction(4, 3), "rotation_degrees": 180}, 4 / 3, id="upside down"
        ),
        pytest.param({"pixel_aspect": Fraction(100, 1)}, 1.0, id="nonsense"),
    ],
)
def test_pixel_aspect(tmp_path: Path, options: Mapping[str, Any], expected: float) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_boxes(3), **options)

    assert OBLONGEST < 100
    assert pixel_aspect(str(path)) == pytest.approx(expected)

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from passerby.pathing.observations import concatenate, load, serialised
from passerby.pathing.warnings import warnings
from passerby.records import VideoInfo
from passerby.testing import moving_boxes, observations, write_clip
from passerby.video.sampling import AnalysedFrames
from passerby.video.shards import WHOLE_VIDEO, Span


def video(duration_ms: int) -> VideoInfo:
    return VideoInfo("h264", "QuickTime / MOV", 15.0, 640, 360, duration_ms, "LIMITED")


@pytest.mark.parametrize(
    ("duration_ms", "damage_ms", "told"),
    [
        pytest.param(2000, [], [], id="nothing"),
        pytest.param(3900, [], [], id="a long last frame"),
        pytest.param(2000, [400], ["damaged from 0.4 s to 0.4 s: 1 "], id="one frame"),
        pytest.param(
            2000,
            [400, 900, 1900],
            ["from 0.4 s to 0.9 s: 2 ", "from 1.9 s to 1.9 s: 1 "],
            id="two stretches",
        ),
        pytest.param(9000, [], ["ends after 2.9 s, and its container says 9.0 s"], id="cut short"),
    ],
)
def test_complaints(duration_ms: int, damage_ms: list[int], told: list[str]) -> None:
    seen = replace(observations([[]] * 30), damage_ms=np.array(damage_ms, np.int64))

    sentences = warnings(video(duration_ms), seen)

    assert len(sentences) == len(told)
    for sentence, part in zip(sentences, told, strict=True):
        assert part in sentence


def test_damage_is_kept_with_the_observations(tmp_path: Path) -> None:
    parts = [
        replace(observations([[]] * 3), damage_ms=np.array(times, np.int64))
        for times in ([], [40, 80], [200])
    ]
    for number, part in enumerate(parts):
        (tmp_path / str(number)).write_bytes(serialised(part))

    joined = concatenate([load(tmp_path / str(number)) for number in range(3)])

    assert joined.damage_ms.tolist() == [40, 80, 200]


def test_a_picture_that_cannot_be_decoded_is_noted_in_its_span(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.avi", moving_boxes(50), codec="ffv1", gop=1)
    content = bytearray(path.read_bytes())
    place = len(content) // 2
    content[place : place + 4000] = bytes(4000)
    path.write_bytes(content)

    def noted(span: Span) -> list[int]:
        frames = AnalysedFrames(str(path), span, None, 0)
        list(frames)
        return frames.damage_ms

    whole = noted(WHOLE_VIDEO)
    assert whole
    assert all(800 <= time_ms <= 1200 for time_ms in whole)
    middle = round(Fraction(25) * whole[0] / 1000)
    assert noted(Span(None, middle)) == []
    assert noted(Span(middle, None)) == whole

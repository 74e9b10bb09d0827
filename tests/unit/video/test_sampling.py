from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from passerby.testing import moving_boxes, write_clip
from passerby.video.probe import first_pts
from passerby.video.sampling import AnalysedFrames, SampledFrame, SamplingGrid
from passerby.video.shards import WHOLE_VIDEO, Span, plan_spans

BODIES = Fraction(15)
MILLISECOND = Fraction(1, 1000)
BROADCAST = Fraction(1, 90_000)
NTSC = Fraction(30_000, 1001)
FILM = Fraction(24_000, 1001)
RATES = [NTSC, FILM, *(Fraction(rate) for rate in (15, 25, 30, 48, 50, 60, 120))]


def constant_rate(rate: Fraction, time_base: Fraction, count: int, start_pts: int = 0) -> list[int]:
    """PTS of `count` frames and of the one after, rounded to the time base."""
    return [start_pts + round(number / rate / time_base) for number in range(count + 1)]


def analysed(grid: SamplingGrid, times: Sequence[int]) -> list[int]:
    return [
        n for n, (pts, next_pts) in enumerate(pairwise(times)) if grid.is_analysed(pts, next_pts)
    ]


def with_faces(grid: SamplingGrid, times: Sequence[int]) -> list[int]:
    shown = enumerate(pairwise(times))
    return [number for number, (pts, end_pts) in shown if grid.has_face_tick(pts, end_pts)]


def of_the_service(rate: Fraction, ticks_per_s: int, count: int) -> list[int]:
    """Frames that the recorded answers hold: floor(k rate / 15), and 5 for faces."""
    ticks = ceil(count * ticks_per_s / rate)
    return [k * rate.numerator // (rate.denominator * ticks_per_s) for k in range(ticks)]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(
    ("time_base", "start_pts"),
    [
        pytest.param(MILLISECOND, 67, id="Matroska"),
        pytest.param(BROADCAST, 7200, id="transport stream"),
    ],
)
def test_a_constant_rate_gives_the_grid_of_the_service(
    rate: Fraction, time_base: Fraction, start_pts: int
) -> None:
    times = constant_rate(rate, time_base, 10_000, start_pts)
    grid = SamplingGrid(start_pts, time_base, rate, BODIES)

    assert analysed(grid, times) == of_the_service(rate, 15, 10_000)
    assert with_faces(grid, times[:1001]) == of_the_service(rate, 5, 1000)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_fine_time_base_needs_no_known_rate(rate: Fraction) -> None:
    times = constant_rate(rate, BROADCAST, 2000)
    grid = SamplingGrid(0, BROADCAST, None, BODIES)

    assert analysed(grid, times) == of_the_service(rate, 15, 2000)


@pytest.mark.parametrize("rate", [Fraction(7), Fraction(10), Fraction(12), Fraction(15)], ids=str)
def test_a_slow_video_is_analysed_whole_and_once(rate: Fraction) -> None:
    times = constant_rate(rate, MILLISECOND, 1000)

    assert analysed(SamplingGrid(0, MILLISECOND, rate, BODIES), times) == list(range(1000))


def test_the_times_recorded_from_the_service() -> None:
    # GetPersonTracking of October 2023, 29.97 frames per second: 15 Hz and 5 Hz.
    times = constant_rate(NTSC, Fraction(1, 30_000), 24)
    grid = SamplingGrid(0, Fraction(1, 30_000), NTSC, BODIES)

    bodies = [times[n] * 1000 // 30_000 for n in analysed(grid, times)]
    faces = [times[n] * 1000 // 30_000 for n in with_faces(grid, times)]

    assert bodies == [0, 33, 100, 166, 233, 300, 367, 433, 500, 567, 633, 700, 767]
    assert faces == [0, 166, 367, 567, 767]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        # Ticks at 0, 67, 133, 200, 267, 333, 400, … ms.
        pytest.param([0, 10, 20, 30, 70], [0, 3], id="one on display at 67 ms"),
        pytest.param([0, 500, 510, 520, 530, 560], [0, 4], id="a long one is analysed once"),
        pytest.param([0, 67, 134, 201], [0, 1, 2], id="rounded up to whole milliseconds"),
    ],
)
def test_variable_rate(times: Sequence[int], expected: list[int]) -> None:
    assert analysed(SamplingGrid(0, MILLISECOND, None, BODIES), times) == expected


@pytest.mark.parametrize(
    ("rate", "face_ticks_ms"),
    [
        pytest.param(Fraction(15), [0, 200, 400, 600, 800], id="every third of 15"),
        pytest.param(Fraction(10), [0, 200, 400, 600, 800], id="every second of 10"),
        pytest.param(Fraction(1), [0], id="every one of 1"),
        pytest.param(None, [0, 200, 400, 600, 800], id="every frame is analysed"),
    ],
)
def test_face_ticks(rate: Fraction | None, face_ticks_ms: list[int]) -> None:
    times = list(range(0, 1001, 10))
    grid = SamplingGrid(0, MILLISECOND, None, rate)
    found = with_faces(grid, times)

    assert [times[n] for n in found] == face_ticks_ms
    assert set(found) <= set(analysed(grid, times))


def sampled(path: Path, span: Span, rate: Fraction | None) -> tuple[list[SampledFrame], int]:
    frames = AnalysedFrames(str(path), span, rate, first_pts(str(path)))
    return list(frames), frames.decoded_count


@pytest.mark.parametrize("rate", [BODIES, Fraction(5), None], ids=["15 Hz", "5 Hz", "all"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("c.mp4", {"rate": NTSC, "b_frames": 2}, id="mp4"),
        pytest.param("c.webm", {"rate": NTSC, "codec": "libvpx-vp9"}, id="webm"),
        pytest.param("c.mkv", {"rate": Fraction(30), "start_ms": 67}, id="mkv starting late"),
        pytest.param("c.ts", {"rate": Fraction(25), "b_frames": 2}, id="transport stream"),
    ],
)
def test_the_borders_of_spans_change_nothing(
    tmp_path: Path, name: str, options: Mapping[str, Any], rate: Fraction | None
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(100), **options)
    whole, count = sampled(path, WHOLE_VIDEO, rate)
    expected = [(frame.frame.pts, frame.has_face_tick) for frame in whole]
    spans = plan_spans(str(path), 700)
    parts = [sampled(path, span, rate) for span in spans]

    within = [frame for frames, _ in parts for frame in frames if not frame.is_beyond_span]
    beyond = [frame for frames, _ in parts for frame in frames if frame.is_beyond_span]

    assert len(parts) > 3
    assert [(frame.frame.pts, frame.has_face_tick) for frame in within] == expected
    assert sum(part_count for _, part_count in parts) == count == 100
    # Behind each span comes the next frame that is analysed, wherever it lies.
    following = [[pts for pts, _ in expected if span.ends_before(pts)][:1] for span in spans]
    assert [[frame.frame.pts] for frame in beyond] == [pts for pts in following if pts]
    assert all(not frame.is_beyond_span for frames, _ in parts for frame in frames[:-1])


def test_the_grid_of_the_service_in_a_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.webm", moving_boxes(90), rate=NTSC, codec="libvpx-vp9")

    frames, count = sampled(path, WHOLE_VIDEO, BODIES)

    assert count == 90
    assert [frame.frame.index for frame in frames] == of_the_service(NTSC, 15, 90)
    faces = [frame.frame.index for frame in frames if frame.has_face_tick]
    assert faces == of_the_service(NTSC, 5, 90)


def test_the_last_frame_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    # At 30 frames per second the third of three frames begins at the second tick.
    path = write_clip(tmp_path / "c.mp4", moving_boxes(3), rate=Fraction(30))

    frames, _ = sampled(path, WHOLE_VIDEO, BODIES)

    assert [frame.frame.index for frame in frames] == [0, 2]

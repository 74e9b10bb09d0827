from pathlib import Path

import pytest

from passerby.testing import moving_boxes, write_clip
from passerby.video.stills import stills


@pytest.mark.parametrize(
    ("count", "times"),
    [
        pytest.param(1, [1920], id="the middle"),
        # Middles of quarters: 500, 1500, … ms; key frames lie at multiples of 480 ms.
        pytest.param(4, [480, 1440, 2400, 3360], id="the middles of quarters"),
        pytest.param(16, [480 * number for number in range(9)], id="one a key frame"),
    ],
)
def test_key_frames_are_taken_where_there_are_enough(
    tmp_path: Path, count: int, times: list[int]
) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(100), gop=12, b_frames=2)

    assert [frame.timestamp_ms for frame in stills(str(path), count)] == times


def test_with_few_key_frames_the_middles_are_decoded(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(100), gop=1000)

    times = [frame.timestamp_ms for frame in stills(str(path), 4)]

    assert times == [520, 1520, 2520, 3520]


@pytest.mark.parametrize(
    ("gop", "times"),
    [
        # Key frames at 0, 4, 8, … s: what is wanted lies behind those at 0, 4 and 8 s.
        pytest.param(
            100, [at + 1000 * n for at in (0, 4000, 8000) for n in range(3)], id="three key frames"
        ),
        pytest.param(1000, [1000 * n for n in range(8)], id="one key frame"),
    ],
)
def test_in_a_longer_video_with_few_key_frames_those_are_followed(
    tmp_path: Path, gop: int, times: list[int]
) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(260), gop=gop)

    assert [frame.timestamp_ms for frame in stills(str(path), 8)] == times


def test_stills_behind_a_key_frame_end_at_the_next(tmp_path: Path) -> None:
    # At 0, 1.6 and 12 s; no middle lies behind the last, so 4 belong to each of the others.
    times = [40 * number for number in range(80)] + [12_000]
    path = write_clip(tmp_path / "c.mp4", moving_boxes(81), timestamps_ms=times, gop=40)

    found = [frame.timestamp_ms for frame in stills(str(path), 8)]

    assert found == [0, 1000, 1600, 2600, 12_000]


def test_no_frame_comes_twice(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(3))  # at 0, 40 and 80 ms

    assert [frame.timestamp_ms for frame in stills(str(path), 8)] == [40, 80]


def test_a_file_cut_short_gives_fewer(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mkv", moving_boxes(100), gop=1000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert 2 <= len(list(stills(str(path), 8))) <= 6


def test_no_stills_are_refused() -> None:
    with pytest.raises(ValueError, match="0"):
        next(stills("never-opened.mp4", 0))

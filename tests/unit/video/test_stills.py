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

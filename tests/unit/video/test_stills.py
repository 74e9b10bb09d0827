from pathlib import Path

import pytest

from passerby.testing import moving_boxes, write_clip
from passerby.video.stills import stills


@pytest.mark.parametrize(
    ("count", "times"),
    [
        pytest.param(1, [2000], id="the middle"),
        # Middles of quarters: 500, 1500, … ms; frames lie at multiples of 40 ms.
        pytest.param(4, [520, 1520, 2520, 3520], id="the middles of quarters"),
    ],
)
def test_stills(tmp_path: Path, count: int, times: list[int]) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(100), b_frames=2)

    assert [frame.timestamp_ms for frame in stills(str(path), count)] == times


def test_more_stills_than_frames_repeat_none_beyond_the_end(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(2))

    assert [frame.timestamp_ms for frame in stills(str(path), 4)] == [40, 40]


def test_a_file_cut_short_gives_fewer(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mkv", moving_boxes(100))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert 2 <= len(list(stills(str(path), 8))) <= 6


def test_no_stills_are_refused() -> None:
    with pytest.raises(ValueError, match="0"):
        next(stills("never-opened.mp4", 0))

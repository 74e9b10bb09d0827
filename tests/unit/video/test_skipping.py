from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from passerby.testing import moving_boxes, write_clip
from passerby.video.container import open_video
from passerby.video.decode import DecodedFrame, decode
from passerby.video.skipping import IsWanted, SkippedFrame, shown_frames

Shown = list[DecodedFrame | SkippedFrame]
COUNT = 60


def shown(path: Path, is_wanted: IsWanted, start_pts: int | None = None) -> Shown:
    with open_video(str(path)) as video:
        return list(shown_frames(video, start_pts, is_wanted))


def nobody(_pts: int, _next_pts: int) -> bool:
    return False


@pytest.mark.parametrize(
    ("name", "options", "fewest_spared"),
    [
        pytest.param("c.mp4", {"b_frames": 3}, 20, id="mp4"),
        pytest.param("c.mkv", {"b_frames": 3, "start_ms": 67}, 20, id="mkv starting late"),
        pytest.param("c.ts", {"b_frames": 3}, 20, id="transport stream"),
        pytest.param("c.mp4", {"codec_options": {"preset": "slow"}}, 0, id="all are references"),
        pytest.param("c.mp4", {"codec": "libx265", "b_frames": 3}, 0, id="hevc"),
        pytest.param("c.webm", {"codec": "libvpx-vp9"}, 0, id="vp9"),
        pytest.param("c.avi", {"codec": "mpeg4", "b_frames": 2}, 0, id="avi"),
    ],
)
def test_every_frame_is_shown_and_what_is_decoded_is_the_same(
    tmp_path: Path, name: str, options: Mapping[str, Any], fewest_spared: int
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(COUNT), **options)
    whole = list(decode(str(path)))
    frames = shown(path, nobody)

    assert [frame.pts for frame in frames] == [frame.pts for frame in whole]
    decoded = [frame for frame in frames if isinstance(frame, DecodedFrame)]
    assert decoded == [whole[frame.index] for frame in decoded]
    for frame in decoded:
        assert (frame.image() == whole[frame.index].image()).all()
    assert fewest_spared <= len(whole) - len(decoded) < COUNT
    assert fewest_spared or len(decoded) == COUNT


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_what_is_wanted_is_decoded(tmp_path: Path, phase: int) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(COUNT), b_frames=3)
    wanted = {frame.pts for frame in list(decode(str(path)))[phase::3]}

    frames = shown(path, lambda pts, _: pts in wanted)

    spared = {frame.pts for frame in frames if isinstance(frame, SkippedFrame)}
    assert spared
    assert not spared & wanted


def test_each_frame_is_asked_for_with_the_time_of_the_next(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(COUNT), b_frames=3)
    times = [frame.pts for frame in decode(str(path))]
    asked: dict[int, int] = {}

    def note(pts: int, next_pts: int) -> bool:
        asked[pts] = next_pts
        return False

    shown(path, note)

    assert asked == {pts: pts + times[1] - times[0] for pts in times[:-1]}


def test_from_a_point_on(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "c.mp4", moving_boxes(COUNT), rate=Fraction(30), b_frames=3, gop=12
    )
    whole = [frame.pts for frame in decode(str(path))]

    assert [frame.pts for frame in shown(path, nobody, whole[31])] == whole[31:]


def test_halves_of_frames_are_not_spared(tmp_path: Path) -> None:
    interlaced = {"x264-params": "tff=1"}
    path = write_clip(tmp_path / "c.ts", moving_boxes(COUNT), b_frames=3, codec_options=interlaced)

    assert all(isinstance(frame, DecodedFrame) for frame in shown(path, nobody))


def test_a_damaged_stretch_costs_only_itself(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mkv", moving_boxes(COUNT), b_frames=3)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)

    times = [frame.pts for frame in shown(path, nobody)]

    assert times == sorted(set(times))
    assert len(times) >= COUNT - 12

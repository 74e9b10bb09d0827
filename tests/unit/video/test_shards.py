import pickle
from collections.abc import Mapping
from hashlib import blake2b
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest

from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import decode
from passerby.video.shards import WHOLE_VIDEO, Span, plan_spans

OPEN_GOP = {"b_frames": 3, "codec_options": {"x264-params": "open-gop=1"}}
HEVC_OPEN_GOP = {
    "codec": "libx265",
    "b_frames": 2,
    "codec_options": {"preset": "ultrafast", "x265-params": "log-level=none:open-gop=1"},
}
MPEG2 = {"codec": "mpeg2video", "b_frames": 2}

# 100 frames of 40 ms with a key frame every 480 ms: 9 of them.
SOURCES = [
    pytest.param("c.mp4", {"b_frames": 2}, 9, id="h264 mp4"),
    pytest.param("c.mp4", OPEN_GOP, 9, id="h264 mp4, open GOP"),
    pytest.param("c.mp4", HEVC_OPEN_GOP, 9, id="hevc mp4, open GOP"),
    pytest.param("c.mp4", {"b_frames": 2, "start_ms": 80}, 9, id="mp4 starting late"),
    pytest.param("c.mkv", OPEN_GOP, 9, id="h264 mkv, open GOP"),
    pytest.param("c.ts", {"b_frames": 2}, 9, id="h264 transport stream"),
    pytest.param("c.ts", OPEN_GOP, 9, id="h264 transport stream, open GOP"),
    pytest.param("c.webm", {"codec": "libvpx-vp9"}, 9, id="vp9 webm"),
    pytest.param("c.flv", {"b_frames": 2}, 9, id="h264 flv"),
    pytest.param("c.avi", {"codec": "mpeg4"}, 9, id="avi, in order"),
    pytest.param("c.avi", {"b_frames": 2}, 1, id="avi with B-frames can't be cut"),
    pytest.param(
        "c.mpg", {"codec": "mpeg2video", "b_frames": 2}, 1, id="a program stream can't be cut"
    ),
    pytest.param("c.mp4", {"gop": 1, "b_frames": 0}, 100, id="only key frames"),
    pytest.param("c.mp4", {"gop": 1000}, 1, id="one key frame"),
]


def frames_of(path: Path, span: Span) -> list[tuple[int, int, bytes]]:
    """PTS, milliseconds and pixels of each frame of a span."""
    frames = takewhile(
        lambda frame: not span.ends_before(frame.pts), decode(str(path), span.start_pts)
    )
    return [
        (frame.pts, frame.timestamp_ms, blake2b(frame.image().tobytes()).digest())
        for frame in frames
    ]


@pytest.mark.parametrize(("name", "options", "most_spans"), SOURCES)
def test_the_spans_together_give_the_frames_of_the_whole(
    tmp_path: Path, name: str, options: Mapping[str, Any], most_spans: int
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(100), **options)
    whole = frames_of(path, WHOLE_VIDEO)

    assert len(whole) == 100
    assert len(plan_spans(str(path), 1)) == most_spans
    for span_ms in (1, 500, 777, 1500):
        spans = plan_spans(str(path), span_ms)
        assert [frame for span in spans for frame in frames_of(path, span)] == whole


@pytest.mark.parametrize(("name", "options", "most_spans"), SOURCES)
def test_spans_follow_each_other_without_gaps(
    tmp_path: Path, name: str, options: Mapping[str, Any], most_spans: int
) -> None:
    path = write_clip(tmp_path / name, moving_boxes(100), **options)

    spans = plan_spans(str(path), 1)

    assert len(spans) == most_spans
    assert (spans[0].start_pts, spans[-1].end_pts) == (None, None)
    assert all(one.end_pts == other.start_pts for one, other in pairwise(spans))


def test_cuts_are_the_key_frames_before_each_multiple(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mkv", moving_boxes(100))  # PTS in ms, key frame each 480 ms

    spans = plan_spans(str(path), 1000)

    assert spans == [Span(None, 960), Span(960, 1920), Span(1920, 2880), Span(2880, None)]


def test_a_video_shorter_than_a_span_is_one(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "c.mp4", moving_boxes(10))

    assert plan_spans(str(path), 60_000) == [WHOLE_VIDEO]


def test_spans_can_be_sent_to_other_processes() -> None:
    span = Span(1, 2)

    assert pickle.loads(pickle.dumps(span)) == span  # noqa: S301 - our own bytes


@pytest.mark.parametrize("span_ms", [0, -5])
def test_an_impossible_length_is_refused(span_ms: int) -> None:
    with pytest.raises(ValueError, match=str(span_ms)):
        plan_spans("never-opened.mp4", span_ms)


def test_a_length_of_centuries_is_not_searched_through(tmp_path: Path) -> None:
    day_ms = 24 * 3_600_000
    path = write_clip(tmp_path / "c.mp4", moving_boxes(2), timestamps_ms=[0, day_ms])

    # One key frame, and 86 million places at which there might be another.
    assert plan_spans(str(path), 1) == [Span()]

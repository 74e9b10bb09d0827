"""Raw H.264 and HEVC: counted in time, read in one piece, and only with a known rate."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from passerby.errors import UnsupportedVideo, VideoError
from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import decode
from passerby.video.probe import first_pts, probe
from passerby.video.raw_streams import GivenRate, rate_source, split_rated_source
from passerby.video.sampling import AnalysedFrames
from passerby.video.shards import WHOLE_VIDEO, plan_spans
from passerby.video.stills import stills

FRAMES = 50
UNTOLD = {"x265-params": "vui-timing-info=0:log-level=none"}
TOLD = {"x265-params": "log-level=none"}


def raw(folder: Path, codec: str, rate: Fraction, *, told: bool = True, b_frames: int = 0) -> str:
    """A raw stream, under the ending that recorders give it."""
    ending = {"libx264": "264", "libx265": "265"}[codec]
    options = {} if codec == "libx264" else TOLD if told else UNTOLD
    path = folder / f"raw.{ending}"
    made = write_clip(
        path.with_suffix(f".h{ending}"),
        moving_boxes(FRAMES),
        codec=codec,
        rate=rate,
        b_frames=b_frames,
        codec_options=options,
    )
    return str(made.rename(path))


def untold(folder: Path) -> str:
    return raw(folder, "libx265", Fraction(10), told=False)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize(
    "rate", [Fraction(10), Fraction(30000, 1001)], ids=["whole", "not a whole number"]
)
@pytest.mark.parametrize("b_frames", [0, 3])
def test_the_rate_that_the_stream_tells(
    codec: str, rate: Fraction, b_frames: int, tmp_path: Path
) -> None:
    path = raw(tmp_path, codec, rate, b_frames=b_frames)

    video = probe(path)
    times = [frame.timestamp_ms for frame in decode(path)]

    assert times == [int(1000 * number / rate) for number in range(FRAMES)]
    assert video.frame_rate == float(rate)
    assert video.duration_ms == int(1000 * FRAMES / rate)
    assert video.container.startswith("raw ")


@pytest.mark.parametrize(
    ("given", "fps"),
    [
        pytest.param(GivenRate(Fraction(25, 2)), Fraction(25, 2), id="given"),
        pytest.param(GivenRate(Fraction(5), is_fallback=True), Fraction(5), id="as a fallback"),
    ],
)
def test_the_rate_of_a_stream_that_tells_none(
    given: GivenRate, fps: Fraction, tmp_path: Path
) -> None:
    source = rate_source(untold(tmp_path), given)

    assert [f.timestamp_ms for f in decode(source)] == [int(1000 * n / fps) for n in range(FRAMES)]
    assert probe(source).duration_ms == int(1000 * FRAMES / fps)


def test_a_given_rate_goes_before_the_told_one_and_a_fallback_behind(tmp_path: Path) -> None:
    path = raw(tmp_path, "libx264", Fraction(10))

    assert probe(rate_source(path, GivenRate(Fraction(50)))).duration_ms == 1000
    assert probe(rate_source(path, GivenRate(Fraction(50), is_fallback=True))).duration_ms == 5000


def test_without_any_rate_it_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVideo, match=r"^Unsupported codec/format\. .*--fps 25.*raw_fps"):
        probe(untold(tmp_path))


def test_a_rate_for_a_video_that_has_times(tmp_path: Path) -> None:
    path = str(write_clip(tmp_path / "clip.mp4", moving_boxes(5)))

    with pytest.raises(VideoError, match="times of its own"):
        probe(rate_source(path, GivenRate(Fraction(10))))
    assert probe(rate_source(path, GivenRate(Fraction(10), is_fallback=True))).duration_ms == 200


def test_it_is_one_span_with_the_frames_of_a_container(tmp_path: Path) -> None:
    path = raw(tmp_path, "libx264", Fraction(10), b_frames=3)
    with av.open(path) as source:
        expected = [frame.to_ndarray(format="gray") for frame in source.decode(video=0)]

    assert plan_spans(path, 500) == [WHOLE_VIDEO]
    seen = [sampled.frame for sampled in AnalysedFrames(path, WHOLE_VIDEO, None, first_pts(path))]

    assert len(seen) == len(expected) == FRAMES
    for frame, picture in zip(seen, expected, strict=True):
        np.testing.assert_array_equal(frame.gray(), picture)


def test_the_grid_of_a_rate(tmp_path: Path) -> None:
    path = raw(tmp_path, "libx265", Fraction(30))

    sampled = AnalysedFrames(path, WHOLE_VIDEO, Fraction(15), first_pts(path))

    assert [each.frame.index for each in sampled] == list(range(0, FRAMES, 2))


def test_stills_come_from_all_over_it(tmp_path: Path) -> None:
    path = raw(tmp_path, "libx264", Fraction(10))  # a key frame every 12 frames

    assert len(list(stills(path, 2))) == 2
    assert len(list(stills(path, 40))) == 5


@pytest.mark.parametrize("name", ["words.h264", "words.265", "words.hevc"])
def test_a_name_alone_makes_no_stream(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("no video, only words\n" * 100)

    with pytest.raises(UnsupportedVideo, match="text"):
        probe(str(path))


@pytest.mark.parametrize(
    "location", ["/videos/door.h264", "https://host/key?a=1#etag=%22x%22", "fps=25", "a#fps=3"]
)
def test_any_location_can_be_rated(location: str) -> None:
    rate = GivenRate(Fraction(30000, 1001), is_fallback=True)

    assert split_rated_source(location) == (location, None)
    assert split_rated_source(rate_source(location, rate)) == (location, rate)

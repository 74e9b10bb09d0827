from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from benchmarks.footage import SAMPLE, clips, repeat_video, sequences

from passerby.testing import moving_boxes, write_clip
from passerby.video.decode import decode


def test_a_repeated_video_lasts_and_keeps_its_rhythm(tmp_path: Path) -> None:
    short = write_clip(tmp_path / "a.mp4", moving_boxes(10), rate=Fraction(10), b_frames=2)

    long = repeat_video(short, 3.5, tmp_path / "b.mp4")

    frames = list(decode(str(long)))
    steps = {later.timestamp_ms - earlier.timestamp_ms for earlier, later in pairwise(frames)}
    assert frames[-1].timestamp_ms >= 3300
    assert steps == {100}


def test_without_a_folder_the_sample_clip_is_left(tmp_path: Path) -> None:
    assert clips(tmp_path / "nothing") == [SAMPLE]
    assert sequences(tmp_path / "nothing") == []


def test_a_sequence_has_truth_and_video(tmp_path: Path) -> None:
    for name in ("complete", "no video"):
        (tmp_path / name / "gt").mkdir(parents=True)
        (tmp_path / name / "gt" / "gt.txt").touch()
    (tmp_path / "complete" / "complete.mp4").touch()

    assert sequences(tmp_path) == [tmp_path / "complete"]

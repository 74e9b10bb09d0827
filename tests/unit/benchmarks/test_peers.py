"""The parts of the comparison that need none of the packages compared with."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.footage import SAMPLE
from benchmarks.peers.compare import Cost, table
from benchmarks.peers.contenders import contenders
from benchmarks.peers.detector import drop_duplicates, open_detector
from benchmarks.peers.frames import has_tick, sample_frames

from passerby.boxes import iou
from passerby.evaluation.grid import frames_on_grid
from passerby.inference import weights
from passerby.people.detector import open_detector as open_passerby_detector
from passerby.people.detector import scaled
from passerby.testing import moving_boxes, write_clip


@pytest.mark.parametrize(
    "frame_rate", [Fraction(7), Fraction(15), Fraction(25), Fraction(30000, 1001), Fraction(60)]
)
def test_the_others_look_at_the_frames_that_passerby_looks_at(frame_rate: Fraction) -> None:
    ticks = {index + 1 for index in range(1000) if has_tick(index, frame_rate, Fraction(15))}

    step = max(frame_rate / 15, Fraction(1))
    assert ticks == {1 + (k * step).__floor__() for k in range((1000 / step).__ceil__())}
    if frame_rate.denominator == 1:
        assert ticks == frames_on_grid(1000, float(frame_rate), 15)


def test_skipped_frames_still_count(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "a.mp4", moving_boxes(9), rate=Fraction(30))

    assert [index for index, _ in sample_frames(video, Fraction(15))] == [0, 2, 4, 6, 8]


def test_of_two_boxes_on_a_person_the_better_stays() -> None:
    xyxy = np.array([[0, 0, 10, 20], [1, 0, 11, 20], [50, 0, 60, 20], [80, 0, 90, 20]], np.float32)

    kept, scores = drop_duplicates(xyxy, np.array([0.6, 0.9, 0.3, 0.05], np.float32))

    assert kept.tolist() == [[1, 0, 11, 20], [50, 0, 60, 20]]
    assert scores.tolist() == pytest.approx([0.9, 0.3])


def test_nobody_is_nobody() -> None:
    kept, scores = drop_duplicates(np.empty((0, 4), np.float32), np.empty(0, np.float32))

    assert (kept.shape, scores.shape) == ((0, 4), (0,))


def test_the_others_see_the_persons_that_passerby_sees() -> None:
    size = (384, 288)
    _, frame = next(sample_frames(SAMPLE, Fraction(15)))
    network = Path(str(weights.find("nanodet-g").files["float"].file))

    xyxy, _ = open_detector(network, size)(frame)

    image = np.asarray(cv2.resize(frame, size), np.uint8)
    seen = open_passerby_detector(runtime="onnxruntime").detect(image)
    native = scaled(seen, size, (frame.shape[1], frame.shape[0]))
    certain = native.xyxy[native.confidence > 0.4]
    assert len(certain) > 0
    assert iou(certain, xyxy).max(axis=1).min() > 0.7


def test_videos_are_added_up_and_compared_with_the_first() -> None:
    costs = {
        "street": [Cost(100, 2.0, 3.0, 0.5), Cost(100, 6.0, 9.0, 1.0)],
        "square": [Cost(300, 3.0, 3.0, 0.1), Cost(300, 6.0, 6.0, 2.0)],
    }

    lines = table(["ours", "theirs"], costs, [{"square": (70.0, 80.0, 90.0)}, {}]).splitlines()

    assert lines[4] == "| square | ours | 3.0 | 3.0 | 100.0 | 1.00 | 0.10 | 70.0 | 80.0 | 90.0 |"
    assert lines[7] == "| COMBINED | theirs | 12.0 | 15.0 | 33.3 | 2.40 | 1.75 |  |  |  |"


def test_a_single_video_is_not_added_up() -> None:
    assert "COMBINED" not in table(["ours"], {"street": [Cost(1, 1.0, 1.0, 1.0)]}, [{}])


def test_passerby_comes_first_and_names_differ() -> None:
    everybody = contenders()
    names = [contender.name for contender in everybody]

    assert names[0] == "passerby"
    assert len(set(names)) == len(names)
    assert {"bytetrack", "norfair"} <= {contender.linker for contender in everybody}

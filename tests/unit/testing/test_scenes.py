import numpy as np
import pytest

from passerby.testing import observations, together, walk


def test_no_frames() -> None:
    empty = observations([])

    assert len(empty) == 0
    assert empty.camera_motion.shape == (0, 2, 3)
    assert empty.xyxy.shape == (0, 4)


def test_boxes_lie_around_their_centres() -> None:
    observed = observations([[], [(100, 50, 20), (7, 8, 10)]], rate=8)

    assert observed.xyxy.tolist() == [[96, 40, 104, 60], [5, 3, 9, 13]]
    assert observed.first_detection.tolist() == [0, 0, 2]
    assert observed.timestamp_ms.tolist() == [0, 125]
    assert observed.confidence.tolist() == pytest.approx([0.9, 0.9])


def test_everybody_is_described_or_nobody() -> None:
    frames = together(walk(10, 2, 3))
    looks = np.array([[1, 2], [3, 4], [5, 6]], np.uint8)

    assert observations(frames).described.tolist() == []
    described = observations(frames, appearance=looks)
    assert described.described.tolist() == [0, 1, 2]
    assert described.appearance is looks


def test_paths_become_frames() -> None:
    early, late = walk(10, 2, 2), [None, (50.0, 60.0, 70.0)]

    assert together(early, late) == [[(10, 100, 100)], [(12, 100, 100), (50, 60, 70)]]

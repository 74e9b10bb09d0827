import numpy as np
import pytest

from passerby.testing import observations
from passerby.tracking.fragments import insert_fragments
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.stitching import stitch
from passerby.tracking.tracklets import NOBODY

HEIGHT = 40.0


def boxes_at(*frames: list[float]) -> StabilisedDetections:
    """Detections of one size, by the centres of each frame; ten frames a second."""
    return stabilise(observations([[(x, 30.0, HEIGHT) for x in frame] for frame in frames]))


@pytest.fixture
def gap() -> StabilisedDetections:
    """Somebody walks on by ten pixels a frame; of frames 2 to 4 one has a box on the way."""
    return boxes_at([0], [10], [], [30], [], [50], [60])


@pytest.mark.parametrize(
    ("paths", "fragments", "expected", "rest"),
    [
        pytest.param([], [], [], [], id="nothing"),
        pytest.param([], [[2]], [], [0], id="no path"),
        pytest.param([[0, 1, 3, 4]], [], [[0, 1, 3, 4]], [], id="no fragment"),
        pytest.param([[0, 1, 3, 4]], [[2]], [[0, 1, 2, 3, 4]], [], id="in the gap, on the course"),
        pytest.param([[3, 4]], [[2]], [[3, 4]], [0], id="before the path begins"),
        pytest.param([[0, 1]], [[2]], [[0, 1]], [0], id="after the path has ended"),
        pytest.param([[0, 4]], [[1, 2]], [[0, 1, 2, 4]], [], id="two detections"),
    ],
)
def test_insert_fragments(
    gap: StabilisedDetections,
    paths: list[list[int]],
    fragments: list[list[int]],
    expected: list[list[int]],
    rest: list[int],
) -> None:
    whole, left = insert_fragments(gap, list(map(np.array, paths)), list(map(np.array, fragments)))

    assert [rows.tolist() for rows in whole] == expected
    assert left.tolist() == rest


def test_a_fragment_beside_the_course_is_left() -> None:
    detections = boxes_at([0], [10], [70], [30], [40])

    whole, left = insert_fragments(detections, [np.array([0, 1, 3, 4])], [np.array([2])])

    assert [rows.tolist() for rows in whole] == [[0, 1, 3, 4]]
    assert left.tolist() == [0]


def test_of_two_fragments_in_one_frame_the_one_nearer_the_course_is_taken() -> None:
    detections = boxes_at([0], [10], [15, 20], [30], [40])

    whole, left = insert_fragments(
        detections, [np.array([0, 1, 4, 5])], [np.array([2]), np.array([3])]
    )

    assert [rows.tolist() for rows in whole] == [[0, 1, 3, 4, 5]]
    assert left.tolist() == [0]


def test_a_fragment_is_no_bridge_between_two_persons() -> None:
    # One stands at 0 and is gone, one comes at 60 half a second later and stands there; a box
    # between the two belongs to neither.
    here, there = [[0.0]] * 5, [[60.0]] * 5
    detections = boxes_at(*here, [], [30.0], [], *there)
    tracklet_of = np.array([0] * 5 + [1] + [2] * 5)
    nothing_known = np.zeros((3, 4))

    person_of = stitch(detections, tracklet_of, nothing_known, np.zeros((11, 4), np.bool_))

    assert person_of[0] != person_of[-1]
    assert NOBODY not in person_of.tolist()


def test_nobody_changes_where_all_tracklets_are_fragments() -> None:
    detections = boxes_at([0.0], [2.0], [4.0], [6.0])

    person_of = stitch(
        detections, np.array([0, 0, 1, 1]), np.zeros((2, 4)), np.zeros((4, 4), np.bool_)
    )

    assert person_of.tolist() == [0, 0, 0, 0]

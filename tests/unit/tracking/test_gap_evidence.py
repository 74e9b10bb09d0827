import numpy as np
import pytest

from passerby.testing import observations
from passerby.tracking.gap_evidence import fill_gaps
from passerby.tracking.stabilisation import StabilisedDetections, stabilise
from passerby.tracking.tracklets import NOBODY

HEIGHT = 40.0


def boxes_at(*frames: list[float], confidence: float = 0.2) -> StabilisedDetections:
    """Detections of one size, by the centres of each frame; ten frames a second."""
    seen = [[(x, 30.0, HEIGHT) for x in frame] for frame in frames]
    return stabilise(observations(seen, confidence=[[confidence] * len(each) for each in frames]))


@pytest.mark.parametrize(
    ("between", "confidence", "label"),
    [
        pytest.param(20.0, 0.2, 0, id="on the course"),
        pytest.param(24.0, 0.2, 0, id="a little beside it"),
        pytest.param(35.0, 0.2, NOBODY, id="far beside it"),
        pytest.param(20.0, 0.05, NOBODY, id="too weak"),
    ],
)
def test_a_free_detection_in_a_gap(between: float, confidence: float, label: int) -> None:
    detections = boxes_at([0], [10], [between], [30], [40], confidence=confidence)

    found = fill_gaps(detections, np.array([0, 0, NOBODY, 0, 0]))

    assert found.tolist() == [0, 0, label, 0, 0]


def test_what_belongs_to_somebody_else_stays_theirs() -> None:
    detections = boxes_at([0], [10], [20], [30], [40])

    assert fill_gaps(detections, np.array([0, 0, 1, 0, 0])).tolist() == [0, 0, 1, 0, 0]


def test_a_frame_gives_each_person_one_detection_the_best() -> None:
    detections = boxes_at([0], [10], [17, 20], [30], [40])

    found = fill_gaps(detections, np.array([0, 0, NOBODY, NOBODY, 0, 0]))

    assert found.tolist() == [0, 0, NOBODY, 0, 0, 0]


def test_a_detection_goes_to_the_path_that_it_fits_better() -> None:
    detections = boxes_at([0, 6], [10, 16], [21], [30, 36], [40, 46])
    persons = np.array([0, 1, 0, 1, NOBODY, 0, 1, 0, 1])

    assert fill_gaps(detections, persons).tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 1]


def test_before_and_after_a_path_nothing_is_added() -> None:
    detections = boxes_at([0], [10], [20], [30], [40])

    persons = np.array([NOBODY, 0, 0, 0, NOBODY])

    assert fill_gaps(detections, persons).tolist() == persons.tolist()

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.records import Detections, Progress, Sighting, Sightings, Stage
from passerby.testing import observations

SEEN = Sightings(
    person_index=np.array([0, 1, 0]),
    frame_index=np.array([0, 0, 2]),
    timestamp_ms=np.array([0, 0, 66]),
    xyxy=np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1.5, 2, 3, 4]], np.float32),
    confidence=np.array([0.5, 0.25, 0.75], np.float32),
    detected=np.array([True, True, False]),
)
NOTHING = SEEN.take(slice(0))


@pytest.mark.parametrize(
    ("position", "confidence"),
    [
        pytest.param(0, [], id="a frame without detections"),
        pytest.param(1, [0.5, 0.25], id="a frame with two"),
        pytest.param(2, [0.75], id="the last frame"),
    ],
)
def test_detections_of_a_frame(position: int, confidence: list[float]) -> None:
    frames = [[], [(10.0, 10.0, 20.0), (50.0, 10.0, 20.0)], [(12.0, 10.0, 20.0)]]
    observed = observations(frames, confidence=[[], [0.5, 0.25], [0.75]])

    found = observed.detections(position)

    assert found.confidence.tolist() == confidence
    assert found.xyxy.shape == (len(confidence), 4)
    assert len(observed) == 3


def test_as_many_detections_as_confidences() -> None:
    assert len(Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32))) == 0
    assert len(Detections(np.zeros((2, 4), np.float32), np.zeros(2, np.float32))) == 2


@pytest.mark.parametrize(
    ("rows", "timestamps", "persons"),
    [
        pytest.param(slice(0), [], [], id="none"),
        pytest.param(slice(1, 3), [0, 66], [1, 0], id="slice"),
        pytest.param(np.array([2, 0]), [66, 0], [0, 0], id="positions, in their order"),
        pytest.param(np.array([False, True, False]), [0], [1], id="mask"),
    ],
)
def test_rows_are_taken(
    rows: slice | NDArray[np.int64] | NDArray[np.bool_], timestamps: list[int], persons: list[int]
) -> None:
    taken = SEEN.take(rows)

    assert taken.timestamp_ms.tolist() == timestamps
    assert taken.person_index.tolist() == persons
    assert [len(taken), len(taken.xyxy), len(taken.detected)] == [len(timestamps)] * 3
    assert [len(taken.confidence), len(taken.frame_index)] == [len(timestamps)] * 2


def test_sightings_are_given_one_by_one() -> None:
    assert list(NOTHING) == []
    assert list(SEEN) == [
        Sighting(0, 0, 0, (1, 2, 3, 4), 0.5, detected=True),
        Sighting(1, 0, 0, (5, 6, 7, 8), 0.25, detected=True),
        Sighting(0, 2, 66, (1.5, 2, 3, 4), 0.75, detected=False),
    ]


def test_progress_begins_in_the_queue() -> None:
    assert Progress() == Progress(Stage.QUEUED, fraction=0, frames=0, speed=0)

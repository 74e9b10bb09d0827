from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.records import NO_FACE, Detections, Faces, Progress, Sighting, Sightings, Stage
from passerby.testing import observations

FACES = Faces(
    xyxy=np.array([[1, 2, 2, 3], [6, 6, 7, 7]], np.float32),
    confidence=np.array([0.5, 0.75], np.float32),
    landmarks=np.arange(120, dtype=np.float32).reshape(2, 30, 2),
    pose=np.array([[1, 2, 3], [-4, -5, -6]], np.float32),
    quality=np.array([[50, 25], [75, 12.5]], np.float32),
    expression=np.array([[0.25, 0.5, 0.75], [0, 1, 2]], np.float32),
)
SEEN = Sightings(
    person_index=np.array([0, 1, 0]),
    frame_index=np.array([0, 0, 2]),
    timestamp_ms=np.array([0, 0, 66]),
    xyxy=np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1.5, 2, 3, 4]], np.float32),
    confidence=np.array([0.5, 0.25, 0.75], np.float32),
    detected=np.array([True, True, False]),
    face=np.array([1, NO_FACE, 0]),
    faces=FACES,
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


def test_rows_keep_their_faces_and_no_others() -> None:
    taken = SEEN.take(np.array([2, 1]))

    assert taken.face.tolist() == [0, NO_FACE]
    assert taken.faces.xyxy.tolist() == [[1, 2, 2, 3]]
    assert [sighting.face for sighting in taken] == [FACES[0], None]
    assert len(NOTHING.faces) == 0


def test_a_face_by_itself() -> None:
    face = FACES[1]

    assert face.xyxy == (6, 6, 7, 7)
    assert face.landmarks[0] == (60, 61)
    assert (face.roll, face.yaw, face.pitch) == (-4, -5, -6)
    assert (face.brightness, face.sharpness) == (75, 12.5)


def test_faces_are_joined_in_order() -> None:
    joined = Faces.joined([FACES.take(np.array([1])), Faces.none(), FACES])

    assert joined.confidence.tolist() == [0.75, 0.5, 0.75]
    assert joined.landmarks.shape == (3, 30, 2)
    assert len(Faces.joined([])) == 0


def test_a_person_known_by_the_face_alone_has_no_box() -> None:
    only_face = replace(SEEN, xyxy=np.array([[1, 2, 3, 4], [5, 6, 7, 8], [np.nan] * 4], np.float32))

    assert only_face.has_body.tolist() == [True, True, False]
    assert [sighting.xyxy for sighting in only_face] == [(1, 2, 3, 4), (5, 6, 7, 8), None]


def test_sightings_are_given_one_by_one() -> None:
    assert list(NOTHING) == []
    assert list(SEEN) == [
        Sighting(0, 0, 0, (1, 2, 3, 4), 0.5, detected=True, face=FACES[1]),
        Sighting(1, 0, 0, (5, 6, 7, 8), 0.25, detected=True, face=None),
        Sighting(0, 2, 66, (1.5, 2, 3, 4), 0.75, detected=False, face=FACES[0]),
    ]


def test_progress_begins_in_the_queue() -> None:
    assert Progress() == Progress(Stage.QUEUED, fraction=0, frames=0, speed=0)

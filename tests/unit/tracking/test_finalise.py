from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from passerby.records import Observations, Sightings
from passerby.testing import Seen, observations, together, walk
from passerby.tracking.faces.tracks import faces_in_view
from passerby.tracking.finalise import EvidenceSettings, sightings
from passerby.tracking.stabilisation import stabilise
from passerby.tracking.tracklets import NOBODY

SETTINGS = EvidenceSettings(
    least_detections=3,
    least_best_confidence=0.5,
    least_mean_confidence=0.3,
    longest_filled_gap=1.0,
)


def reported(
    observed: Observations, person_of: list[int], face_person_of: Sequence[int] = ()
) -> Sightings:
    view = stabilise(observed)
    faces = faces_in_view(view, observed.first_face, observed.faces)
    labels = np.array(person_of, np.int64), np.array(face_person_of, np.int64)
    return sightings(observed, view, labels[0], faces, labels[1], SETTINGS)


@pytest.mark.parametrize(
    ("frames", "person_of"),
    [
        pytest.param([], [], id="no frames"),
        pytest.param([[], [], []], [], id="frames without detections"),
        pytest.param(together(walk(100, 5, 5)), [NOBODY] * 5, id="nobody's detections"),
    ],
)
def test_nobody_is_reported(frames: list[list[Seen]], person_of: list[int]) -> None:
    found = reported(observations(frames), person_of)

    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    ("confidence", "is_person"),
    [
        pytest.param([0.9, 0.9], False, id="seen too few times"),
        pytest.param([0.9, 0.9, 0.9], True, id="seen just often enough"),
        pytest.param([0.45, 0.45, 0.45, 0.45], False, id="never seen well"),
        pytest.param([0.45, 0.5, 0.45, 0.45], True, id="seen well once"),
        pytest.param([0.6, 0.1, 0.1, 0.1], False, id="hardly seen on the whole"),
    ],
)
def test_a_person_needs_evidence(confidence: list[float], *, is_person: bool) -> None:
    count = len(confidence)
    # Frames without anybody follow: in a video of two frames, two are all.
    frames = [*together(walk(100, 5, count)), [], []]
    observed = observations(frames, confidence=[*([c] for c in confidence), [], []])

    found = reported(observed, [0] * count)

    assert len(found) == (count if is_person else 0)


@pytest.mark.parametrize(
    ("confidence", "is_person"),
    [
        # 0.04 above the neutral confidence, for 3 s at 10 frames a second: 0.12 of the 0.1 needed.
        pytest.param([0.49] * 31, True, id="steady for three seconds"),
        pytest.param([0.49] * 11, False, id="for one second only"),
        pytest.param([0.44] * 300, False, id="too weak for ever"),
        pytest.param([0.49, None] * 50, False, id="in every other frame"),
    ],
)
def test_somebody_never_seen_well_counts_if_seen_for_long(
    confidence: list[float | None], *, is_person: bool
) -> None:
    path = [
        None if value is None else seen
        for value, seen in zip(confidence, walk(100, 1, len(confidence)), strict=True)
    ]
    sure = [[] if value is None else [value] for value in confidence]

    found = reported(
        observations(together(path), confidence=sure), [0] * sum(map(bool, confidence))
    )

    assert (len(found) > 0) == is_person


@pytest.mark.parametrize(
    ("confidence", "is_person"),
    [
        pytest.param([[0.6]], True, id="one frame, sure"),
        pytest.param([[0.45]], False, id="one frame, unsure"),
        pytest.param([[0.6], [0.6]], True, id="two frames, sure"),
        pytest.param([[0.6], []], False, id="in one of two frames"),
        pytest.param([[0.6], [], []], False, id="in one of three frames"),
    ],
)
def test_a_video_of_one_or_two_frames_has_persons(
    confidence: list[list[float]], *, is_person: bool
) -> None:
    frames: list[list[Seen]] = [[(100, 100, 100)] if seen else [] for seen in confidence]
    observed = observations(frames, confidence=confidence)

    assert len(reported(observed, [0] * observed.first_detection[-1])) == (
        len(confidence) if is_person else 0
    )


@pytest.mark.parametrize("count", [1, 2])
def test_a_video_of_one_or_two_frames_has_persons_by_their_faces(count: int) -> None:
    observed = observations(
        [[]] * count, faces=[[(100, 60, 10)]] * count, face_confidence=[[0.9]] * count
    )

    assert len(reported(observed, [], [0] * count)) == count


def test_slides_shown_for_seconds_have_persons() -> None:
    # One frame every two seconds, and a cut after each.
    cuts = np.zeros((4, 2, 3), np.float32)
    observed = observations([[(100, 100, 100)]] * 4, rate=0.5, camera_motion=cuts)

    assert reported(observed, [0, 1, 2, 3]).person_index.tolist() == [0, 1, 2, 3]


def test_numbers_run_by_first_appearance() -> None:
    late, early, ghost = walk(100, 1, 6), walk(400, 1, 6), walk(700, 1, 6)
    frames = together([None, None, *late[2:]], early, [*ghost[:2], *[None] * 4])
    # Stitching numbers in no particular order; 3 is a ghost.
    person_of = [7, 3, 7, 3] + [1, 7] * 4

    found = reported(observations(frames), person_of)

    assert found.person_index.tolist() == [0, 0] + [0, 1] * 4
    assert (found.xyxy[found.person_index == 1, 0] < 200).all()


def test_of_two_who_appear_together_the_surer_is_first() -> None:
    frames = together(walk(100, 1, 4), walk(400, 1, 4))

    found = reported(observations(frames, confidence=[[0.6, 0.8]] * 4), [0, 1] * 4)

    assert (found.xyxy[found.person_index == 0, 0] > 300).all()


def test_rows_run_by_time_then_person() -> None:
    frames = together(walk(400, 1, 5), [None, None, *walk(100, 1, 3)])

    found = reported(observations(frames), [0, 0, 0, 1, 0, 1, 0, 1])

    assert found.frame_index.tolist() == [0, 1, 2, 2, 3, 3, 4, 4]
    assert found.timestamp_ms.tolist() == [0, 100, 200, 200, 300, 300, 400, 400]
    assert found.person_index.tolist() == [0, 0, 0, 1, 0, 1, 0, 1]


def test_a_short_gap_is_filled() -> None:
    path: list[Seen | None] = [*walk(100, 10, 7)]
    path[2] = path[3] = path[4] = None
    confidence = [[0.8], [0.8], [], [], [], [0.4], [0.4]]

    found = reported(observations(together(path), confidence=confidence), [0] * 4)

    assert found.detected.tolist() == [True, True, False, False, False, True, True]
    assert found.confidence == pytest.approx([0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4])
    centres = (found.xyxy[:, 0] + found.xyxy[:, 2]) / 2
    assert centres == pytest.approx([100, 110, 120, 130, 140, 150, 160], abs=0.01)


@pytest.mark.parametrize(
    ("unseen", "is_filled"),
    [
        pytest.param(9, True, id="as long as the longest that is filled"),
        pytest.param(10, False, id="longer"),
    ],
)
def test_in_a_long_gap_nobody_is_reported(unseen: int, *, is_filled: bool) -> None:
    path = [*walk(100, 1, 3), *[None] * unseen, *walk(115, 1, 3)]

    found = reported(observations(together(path)), [0] * 6)

    assert len(found) == 6 + (unseen if is_filled else 0)
    assert found.detected.sum() == 6
    assert set(found.person_index.tolist()) == {0}


def test_a_course_begins_anew_after_a_cut() -> None:
    # The same person, much further right in the next shot, and half as tall.
    path = [*walk(100, 5, 6), *walk(500, -5, 6, height=50)]
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (12, 1, 1))
    motion[5] = 0

    found = reported(observations(together(path), camera_motion=motion), [0] * 12)

    assert found.person_index.tolist() == [0] * 12
    for box, (x, _, height) in zip(found.xyxy, path, strict=True):
        assert (box[0] + box[2]) / 2 == pytest.approx(x, abs=0.5)
        assert box[3] - box[1] == pytest.approx(height, abs=0.5)


def test_nobody_is_reported_between_two_shots() -> None:
    path = [*walk(100, 1, 4), None, None, *walk(105, 1, 4)]
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (10, 1, 1))
    motion[4] = 0

    found = reported(observations(together(path), camera_motion=motion), [0] * 8)

    assert found.frame_index.tolist() == [0, 1, 2, 3, 6, 7, 8, 9]


def test_each_shot_needs_evidence_of_its_own() -> None:
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (8, 1, 1))
    motion[5] = 0
    observed = observations(together(walk(100, 1, 8)), camera_motion=motion)

    assert reported(observed, [0] * 8).frame_index.tolist() == [0, 1, 2, 3, 4, 5]


def test_boxes_are_in_pixels_of_their_own_frame() -> None:
    motion = np.tile(np.array([[1, 0, -20], [0, 1, 5]], np.float32), (6, 1, 1))
    path: list[Seen | None] = [(300 - 20 * step, 100 + 5 * step, 100) for step in range(6)]
    path[3] = None  # filled in, where the camera then looked

    found = reported(observations(together(path), camera_motion=motion), [0] * 5)

    assert found.xyxy[3].tolist() == pytest.approx([220, 65, 260, 165], abs=0.01)
    assert found.xyxy[5].tolist() == pytest.approx([180, 75, 220, 175], abs=0.01)


def test_frames_keep_their_number_in_the_video() -> None:
    observed = observations(together(walk(100, 1, 4)))
    every_third = replace(observed, frame_index=observed.frame_index * 3, frame_count=12)

    assert reported(every_third, [0] * 4).frame_index.tolist() == [0, 3, 6, 9]


HEAD = (100.0, 60.0, 10.0)


@pytest.mark.parametrize(
    ("confidence", "is_person"),
    [
        pytest.param([0.9, 0.9], False, id="seen too few times"),
        pytest.param([0.5, 0.6, 0.4], True, id="seen just often and well enough"),
        pytest.param([0.55, 0.55, 0.55, 0.55], False, id="never seen well"),
    ],
)
def test_a_face_is_evidence_of_a_person(confidence: list[float], *, is_person: bool) -> None:
    count = len(confidence)
    sure = [*([c] for c in confidence), [], []]
    faces = [*([HEAD] for _ in confidence), [], []]
    observed = observations([[]] * (count + 2), faces=faces, face_confidence=sure)

    found = reported(observed, [], [5] * count)

    assert found.face.tolist() == (list(range(count)) if is_person else [])
    assert np.isnan(found.xyxy).all()
    assert found.confidence == pytest.approx(confidence if is_person else [])
    assert found.detected.all()


def test_a_face_is_in_the_row_of_its_body_or_has_one_of_its_own() -> None:
    path: list[Seen | None] = [None, None, *walk(100, 1, 5)]
    faces = [[HEAD], [], [HEAD], [], [], [(400.0, 60.0, 10.0), HEAD], []]
    observed = observations(together(path), faces=faces)

    found = reported(observed, [3] * 5, [3, 3, NOBODY, 3])

    assert found.frame_index.tolist() == [0, 2, 3, 4, 5, 6]
    assert found.has_body.tolist() == [False, True, True, True, True, True]
    assert found.face.tolist() == [0, 1, -1, -1, 2, -1]
    assert found.faces.quality[:, 0].tolist() == [0, 1, 3]


def test_in_a_gap_too_long_to_fill_there_are_faces_only() -> None:
    path = [*walk(100, 1, 3), *[None] * 12, *walk(115, 1, 3)]
    faces = [[HEAD] if frame % 4 == 0 else [] for frame in range(18)]

    found = reported(observations(together(path), faces=faces), [0] * 6, [0] * 5)

    assert found.frame_index[~found.has_body].tolist() == [4, 8, 12]
    assert found.frame_index[found.has_body].tolist() == [0, 1, 2, 15, 16, 17]


def test_numbers_run_by_first_appearance_of_body_or_face() -> None:
    faces: list[list[Seen]] = [[(400, 60, 10)], [], [(400, 60, 10), HEAD], [(400, 60, 10)], [HEAD]]
    path: list[Seen | None] = [None, *walk(100, 1, 4)]
    observed = observations(together(path), faces=faces)

    found = reported(observed, [0] * 4, [1, 1, 0, 1, 0])

    assert found.frame_index.tolist() == [0, 1, 2, 2, 3, 3, 4]
    assert found.person_index.tolist() == [0, 1, 0, 1, 0, 1, 1]
    assert found.face.tolist() == [0, -1, 1, 2, 3, -1, 4]

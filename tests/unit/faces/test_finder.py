"""Where faces are looked for, and the astronaut found there."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.faces.finder import (
    Candidate,
    FaceFinder,
    is_face,
    may_be_face,
    open_face_finder,
)
from passerby.inference.session import Image

# Read off the picture by eye, of 512 x 512 pixels.
FACE = np.array([175.0, 70, 272, 177])
FACE_WIDTH = 97
EYES = np.array([[203.0, 101], [246, 103.5]])
NOBODY = np.empty((0, 4), np.float32)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return open_face_finder("onnxruntime")


@pytest.fixture(scope="module")
def astronaut() -> Image:
    picture = cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png")))
    return np.asarray(picture, dtype=np.uint8)


def in_a_street(astronaut: Image, face_width: int) -> tuple[Image, float]:
    """The astronaut, so tall that the face has some pixels, in a frame of 1280 x 720."""
    scale = face_width / FACE_WIDTH
    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((720, 1280, 3), 120, np.uint8)
    height, width = min(small.shape[0], 720), min(small.shape[1], 1280)
    frame[:height, 100 : 100 + width] = small[:height, :width]
    return frame, scale


def placed(box: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Pixels of the astronaut's picture → pixels of the frame."""
    shift = np.array([100.0, 0] * (box.shape[-1] // 2))
    moved: NDArray[np.float64] = box * scale + shift
    return moved


@pytest.mark.parametrize("face_width", [24, 32, 50, 100, 200])
def test_a_face_on_a_person(finder: FaceFinder, astronaut: Image, face_width: int) -> None:
    frame, scale = in_a_street(astronaut, face_width)
    # The body from the hair down; of the legs, the picture shows nothing.
    person = placed(np.array([[100.0, 20, 400, 720]]), scale).astype(np.float32)

    found = finder.find(frame, person)

    assert len(found) == 1
    assert iou(found.xyxy, placed(FACE, scale)[None])[0, 0] > 0.5
    assert 0.53 <= found.confidence[0] <= 1
    eyes = placed(EYES, scale)
    np.testing.assert_allclose(found.landmarks[0, :2], eyes, atol=0.08 * face_width)
    assert abs(found.pose[0, 0]) < 8  # the head hardly leans
    assert (found.quality > 0).all()
    assert (found.quality < 100).all()
    assert np.isfinite(found.expression).all()


def test_a_talking_head_needs_no_body(finder: FaceFinder, astronaut: Image) -> None:
    found = finder.find(astronaut, NOBODY)

    assert len(found) == 1
    assert iou(found.xyxy, FACE[None])[0, 0] > 0.5


def test_one_face_is_one_however_many_persons_are_there(
    finder: FaceFinder, astronaut: Image
) -> None:
    persons = np.array([[100, 20, 400, 700], [140, 10, 420, 690], [60, 0, 300, 500]], np.float32)

    assert len(finder.find(astronaut, persons)) == 1


def test_faces_come_from_left_to_right(finder: FaceFinder, astronaut: Image) -> None:
    both = np.hstack([astronaut[:, ::-1], astronaut])

    found = finder.find(np.ascontiguousarray(both), NOBODY)

    assert len(found) == 2
    assert found.xyxy[0, 0] < 512 < found.xyxy[1, 0]
    # One is the mirror image of the other.
    np.testing.assert_allclose(found.pose[0, 1:], found.pose[1, 1:] * [-1, 1], atol=3)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((1, 1, 3), np.uint8), id="one pixel"),
        pytest.param(np.full((90, 160, 3), 200, np.uint8), id="flat"),
        pytest.param(
            np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8), id="noise"
        ),
    ],
)
def test_nobody_is_there(finder: FaceFinder, image: Image) -> None:
    persons = np.array([[0, 0, 60, 200], [-500, -900, -400, -600], [100, 0, 170, 190]], np.float32)

    assert len(finder.find(image, persons)) == 0


def test_small_faces_are_found_where_they_are_though_they_share_a_picture(
    finder: FaceFinder, astronaut: Image
) -> None:
    frame = np.full((720, 1280, 3), 120, np.uint8)
    corners = np.array([[40, 30], [700, 60], [330, 400], [1000, 420], [60, 380]], np.float64)
    scales = np.array([26, 30, 34, 38, 28]) / FACE_WIDTH
    for (left, top), scale in zip(corners.astype(int), scales, strict=True):
        small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        frame[top : top + height, left : left + width] = small
    body = np.array([100.0, 20, 400, 720])
    persons = body * scales[:, None] + np.tile(corners, 2)

    found = finder.find(frame, persons.astype(np.float32))

    assert len(found) == 5
    faces = FACE * scales[:, None] + np.tile(corners, 2)
    assert (iou(faces, found.xyxy).max(axis=1) > 0.5).all()


def candidate(confidence: float, width: float, *, on_person: bool = True) -> Candidate:
    xyxy = np.array([0, 0, width, width], np.float32)
    return Candidate(xyxy, np.zeros((2, 2), np.float32), confidence, on_person)


@pytest.mark.parametrize(
    ("seen", "again", "flag", "expected"),
    [
        pytest.param(candidate(0.7, 50), 0.6, 0.5, True, id="sure, all agree"),
        pytest.param(candidate(0.7, 50), 0.0, 0.5, False, id="not seen again"),
        pytest.param(candidate(0.5, 50), 0.5, 0.5, False, id="doubtful both times"),
        pytest.param(candidate(0.45, 50), 0.45, 0.9, True, id="a mesh without doubt"),
        pytest.param(candidate(0.45, 20), 0.45, 0.9, False, id="the same, but small"),
        pytest.param(candidate(0.8, 50), 0.0, 0.9, True, id="seen once, a mesh without doubt"),
        pytest.param(candidate(0.5, 50), 0.0, 0.9, False, id="hardly seen once"),
        pytest.param(candidate(0.7, 50), 0.6, 0.01, False, id="large, the mesh finds none"),
        pytest.param(candidate(0.7, 50), 0.7, 0.01, True, id="the same, but surer"),
        pytest.param(candidate(0.6, 20), 0.5, 0.01, True, id="the mesh cannot tell of 20 pixels"),
        pytest.param(candidate(0.6, 19), 0.5, 0.01, False, id="doubtful and small"),
        pytest.param(candidate(0.65, 19), 0.6, 0.01, True, id="small and surer"),
        pytest.param(candidate(0.7, 50, on_person=False), 0.6, 0.05, False, id="on nobody"),
        pytest.param(candidate(0.7, 50, on_person=False), 0.6, 0.2, True, id="nobody's, agreed"),
    ],
)
def test_what_is_a_face(seen: Candidate, again: float, flag: float, *, expected: bool) -> None:
    assert is_face(seen, again, flag) is expected


def test_only_what_no_mesh_could_save_is_given_up_before() -> None:
    grid = itertools.product((0.4, 0.5, 0.56, 0.58, 0.75, 1.0), (20, 27.9, 28, 50), (True, False))
    for (confidence, width, on_person), again in itertools.product(
        grid, (0.0, 0.4, 0.57, 0.6, 1.0)
    ):
        seen = candidate(confidence, width, on_person=on_person)
        could = any(is_face(seen, again, flag) for flag in (0.0, 0.05, 0.5, 1.0))

        assert may_be_face(seen, again) or not could


def test_a_small_candidate_is_given_up_without_a_mesh() -> None:
    assert not may_be_face(candidate(0.7, 20), 0.0)
    assert not may_be_face(candidate(0.5, 20), 0.5)
    assert may_be_face(candidate(0.6, 20), 0.6)
    assert may_be_face(candidate(0.45, 50), 0.4)
    assert not may_be_face(candidate(0.5, 50), 0.0)

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
    View,
    cut_out,
    frame_view,
    head_views,
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


@pytest.mark.parametrize(
    ("size", "view"),
    [
        pytest.param((640, 640), (0, 0, 640), id="square"),
        pytest.param((640, 480), (0, -80, 640), id="lying"),
        pytest.param((1080, 1920), (-420, 0, 1920), id="upright"),
    ],
)
def test_the_whole_frame_is_in_view(size: tuple[int, int], view: tuple[int, int, int]) -> None:
    assert frame_view(*size) == View(*view, is_person=False)


@pytest.mark.parametrize(
    ("persons", "views"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param([(100, 100, 140, 300)], [(78, 84, 84)], id="narrow: by height"),
        pytest.param([(100, 100, 300, 300)], [(90, 84, 220)], id="sitting: by width"),
        pytest.param([(100, 100, 140, 210)], [], id="110 pixels tall"),
        pytest.param(
            [(100, 100, 140, 300), (104, 101, 144, 301)], [(78, 84, 84)], id="nearly the same"
        ),
    ],
)
def test_heads(persons: list[tuple[int, ...]], views: list[tuple[int, int, int]]) -> None:
    found = head_views(np.array(persons, np.float32).reshape(-1, 4))

    assert found == [View(*view, is_person=True) for view in views]


@pytest.mark.parametrize(
    ("view", "rows", "columns"),
    [
        pytest.param((0, 0, 192), (0, 192), (0, 192), id="inside"),
        pytest.param((-96, 0, 192), (0, 192), (96, 192), id="half to the left"),
        pytest.param((288, 96, 192), (0, 96), (0, 96), id="over the lower right corner"),
    ],
)
def test_beyond_the_border_it_is_black(
    view: tuple[int, int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    white = np.full((192, 384, 3), 255, np.uint8)

    cut = cut_out(white, View(*view, is_person=True))

    expected = np.zeros((192, 192, 3), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    np.testing.assert_array_equal(cut, expected)


def candidate(confidence: float, width: float, *, on_person: bool = True) -> Candidate:
    xyxy = np.array([0, 0, width, width], np.float32)
    return Candidate(xyxy, np.zeros((2, 2), np.float32), confidence, on_person)


@pytest.mark.parametrize(
    ("seen", "again", "flag", "expected"),
    [
        pytest.param(candidate(0.7, 50), 0.6, 0.5, True, id="sure, all agree"),
        pytest.param(candidate(0.7, 50), 0.0, 0.5, False, id="not seen again"),
        pytest.param(candidate(0.5, 50), 0.5, 0.5, False, id="doubtful both times"),
        pytest.param(candidate(0.45, 50), 0.0, 0.9, True, id="a mesh without doubt"),
        pytest.param(candidate(0.45, 20), 0.0, 0.9, False, id="the same, but small"),
        pytest.param(candidate(0.7, 50), 0.6, 0.01, False, id="large, the mesh finds none"),
        pytest.param(candidate(0.7, 50), 0.7, 0.01, True, id="the same, but surer"),
        pytest.param(candidate(0.7, 20), 0.6, 0.01, True, id="small, the mesh cannot tell"),
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
    assert may_be_face(candidate(0.5, 50), 0.0)

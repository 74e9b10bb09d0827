"""The shipped network on a real face, and the decoding of what it answers."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.faces.detector import (
    CELL,
    KEYPOINTS,
    SIDE,
    Candidates,
    FaceDetector,
    open_face_detector,
)
from passerby.inference.session import Image, Outputs, Runtime

# Read off the picture by eye, 512 x 512 pixels: from the hair to the chin, from ear to ear.
FACE = np.array([[175.0, 70, 272, 177]])
EYES = np.array([[203.0, 101], [246, 103.5]])
FACE_WIDTH = 100
# The square around the head that the detector is shown: left, top, side.
LEFT, TOP, VIEW_SIDE = 72, 0, 300

COLUMNS = SIDE // CELL
# Logits of a cell, and the confidence that they mean.
SURE, DOUBTFUL, NO = np.log(9), np.log(1.5), -5.0  # 0.9, 0.6, 0.007


@pytest.fixture(scope="module")
def astronaut() -> Image:
    picture = cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png")))
    return np.asarray(picture, dtype=np.uint8)


def crop(astronaut: Image, face_width: int) -> Image:
    """What the detector is shown of the astronaut filmed so that the face has some pixels."""
    scale = face_width / FACE_WIDTH
    small = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    side, left = round(VIEW_SIDE * scale), round(LEFT * scale)
    square = small[:side, left : left + side]
    return np.asarray(cv2.resize(square, (SIDE, SIDE)), dtype=np.uint8)


def in_picture(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pixels of a view → pixels of the picture."""
    result: NDArray[np.float64] = points * (VIEW_SIDE / SIDE) + [LEFT, TOP]
    return result


def opened(runtime: Runtime) -> FaceDetector:
    if runtime == "openvino":
        pytest.importorskip("passerby.inference.open_vino")
    return open_face_detector(runtime)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("face_width", [20, 24, 32, 50, 75, 100, 200])
def test_the_astronauts_face_is_found_once(
    astronaut: Image, face_width: int, runtime: Runtime
) -> None:
    found = opened(runtime).detect(crop(astronaut, face_width))

    assert len(found) == 1
    assert found.confidence[0] > 0.6
    box = in_picture(found.xyxy.reshape(2, 2)).reshape(1, 4)
    assert iou(box, FACE) > 0.7
    off = np.linalg.norm(in_picture(found.keypoints[0, :2]) - EYES, axis=1)
    assert (off < 0.06 * FACE_WIDTH).all()


def test_points_are_named_in_their_order(astronaut: Image) -> None:
    found = open_face_detector().detect(crop(astronaut, 100))

    x, y = (dict(zip(KEYPOINTS, column, strict=True)) for column in found.keypoints[0].T)
    assert x["earLeft"] < x["eyeLeft"] < x["nose"] < x["eyeRight"] < x["earRight"]
    assert max(y["eyeLeft"], y["eyeRight"]) < y["nose"] < y["mouth"]


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((SIDE, SIDE, 3), np.uint8), id="black"),
        pytest.param(np.full((SIDE, SIDE, 3), 114, np.uint8), id="even grey"),
        pytest.param(
            np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8), id="noise"
        ),
    ],
)
def test_where_there_is_no_face_none_is_found(picture: Image) -> None:
    found = open_face_detector().detect(picture)

    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)
    assert found.keypoints.shape == (0, 6, 2)


def test_what_was_seen_before_makes_no_difference(astronaut: Image) -> None:
    detector = open_face_detector()
    first = detector.detect(crop(astronaut, 100))
    detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8))

    again = detector.detect(crop(astronaut, 100))

    np.testing.assert_array_equal(again.xyxy, first.xyxy)
    np.testing.assert_array_equal(again.confidence, first.confidence)
    np.testing.assert_array_equal(again.keypoints, first.keypoints)


class Scripted:
    """A session whose cells answer as they are told: (row, column) → logit, offsets."""

    def __init__(self, answers: dict[tuple[int, int], tuple[float, list[float]]]) -> None:
        logits = np.full((COLUMNS, COLUMNS), NO, np.float32)
        offsets = np.zeros((COLUMNS, COLUMNS, 16), np.float32)
        for cell, (logit, offset) in answers.items():
            logits[cell] = logit
            offsets[cell] = offset
        self._outputs = [logits.reshape(-1), offsets.reshape(-1, 16)]

    def run(self, image: Image) -> Outputs:  # noqa: ARG002
        return self._outputs


def answered(answers: dict[tuple[int, int], tuple[float, list[float]]]) -> Candidates:
    detector = FaceDetector("scripted", lambda: Scripted(answers))
    return detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8))


def test_offsets_are_counted_from_the_middle_of_the_cell() -> None:
    points = [-5.0, -6, 5, -6, 0, 1, 0, 7, -9, -4, 9, -4]

    found = answered({(10, 20): (SURE, [1.0, -2, 24, 30, *points])})  # middle (82, 42)

    np.testing.assert_allclose(found.xyxy, [[71, 25, 95, 55]], atol=1e-4)
    assert found.confidence.tolist() == pytest.approx([0.9])
    expected = [[77, 36], [87, 36], [82, 43], [82, 49], [73, 38], [91, 38]]
    np.testing.assert_allclose(found.keypoints[0], expected, atol=1e-4)


def box(width: float, point: float = 0) -> list[float]:
    """Offsets of a square box in the middle of its cell, all points at one distance."""
    return [0, 0, width, width, *[point] * 12]


@pytest.mark.parametrize(
    ("answers", "boxes", "confidences"),
    [
        pytest.param({}, [], [], id="no cell is sure"),
        pytest.param({(0, 0): (-0.5, box(8))}, [], [], id="less than 0.4"),
        pytest.param({(0, 0): (np.log(2 / 3) + 1e-4, box(8))}, [[-2, -2, 6, 6]], [0.4], id="0.4"),
        pytest.param(
            {(0, 0): (DOUBTFUL, box(8)), (5, 9): (SURE, box(8))},
            [[34, 18, 42, 26], [-2, -2, 6, 6]],
            [0.9, 0.6],
            id="two faces, the surer one first",
        ),
        pytest.param(
            {(4, 4): (SURE, box(40)), (4, 5): (DOUBTFUL, box(40))},
            # Middles (18, 18) and (22, 18): x = (0.9 * 18 + 0.6 * 22) / 1.5 = 19.6.
            [[-0.4, -2, 39.6, 38]],
            [0.9],
            id="one face, two cells: mean by confidence",
        ),
        pytest.param({(0, 0): (90.0, box(8))}, [[-2, -2, 6, 6]], [1.0], id="a huge logit"),
        pytest.param({(0, 0): (SURE, box(0))}, [[2, 2, 2, 2]], [0.9], id="an empty box"),
    ],
)
def test_cells_become_faces(
    answers: dict[tuple[int, int], tuple[float, list[float]]],
    boxes: list[list[float]],
    confidences: list[float],
) -> None:
    found = answered(answers)

    np.testing.assert_allclose(found.xyxy, np.reshape(boxes, (-1, 4)), atol=1e-4)
    np.testing.assert_allclose(found.confidence, confidences, atol=1e-4)


def test_points_are_merged_as_the_boxes_are() -> None:
    found = answered({(4, 4): (SURE, box(40, 1)), (4, 5): (DOUBTFUL, box(40, 6))})

    # x = (0.9 * 19 + 0.6 * 28) / 1.5 = 22.6, y = (0.9 * 19 + 0.6 * 24) / 1.5 = 21.
    np.testing.assert_allclose(found.keypoints, np.full((1, 6, 2), [22.6, 21]), atol=1e-4)


def test_identity_names_network_and_runtime() -> None:
    identity = open_face_detector("onnxruntime").identity

    assert identity.startswith("blazeface-full-range@sha256:")
    assert identity.endswith("/onnxruntime-float32")

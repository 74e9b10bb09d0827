"""What the shipped networks tell of a real face: turned, mirrored, shrunk and blurred."""

import math
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from passerby.faces import detector
from passerby.faces.detector import FaceDetector, open_face_detector
from passerby.faces.expression import expression, eyes_open, mouth_open, smile
from passerby.faces.landmarks import landmarks
from passerby.faces.mesh import FaceMesh, open_face_mesh
from passerby.faces.pose import pose
from passerby.faces.quality import quality
from passerby.inference.session import Image
from passerby.records import LANDMARKS

# Of the face in the picture of 512 x 512 pixels, read off by eye.
MIDDLE = np.array([225.0, 125.0])
WIDTH = 100
FIVE = np.array([[202.0, 103], [248, 106], [202, 140], [247, 139], [222, 127]])
HEAD = 75.0  # half the width of the head, with hair

ROLL, YAW, PITCH = range(3)


class Networks(NamedTuple):
    detector: FaceDetector
    mesh: FaceMesh


class Seen(NamedTuple):
    xyxy: NDArray[np.float32]
    points: NDArray[np.float32]


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(open_face_detector("onnxruntime"), open_face_mesh("onnxruntime"))


@pytest.fixture(scope="module")
def astronaut() -> Image:
    picture = cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png")))
    return np.asarray(picture, dtype=np.uint8)


def see(networks: Networks, image: Image, middle: NDArray[np.float64], width: float) -> Seen:
    """The surest face in the square around `middle` that is 2.4 faces wide."""
    scale = detector.SIDE / (2.4 * width)
    corner = middle - 1.2 * width
    matrix = np.column_stack([np.eye(2), -corner]) * scale
    crop = cv2.warpAffine(image, matrix, (detector.SIDE, detector.SIDE), flags=cv2.INTER_AREA)
    found = networks.detector.detect(np.asarray(crop, np.uint8))
    xyxy = (found.xyxy[0] / scale + np.tile(corner, 2)).astype(np.float32)
    eyes = (found.keypoints[0, detector.EYES] / scale + corner).astype(np.float32)
    return Seen(xyxy, networks.mesh.trace(image, xyxy, eyes).points)


def scaled(image: Image, scale: float) -> Image:
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def leaning(image: Image, degrees: float) -> Image:
    """The picture turned clockwise around the face."""
    matrix = cv2.getRotationMatrix2D(MIDDLE.tolist(), -degrees, 1.0)
    turned = cv2.warpAffine(image, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def turning(image: Image, degrees: float, axis: int) -> Image:
    """The head turned to where x (axis 0) or y (1) grows, as a ball with a nose would look."""
    seen = np.stack(np.meshgrid(np.arange(512.0), np.arange(512.0)), axis=-1)
    turn = math.radians(degrees)
    painted = seen.copy()
    for _ in range(10):  # until `painted` is what is seen there
        moved = seen[..., axis] - MIDDLE[axis] - nearness(painted) * math.sin(turn)
        painted[..., axis] = MIDDLE[axis] + moved / math.cos(turn)
    x, y = np.moveaxis(painted.astype(np.float32), -1, 0)
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR), np.uint8)


def nearness(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the head comes towards the camera, pixels."""
    ball = np.sqrt(np.maximum(0, HEAD**2 - ((places - MIDDLE) ** 2).sum(axis=-1)))
    nose = 15 * np.exp(-((places - FIVE[-1]) ** 2).sum(axis=-1) / (2 * 12**2))
    near: NDArray[np.float64] = ball + nose - HEAD / 2
    return near


@pytest.mark.parametrize("width", [24, 32, 50, 100, 200])
def test_landmarks_of_any_size(networks: Networks, astronaut: Image, width: int) -> None:
    scale = width / WIDTH

    seen = see(networks, scaled(astronaut, scale), MIDDLE * scale, width)

    off = landmarks(seen.points)[: len(FIVE)] / scale - FIVE
    assert (np.linalg.norm(off, axis=1) < 0.07 * WIDTH).all()


def test_left_and_right_are_those_of_the_picture(networks: Networks, astronaut: Image) -> None:
    places = landmarks(see(networks, astronaut, MIDDLE, WIDTH).points)
    x, y = (dict(zip(LANDMARKS, column, strict=True)) for column in places.T.tolist())

    for axis, first, second in [(x, "Left", "Right"), (y, "Up", "Down")]:
        pairs = {name: name.replace(first, second) for name in axis if name.endswith(first)}
        assert all(axis[one] < axis[other] for one, other in pairs.items() if other in axis)
    assert x["rightEyeLeft"] > x["nose"] > x["leftEyeRight"]
    assert y["chinBottom"] > y["mouthDown"] > y["nose"] > y["leftEyeDown"] > y["leftEyeBrowUp"]


@pytest.mark.parametrize("degrees", range(-45, 46, 15))
def test_roll(networks: Networks, astronaut: Image, degrees: int) -> None:
    upright = pose(see(networks, astronaut, MIDDLE, WIDTH).points)

    found = pose(see(networks, leaning(astronaut, degrees), MIDDLE, WIDTH).points)

    assert found[ROLL] - upright[ROLL] == pytest.approx(degrees, abs=1.5)
    assert found[[YAW, PITCH]] == pytest.approx(upright[[YAW, PITCH]], abs=4)


@pytest.mark.parametrize(
    ("axis", "angle", "sign"),
    [pytest.param(0, YAW, 1, id="yaw"), pytest.param(1, PITCH, -1, id="pitch")],
)
def test_turns(networks: Networks, astronaut: Image, axis: int, angle: int, sign: int) -> None:
    turns = [-24, -12, 0, 12, 24]
    images = [turning(astronaut, sign * turn, axis) for turn in turns]

    found = [pose(see(networks, image, MIDDLE, WIDTH).points)[angle] for image in images]

    assert (np.diff(found) > 0).all()
    assert found[0] - found[2] < -12
    assert found[-1] - found[2] > 12


def test_a_mirrored_face(networks: Networks, astronaut: Image) -> None:
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    one = see(networks, astronaut, MIDDLE, WIDTH)
    other = see(networks, mirrored, np.array([511 - MIDDLE[0], MIDDLE[1]]), WIDTH)

    assert pose(other.points) == pytest.approx(pose(one.points) * (-1, -1, 1), abs=4)
    assert expression(other.points) == pytest.approx(expression(one.points), abs=0.03)
    assert quality(mirrored, other.xyxy) == pytest.approx(quality(astronaut, one.xyxy), abs=3)


def test_blur_and_shadow(networks: Networks, astronaut: Image) -> None:
    xyxy = see(networks, astronaut, MIDDLE, WIDTH).xyxy
    blurred = [astronaut] + [
        np.asarray(cv2.GaussianBlur(astronaut, (0, 0), pixels), np.uint8) for pixels in (1, 2, 3)
    ]
    dark = (astronaut * 0.5).astype(np.uint8)

    brightness, sharpness = np.transpose([quality(image, xyxy) for image in blurred])

    assert brightness == pytest.approx(60, abs=4)
    assert (np.diff(sharpness) < 0).all()
    assert sharpness[0] > 80
    assert sharpness[-1] < 10
    assert quality(dark, xyxy)[0] == pytest.approx(brightness[0] / 2, abs=0.5)


@pytest.mark.parametrize("width", [40, 64, 100, 200])
def test_a_smile_with_open_eyes(networks: Networks, astronaut: Image, width: int) -> None:
    scale = width / WIDTH
    points = see(networks, scaled(astronaut, scale), MIDDLE * scale, width).points

    eyes, mouth, corners = expression(points).tolist()
    yaw = float(pose(points)[YAW])
    opinions = (
        eyes_open(eyes, width, yaw),
        mouth_open(mouth, width, yaw),
        smile(corners, width, yaw),
    )

    assert [opinion and opinion.value for opinion in opinions] == [True, False, True]

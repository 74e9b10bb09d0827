"""The shipped network on a real face, and the geometry around it."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from passerby.faces.mesh import EYE_CORNERS, SIDE, FaceMesh, Mesh, _Square, open_face_mesh
from passerby.inference.session import Image, Outputs, Runtime

# Read off the picture by eye, 512 x 512 pixels.
BOX = np.array([172.0, 66, 278, 172])
EYES = np.array([[202.0, 103], [248, 106]])
# Point of the mesh → where that is in the picture.
SEEN = {
    33: [193, 100],  # outer corners of the eyes
    263: [258, 103],
    1: [222, 127],  # tip of the nose
    61: [202, 140],  # corners of the mouth
    291: [247, 139],
    152: [224, 177],  # chin
}
FACE_WIDTH = 100


@pytest.fixture(scope="module")
def astronaut() -> Image:
    picture = cv2.imread(str(Path(skimage.data.__file__).with_name("astronaut.png")))
    return np.asarray(picture, dtype=np.uint8)


def opened(runtime: Runtime) -> FaceMesh:
    if runtime == "openvino":
        pytest.importorskip("passerby.inference.open_vino")
    return open_face_mesh(runtime)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("face_width", [24, 32, 50, 100, 200])
def test_points_lie_where_they_belong(astronaut: Image, face_width: int, runtime: Runtime) -> None:
    scale = face_width / FACE_WIDTH
    image = np.asarray(
        cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )

    mesh = opened(runtime).trace(image, BOX * scale, EYES * scale)

    assert mesh.points.shape == (468, 3)
    assert mesh.points.dtype == np.float32
    assert mesh.flag > 0.9
    off = mesh.points[list(SEEN), :2] / scale - np.array(list(SEEN.values()))
    assert (np.linalg.norm(off, axis=1) < 0.06 * FACE_WIDTH).all()


def turned(image: Image, degrees: float) -> tuple[Image, NDArray[np.float64]]:
    """The picture turned clockwise about its middle, and the matrix that does it."""
    matrix = np.asarray(cv2.getRotationMatrix2D((255.5, 255.5), -degrees, 1.0), np.float64)
    return np.asarray(cv2.warpAffine(image, matrix, (512, 512)), np.uint8), matrix


@pytest.mark.parametrize("degrees", [-45, -20, 20, 45])
def test_the_mesh_turns_with_the_face(astronaut: Image, degrees: float) -> None:
    mesh = open_face_mesh()
    upright = mesh.trace(astronaut, BOX, EYES).points[:, :2]
    image, matrix = turned(astronaut, degrees)
    middle = matrix[:, :2] @ [225, 119] + matrix[:, 2]
    eyes = EYES @ matrix[:, :2].T + matrix[:, 2]

    result = mesh.trace(image, np.concatenate([middle - 53, middle + 53]), eyes)

    assert result.flag > 0.9
    expected = upright @ matrix[:, :2].T + matrix[:, 2]
    assert np.linalg.norm(result.points[:, :2] - expected, axis=1).max() < 0.03 * FACE_WIDTH


def test_the_runtimes_agree(astronaut: Image) -> None:
    one, other = (opened(name).trace(astronaut, BOX, EYES) for name in ("onnxruntime", "openvino"))

    assert np.abs(one.points - other.points).max() < 0.05
    assert one.flag == pytest.approx(other.flag, abs=1e-3)


def test_a_wall_is_no_face() -> None:
    wall = np.full((512, 512, 3), 114, np.uint8)

    assert open_face_mesh().trace(wall, BOX, EYES).flag < 0.1


@pytest.mark.parametrize(
    ("box", "eyes"),
    [
        pytest.param([-60, 80, 40, 180], [[-20, 110], [20, 110]], id="half outside"),
        pytest.param([600, 600, 700, 700], [[620, 620], [680, 620]], id="outside"),
        pytest.param([100, 100, 101, 101], [[100, 100], [101, 100]], id="one pixel"),
        pytest.param([100, 100, 100, 100], [[100, 100], [100, 100]], id="nothing"),
    ],
)
def test_any_box_has_an_answer(astronaut: Image, box: list[float], eyes: list[list[float]]) -> None:
    mesh = open_face_mesh().trace(astronaut, np.array(box), np.array(eyes))

    assert np.isfinite(mesh.points).all()
    assert 0 <= mesh.flag <= 1


class Scripted:
    """A session that always gives the same points, and remembers what it was shown."""

    def __init__(self, points: NDArray[np.float32]) -> None:
        self._points = points
        self.shown: list[Image] = []

    def run(self, image: Image) -> Outputs:
        self.shown.append(image)
        return [self._points, np.array([len(self.shown) / 4], np.float32)]


def corners(left: float, top: float, right: float, bottom: float) -> NDArray[np.float32]:
    """A mesh whose points lie in the corners of a box, the eyes level in the upper ones."""
    points = np.full((468, 3), [left, bottom, 0], np.float32)
    points[EYE_CORNERS] = [[left, top, 12], [right, top, 12]]
    return points


def traced(points: NDArray[np.float32], box: list[float], eyes: list[list[float]]) -> Mesh:
    mesh = FaceMesh("scripted", lambda: Scripted(points))
    return mesh.trace(np.zeros((200, 200, 3), np.uint8), np.array(box), np.array(eyes))


def test_the_second_look_is_placed_by_the_first() -> None:
    # First look: 70 pixels around (120, 70). The mesh fills the square's left upper
    # quarter: 35 pixels around (102.5, 52.5). Second look: 52.5 pixels around that.
    mesh = traced(corners(0, 0, 96, 96), [100, 50, 140, 90], [[110, 60], [130, 60]])

    left, top = 102.5 - 52.5 / 2, 52.5 - 52.5 / 2
    half = 52.5 / 2
    expected = [[left, top, 12 * 52.5 / 192], [left + half, top, 12 * 52.5 / 192]]
    np.testing.assert_allclose(mesh.points[EYE_CORNERS], expected, rtol=1e-5)
    np.testing.assert_allclose(mesh.points[0], [left, top + half, 0], rtol=1e-5)


def test_the_flag_is_that_of_the_second_look() -> None:
    mesh = traced(corners(0, 0, 192, 192), [100, 50, 140, 90], [[110, 60], [130, 60]])

    assert mesh.flag == 0.5


def test_the_square_is_turned_with_the_eyes() -> None:
    # The eyes stand one above the other: the head lies on its side, its top to the right.
    mesh = traced(corners(0, 0, 192, 192), [100, 50, 140, 90], [[125, 60], [125, 80]])

    # Both looks around (120, 70); the second is 105 pixels wide.
    np.testing.assert_allclose(mesh.points[EYE_CORNERS, :2], [[172.5, 17.5], [172.5, 122.5]])
    np.testing.assert_allclose(mesh.points[0, :2], [67.5, 17.5])


@pytest.fixture(scope="module")
def noise() -> Image:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def test_a_square_of_the_networks_size_is_cut_as_it_is(noise: Image) -> None:
    cut = _Square(np.array([96.0, 96]), SIDE, 0.0).crop_from(noise)

    np.testing.assert_array_equal(cut, noise)


def test_a_lying_square_is_turned_upright(noise: Image) -> None:
    cut = _Square(np.array([96.0, 96]), SIDE, math.pi / 2).crop_from(noise)

    np.testing.assert_array_equal(cut, np.rot90(noise))


def test_beyond_the_border_the_borders_pixels_go_on(noise: Image) -> None:
    cut = _Square(np.array([0.0, 96]), SIDE, 0.0).crop_from(noise)

    np.testing.assert_array_equal(cut[:, 96:], noise[:, :96])
    np.testing.assert_array_equal(cut[:, :96], np.repeat(noise[:, :1], 96, axis=1))


def test_identity_names_network_and_runtime() -> None:
    identity = open_face_mesh("onnxruntime").identity

    assert identity.startswith("face-mesh@sha256:")
    assert identity.endswith("/onnxruntime-float32")

"""Find 468 points of a face.

The network expects a face upright in the middle of a square. A detector's box is not
placed well enough for that, so it runs twice: the first mesh places the square for the
second.

Source: Y. Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs", 2019, https://arxiv.org/abs/1907.06724. The points are numbered as in
MediaPipe's canonical face model.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.inference import weights
from passerby.inference.execution import choose_execution
from passerby.inference.session import Device, Image, Runtime, Session
from passerby.inference.session_cache import cache_sessions

SHIPPED_NETWORK = "face-mesh"

# Side of the picture that the network takes, pixels.
SIDE = 192

# Points at the outer corners of the eyes, the left one in the picture first.
EYE_CORNERS = [33, 263]

# Side of the square, in sides of the detector's box, then of the box around the mesh.
# With 1.75 at first, 17 of 28 faces of street scenes reached a flag of 0.5 in the end,
# with 1.5 it were 15, with 1.0 it were 9 (2026-11). 1.5 is what MediaPipe uses.
BOX_MARGIN = 1.75
MESH_MARGIN = 1.5

# Pixels of the image; a smaller square would show nothing.
SMALLEST_SQUARE = 1.0

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Mesh:
    """The points of one face, and the confidence that there is one."""

    # (468, 3) x, y in pixels of the image; depth at the same scale, less is nearer.
    points: NDArray[np.float32]
    # In [0, 1]: confidence that there is a face, well placed. Of 11 things in street scenes
    # that the detector took for a face none reached 0.1; but neither did any of 19 faces seen
    # from the side, and 11 of 28 others: small or blurred ones (2026-11).
    flag: float


class FaceMesh:
    """Fits the mesh to faces; may be called from several threads at once.

    Parameters
    ----------
    identity : str
        Names network, runtime and number format: everything that determines the result.
    open_session : callable
        Gives the `Session`; called at the first face.
    """

    def __init__(self, identity: str, open_session: Callable[[], Session]) -> None:
        self.identity = identity
        self._session = cache_sessions(open_session)

    def trace(self, image: Image, xyxy: Points, eyes: Points) -> Mesh:
        """Fit the mesh to one face.

        Parameters
        ----------
        image : (h, w, 3) uint8 array, BGR
        xyxy : (4,) float array, pixels of `image`
            The face's box, as the detector gave it; it may reach beyond the border.
        eyes : (2, 2) float array, pixels of `image`
            The eye on the left of the picture, then the one on the right.
        """
        rough = self._run(image, _square_around_box(xyxy, eyes))
        return self._run(image, _square_around_mesh(rough.points[:, :2]))

    def _run(self, image: Image, square: "_Square") -> Mesh:
        points, flag = self._session().run(square.crop_from(image))
        return Mesh(square.to_image(points), float(flag[0]))


def open_face_mesh(
    runtime: Runtime = "auto", device: Device = "cpu", concurrency: int = 1
) -> FaceMesh:
    """Build the mesh with the network that ships; its file is read at the first face.

    Parameters and errors as in `detector.open_face_detector`.
    """
    execution = choose_execution(weights.find(SHIPPED_NETWORK), runtime, device)
    return FaceMesh(execution.identity, partial(execution.open_session, SIDE, SIDE, concurrency))


@dataclass(frozen=True)
class _Square:
    """A part of an image, turned so that the eyes lie level."""

    centre: Points  # (2,) pixels of the image
    side: float
    angle: float  # radians, clockwise

    def crop_from(self, image: Image) -> Image:
        """Cut the square out of an image, (192, 192, 3), its border pixels repeated beyond it."""
        turned = _rotation(-self.angle) * (SIDE / self.side)
        shift = SIDE / 2 - turned @ self.centre
        # Here a pixel's middle is half a pixel from its edge; to OpenCV it is at 0.
        shift += turned @ [0.5, 0.5] - 0.5
        matrix = np.hstack([turned, shift[:, None]])
        cut = cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cut, np.uint8)

    def to_image(self, points: Points) -> NDArray[np.float32]:
        """Convert (n, 3) points from pixels of the crop to pixels of the image, depth alike."""
        scaled = np.asarray(points, np.float64) * (self.side / SIDE)
        scaled[:, :2] = (scaled[:, :2] - self.side / 2) @ _rotation(self.angle).T + self.centre
        return scaled.astype(np.float32)


def _square_around_box(xyxy: Points, eyes: Points) -> _Square:
    left_top, right_bottom = np.asarray(xyxy, np.float64).reshape(2, 2)
    side = float((right_bottom - left_top).max()) * BOX_MARGIN
    return _Square((left_top + right_bottom) / 2, max(side, SMALLEST_SQUARE), _slope(eyes))


def _square_around_mesh(points: Points) -> _Square:
    angle = _slope(points[EYE_CORNERS])
    upright = np.asarray(points, np.float64) @ _rotation(-angle).T
    low, high = upright.min(axis=0), upright.max(axis=0)
    side = float((high - low).max()) * MESH_MARGIN
    return _Square(_rotation(angle) @ ((low + high) / 2), max(side, SMALLEST_SQUARE), angle)


def _slope(eyes: Points) -> float:
    """Return the slope of the line from the left eye to the right one: radians, > 0 downwards."""
    across, down = (eyes[1] - eyes[0]).tolist()
    return math.atan2(down, across)


def _rotation(angle: float) -> NDArray[np.float64]:
    """Return the (2, 2) matrix that turns points clockwise, as y points down."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])

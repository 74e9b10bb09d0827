"""Detectors without a network, of the coloured boxes of `moving_boxes` and their heads."""

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.records import Detections, Faces
from passerby.testing.clips import BOX_COLOURS, Image
from passerby.testing.faces import frontal_faces

# Grey levels by which compression and scaling may change a colour; two of the
# colours, or one of them and any grey, differ by more than twice as much.
TOLERANCE = 40

# Edges blend with the background and a codec smears them: fewer pixels of a
# colour than this in a row or column are not counted as box.
FEWEST_PIXELS = 3


class ColourDetector:
    """Detector of persons in one of `BOX_COLOURS`, at most one of each colour."""

    identity = "coloured boxes"

    def detect(self, image: Image) -> Detections:
        """Bound the pixels of each colour; the parameters are those of `Detector`.

        A box is the surer the fewer of its pixels are hidden.
        """
        masks = (_near(image, np.array(colour)) for colour in BOX_COLOURS)
        found = [box for mask in masks if (box := _bounds(mask))]
        found.sort(reverse=True)
        table = np.array(found, np.float32).reshape(-1, 5)
        return Detections(xyxy=table[:, 1:], confidence=table[:, 0])


class HeadFinder:
    """Face finder that finds a face, a third as wide and an eighth as high, atop each person."""

    identity = "heads"

    def find(self, image: Image, persons: NDArray[np.float32]) -> Faces:
        """Make frontal faces as bright as the picture; the parameters are those of `FaceFinder`."""
        left, top, right, bottom = persons.T
        third, eighth = (right - left) / 3, (bottom - top) / 8
        heads = np.stack([left + third, top, right - third, top + eighth], axis=1)
        faces = frontal_faces(heads)
        faces.quality[:, 0] = [_brightness(image, head) for head in heads]
        return faces


def _brightness(image: Image, xyxy: NDArray[np.float32]) -> float:
    """Average the pixels in a box, in [0, 100]; 0 outside of the picture."""
    left, top, right, bottom = np.maximum(np.rint(xyxy), 0).astype(int)
    inside = image[top:bottom, left:right]
    return float(inside.mean()) / 2.55 if inside.size else 0.0


def _near(image: Image, colour: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Mask the pixels, (h, w), that differ from a colour by at most `TOLERANCE`."""
    mask: NDArray[np.bool_] = cv2.inRange(image, colour - TOLERANCE, colour + TOLERANCE) > 0
    return mask


def _bounds(mask: NDArray[np.bool_]) -> tuple[float, int, int, int, int] | None:
    """Find the box around set pixels and the share of them in it; None without any."""
    columns = np.flatnonzero(np.count_nonzero(mask, axis=0) >= FEWEST_PIXELS)
    rows = np.flatnonzero(np.count_nonzero(mask, axis=1) >= FEWEST_PIXELS)
    if not len(columns) or not len(rows):
        return None
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    return float(mask[top:bottom, left:right].mean()), left, top, right, bottom

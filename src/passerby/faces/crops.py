"""Cut the squares that are searched for faces out of a frame.

A face is small beside a person: it is searched for close up, in the upper part of each
person, and once more from afar, in the whole frame, where a head may fill the picture
without a body to be seen. Small squares share a picture, four in one: they lose hardly a
pixel by it, and each picture costs a run of the network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.boxes import suppress
from passerby.faces.detector import SIDE
from passerby.inference.session import Image

# The square around a person's head, in widths and heights of the body's box: it holds
# the head in any usual pose, and little else.
HEAD_CROP_WIDTH, HEAD_CROP_HEIGHT = 1.1, 0.42
HEAD_CROP_ABOVE = 0.08  # of the height, over the top of the box

# Side of the smallest such square, pixels: a face is a third of it, and one of less than
# 16 pixels says little.
MIN_HEAD_CROP = 48

# Crops that share so much of their area (IoU) show the same.
SAME_CROP_IOU = 0.7

# Crops up to this side share a picture, pixels: half as much again as their part of it.
# Where larger ones shared one as well, faces were lost that anybody sees (2026-11).
SMALL_CROP = 144
PARTS = 2  # a picture's side is cut into so many


class Crop(NamedTuple):
    """A square of the frame in whole pixels; it may reach beyond the border."""

    left: int
    top: int
    side: int
    is_person: bool  # the head of a person; else the whole frame

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the square, pixels of the frame."""
        return self.left + self.side / 2, self.top + self.side / 2

    def intersects(self, image: Image) -> bool:
        """Whether the square holds any pixel of `image`."""
        height, width = image.shape[:2]
        return bool(-self.side < self.left < width and -self.side < self.top < height)


@dataclass(frozen=True)
class Mosaic:
    """A picture of the detector's size: one crop, or up to four small ones."""

    crops: Sequence[Crop]

    def render(self, image: Image) -> Image:
        """Draw the crops of `image`, (SIDE, SIDE, 3), black beside them."""
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        for crop, (left, top) in zip(self.crops, self._corners(), strict=False):
            picture[top : top + self.part, left : left + self.part] = crop_image(
                image, crop, self.part
            )
        return picture

    def locate(self, point: NDArray[np.floating]) -> tuple[Crop, NDArray[np.float32]] | None:
        """Find the crop that shows a point (2,) of the picture, and its corner there (2,)."""
        for crop, corner in zip(self.crops, self._corners(), strict=False):
            begin = np.array(corner, np.float32)
            if ((begin <= point) & (point < begin + self.part)).all():
                return crop, begin
        return None

    @property
    def part(self) -> int:
        """Side of a crop in the picture, pixels."""
        return SIDE if len(self.crops) == 1 else SIDE // PARTS

    def _corners(self) -> list[tuple[int, int]]:
        steps = range(0, SIDE, self.part)
        return [(left, top) for top in steps for left in steps]


def pack_crops(crops: Sequence[Crop]) -> Iterator[Mosaic]:
    """Distribute crops over pictures, small ones together."""
    small = [crop for crop in crops if crop.side <= SMALL_CROP]
    yield from (Mosaic([crop]) for crop in crops if crop.side > SMALL_CROP)
    for first in range(0, len(small), PARTS**2):
        yield Mosaic(small[first : first + PARTS**2])


def head_crops(persons: NDArray[np.float32]) -> list[Crop]:
    """Place squares around the heads of `persons` (N, 4), only one where they show the same."""
    size = persons[:, 2:] - persons[:, :2]
    side = np.maximum(HEAD_CROP_WIDTH * size[:, 0], HEAD_CROP_HEIGHT * size[:, 1])
    left = (persons[:, 0] + persons[:, 2] - side) / 2
    top = persons[:, 1] - HEAD_CROP_ABOVE * size[:, 1]
    largest = np.argsort(-side, kind="stable")
    largest = largest[side[largest] >= MIN_HEAD_CROP]
    squares = np.stack([left, top, left + side, top + side], axis=1)[largest]
    distinct = np.rint(squares[suppress(squares, SAME_CROP_IOU)]).astype(int).tolist()
    return [Crop(x, y, right - x, is_person=True) for x, y, right, _ in distinct]


def frame_crop(width: int, height: int) -> Crop:
    """Place a square around the whole frame."""
    side = max(width, height)
    return Crop((width - side) // 2, (height - side) // 2, side, is_person=False)


def crop_image(image: Image, crop: Crop, side: int = SIDE) -> Image:
    """Cut a square out of a frame, scaled to (side, side, 3) and black beyond the border."""
    height, width = image.shape[:2]
    low = np.maximum([crop.left, crop.top], 0)
    high = np.minimum([crop.left + crop.side, crop.top + crop.side], [width, height])
    corner = np.array([crop.left, crop.top])
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    # The place of that part of the frame in the picture, at least a pixel of it.
    shown = np.rint(np.stack([low - corner, high - corner]) * (side / crop.side)).astype(int)
    (x, y), (x_end, y_end) = np.minimum(shown[0], side - 1).tolist(), shown[1].tolist()
    size = (max(x_end - x, 1), max(y_end - y, 1))
    interpolation = cv2.INTER_AREA if crop.side > side else cv2.INTER_LINEAR
    picture = np.zeros((side, side, 3), np.uint8)
    picture[y : y + size[1], x : x + size[0]] = cv2.resize(
        image[top:bottom, left:right], size, interpolation=interpolation
    )
    return picture

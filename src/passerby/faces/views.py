"""Which squares of a frame are looked at for faces, and the pictures made of them.

A face is small beside a person: it is looked for close up, in the upper part of each
person, and once more from afar, in the whole frame, where a head may fill the picture
without a body to be seen. Small squares share a picture, four in one: they lose hardly a
pixel by it, and a look is what costs.
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
VIEW_WIDTH, VIEW_HEIGHT = 1.1, 0.42
VIEW_ABOVE = 0.08  # of the height, over the top of the box

# Side of the smallest such square, pixels: a face is a third of it, and one of less than
# 16 pixels says little.
LEAST_HEAD_VIEW = 48

# Views that share so much of their area (IoU) show the same.
SAME_VIEW = 0.7

# Views up to this side share a picture, pixels: half as much again as their part of it.
# Where larger ones shared one as well, faces were lost that anybody sees (2026-11).
SMALL_VIEW = 144
PARTS = 2  # a picture's side is cut into so many


class View(NamedTuple):
    """A square of the frame that is looked at, whole pixels; it may reach beyond the border."""

    left: int
    top: int
    side: int
    is_person: bool  # the head of a person; else the whole frame

    @property
    def middle(self) -> tuple[float, float]:
        """Centre, pixels of the frame."""
        return self.left + self.side / 2, self.top + self.side / 2

    def meets(self, image: Image) -> bool:
        """Whether any pixel of `image` is in it."""
        height, width = image.shape[:2]
        reaches_in = -self.side < self.left < width and -self.side < self.top < height
        return bool(reaches_in)


@dataclass(frozen=True)
class Sheet:
    """A picture of the detector's size: one view, or up to four small ones."""

    views: Sequence[View]

    def picture(self, image: Image) -> Image:
        """(SIDE, SIDE, 3) what the views show; black where there is none."""
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        for view, (left, top) in zip(self.views, self._corners(), strict=False):
            picture[top : top + self.part, left : left + self.part] = cut_out(
                image, view, self.part
            )
        return picture

    def place(self, middle: NDArray[np.floating]) -> tuple[View, NDArray[np.float32]] | None:
        """The view that shows a point (2,) of the picture, and where it begins there (2,)."""
        for view, corner in zip(self.views, self._corners(), strict=False):
            begin = np.array(corner, np.float32)
            if ((begin <= middle) & (middle < begin + self.part)).all():
                return view, begin
        return None

    @property
    def part(self) -> int:
        """Side of a view in the picture, pixels."""
        return SIDE if len(self.views) == 1 else SIDE // PARTS

    def _corners(self) -> list[tuple[int, int]]:
        steps = range(0, SIDE, self.part)
        return [(left, top) for top in steps for left in steps]


def sheets(views: Sequence[View]) -> Iterator[Sheet]:
    """Lay out views, small ones together."""
    small = [view for view in views if view.side <= SMALL_VIEW]
    yield from (Sheet([view]) for view in views if view.side > SMALL_VIEW)
    for first in range(0, len(small), PARTS**2):
        yield Sheet(small[first : first + PARTS**2])


def head_views(persons: NDArray[np.float32]) -> list[View]:
    """Squares around the heads of `persons` (N, 4), those that show the same only once."""
    size = persons[:, 2:] - persons[:, :2]
    side = np.maximum(VIEW_WIDTH * size[:, 0], VIEW_HEIGHT * size[:, 1])
    left = (persons[:, 0] + persons[:, 2] - side) / 2
    top = persons[:, 1] - VIEW_ABOVE * size[:, 1]
    largest = np.argsort(-side, kind="stable")
    largest = largest[side[largest] >= LEAST_HEAD_VIEW]
    squares = np.stack([left, top, left + side, top + side], axis=1)[largest]
    kept = np.rint(squares[suppress(squares, SAME_VIEW)]).astype(int).tolist()
    return [View(x, y, right - x, is_person=True) for x, y, right, _ in kept]


def frame_view(width: int, height: int) -> View:
    """The square around the whole frame."""
    side = max(width, height)
    return View((width - side) // 2, (height - side) // 2, side, is_person=False)


def cut_out(image: Image, view: View, side: int = SIDE) -> Image:
    """(side, side, 3) what the view shows; black beyond the frame's border."""
    height, width = image.shape[:2]
    low = np.maximum([view.left, view.top], 0)
    high = np.minimum([view.left + view.side, view.top + view.side], [width, height])
    corner = np.array([view.left, view.top])
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    # Where that part of the frame lies in the picture; at least a pixel of it is shown.
    shown = np.rint(np.stack([low - corner, high - corner]) * (side / view.side)).astype(int)
    (x, y), (x_end, y_end) = np.minimum(shown[0], side - 1).tolist(), shown[1].tolist()
    size = (max(x_end - x, 1), max(y_end - y, 1))
    how = cv2.INTER_AREA if view.side > side else cv2.INTER_LINEAR
    picture = np.zeros((side, side, 3), np.uint8)
    picture[y : y + size[1], x : x + size[0]] = cv2.resize(
        image[top:bottom, left:right], size, interpolation=how
    )
    return picture

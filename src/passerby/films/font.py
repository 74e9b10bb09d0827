"""Smooth text in pictures, of a size that is known beforehand.

The typeface is the one inside OpenCV, so that pictures look the same on every
machine.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.films.palette import Colour

TYPEFACE = "sans"  # Rubik, built into OpenCV
# Height of a digit and of a capital letter, as a share of the size: measured.
CAP_HEIGHT = 0.75


@dataclass(frozen=True)
class Font:
    """A size and weight of the typeface."""

    size: int  # pixels from line to line
    weight: int = 400  # 100 thin, 400 regular, 600 semibold, 800 bold

    @property
    def cap_height(self) -> int:
        """Height of digits and capitals above the baseline, pixels."""
        return round(CAP_HEIGHT * self.size)

    def width(self, text: str) -> int:
        """Pixels that a line of text takes up."""
        face = cv2.FontFace(TYPEFACE)
        left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), face, self.size, self.weight)
        return int(left + width)

    def write(
        self, image: NDArray[np.uint8], text: str, start: tuple[int, int], colour: Colour
    ) -> None:
        """Write one line into `image`, from the left end of its baseline at `start` (x, y)."""
        cv2.putText(image, text, start, colour, cv2.FontFace(TYPEFACE), self.size, self.weight)

"""Sample the frames of a video with OpenCV, at the ticks that passerby samples."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (h, w, 3) BGR

# OpenCV tells 29.97 as a float; every usual rate is a whole number over one below this.
LARGEST_DENOMINATOR = 1001


def sample_frames(video: Path, rate: Fraction) -> Iterator[tuple[int, Image]]:
    """Yield number, from 0, and picture of the frames at `rate` a second; skip the others.

    A skipped frame is decoded but not converted: `grab` without `retrieve`.
    """
    capture = cv2.VideoCapture(str(video))
    frame_rate = Fraction(capture.get(cv2.CAP_PROP_FPS)).limit_denominator(LARGEST_DENOMINATOR)
    index = 0
    while capture.grab():
        if has_tick(index, frame_rate, rate):
            yield index, np.asarray(capture.retrieve()[1], np.uint8)
        index += 1
    capture.release()


def has_tick(index: int, frame_rate: Fraction, rate: Fraction) -> bool:
    """Tell whether a clock of `rate` ticks while frame `index`, from 0, is shown.

    Examples
    --------
    >>> [index for index in range(8) if has_tick(index, Fraction(25), Fraction(15))]
    [0, 1, 3, 5, 6]
    """
    return (index * rate / frame_rate).__ceil__() < (index + 1) * rate / frame_rate

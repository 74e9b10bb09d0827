"""Fit a smooth course to the detections of one person, without lag and through gaps.

A stored video is known on both sides of every instant, so a course is not
filtered but fitted: the boxes that deviate least from the detections, and change
velocity least. Weak detections (half a person behind a car) count for less.

Sources: E. T. Whittaker, "On a new method of graduation", Proc. Edinburgh Math.
Soc. 41, 1923; P. H. C. Eilers, "A perfect smoother", Analytical Chemistry 75(14),
2003.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import Rows

Floats = NDArray[np.float64]

# Seconds over which a course may bend; sizes change slower than places. Measured on
# 2026-12-01: mean HOTA on virtual footage (`benchmarks/virtual_camera.py`) 65.7 with 0.13
# and 0.3, 65.8 with these; on given detections of the three sequences 64.8 and 64.9.
PLACE_STIFFNESS, SIZE_STIFFNESS = 0.16, 0.4


@dataclass(frozen=True)
class Course:
    """Boxes of one person on every analysed frame from first to last seen."""

    first_frame: int  # position of the first analysed frame
    cxcywh: Floats  # (n, 4) stabilised pixels


def fit_course(detections: StabilisedDetections, rows: Rows) -> Course:
    """Fit a course through the detections at `rows`, which are of one person."""
    frames = detections.frame_of[rows]
    first, last = int(frames[0]), int(frames[-1])
    seen, seconds = frames - first, detections.seconds[first : last + 1]
    boxes, weight = np.zeros((last - first + 1, 4)), np.zeros(last - first + 1)
    boxes[seen] = detections.cxcywh[rows]
    weight[seen] = detections.confidence[rows] ** 2
    place = whittaker_smooth(seconds, boxes[:, :2], weight, PLACE_STIFFNESS)
    size = whittaker_smooth(seconds, boxes[:, 2:], weight, SIZE_STIFFNESS)
    return Course(first, np.hstack([place, size]))


def whittaker_smooth(seconds: Floats, values: Floats, weight: Floats, stiffness: float) -> Floats:
    """Minimise weighted deviation plus bending, for each column by itself.

    Parameters
    ----------
    seconds : (n,) strictly increasing
    values : (n, C)
    weight : (n,)
        0 where nothing was seen; the first and last must have some.
    stiffness : float, seconds

    Returns
    -------
    (n, C) array
    """
    if len(seconds) < 3:  # noqa: PLR2004 - two points have no bend
        return values.copy()
    steps = np.diff(seconds)
    before, after = steps[:-1], steps[1:]
    bend = np.stack([1 / before, -1 / before - 1 / after, 1 / after])
    bend *= np.sqrt(2 / (before + after) * stiffness**3 / np.median(steps))
    # (W + BᵀB) x = W values, B the (n - 2, n) matrix of second differences whose three
    # diagonals are `bend`: five diagonals, of which the solver wants the upper three.
    banded = np.zeros((3, len(seconds)))
    banded[2] = weight
    for offset in range(3):
        banded[2, offset : len(seconds) - 2 + offset] += bend[offset] ** 2
    banded[1, 1:-1] += bend[0] * bend[1]
    banded[1, 2:] += bend[1] * bend[2]
    banded[0, 2:] += bend[0] * bend[2]
    solution: Floats = solveh_banded(banded, weight[:, None] * values, check_finite=False)
    return solution

"""The course of one person: smooth, without lag, through the gaps.

A stored video is known on both sides of every instant, so a course is not
filtered but fitted: the boxes that deviate least from the detections, and change
velocity least. Detections that disagree with their neighbours (half a person
behind a car) count for less.

Sources: E. T. Whittaker, "On a new method of graduation", Proc. Edinburgh Math.
Soc. 41, 1923; P. H. C. Eilers, "A perfect smoother", Analytical Chemistry 75(14),
2003; the weights are those of P. J. Huber, "Robust estimation of a location
parameter", Ann. Math. Stat. 35(1), 1964.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from passerby.tracking.steady import Steady
from passerby.tracking.tracklets import Rows

Floats = NDArray[np.float64]

# Seconds over which a course may bend: place, then size, which changes slower.
# Measured on the three sequences of the benchmark, 2026-11-21.
STIFFNESS_SECONDS = (0.09, 0.09, 0.2, 0.2)
# Deviation from the course, in body heights, from which a detection loses weight.
TOLERANCE = 0.06
REWEIGHTINGS = 2


@dataclass(frozen=True)
class Course:
    """Boxes of one person on every analysed frame from first to last seen."""

    first_frame: int  # position of the first analysed frame
    cxcywh: Floats  # (n, 4) steady pixels


def fit_course(view: Steady, rows: Rows) -> Course:
    """Fit a course through the detections at `rows`, which are of one person."""
    frames = view.frame_of[rows]
    first, last = int(frames[0]), int(frames[-1])
    seen, seconds = frames - first, view.seconds[first : last + 1]
    boxes = np.zeros((last - first + 1, 4))
    boxes[seen] = view.cxcywh[rows]
    weight = np.zeros_like(boxes)
    weight[seen] = view.confidence[rows, None] ** 2
    tolerance = TOLERANCE * max(float(np.median(boxes[seen, 3])), 1.0)

    full_weight = weight[seen].copy()
    smooth = graduate(seconds, boxes, weight)
    for _ in range(REWEIGHTINGS):
        deviation = np.abs(smooth[seen] - boxes[seen])
        weight[seen] = full_weight * np.minimum(1, tolerance / np.maximum(deviation, 1e-9))
        smooth = graduate(seconds, boxes, weight)
    return Course(first, smooth)


def graduate(seconds: Floats, boxes: Floats, weight: Floats) -> Floats:
    """Minimise weighted deviation plus bending, for each column by itself.

    Parameters
    ----------
    seconds : (n,) strictly increasing
    boxes, weight : (n, 4)
        Weight 0 where nothing was seen; the first and last row must have some.

    Returns
    -------
    (n, 4) array
    """
    if len(seconds) < 3:  # noqa: PLR2004 - two points have no bend
        return boxes.copy()
    before, after = np.diff(seconds)[:-1], np.diff(seconds)[1:]
    bend = np.stack([1 / before, -1 / before - 1 / after, 1 / after])
    bend *= np.sqrt(2 / (before + after))
    step = float(np.median(np.diff(seconds)))
    columns = [
        _solve(boxes[:, column], weight[:, column], bend * np.sqrt(stiffness**3 / step))
        for column, stiffness in enumerate(STIFFNESS_SECONDS)
    ]
    return np.stack(columns, axis=1)


def _solve(values: Floats, weight: Floats, bend: Floats) -> Floats:
    """Solve (W + BᵀB) x = W values, B the (n - 2, n) matrix of second differences.

    `bend` holds the three diagonals of B, so the matrix has five.
    """
    banded = np.zeros((3, len(values)))  # upper diagonals, as solveh_banded wants them
    banded[2] = weight
    for offset in range(3):
        banded[2, offset : len(values) - 2 + offset] += bend[offset] ** 2
    banded[1, 1:-1] += bend[0] * bend[1]
    banded[1, 2:] += bend[1] * bend[2]
    banded[0, 2:] += bend[0] * bend[2]
    solution: Floats = solveh_banded(banded, weight * values, check_finite=False)
    return solution

"""Convert between labels of detections and the rows of each label.

Association and stitching answer with a label for each detection: the number of its
tracklet or person, or `NOBODY`.
"""

import numpy as np
from numpy.typing import NDArray

NOBODY = -1

Rows = NDArray[np.int64]


def rows_by_label(label_of: NDArray[np.int64]) -> list[Rows]:
    """List the rows of each label, ascending, in order of the labels; `NOBODY` left out.

    Detections are stored in time order, so ascending rows are a path in time.

    Examples
    --------
    >>> rows_by_label(np.array([7, NOBODY, 3, 7]))
    [array([2]), array([0, 3])]
    """
    rows = np.flatnonzero(label_of != NOBODY)
    rows = rows[np.argsort(label_of[rows], kind="stable")]
    borders = np.flatnonzero(np.diff(label_of[rows])) + 1
    return np.split(rows, borders) if len(rows) else []


def label_rows(groups: list[Rows], count: int) -> NDArray[np.int64]:
    """Label each group's rows with its position in the list; the inverse of `rows_by_label`."""
    label_of = np.full(count, NOBODY)
    for label, rows in enumerate(groups):
        label_of[rows] = label
    return label_of

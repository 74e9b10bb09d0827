"""Which of several boxes around the same thing stays."""

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import Boxes, iou


def suppress(xyxy: Boxes, iou_limit: float) -> NDArray[np.intp]:
    """Keep a box unless a better one that is kept overlaps it (non-maximum suppression).

    Parameters
    ----------
    xyxy : (N, 4) float array, best first
    iou_limit : float in [0, 1]
        Overlap above which the worse of two boxes goes; at the limit it stays.

    Returns
    -------
    (K,) int array
        Rows that stay, ascending.

    Examples
    --------
    >>> suppress(np.array([[0.0, 0, 2, 2], [0, 0, 2, 2.1], [1, 0, 3, 2]]), 0.6)
    array([0, 2])
    """
    overlaps = iou(xyxy, xyxy) > iou_limit
    kept = np.ones(len(xyxy), dtype=np.bool_)
    for row in range(len(xyxy)):
        if kept[row]:
            kept[row + 1 :] &= ~overlaps[row, row + 1 :]
    return np.flatnonzero(kept)

"""Find the boxes that reach the border of the picture."""

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import Boxes

# Of the box's height: detectors end a box that is cut by the border this near to it.
TOUCHING = 0.02


def at_border(xyxy: Boxes, width: int, height: int) -> NDArray[np.bool_]:
    """Find the borders that each box touches.

    Parameters
    ----------
    xyxy : (N, 4) array, pixels
    width, height : int
        Of the upright frame, pixels.

    Returns
    -------
    (N, 4) bool
        Left, top, right, bottom.
    """
    near = TOUCHING * (xyxy[:, 3:] - xyxy[:, 1:2])
    return np.hstack([xyxy[:, :2] <= near, xyxy[:, 2:] >= np.array([width, height]) - near])

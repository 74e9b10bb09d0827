"""Turn and mirror stored pictures so that they stand upright.

A container may carry a display matrix: a phone held upright stores its picture
lying, and how to turn it. Source: ISO/IEC 14496-12, section 8.3.2 (`matrix` of
the track header), in the form FFmpeg hands it on (libavutil/display.h).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """One of the eight orientations of a rectangle: first transposed, then mirrored."""

    is_transposed: bool
    is_mirrored: bool  # left and right change places
    is_flipped: bool  # top and bottom change places

    def apply(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn a stored picture, (h, w) or (h, w, 3), upright; contiguous in memory."""
        upright = np.swapaxes(stored, 0, 1) if self.is_transposed else stored
        if self.is_mirrored:
            upright = upright[:, ::-1]
        if self.is_flipped:
            upright = upright[::-1]
        return np.ascontiguousarray(upright)


UPRIGHT = Orientation(is_transposed=False, is_mirrored=False, is_flipped=False)


def orientation(matrix: NDArray[np.int32]) -> Orientation:
    """Find the orientation nearest to a display matrix.

    Parameters
    ----------
    matrix : (9,) int32
        a, b, u, c, d, v, x, y, w: the stored point (p, q) is shown at
        (a p + c q, b p + d q), moved into view.

    Examples
    --------
    A quarter turn counter-clockwise:

    >>> orientation(np.array([0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30], np.int32))
    Orientation(is_transposed=True, is_mirrored=False, is_flipped=True)
    """
    a, b, _, c, d = matrix[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(is_transposed=False, is_mirrored=a < 0, is_flipped=d < 0)
    return Orientation(is_transposed=True, is_mirrored=c < 0, is_flipped=b < 0)


def rotation(degrees: int) -> Orientation:
    """Return the orientation that turns a picture counter-clockwise by quarters.

    Examples
    --------
    >>> rotation(-180)
    Orientation(is_transposed=False, is_mirrored=True, is_flipped=True)
    """
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[round(degrees / 90) % 4]
    return orientation(np.array([cosine, -sine, 0, sine, cosine, 0, 0, 0, 1], np.int32))

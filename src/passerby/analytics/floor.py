"""The homography from the picture to the floor, from four points.

Source: R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition,
2004, algorithm 4.2 (the normalised direct linear transformation).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from passerby.errors import PlacesError

Floats = NDArray[np.float64]

CORNERS = 4
# The least height of a triangle of three of the points, as a share of its longest side.
# At a side of 1000 pixels, a point that is a pixel off changes that height by a tenth.
LEAST_HEIGHT = 0.01


@dataclass(frozen=True)
class Floor:
    """The floor plan's view of the picture."""

    matrix: Floats  # (3, 3) pixels → metres, homogeneous; third coordinate > 0 on the floor

    def to_metres(self, points: Floats) -> Floats:
        """(N, 2) pixels → (N, 2) metres; NaN for points at or beyond the floor's horizon."""
        x, y, depth = self.matrix @ np.concatenate([points.T, np.ones((1, len(points)))])
        depth = np.where(depth > 0, depth, np.nan)
        return np.stack([x / depth, y / depth], axis=1)


def fit_floor(pixels: Floats, metres: Floats) -> Floor:
    """Find the homography that takes four points of the picture to four of the floor plan.

    Parameters
    ----------
    pixels, metres : (4, 2) float64
        The same points of the floor, in the same order.

    Raises
    ------
    PlacesError
        If three of them lie on a line, or so nearly that the rest is a guess; or if the
        horizon would pass between them, as when two of them are exchanged.
    """
    for points, unit in ((pixels, "pixels"), (metres, "metres")):
        _check_spread(points, unit)
    from_pixels, from_metres = _normalisation(pixels), _normalisation(metres)
    normal = _solve(_apply(from_pixels, pixels), _apply(from_metres, metres))
    matrix = np.linalg.inv(from_metres) @ normal @ from_pixels
    depth = matrix[2, :2] @ pixels.T + matrix[2, 2]
    if not (np.all(depth > 0) or np.all(depth < 0)):
        raise PlacesError(
            "floor: the horizon would pass between the four points; "
            "pixels and metres must name the same points in the same order"
        )
    return Floor(matrix * np.sign(depth[0]) / np.abs(depth).max())


def _check_spread(points: Floats, unit: str) -> None:
    for chosen in combinations(range(CORNERS), 3):
        one, two, three = points[list(chosen)]
        sides = np.linalg.norm([two - one, three - two, one - three], axis=1)
        doubled_area = abs((two - one)[0] * (three - one)[1] - (two - one)[1] * (three - one)[0])
        if doubled_area <= LEAST_HEIGHT * sides.max() ** 2:
            named = ", ".join(str(number + 1) for number in chosen)
            raise PlacesError(f"floor: points {named} of {unit} lie on a line, or nearly so")


def _normalisation(points: Floats) -> Floats:
    """(3, 3) similarity: centroid to the origin, mean distance from it to √2."""
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.linalg.norm(points - centre, axis=1).mean()
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _apply(similarity: Floats, points: Floats) -> Floats:
    applied: Floats = points @ similarity[:2, :2].T + similarity[:2, 2]
    return applied


def _solve(source: Floats, target: Floats) -> Floats:
    """(3, 3) homography from four points to four: the null vector of eight equations."""
    equations = []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist(), strict=True):
        equations.append([x, y, 1, 0, 0, 0, -u * x, -u * y, -u])
        equations.append([0, 0, 0, x, y, 1, -v * x, -v * y, -v])
    null: Floats = np.linalg.svd(np.array(equations, np.float64))[2][-1]
    return null.reshape(3, 3)

"""The position of points and straight steps relative to polygons.

All of it works on many points and one polygon at a time, in float64: exact where
coordinates are multiples of a quarter of a pixel below a million, as boxes' mostly are not.
What depends on rounding is therefore asked in one way only, so that no point is lost
between two polygons that share an edge.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# How far beyond its ends an edge still cuts, as a share of its length. A cut too many
# does no harm, see `cuts`; one that rounding loses at a corner would.
BEYOND_ENDS = 1e-9


def cross(first: Floats, second: Floats) -> Floats:
    """Cross product of two-dimensional vectors, (..., 2) each.

    Above 0 where `second` points to the right of `first` on the screen (y downwards).
    """
    product: Floats = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return product


def contains(polygon: Floats, points: Floats) -> Bools:
    """Check whether points, (N,), lie in a polygon, by the even-odd rule.

    Of the border, the left and upper parts belong to the polygon and the right and lower
    ones do not: polygons that tile the plane hold each point exactly once.

    Parameters
    ----------
    polygon : (K, 2) float64
        Corners in turn; the last is joined to the first. Edges may cross each other.
    points : (N, 2) float64

    Source: W. R. Franklin's PNPOLY, 1970; M. Shimrat, "Algorithm 112: position of point
    relative to polygon", Communications of the ACM 5(8), 1962.
    """
    found = np.zeros(len(points), np.bool_)
    near = np.flatnonzero(touches(polygon, points, points))
    x, y = points[near].T
    odd = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in _edges_downwards(polygon):
        level = (y0 <= y) & (y < y1)
        odd ^= level & ((x1 - x0) * (y - y0) > (x - x0) * (y1 - y0))
    found[near] = odd
    return found


def touches(polygon: Floats, start: Floats, end: Floats) -> Bools:
    """(N,) whether the bounding boxes of steps, (N, 2) to (N, 2), meet the polygon's."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    meets = np.ones(len(start), np.bool_)
    for axis in range(2):
        one, other = start[:, axis], end[:, axis]
        meets &= (np.maximum(one, other) >= low[axis]) & (np.minimum(one, other) <= high[axis])
    return meets


def cuts(polygon: Floats, start: Floats, end: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Find where steps meet the border of a polygon, and perhaps a few places more.

    Between two cuts a step lies on one side of the border, wholly.

    Returns
    -------
    (C,) int64, (C,) float64
        The step, ascending, and how far on its way it is cut, in (0, 1), ascending.
    """
    way = end - start
    found = [_cuts_of_edge(corner, edge, start, way) for corner, edge in _edges(polygon)]
    step = np.concatenate([step for step, _ in found])
    share = np.concatenate([share for _, share in found])
    order = np.lexsort((share, step))
    return step[order], share[order]


def _cuts_of_edge(
    corner: Floats, edge: Floats, start: Floats, way: Floats
) -> tuple[NDArray[np.int64], Floats]:
    across = cross(way, edge)
    slanting = np.flatnonzero(across)
    offset, across = corner - start[slanting], across[slanting]
    on_way = cross(offset, edge) / across
    on_edge = cross(offset, way[slanting]) / across
    hit = (on_way > 0) & (on_way < 1)
    hit &= (on_edge >= -BEYOND_ENDS) & (on_edge <= 1 + BEYOND_ENDS)
    return slanting[hit], on_way[hit]


def _edges(polygon: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Each corner, and the way to the next."""
    return zip(polygon, np.roll(polygon, -1, axis=0) - polygon, strict=True)


def _edges_downwards(polygon: Floats) -> Iterator[tuple[list[float], list[float]]]:
    """Edges from their upper to their lower end, so that both neighbours see the same one."""
    corners = polygon.tolist()
    for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
        yield (one, other) if one[1] < other[1] else (other, one)

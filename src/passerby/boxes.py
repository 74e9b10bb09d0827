"""Compute areas and overlaps of boxes.

Inside passerby a box is `xyxy`: left, top, right, bottom in pixels of the upright
frame, origin at the frame's top-left corner. A set of boxes is an (N, 4) array.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating[Any]]


def area(xyxy: Boxes) -> Boxes:
    """Compute the areas (N,) in square pixels; 0 for an inverted box."""
    extent = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0)
    return extent[:, 0] * extent[:, 1]


def iou(rows: Boxes, columns: Boxes) -> Boxes:
    """Compute the intersection over union (R, C) in [0, 1]; 0 where both boxes are empty.

    Examples
    --------
    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [5, 5, 6, 6]])).round(3)
    array([[0.333, 0.   ]])
    """
    shared = intersection(rows, columns)
    union = area(rows)[:, None] + area(columns)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def overlapping(
    rows: Boxes, columns: Boxes, least: float | Boxes
) -> tuple[NDArray[np.int64], NDArray[np.int64], Boxes]:
    """Find the pairs with an IoU above `least`: rows, ascending, columns, and the IoU of each.

    In a crowd most boxes are far apart; `iou` of all pairs would mostly compute zeros.
    `least` is one number, or a (C,) array with one for each of the `columns`.

    Examples
    --------
    >>> left, right = np.array([[0.0, 0, 2, 2]]), np.array([[5.0, 0, 7, 2], [1, 0, 3, 2]])
    >>> row, column, overlap = overlapping(left, right, 0.1)
    >>> row.tolist(), column.tolist(), overlap.round(3).tolist()
    ([0], [1], [0.333])
    """
    left, top, right, bottom = np.ascontiguousarray(columns.T)
    meets = (rows[:, 0, None] < right) & (rows[:, 2, None] > left)
    meets &= (rows[:, 1, None] < bottom) & (rows[:, 3, None] > top)
    pair: NDArray[np.int64] = meets.ravel().nonzero()[0]
    row, column = pair // len(columns), pair % len(columns)
    one, other = rows.take(row, axis=0), columns.take(column, axis=0)
    extent = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.maximum(extent[:, 0], 0) * np.maximum(extent[:, 1], 0)
    union = area(one) + area(other) - shared
    overlap = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    above = (overlap > (least[column] if isinstance(least, np.ndarray) else least)).nonzero()[0]
    return row[above], column[above], overlap[above]


def intersection(rows: Boxes, columns: Boxes) -> Boxes:
    """Compute the shared areas (R, C) in square pixels."""
    return _shared_length(rows, columns, 0) * _shared_length(rows, columns, 1)


def _shared_length(rows: Boxes, columns: Boxes, axis: int) -> Boxes:
    """Compute the pixels (R, C) shared along one axis; 0 where boxes lie apart."""
    near, far = axis, axis + 2
    length: Boxes = np.minimum(rows[:, None, far], columns[None, :, far])
    length -= np.maximum(rows[:, None, near], columns[None, :, near])
    return np.maximum(length, 0, out=length)


def clip(xyxy: Boxes, width: float, height: float) -> Boxes:
    """Cut boxes at the frame's border; shape and dtype are kept."""
    limits = np.array([width, height, width, height], dtype=xyxy.dtype)
    return np.clip(xyxy, 0, limits)


def square_width(width: int, pixel_aspect: float) -> int:
    """Width of a frame once its pixels are square; its height stays.

    Examples
    --------
    >>> square_width(720, 16 / 15)
    768
    """
    return max(1, round(width * pixel_aspect))


def from_ltwh(ltwh: Boxes) -> Boxes:
    """Convert left, top, width, height to `xyxy`."""
    return np.concatenate([ltwh[:, :2], ltwh[:, :2] + ltwh[:, 2:4]], axis=1)


def to_ltwh(xyxy: Boxes) -> Boxes:
    """Convert `xyxy` to left, top, width, height."""
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)


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

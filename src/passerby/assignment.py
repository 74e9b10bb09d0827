"""Pair rows with columns, one to one, at the least total cost.

Tracking asks which detection continues which track, face pairing which face
belongs to which person, evaluation which result explains which truth. Each
builds a cost matrix and asks here. Nothing in this module knows of boxes,
images or time.

Source: D. F. Crouse, "On implementing 2D rectangular assignment algorithms",
IEEE Trans. Aerospace and Electronic Systems 52(4), 2016, pp. 1679-1696,
https://doi.org/10.1109/TAES.2016.140952 (the solver SciPy implements).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment


class Assignment(NamedTuple):
    """Answer of `assign`: each row and each column is named exactly once."""

    pairs: list[tuple[int, int]]
    unmatched_rows: list[int]
    unmatched_columns: list[int]


def assign(cost: NDArray[np.floating[Any]], cost_limit: float) -> Assignment:
    """Choose the pairs of least total cost, each cheaper than `cost_limit`.

    Parameters
    ----------
    cost : (R, C) float array, any one scale, +inf where a pair is gated
        Cost of pairing each row with each column. R or C may be 0.
    cost_limit : finite float, same scale as `cost`
        Price of leaving a row and a column unmatched.

    Returns
    -------
    Assignment
        `pairs` in row order; the unmatched lists in ascending order.

    Raises
    ------
    ValueError
        If `cost` is not two-dimensional, or holds NaN.

    Examples
    --------
    >>> cost = np.array([[0.1, 0.9], [0.8, 0.7], [0.2, np.inf]])
    >>> assign(cost, cost_limit=0.75)
    Assignment(pairs=[(0, 0), (1, 1)], unmatched_rows=[2], unmatched_columns=[])
    """
    if cost.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"cost must have 2 dimensions, got shape {cost.shape}")
    if np.isnan(cost).any():
        raise ValueError("cost holds NaN; write a gated pair as +inf")

    # A refused pair is priced as "both sides unmatched". Left at +inf, one
    # wholly gated row would make the matrix infeasible to the solver.
    accepted = cost < cost_limit
    rows, columns = linear_sum_assignment(np.where(accepted, cost, cost_limit))

    solved = zip(rows.tolist(), columns.tolist(), strict=True)
    pairs = [(row, column) for row, column in solved if accepted[row, column]]
    unmatched_rows = set(range(cost.shape[0])) - {row for row, _ in pairs}
    unmatched_columns = set(range(cost.shape[1])) - {column for _, column in pairs}
    return Assignment(pairs, sorted(unmatched_rows), sorted(unmatched_columns))

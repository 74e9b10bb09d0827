"""Pair rows with columns, one to one, at the least total cost.

Tracking asks which detection continues which track, face pairing which face
belongs to which person, evaluation which result explains which truth. Each
builds a cost matrix, or lists the possible pairs, and asks here.
Nothing in this module knows of boxes, images or time.

Source: D. F. Crouse, "On implementing 2D rectangular assignment algorithms",
IEEE Trans. Aerospace and Electronic Systems 52(4), 2016, pp. 1679-1696,
https://doi.org/10.1109/TAES.2016.140952 (the solver SciPy implements).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Positions = NDArray[np.int64]
Gains = NDArray[np.floating[Any]]

# Matrices of up to so many cells are solved sooner than searched for what is certain:
# measured with crowds of 20 to 200 people, 2026-11-22.
SMALL = 5000


class Assignment(NamedTuple):
    """Result of `assign`: each row and each column is named exactly once."""

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


def choose(row: Positions, column: Positions, gain: Gains, shape: tuple[int, int]) -> Positions:
    """Choose the listed pairs of greatest total gain, one to one.

    For many rows and columns, few of which can be paired.

    Parameters
    ----------
    row, column : (P,) int64, from 0
        The pairs, each listed once.
    gain : (P,) float array, any one scale, above 0
        How much better each pair is than leaving both unmatched.
    shape : (int, int)
        How many rows and columns there are.

    Returns
    -------
    (n,) int64
        Positions of the chosen pairs in the lists, in no particular order.

    Examples
    --------
    >>> row, column = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])
    >>> choose(row, column, np.array([0.9, 0.3, 0.7, 0.6]), (3, 2))
    array([0, 2])
    """
    if _are_distinct(row) and _are_distinct(column):
        return np.arange(len(gain))
    if shape[0] * shape[1] <= SMALL:
        return _solve(row, column, gain, shape)
    certain = _certain(row, column, gain, shape)
    others = np.flatnonzero(
        ~_mark(row[certain], shape[0])[row] & ~_mark(column[certain], shape[1])[column]
    )
    rows, row = np.unique(row[others], return_inverse=True)
    columns, column = np.unique(column[others], return_inverse=True)
    solved = _solve(row, column, gain[others], (len(rows), len(columns)))
    return np.concatenate([certain, others[solved]])


def _are_distinct(positions: Positions) -> bool:
    """Whether no position is listed twice."""
    return not len(positions) or int(np.bincount(positions).max()) == 1


def _solve(row: Positions, column: Positions, gain: Gains, shape: tuple[int, int]) -> Positions:
    """Solve the matrix of all pairs; return the positions of the chosen ones."""
    gains = np.zeros(shape, gain.dtype)
    gains[row, column] = gain
    position = np.full(shape, -1)
    position[row, column] = np.arange(len(gain))
    chosen: Positions = position[linear_sum_assignment(gains, maximize=True)]
    return chosen[chosen >= 0]


def _certain(row: Positions, column: Positions, gain: Gains, shape: tuple[int, int]) -> Positions:
    """Find the positions of pairs that are in the best choice, whatever the others are.

    Such a pair gains more than the next best one of its row and the next best one of
    its column together: no choice without it is as good as that with it instead.
    """
    rising = np.argsort(gain)
    best_of_row, next_of_row = _best_two(row, gain, rising, shape[0])
    best_of_column, next_of_column = _best_two(column, gain, rising, shape[1])
    best = np.flatnonzero(best_of_row[row] == best_of_column[column])
    rivals = next_of_row[row[best]] + next_of_column[column[best]]
    return best[gain[best] > rivals]


def _best_two(
    group: Positions, gain: Gains, rising: Positions, groups: int
) -> tuple[Positions, Gains]:
    """Find the position of each group's best pair, and the gain of its next best or 0."""
    best = np.full(groups, -1)
    best[group[rising]] = rising  # the last one written stays
    others = rising[best[group[rising]] != rising]
    following = np.zeros(groups, gain.dtype)
    following[group[others]] = gain[others]
    return best, following


def _mark(positions: Positions, count: int) -> NDArray[np.bool_]:
    """Make a mask (count,) that is true at `positions`."""
    mask = np.zeros(count, np.bool_)
    mask[positions] = True
    return mask

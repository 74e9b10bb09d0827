"""The mean direction and speed of people, cell by cell."""

from dataclasses import dataclass

import numpy as np

from passerby.analytics.grid import Grid
from passerby.analytics.paths import MS_PER_S, Floats, Paths


@dataclass(frozen=True)
class Flow:
    """Movement in each cell of a grid."""

    seconds: Floats  # (rows, columns) watched: time of the steps whose middle lies there
    velocity: Floats  # (rows, columns, 2) their mean, x and y, pixels a second; NaN: no step


def compute_flow(paths: Paths, grid: Grid) -> Flow:
    """Compute the mean velocity in each cell, each step weighted by its time.

    Whoever walks up and down adds up to nothing.
    """
    rows = np.flatnonzero(paths.joined)
    before, after = paths.point[rows], paths.point[rows + 1]
    cell = grid.cell_of((before + after) / 2)
    seconds = grid.total(cell, (paths.time_ms[rows + 1] - paths.time_ms[rows]) / MS_PER_S)
    way = [grid.total(cell, (after - before)[:, axis]) for axis in range(2)]
    watched = np.where(seconds > 0, seconds, np.nan)[..., None]
    return Flow(seconds, np.stack(way, axis=-1) / watched)

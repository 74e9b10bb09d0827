"""Square cells that a frame is counted in."""

import math
from dataclasses import dataclass

import numpy as np

from passerby.analytics.paths import Floats, Ints, sums

CELLS_ACROSS = 48


@dataclass(frozen=True)
class Grid:
    """Cells from the frame's top left corner; those at the right and bottom may reach beyond."""

    width: int  # of the frame, pixels
    height: int
    cells_across: int

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.cells_across) < 1:
            raise ValueError(f"a frame and a grid have an extent, got {self}")

    @property
    def side(self) -> float:
        """Of a cell, pixels."""
        return self.width / self.cells_across

    @property
    def rows(self) -> int:
        """Cells from top to bottom."""
        return math.ceil(self.height / self.side)

    def cell_of(self, points: Floats) -> Ints:
        """(N,) number of the cell of each point, row after row; the nearest of those outside."""
        column = np.clip(points[:, 0] // self.side, 0, self.cells_across - 1)
        row = np.clip(points[:, 1] // self.side, 0, self.rows - 1)
        return (row * self.cells_across + column).astype(np.int64)

    def total(self, cell: Ints, values: Floats) -> Floats:
        """(rows, columns) sums of the values, (N,), that fall in each cell."""
        count = self.rows * self.cells_across
        return sums(values, cell, count).reshape(self.rows, self.cells_across)

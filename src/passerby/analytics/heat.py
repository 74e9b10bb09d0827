"""The time that all persons together spent in each cell of the frame."""

from passerby.analytics.grid import CELLS_ACROSS, Grid
from passerby.analytics.paths import Floats, Paths, build_paths
from passerby.analytics.places import ABSENCE_MS
from passerby.records import Sightings


def heat_map(
    sightings: Sightings, width: int, height: int, cells_across: int = CELLS_ACROSS
) -> Floats:
    """Sum the seconds spent in each square cell of the frame.

    A sighting stands for the time half way to its neighbours in its person's path, so all
    cells together hold the time that all persons were present.

    Parameters
    ----------
    sightings : Sightings
    width, height : int
        Of the upright frame, pixels.
    cells_across : int
        Cells in a row; there are as many rows as the frame's height asks for.

    Returns
    -------
    (rows, cells_across) float64, seconds
    """
    return compute_heat(build_paths(sightings, ABSENCE_MS), Grid(width, height, cells_across))


def compute_heat(paths: Paths, grid: Grid) -> Floats:
    """Compute `heat_map` from paths that are laid out already."""
    return grid.total(grid.cell_of(paths.point), paths.seconds)

"""The crossings of a line: who, when, and which way.

A line has a side to its right, seen from its start towards its end on the screen, and
one to its left; it belongs to the left one itself. A crossing forward leads from left to
right. So who comes from the left, touches the line and turns back has not crossed it, nor
has who walks along it. The line's start is a part of it and its end is not: lines that
follow one another count who passes between them once.
"""

from typing import NamedTuple

import numpy as np

from passerby.analytics.geometry import cross
from passerby.analytics.hysteresis import StateChanges, drop_short_runs, split_runs
from passerby.analytics.paths import Bools, Floats, Ints, Paths


class Crossings(NamedTuple):
    """C crossings of a line, by person, then time."""

    person: Ints  # (C,)
    at_ms: Floats  # (C,)
    forward: Bools  # (C,) from the left of the line to its right


def find_crossings(paths: Paths, start: Floats, end: Floats, hold_ms: float) -> Crossings:
    """Find everybody's crossings of a line.

    Parameters
    ----------
    paths : Paths
    start, end : (2,) float64
        The line's ends, pixels.
    hold_ms : float
        Who crosses the line and is back within less has not crossed it; nor has who was
        seen for less on one of its sides.
    """
    runs = drop_short_runs(split_runs(paths, _events(paths, start, end)), hold_ms)
    change = np.diff(runs.state, prepend=0)
    change[~runs.has_previous] = 0
    # Who goes round an end of the line and crosses it again may be two states further.
    rows = np.repeat(np.arange(len(change)), np.abs(change))
    person = paths.person[paths.first_rows[runs.presence[rows]]]
    return Crossings(person, runs.start_ms[rows], change[rows] > 0)


def _events(paths: Paths, start: Floats, end: Floats) -> StateChanges:
    side = cross(end - start, paths.point - start)
    right = side > 0
    rows = np.flatnonzero(paths.joined & (right[1:] != right[:-1]))
    rows = rows[_between_ends(paths, rows, start, end)]
    share = side[rows] / (side[rows] - side[rows + 1])
    before, after = (paths.time_ms[place].astype(np.float64) for place in (rows, rows + 1))
    at_ms = before + share * (after - before)
    return StateChanges(paths.presence[rows], at_ms, _sign(right[rows + 1]))


def _between_ends(paths: Paths, rows: Ints, start: Floats, end: Floats) -> Bools:
    """Check whether the line's ends lie on different sides of the steps from `rows`."""
    foot = paths.point[rows]
    way = paths.point[rows + 1] - foot
    direction = np.sign(cross(end - start, way))
    between: Bools = cross(way, start - foot) * direction >= 0
    between &= cross(way, end - foot) * direction < 0
    return between


def _sign(right: Bools) -> Ints:
    return np.where(right, 1, -1).astype(np.int64)

"""The stays in a zone: who, from when, and to when.

A path is cut where it meets the zone's border; the middle of each part tells on which
side of it the part lies. What is shorter than the time that counts is left out, inside and
outside alike.
"""

from typing import NamedTuple

import numpy as np

from passerby.analytics import geometry
from passerby.analytics.hysteresis import StateChanges, drop_short_runs, split_runs
from passerby.analytics.paths import Bools, Floats, Ints, Paths

# Steps looked at in one go: keeps what is computed for them within about 100 MB.
STEPS_PER_BLOCK = 500_000


class Stays(NamedTuple):
    """K stays in a zone, by person, then time."""

    person: Ints  # (K,)
    from_ms: Floats  # (K,)
    to_ms: Floats  # (K,)
    entered: Bools  # (K,) over the border; else the person appeared inside
    left: Bools  # (K,) over the border; else the person was lost inside


def find_stays(paths: Paths, polygon: Floats, hold_ms: float) -> Stays:
    """Find everybody's stays in a zone.

    Parameters
    ----------
    paths : Paths
    polygon : (K, 2) float64
        The zone's corners, pixels.
    hold_ms : float
        Shorter stays, and shorter times outside between two stays, do not count.
    """
    runs = drop_short_runs(split_runs(paths, _events(paths, polygon)), hold_ms)
    entered, left = runs.has_previous, runs.has_next
    inside = runs.state > 0
    return Stays(
        paths.person[paths.first_rows[runs.presence[inside]]],
        runs.start_ms[inside],
        runs.end_ms[inside],
        entered[inside],
        left[inside],
    )


def _events(paths: Paths, polygon: Floats) -> StateChanges:
    """Find ways in (+1) and out (-1), those of who appears or is lost inside included."""
    rows = np.flatnonzero(paths.joined)
    blocks = [rows[at : at + STEPS_PER_BLOCK] for at in range(0, len(rows), STEPS_PER_BLOCK)]
    parts = [_inner_parts(paths, polygon, block) for block in blocks]
    step, start, end = (
        np.concatenate(columns)
        for columns in zip((np.empty(0, np.int64), np.empty(0), np.empty(0)), *parts, strict=True)
    )
    presence = paths.presence[step]
    goes_on = (presence[1:] == presence[:-1]) & (start[1:] == end[:-1])
    first = np.append(np.ones(min(1, len(step)), np.bool_), ~goes_on)
    last = np.append(~goes_on, np.ones(min(1, len(step)), np.bool_))
    times = np.stack([start[first], end[last]], axis=1).ravel()
    change = np.tile(np.array([1, -1]), int(first.sum()))
    return StateChanges(np.repeat(presence[first], 2), times, change)


def _inner_parts(paths: Paths, polygon: Floats, rows: Ints) -> tuple[Ints, Floats, Floats]:
    """Find the parts of the steps from `rows` inside: row, start and end, milliseconds."""
    near = geometry.touches(polygon, paths.point[rows], paths.point[rows + 1])
    rows = rows[near]
    start, end = paths.point[rows], paths.point[rows + 1]
    cut_step, cut_share = geometry.cuts(polygon, start, end)

    step = np.concatenate([np.arange(len(rows)), cut_step])
    share = np.concatenate([np.zeros(len(rows)), cut_share])
    order = np.lexsort((share, step))
    step, share = step[order], share[order]
    until = np.ones(len(step))
    goes_on = step[1:] == step[:-1]
    until[:-1][goes_on] = share[1:][goes_on]

    middle = ((share + until) / 2)[:, None]
    inside = geometry.contains(polygon, start[step] * (1 - middle) + end[step] * middle)
    step, share, until = step[inside], share[inside], until[inside]
    row = rows[step]
    began, length = paths.time_ms[row], paths.time_ms[row + 1] - paths.time_ms[row]
    return row, began + share * length, began + until * length

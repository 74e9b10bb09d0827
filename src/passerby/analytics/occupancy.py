"""The number of persons in the picture over time."""

from dataclasses import dataclass

import numpy as np

from passerby.analytics.paths import Floats, Ints, build_paths
from passerby.analytics.places import ABSENCE_MS
from passerby.records import Sightings

# So that no request makes a server count for minutes; a day in seconds fits.
MOST_STEPS = 100_000


@dataclass(frozen=True)
class OccupancyCounts:
    """T equal steps of time, from the video's beginning on."""

    start_ms: Ints  # (T,)
    persons: Ints  # (T,) different persons who were there at some time in the step
    mean: Floats  # (T,) persons there, on average over the step


def counts_over_time(
    sightings: Sightings, step_ms: int, until_ms: int | None = None
) -> OccupancyCounts:
    """Count the persons in the picture, absences of up to four seconds included.

    Parameters
    ----------
    sightings : Sightings
    step_ms : int
    until_ms : int, optional
        Where the last step ends, or a little before; behind the last sighting unless given.

    Raises
    ------
    ValueError
        If the step is not above 0, or there would be more than `MOST_STEPS`.
    """
    paths = build_paths(sightings, ABSENCE_MS)
    first, last = paths.first_rows, paths.last_rows
    until = int(paths.time_ms.max(initial=0)) + 1 if until_ms is None else until_ms
    start, end = (paths.time_ms[rows].astype(np.float64) for rows in (first, last))
    return count_persons(paths.person[first], start, end, step_ms, until)


def count_persons(
    person: Ints, from_ms: Floats, to_ms: Floats, step_ms: int, until_ms: int
) -> OccupancyCounts:
    """Count persons present in each step; stays, (K,), are ordered by person, then time."""
    steps = max(1, -(-until_ms // step_ms)) if step_ms > 0 else 0
    if not 0 < steps <= MOST_STEPS:
        raise ValueError(f"steps of {step_ms} ms up to {until_ms} ms are not 1 to {MOST_STEPS}")
    edges = np.arange(steps + 1, dtype=np.int64) * step_ms
    present = _present_until(edges, from_ms) - _present_until(edges, to_ms)
    return OccupancyCounts(
        edges[:-1], _count_different(person, from_ms, to_ms, edges), np.diff(present) / step_ms
    )


def most_at_once(from_ms: Floats, to_ms: Floats) -> int:
    """Find the most stays at one time; one that ends when another begins is over."""
    times = np.concatenate([to_ms, from_ms])
    change = np.repeat(np.array([-1, 1]), [len(to_ms), len(from_ms)])
    there = np.cumsum(change[np.argsort(times, kind="stable")])
    return int(there.max(initial=0))


def _present_until(edges: Ints, since_ms: Floats) -> Floats:
    """Sum the milliseconds, (E,), that have passed since all moments given, at each edge."""
    since = np.sort(since_ms)
    passed = np.searchsorted(since, edges)
    sums = np.concatenate([[0.0], np.cumsum(since)])
    present: Floats = edges * passed - sums[passed]
    return present


def _count_different(person: Ints, from_ms: Floats, to_ms: Floats, edges: Ints) -> Ints:
    """Count persons, (T,), in each step; one who comes twice in a step counts once."""
    steps = len(edges) - 1
    first = np.clip(np.searchsorted(edges, from_ms, side="right") - 1, 0, steps)
    last = np.clip(np.searchsorted(edges, to_ms, side="left") - 1, first, steps)
    again = np.zeros(len(person), np.bool_)
    again[1:] = (person[1:] == person[:-1]) & (first[1:] == last[:-1])
    change = np.bincount(first + again, minlength=steps + 2)[: steps + 2].astype(np.int64)
    change -= np.bincount(last + 1, minlength=steps + 2)[: steps + 2]
    return np.cumsum(change)[:steps]

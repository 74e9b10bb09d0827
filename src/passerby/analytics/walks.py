"""The distance and speed of everybody's walk on the floor.

A walk is measured from second to second, as the crow flies: in a second people make about
two steps, so that the sway of each has come back, and what a box trembles by counts once
a second only. The rest of less than a second at the end of a presence adds to the
distance, and to the speed where it is at least half of one.
"""

from typing import NamedTuple

import numpy as np

from passerby.analytics.floor import Floor
from passerby.analytics.paths import MS_PER_S, Floats, Ints, Paths, sums

CHORD_MS = 1000
SHORTEST_MS = 500  # of a chord that says how fast somebody was


class Walks(NamedTuple):
    """Q persons, by index."""

    person: Ints  # (Q,)
    metres: Floats  # (Q,) walked
    seconds: Floats  # (Q,) for which a place on the floor is known
    mean_speed: Floats  # (Q,) metres a second; NaN: not known for half a second
    top_speed: Floats  # (Q,) over a second, or half of one at the least; NaN likewise


class Chords(NamedTuple):
    """Straight ways of about a second, by person, then time; D of them."""

    person: Ints  # (D,)
    from_ms: Floats  # (D,)
    seconds: Floats  # (D,)
    metres: Floats  # (D,) NaN where an end is not on the floor


def measure_walks(paths: Paths, floor: Floor) -> Walks:
    """Measure everybody's walk."""
    chords = measure_chords(paths, floor)
    known = ~np.isnan(chords.metres)
    person, seconds, metres = chords.person[known], chords.seconds[known], chords.metres[known]
    persons, member = np.unique(person, return_inverse=True)
    walked, watched = (sums(what, member, len(persons)) for what in (metres, seconds))
    is_measured = seconds * MS_PER_S >= SHORTEST_MS
    top = np.full(len(persons), -np.inf)
    np.maximum.at(top, member[is_measured], metres[is_measured] / seconds[is_measured])
    sure = np.isfinite(top)
    mean = np.divide(walked, watched, out=np.full(len(persons), np.nan), where=sure)
    return Walks(persons, walked, watched, mean, np.where(sure, top, np.nan))


def measure_chords(paths: Paths, floor: Floor) -> Chords:
    """Cut each presence into seconds and measure these on the floor."""
    first = paths.time_ms[paths.first_rows]
    length = paths.time_ms[paths.last_rows] - first
    count = -(-length // CHORD_MS)
    presence = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(presence)) - np.repeat(np.cumsum(count) - count, count)
    start = place * CHORD_MS
    end = np.minimum(start + CHORD_MS, length[presence])
    before, after = (_on_floor(paths, floor, presence, since) for since in (start, end))
    return Chords(
        paths.person[paths.first_rows[presence]],
        (first[presence] + start).astype(np.float64),
        (end - start) / MS_PER_S,
        np.linalg.norm(after - before, axis=1),
    )


def _on_floor(paths: Paths, floor: Floor, presence: Ints, since_ms: Ints) -> Floats:
    """Locate, (D, 2) metres, the person of a presence some time after its beginning."""
    # A clock that runs on from presence to presence, for one interpolation over all.
    first = paths.time_ms[paths.first_rows]
    begins = np.cumsum(paths.time_ms[paths.last_rows] - first + 1)
    begins = np.concatenate([np.zeros(min(1, len(begins)), np.int64), begins[:-1]])
    clock = paths.time_ms + (begins - first)[paths.presence]
    moment = begins[presence] + since_ms
    if not len(moment):
        return np.empty((0, 2))
    foot = np.stack([np.interp(moment, clock, paths.point[:, axis]) for axis in range(2)], axis=1)
    return floor.to_metres(foot)

"""Changes of somebody's state, without flicker.

Along a presence a state changes at events: into a zone and out of it, across a line and
back. Between two events it runs on. A run that is shorter than the time it must hold does
not count: the state is still that of the last run that held, or, before any did, that of
the first that will. A change is dated back to the start of the run that held.
"""

from typing import NamedTuple

import numpy as np

from passerby.analytics.paths import Bools, Floats, Ints, Paths


class StateChanges(NamedTuple):
    """E changes of a state, by presence, then time."""

    presence: Ints  # (E,)
    at_ms: Floats  # (E,)
    change: Ints  # (E,) what is added to the state


class Runs(NamedTuple):
    """R runs of a constant state, by presence, then time; one begins where another ends."""

    presence: Ints  # (R,)
    state: Ints  # (R,)
    start_ms: Floats  # (R,)
    end_ms: Floats  # (R,)

    def take(self, rows: Ints | Bools) -> "Runs":
        """Select rows by position or mask."""
        presence, state, start_ms, end_ms = self
        return Runs(presence[rows], state[rows], start_ms[rows], end_ms[rows])

    @property
    def has_previous(self) -> Bools:
        """(R,) whether a run follows another one of its presence."""
        same = np.zeros(len(self.presence), np.bool_)
        same[1:] = self.presence[1:] == self.presence[:-1]
        return same

    @property
    def has_next(self) -> Bools:
        """(R,) whether another run of its presence follows."""
        return np.append(self.has_previous[1:], np.zeros(min(1, len(self.presence)), np.bool_))


def split_runs(paths: Paths, events: StateChanges) -> Runs:
    """Cut the presences that have events at these; a presence's state begins at 0."""
    touched = np.unique(events.presence)
    begin = paths.time_ms[paths.first_rows[touched]].astype(np.float64)
    presence = np.concatenate([touched, events.presence])
    start = np.concatenate([begin, events.at_ms])
    change = np.concatenate([np.zeros(len(touched), np.int64), events.change])
    order = np.argsort(presence, kind="stable")
    presence, start, change = presence[order], start[order], change[order]

    level = np.cumsum(change)
    own_start = np.searchsorted(presence, presence, side="left")
    last = np.append(presence[1:] != presence[:-1], np.ones(min(1, len(presence)), np.bool_))
    end = np.append(start[1:], np.zeros(min(1, len(start))))
    end[last] = paths.time_ms[paths.last_rows[presence[last]]]
    return Runs(presence, level - level[own_start], start, end)


def drop_short_runs(runs: Runs, hold_ms: float) -> Runs:
    """Merge runs that are too short into what lasted before them.

    Parameters
    ----------
    runs : Runs
    hold_ms : float
        A run of this length holds, one of length 0 never does.

    Returns
    -------
    Runs
        No two neighbours of one presence have the same state. Presences in which nothing
        held are left out.
    """
    length = runs.end_ms - runs.start_ms
    is_lasting = (length >= hold_ms) & (length > 0)
    source = _nearest_lasting(is_lasting, runs.presence)
    known = source >= 0
    kept = runs.take(known)._replace(state=runs.state[source[known]])
    return _merge_equal(kept)


def _nearest_lasting(is_lasting: Bools, presence: Ints) -> Ints:
    """Find, (R,), the last lasting run up to each one, else the first after it; -1: none."""
    position = np.arange(len(is_lasting))
    before = np.maximum.accumulate(np.where(is_lasting, position, -1))
    after = np.minimum.accumulate(np.where(is_lasting, position, len(is_lasting))[::-1])[::-1]
    return np.where(
        _same(presence, before), before, np.where(_same(presence, after), after, -1)
    ).astype(np.int64)


def _same(presence: Ints, other: Ints) -> Bools:
    """Check, (R,), whether `other` is the position of a run of the same presence."""
    exists = (other >= 0) & (other < len(presence))
    same: Bools = exists & (presence[np.where(exists, other, 0)] == presence)
    return same


def _merge_equal(runs: Runs) -> Runs:
    """Join neighbours of one presence that have the same state."""
    alike = np.zeros(len(runs.state), np.bool_)
    alike[1:] = runs.state[1:] == runs.state[:-1]
    first = ~(alike & runs.has_previous)
    last = np.append(first[1:], np.ones(min(1, len(first)), np.bool_))
    return runs.take(first)._replace(end_ms=runs.end_ms[last])

"""Paths of everybody's feet, person after person.

A person stands where the lower edge of their box has its middle; boxes that were filled
in between detections count like others. Who was seen by the face alone stands nowhere.
Between two sightings that are near in time a person goes straight, at a constant speed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from passerby.records import Sightings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MS_PER_S = 1000


@dataclass(frozen=True)
class Paths:
    """N foot points by person, then time.

    A presence is an unbroken part of a path: one person, never absent for long.
    """

    person: Ints  # (N,) index, ascending
    time_ms: Ints  # (N,) ascending within a person
    foot: Floats  # (N, 2) x, y in pixels
    joined: Bools  # (N - 1,) whether a row and the next are of one presence: a step

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def presence(self) -> Ints:
        """(N,) number of each row's presence, from 0."""
        return np.concatenate([np.zeros(min(1, len(self)), np.int64), np.cumsum(~self.joined)])

    @cached_property
    def first_rows(self) -> Ints:
        """(P,) first row of each presence."""
        starts = np.flatnonzero(~self.joined) + 1
        return np.concatenate([np.zeros(min(1, len(self)), np.int64), starts])

    @cached_property
    def last_rows(self) -> Ints:
        """(P,) last row of each presence."""
        return np.append(self.first_rows[1:] - 1, len(self) - 1)[: len(self.first_rows)]

    @cached_property
    def seconds(self) -> Floats:
        """(N,) time that each row stands for: half of the steps before and after it."""
        half = np.where(self.joined, np.diff(self.time_ms), 0) / (2 * MS_PER_S)
        padded = np.concatenate([[0.0], half, [0.0]])
        seconds: Floats = (padded[1:] + padded[:-1])[: len(self)]
        return seconds


def build_paths(
    sightings: Sightings, absence_ms: float, frame: tuple[int, int] | None = None
) -> Paths:
    """Build everybody's path from sightings.

    Parameters
    ----------
    sightings : Sightings
        Rows in any order.
    absence_ms : float
        Sightings of a person that are further apart are not joined.
    frame : width and height, optional
        Boxes may reach beyond the frame. Feet that do are put on its outermost pixels, so
        that zones which end at its border have them.
    """
    rows = np.flatnonzero(sightings.has_body)
    rows = rows[np.lexsort((sightings.timestamp_ms[rows], sightings.person_index[rows]))]
    person, time_ms = sightings.person_index[rows], sightings.timestamp_ms[rows]
    joined = (np.diff(person) == 0) & (np.diff(time_ms) <= absence_ms)
    feet = _feet(sightings.xyxy, rows)
    if frame is not None:
        np.clip(feet, 0, np.array(frame) - 1, out=feet)
    return Paths(person, time_ms, feet, joined)


def sums(values: Floats, member: Ints, count: int) -> Floats:
    """Sum the values, (N,), of each of `count` groups, numbered from 0."""
    return np.bincount(member, values, count).astype(np.float64, copy=False)


def _feet(xyxy: NDArray[np.float32], rows: Ints) -> Floats:
    """Compute the middles, (N, 2) pixels, of the lower edges of the boxes at `rows`."""
    feet = np.empty((len(rows), 2))
    feet[:, 0] = xyxy[rows, 0]
    feet[:, 0] += xyxy[rows, 2]
    feet[:, 0] /= 2
    feet[:, 1] = xyxy[rows, 3]
    return feet

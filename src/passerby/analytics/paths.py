"""Everybody's paths, person after person.

A person is where the anchor of their box is: usually at the foot, the middle of its lower
edge. Boxes that were filled in between detections count like others. Who was seen by the face
alone is nowhere. Between two sightings that are near in time a person goes straight, at a
constant speed.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from passerby.records import Sightings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MS_PER_S = 1000

# The point of a box that tells where a person is: the middle of its lower edge, of the box, or
# of its upper edge. "auto" is the foot, or the middle where feet are cut off by the picture.
Anchor = Literal["foot", "middle", "head", "auto"]
# Feet within such a share of the picture's height from its lower border are cut off, or may be.
LAST_ROWS = 0.01
# A presence of which such a share of the boxes has no feet is followed by the middle.
CUT_SHARE = 0.5


@dataclass(frozen=True)
class Paths:
    """N points by person, then time.

    A presence is an unbroken part of a path: one person, never absent for long.
    """

    person: Ints  # (N,) index, ascending
    time_ms: Ints  # (N,) ascending within a person
    point: Floats  # (N, 2) x, y in pixels
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
    sightings: Sightings,
    absence_ms: float,
    frame: tuple[int, int] | None = None,
    anchor: Anchor = "foot",
) -> Paths:
    """Build everybody's path from sightings.

    Parameters
    ----------
    sightings : Sightings
        Rows in any order.
    absence_ms : float
        Sightings of a person that are further apart are not joined.
    frame : width and height, optional
        Boxes may reach beyond the frame. Points that do are put on its outermost pixels, so
        that zones which end at its border have them.
    anchor : "foot", "middle", "head" or "auto"
        Without a `frame`, "auto" is the foot.
    """
    rows = np.flatnonzero(sightings.has_body)
    rows = rows[np.lexsort((sightings.timestamp_ms[rows], sightings.person_index[rows]))]
    person, time_ms = sightings.person_index[rows], sightings.timestamp_ms[rows]
    joined = (np.diff(person) == 0) & (np.diff(time_ms) <= absence_ms)
    paths = Paths(person, time_ms, np.empty((len(rows), 2)), joined)
    points = _points(sightings.xyxy, rows, _shares(paths, sightings.xyxy[rows, 3], frame, anchor))
    if frame is not None:
        np.clip(points, 0, np.array(frame) - 1, out=points)
    return replace(paths, point=points)


def feet_are_cut(bottom: NDArray[np.float32], frame_height: int) -> Bools:
    """(N,) whether boxes that end there show no feet, or only on the picture's last rows."""
    are_cut: Bools = bottom >= frame_height - max(1.0, LAST_ROWS * frame_height)
    return are_cut


def sums(values: Floats, member: Ints, count: int) -> Floats:
    """Sum the values, (N,), of each of `count` groups, numbered from 0."""
    return np.bincount(member, values, count).astype(np.float64, copy=False)


def _shares(
    paths: Paths, bottom: NDArray[np.float32], frame: tuple[int, int] | None, anchor: Anchor
) -> Floats:
    """(N,) how far down its box each point is: 0 at the upper edge, 1 at the lower."""
    if anchor == "auto":
        if frame is None:
            return np.ones(len(paths))
        cut = sums(feet_are_cut(bottom, frame[1]).astype(np.float64), paths.presence, len(paths))
        count = sums(np.ones(len(paths)), paths.presence, len(paths))
        is_cut = cut >= CUT_SHARE * np.maximum(count, 1)
        return np.where(is_cut, 0.5, 1.0)[paths.presence]
    return np.full(len(paths), {"foot": 1.0, "middle": 0.5, "head": 0.0}[anchor])


def _points(xyxy: NDArray[np.float32], rows: Ints, shares: Floats) -> Floats:
    """Compute points, (N, 2) pixels, on the vertical middles of the boxes at `rows`."""
    points = np.empty((len(rows), 2))
    points[:, 0] = xyxy[rows, 0]
    points[:, 0] += xyxy[rows, 2]
    points[:, 0] /= 2
    points[:, 1] = xyxy[rows, 1] * (1 - shares) + xyxy[rows, 3] * shares
    return points

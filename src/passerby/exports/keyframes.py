"""The sightings of a person that suffice where a tool draws straight lines between them.

Sightings come 15 times a second; whoever corrects a path by hand would have to move every
one of them. Those that lie on the straight way between others are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.exports.source import ExportSource
from passerby.films.placement import JOINED_MS
from passerby.records import Sightings

# How far an edge of a box may be off by what was left out.
TOLERANCE_PIXELS = 1.0


@dataclass(frozen=True)
class PersonPath:
    """The boxes of one person's body in time order, K of them, K at least 1."""

    person_index: int
    frame_index: NDArray[np.int64]  # (K,)
    timestamp_ms: NDArray[np.int64]  # (K,)
    xyxy: NDArray[np.float64]  # (K, 4) pixels, cut at the border of the frame
    detected: NDArray[np.bool_]  # (K,) False where the box was filled in
    gone: NDArray[np.bool_]  # (K,) whether the person is not seen right after

    def __len__(self) -> int:
        return len(self.frame_index)

    def keyframes(
        self, frame: NDArray[np.int64], most_between: int | None = None
    ) -> NDArray[np.bool_]:
        """Choose the rows, (K,), that draw all of them within `TOLERANCE_PIXELS`.

        The ends of each stretch without a gap are among them, and wherever `detected`
        changes. `frame` are the K numbers, rising, that the tool draws straight lines over.
        Within a stretch, rows chosen are at most `most_between` frames apart, where there
        are rows so near.
        """
        needed = self.gone.copy()
        needed[0] = True
        needed[1:] |= self.gone[:-1] | (self.detected[1:] != self.detected[:-1])
        ends = [
            pair for pair in pairwise(np.flatnonzero(needed).tolist()) if not self.gone[pair[0]]
        ]
        needed[list(_corners(frame, self.xyxy, ends))] = True
        if most_between is not None:
            kept = np.flatnonzero(needed).tolist()
            inner = [pair for pair in pairwise(kept) if not self.gone[pair[0]]]
            needed[list(_fillers(frame, inner, most_between))] = True
        return needed


def paths(result: ExportSource) -> Iterator[PersonPath]:
    """Yield the path of each person whose body was seen, by person index."""
    size = result.video.width, result.video.height
    seen = [_bodies(part, *size) for part in result.parts()]
    if not seen:
        return
    person, frame, time, xyxy, detected = map(np.concatenate, zip(*seen, strict=True))
    order = np.argsort(person, kind="stable")
    _, firsts = np.unique(person[order], return_index=True)
    for rows in np.split(order, firsts)[1:]:
        far = np.diff(time[rows], append=np.inf) > JOINED_MS
        gone = far & (np.diff(frame[rows], append=np.inf) > 1)
        box = xyxy[rows].astype(np.float64)
        yield PersonPath(int(person[rows[0]]), frame[rows], time[rows], box, detected[rows], gone)


def _bodies(sightings: Sightings, width: int, height: int) -> tuple[NDArray[Any], ...]:
    """Select the columns of all boxes in the picture, cut at its border."""
    xyxy = boxes.clip(sightings.xyxy, width, height)
    rows = boxes.area(xyxy) > 0  # not so where there is no box: NaN
    return (
        sightings.person_index[rows],
        sightings.frame_index[rows],
        sightings.timestamp_ms[rows],
        xyxy[rows],
        sightings.detected[rows],
    )


def _corners(
    frame: NDArray[np.int64], xyxy: NDArray[np.float64], stretches: list[tuple[int, int]]
) -> Iterator[int]:
    """Yield the rows to keep inside each stretch: the farthest off, again and again.

    Source: D. H. Douglas, T. K. Peucker, "Algorithms for the reduction of the number of
    points required to represent a digitized line", Cartographica 10(2), 1973, pp. 112-122;
    the distance is that of an edge of the box, at the same frame.
    """
    while stretches:
        first, last = stretches.pop()
        steps = frame[first : last + 1] - frame[first]
        share = (steps / max(1, steps[-1]))[:, None]
        straight = xyxy[first] * (1 - share) + xyxy[last] * share
        off = np.abs(xyxy[first : last + 1] - straight).max(axis=1)[1:-1]
        if off.size and off.max() > TOLERANCE_PIXELS:
            corner = first + 1 + int(off.argmax())
            yield corner
            stretches += [(first, corner), (corner, last)]


def _fillers(
    frame: NDArray[np.int64], stretches: list[tuple[int, int]], most_between: int
) -> Iterator[int]:
    """Yield the rows to keep inside each stretch besides: each as far on as it may be."""
    for first, last in stretches:
        row = first
        while frame[last] - frame[row] > most_between:
            reach = np.searchsorted(frame, frame[row] + most_between, side="right") - 1
            row = max(row + 1, int(reach))
            if row >= last:
                break
            yield row

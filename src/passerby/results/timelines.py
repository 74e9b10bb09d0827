"""Timelines of a result: when each person was seen, as intervals of time.

The rules are those of the overlay video: sightings that are near in time are joined,
and the time between two sightings counts as seen only if neither was filled in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

# As in `films.placement`: sightings, and faces, that are further apart are not joined.
JOINED_MS = 200
FACES_JOINED_MS = 450

COLUMNS = ("person_index", "timestamp_ms", "detected", "left", "face_left")

Intervals = NDArray[np.int64]


@dataclass(frozen=True)
class PersonTimeline:
    """Intervals in which one person was present, milliseconds on the video's clock."""

    person_index: int
    first_ms: int
    last_ms: int
    seen: Intervals  # (I, 2) from, to; those of a single sighting are 0 ms long
    filled: Intervals  # (J, 2)
    face: Intervals  # (K, 2)


class _Rows(NamedTuple):
    """Sightings of some persons, (N,) each."""

    person: NDArray[np.int64]
    time: NDArray[np.int64]
    detected: NDArray[np.bool_]
    has_body: NDArray[np.bool_]
    has_face: NDArray[np.bool_]

    def take(self, rows: "slice | NDArray[np.int64] | NDArray[np.bool_]") -> "_Rows":
        return _Rows(
            self.person[rows],
            self.time[rows],
            self.detected[rows],
            self.has_body[rows],
            self.has_face[rows],
        )


def timelines(path: Path) -> Iterator[PersonTimeline]:
    """Yield the timelines of a result, by person index.

    Parameters
    ----------
    path : Path
        Table of `results.tables` whose rows run by person index, in any order within a
        person. Only one person and one row group are held in memory.
    """
    waiting: list[_Rows] = []
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = _read(file, group)
            ends = np.flatnonzero(np.diff(rows.person)) + 1
            for part in _split(rows, ends):
                if waiting and waiting[0].person[0] != part.person[0]:
                    yield _timeline(waiting)
                    waiting = []
                waiting.append(part)
    if waiting:
        yield _timeline(waiting)


def _read(file: pq.ParquetFile, group: int) -> _Rows:
    table = file.read_row_group(group, columns=list(COLUMNS), use_threads=False)
    return _Rows(
        table["person_index"].to_numpy(),
        table["timestamp_ms"].to_numpy(),
        table["detected"].to_numpy(),
        table["left"].is_valid().to_numpy(),
        table["face_left"].is_valid().to_numpy(),
    )


def _split(rows: _Rows, ends: NDArray[np.int64]) -> Iterator[_Rows]:
    starts = [0, *ends.tolist()]
    for start, stop in zip(starts, [*ends.tolist(), len(rows.person)], strict=True):
        yield rows.take(slice(start, stop))


def _timeline(parts: list[_Rows]) -> PersonTimeline:
    rows = _Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    rows = rows.take(np.argsort(rows.time, kind="stable"))
    bodies = rows.take(rows.has_body)
    seen, filled = _by_state(bodies.time, bodies.detected)
    faces = rows.time[rows.has_face]
    always = np.ones(len(faces), np.bool_)
    return PersonTimeline(
        person_index=int(rows.person[0]),
        first_ms=int(rows.time[0]),
        last_ms=int(rows.time[-1]),
        seen=seen,
        filled=filled,
        face=_by_state(faces, always, FACES_JOINED_MS)[0],
    )


def _by_state(
    time: NDArray[np.int64], detected: NDArray[np.bool_], joined_ms: int = JOINED_MS
) -> tuple[Intervals, Intervals]:
    """Return the intervals that were seen, and those that were filled in.

    Parameters
    ----------
    time : (N,) int64, rising, milliseconds
    detected : (N,) bool
    """
    joined = np.diff(time) <= joined_ms
    # A step from each row to the next; and one of no length for a row that is joined to none.
    before, after = np.append(False, joined), np.append(joined, False)
    alone = np.flatnonzero(~before & ~after) if len(time) else np.empty(0, np.int64)
    step = np.flatnonzero(joined)
    start = np.concatenate([time[step], time[alone]])
    end = np.concatenate([time[step + 1], time[alone]])
    sure = np.concatenate([detected[step] & detected[step + 1], detected[alone]])
    order = np.argsort(start, kind="stable")
    start, end, sure = start[order], end[order], sure[order]
    return _merge(start[sure], end[sure]), _merge(start[~sure], end[~sure])


def _merge(start: NDArray[np.int64], end: NDArray[np.int64]) -> Intervals:
    """(I, 2) intervals of steps; those that touch are merged."""
    apart = start[1:] > end[:-1]
    first = start[np.append(True, apart)[: len(start)]]
    last = end[np.append(apart, True)[: len(end)]]
    return np.stack([first, last], axis=1)

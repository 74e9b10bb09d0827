"""Positions of persons at any instant, interpolated between their sightings.

Sightings exist for analysed frames, 15 a second at the most, and faces for every third
of these; a video that is to be watched needs a box in every frame. A person is taken to
walk straight from one sighting to the next when they are near in time, and is nowhere
else; a face likewise.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from passerby.records import Sightings

Size = tuple[int, int]  # width, height in pixels

# Sightings further apart are not joined: three analysed frames at 15 Hz. What the
# linker left open for longer is a gap on purpose.
JOINED_MS = 200
# The same for faces: two steps at 5 Hz, and a frame at 24 Hz for rounding.
FACES_JOINED_MS = 450
TRAIL_MS = 2000

SHOWN_POINTS = 5  # the first of `records.LANDMARKS`


@dataclass(frozen=True)
class PersonPositions:
    """The P persons that are in the picture at an instant, by index."""

    person_index: NDArray[np.int64]  # (P,)
    xyxy: NDArray[np.float64]  # (P, 4) pixels
    detected: NDArray[np.bool_]  # (P,) False where a sighting that it rests on was filled in

    def __len__(self) -> int:
        return len(self.person_index)


@dataclass(frozen=True)
class FacePositions:
    """The Q faces that are in the picture at an instant, by index of their person."""

    person_index: NDArray[np.int64]  # (Q,)
    xyxy: NDArray[np.float64]  # (Q, 4) pixels
    points: NDArray[np.float64]  # (Q, 5, 2) pixels: eyes, corners of the mouth, nose

    def __len__(self) -> int:
        return len(self.person_index)


@dataclass(frozen=True)
class Trail:
    """The recent way of a person's feet: K points in time order, K at least 2."""

    person_index: int
    points: NDArray[np.float64]  # (K, 2) x, y in pixels
    freshness: NDArray[np.float64]  # (K,) 1 now, 0 for the oldest that is still drawn


def scaled(sightings: Sightings, from_size: Size, to_size: Size) -> Sightings:
    """Convert sightings in a picture to those in the same picture of another size.

    Parameters
    ----------
    sightings : Sightings
        In pixels of the picture of `from_size`.
    from_size, to_size : (width, height), pixels
    """
    if from_size == to_size:
        return sightings
    ratio = np.divide(to_size, from_size, dtype=np.float32)
    faces = replace(
        sightings.faces,
        xyxy=sightings.faces.xyxy * np.tile(ratio, 2),
        landmarks=sightings.faces.landmarks * ratio,
    )
    return replace(sightings, xyxy=sightings.xyxy * np.tile(ratio, 2), faces=faces)


def locate_persons(sightings: Sightings, timestamp_ms: int) -> PersonPositions:
    """Find everybody's box at an instant of the video's clock.

    Each of the `sightings` has a body.
    """
    before, after = neighbours(sightings, timestamp_ms, JOINED_MS)
    share = interpolation_weights(sightings, before, after, timestamp_ms)[:, None]
    return PersonPositions(
        person_index=sightings.person_index[before],
        xyxy=sightings.xyxy[before] * (1 - share) + sightings.xyxy[after] * share,
        detected=sightings.detected[before] & sightings.detected[after],
    )


def locate_faces(sightings: Sightings, timestamp_ms: int) -> FacePositions:
    """Find everybody's face at an instant of the video's clock.

    Each of the `sightings` has a face.
    """
    before, after = neighbours(sightings, timestamp_ms, FACES_JOINED_MS)
    share = interpolation_weights(sightings, before, after, timestamp_ms)
    start = sightings.faces.take(sightings.face[before])
    end = sightings.faces.take(sightings.face[after])
    first, second = start.landmarks[:, :SHOWN_POINTS], end.landmarks[:, :SHOWN_POINTS]
    return FacePositions(
        person_index=sightings.person_index[before],
        xyxy=start.xyxy * (1 - share[:, None]) + end.xyxy * share[:, None],
        points=first * (1 - share[:, None, None]) + second * share[:, None, None],
    )


def trace_trails(sightings: Sightings, placed: PersonPositions, timestamp_ms: int) -> list[Trail]:
    """Trace the way of everybody's feet up to an instant.

    Each of the `sightings` has a body. `placed` is `locate_persons` of the same instant: the
    front ends of the trails. A person who has left keeps its trail for as long as a
    trail lasts.
    """
    rows = rows_between(sightings, timestamp_ms - TRAIL_MS, timestamp_ms - 1)
    now = np.full(len(placed), timestamp_ms)
    person = np.concatenate([sightings.person_index[rows], placed.person_index])
    time = np.concatenate([sightings.timestamp_ms[rows], now])
    foot = np.concatenate([_feet(sightings.xyxy[rows]), _feet(placed.xyxy)])

    order = np.lexsort((time, person))
    person, time, foot = person[order], time[order], foot[order]
    freshness = 1 - (timestamp_ms - time) / TRAIL_MS
    broken = (np.diff(person) != 0) | (np.diff(time) > JOINED_MS)
    ends = [0, *(np.flatnonzero(broken) + 1).tolist(), len(person)]
    return [
        Trail(int(person[first]), foot[first:last], freshness[first:last])
        for first, last in pairwise(ends)
        if last - first > 1
    ]


def neighbours(
    sightings: Sightings, timestamp_ms: int, joined_ms: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the rows of each person's last sighting until, and first from, an instant on."""
    earlier = rows_between(sightings, timestamp_ms - joined_ms, timestamp_ms)
    later = rows_between(sightings, timestamp_ms, timestamp_ms + joined_ms)
    last = dict(zip(sightings.person_index[earlier].tolist(), earlier.tolist(), strict=True))
    first = dict(
        zip(sightings.person_index[later][::-1].tolist(), later[::-1].tolist(), strict=True)
    )
    both = [(last[person], first[person]) for person in sorted(last.keys() & first.keys())]
    before, after = np.array(both, dtype=np.int64).reshape(-1, 2).T
    near = sightings.timestamp_ms[after] - sightings.timestamp_ms[before] <= joined_ms
    return before[near], after[near]


def interpolation_weights(
    sightings: Sightings, before: NDArray[np.int64], after: NDArray[np.int64], timestamp_ms: int
) -> NDArray[np.float64]:
    """Compute how far, (P,) in [0, 1], an instant lies on the way from one row to another."""
    start, end = sightings.timestamp_ms[before], sightings.timestamp_ms[after]
    interpolation_weights: NDArray[np.float64] = (timestamp_ms - start) / np.maximum(1, end - start)
    return interpolation_weights


def rows_between(sightings: Sightings, first_ms: int, last_ms: int) -> NDArray[np.int64]:
    """Find the rows of the sightings in a stretch of time, both ends included."""
    start = np.searchsorted(sightings.timestamp_ms, first_ms, side="left")
    stop = np.searchsorted(sightings.timestamp_ms, last_ms, side="right")
    return np.arange(start, stop, dtype=np.int64)


def _feet(xyxy: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middles, (N, 2), of the lower edges."""
    return np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1).astype(np.float64)

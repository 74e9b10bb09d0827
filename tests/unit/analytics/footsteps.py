"""Sightings from foot points typed by hand."""

from collections.abc import Iterable

import numpy as np

from passerby.analytics.paths import Paths, build_paths
from passerby.records import NO_FACE, Faces, Sightings

Step = tuple[int, int, float, float]  # person, milliseconds, x, y of the foot

ABSENCE_MS = 4000.0


def seen(steps: Iterable[Step]) -> Sightings:
    """Each step as a box of 20 x 40 pixels that stands on its foot point."""
    rows = sorted(steps, key=lambda step: (step[1], step[0]))
    table = np.array(rows, np.float64).reshape(-1, 4)
    foot_x, foot_y = table[:, 2], table[:, 3]
    boxes = np.stack([foot_x - 10, foot_y - 40, foot_x + 10, foot_y], axis=1)
    return Sightings(
        person_index=table[:, 0].astype(np.int64),
        frame_index=table[:, 1].astype(np.int64) // 40,
        timestamp_ms=table[:, 1].astype(np.int64),
        xyxy=boxes.astype(np.float32),
        confidence=np.ones(len(rows), np.float32),
        detected=np.ones(len(rows), np.bool_),
        face=np.full(len(rows), NO_FACE),
        faces=Faces.none(),
    )


def walked(*points: tuple[int, float, float], person: int = 0) -> list[Step]:
    """One person: milliseconds, x, y."""
    return [(person, time, x, y) for time, x, y in points]


def along(*xs: float, step_ms: int = 1000, y: float = 50.0) -> Paths:
    """One person from left to right and back: x at every step of time."""
    points = [(place * step_ms, x, y) for place, x in enumerate(xs)]
    return build_paths(seen(walked(*points)), ABSENCE_MS)

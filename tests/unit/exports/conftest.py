from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from passerby.records import NO_FACE, Faces, Sightings
from passerby.testing import frontal_faces

# Person, timestamp in milliseconds, left edge, whether it was detected.
Row = tuple[int, int, float, bool]
Sighted = Callable[..., Sightings]
WithFaces = Callable[..., Sightings]


def _sighted(*rows: Row, size: tuple[float, float] = (20, 40), top: float = 10) -> Sightings:
    """Boxes of one size, at one height."""
    table = np.array(sorted(rows, key=lambda row: (row[1], row[0])), dtype=np.float64)
    person, time, left, detected = table.reshape(-1, 4).T
    upper = np.full_like(left, top)
    return Sightings(
        person_index=person.astype(np.int64),
        frame_index=(time // 40).astype(np.int64),
        timestamp_ms=time.astype(np.int64),
        xyxy=np.stack([left, upper, left + size[0], upper + size[1]], axis=1).astype(np.float32),
        confidence=np.full(len(left), 0.5, dtype=np.float32),
        detected=detected.astype(np.bool_),
        face=np.full(len(left), NO_FACE),
        faces=Faces.none(),
    )


@pytest.fixture
def sighted() -> Sighted:
    return _sighted


def _with_faces(
    sightings: Sightings, rows: list[int], *, body: bool = True, size: float = 10
) -> Sightings:
    """Give rows a face in the upper left corner of their box, in place of it unless `body`."""
    corner = sightings.xyxy[rows, :2]
    face = np.full(len(sightings), NO_FACE)
    face[rows] = np.arange(len(rows))
    xyxy = sightings.xyxy.copy()
    if not body:
        xyxy[rows] = np.nan
    faces = frontal_faces(np.hstack([corner, corner + size]))
    return replace(sightings, xyxy=xyxy, face=face, faces=faces)


@pytest.fixture
def with_faces() -> WithFaces:
    return _with_faces

from collections.abc import Callable

import numpy as np
import pytest

from passerby.records import Sightings

# Person, timestamp in milliseconds, left edge, whether it was detected.
Row = tuple[int, int, float, bool]
Sighted = Callable[..., Sightings]


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
    )


@pytest.fixture
def sighted() -> Sighted:
    return _sighted

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from passerby.jobs.database import Database, open_database
from passerby.records import Sightings


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/jobs.db")
    yield database
    database.close()


@pytest.fixture(scope="session")
def make_sightings() -> Callable[[int], Sightings]:
    """Rows by timestamp, then by person; confidences repeat, so that ties occur."""

    def make(count: int) -> Sightings:
        random = np.random.default_rng(count)
        people = 7
        return Sightings(
            person_index=np.arange(count, dtype=np.int64) % people,
            frame_index=np.arange(count, dtype=np.int64) // people * 2,
            timestamp_ms=np.arange(count, dtype=np.int64) // people * 67,
            xyxy=random.uniform(0, 1920, (count, 4)).astype(np.float32),
            confidence=random.integers(50, 100, count).astype(np.float32) / np.float32(100),
            detected=random.random(count) < 0.9,
        )

    return make

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from passerby.database.connection import Database, open_database
from passerby.records import NO_FACE, Faces, Sightings


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the test's own database is to be, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def make_sightings() -> Callable[[int], Sightings]:
    """Rows by timestamp, then by person; confidences repeat, so that ties occur.

    A row has a body, a face, or both.
    """

    def make(count: int) -> Sightings:
        random = np.random.default_rng(count)
        people = 7
        has_face = random.random(count) < 0.3
        xyxy = random.uniform(0, 1920, (count, 4)).astype(np.float32)
        xyxy[has_face & (random.random(count) < 0.5)] = np.nan
        return Sightings(
            person_index=np.arange(count, dtype=np.int64) % people,
            frame_index=np.arange(count, dtype=np.int64) // people * 2,
            timestamp_ms=np.arange(count, dtype=np.int64) // people * 67,
            xyxy=xyxy,
            confidence=random.integers(50, 100, count).astype(np.float32) / np.float32(100),
            detected=random.random(count) < 0.9,
            face=np.where(has_face, np.cumsum(has_face) - 1, NO_FACE),
            faces=_faces(random, int(has_face.sum())),
        )

    return make


def _faces(random: np.random.Generator, count: int) -> Faces:
    """Any numbers; the expression of every other face is not known."""
    columns = (
        random.uniform(0, 100, (count, *column.shape[1:])).astype(np.float32)
        for column in Faces.none().columns()
    )
    faces = Faces(*columns)
    faces.expression[::2] = np.nan
    return faces

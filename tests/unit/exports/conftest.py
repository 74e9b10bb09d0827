from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from passerby.bootstrap.analysis_result import AnalysisResult
from passerby.records import NO_FACE, Faces, Sightings, VideoInfo
from passerby.results.tables import write_table
from passerby.testing import frontal_faces

# Person, timestamp in milliseconds, left edge, whether it was detected.
Row = tuple[int, int, float, bool]
MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]
BuildResult = Callable[..., AnalysisResult]


def _make_sightings(*rows: Row, size: tuple[float, float] = (20, 40), top: float = 10) -> Sightings:
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
def make_sightings() -> MakeSightings:
    return _make_sightings


def _add_faces(
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
def add_faces() -> AddFaces:
    return _add_faces


VIDEO = VideoInfo("h264", "QuickTime / MOV", 25.0, 640, 480, 4000, "LIMITED")  # of 100 frames


@pytest.fixture
def analysis_result(tmp_path: Path) -> BuildResult:
    """A result in a file, as a job or `passerby track` leaves it."""

    def build(
        sightings: Sightings,
        source: str | None = None,
        *,
        frame_rate: float = VIDEO.frame_rate,
        duration_ms: int = VIDEO.duration_ms,
    ) -> AnalysisResult:
        table = tmp_path / "street.parquet"
        write_table(sightings, table)
        video = replace(VIDEO, frame_rate=frame_rate, duration_ms=duration_ms)
        return AnalysisResult("street", table, video, lambda: source)

    return build


@pytest.fixture(scope="session")
def crowd() -> Sightings:
    """Seven persons for 2,000 frames, more than one part; some are gone for a while."""
    random = np.random.default_rng(7)
    frame, person = (axis.ravel() for axis in np.mgrid[0:2000:2, 0:7])
    there = (frame + 37 * person) % 400 > 8 * person
    frame, person = frame[there], person[there]
    left = 300 + 200 * np.sin(frame / 90 + person) + random.normal(0, 0.3, len(frame))
    xyxy = np.stack([left, 20 + 40 * person, left + 40, 120 + 40 * person], axis=1)
    walking = Sightings(
        person_index=person,
        frame_index=frame,
        timestamp_ms=frame * 40,
        xyxy=xyxy.astype(np.float32),
        confidence=random.uniform(0.4, 1, len(frame)).astype(np.float32),
        detected=random.random(len(frame)) < 0.9,
        face=np.full(len(frame), NO_FACE),
        faces=Faces.none(),
    )
    rows = np.flatnonzero(random.random(len(frame)) < 0.2)
    only_faces = rows[:50].tolist()
    add_faces = _add_faces(walking, rows.tolist())
    add_faces.xyxy[only_faces] = np.nan
    return add_faces


def concatenate(made: Iterable[bytes]) -> bytes:
    """A file from its pieces."""
    return b"".join(made)


def ignore_progress(_done: int) -> None:
    """Progress that nobody wants to know."""

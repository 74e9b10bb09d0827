"""What is written on a disk without room: nothing that could be taken for whole."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.harness.disk import full, small_disk

from passerby.pathing.observation_store import FolderObservationStore
from passerby.pathing.observations import load, serialised
from passerby.records import NO_FACE, Faces, Observations, Sightings
from passerby.results.store import Results

COUNT = 50_000
RANDOM = np.random.default_rng(1)  # what cannot be compressed
OBSERVED = Observations(
    frame_index=np.arange(COUNT),
    timestamp_ms=np.arange(COUNT),
    camera_motion=RANDOM.random((COUNT, 2, 3), np.float32),
    first_detection=np.zeros(COUNT + 1, np.int64),
    xyxy=np.empty((0, 4), np.float32),
    confidence=np.empty(0, np.float32),
    described=np.empty(0, np.int64),
    appearance=np.empty((0, 1), np.uint8),
    first_face=np.zeros(COUNT + 1, np.int64),
    faces=Faces.none(),
    frame_count=COUNT,
)
SIGHTED = Sightings(
    person_index=np.zeros(COUNT, np.int64),
    frame_index=np.arange(COUNT),
    timestamp_ms=np.arange(COUNT),
    xyxy=RANDOM.random((COUNT, 4), np.float32),
    confidence=RANDOM.random(COUNT, np.float32),
    detected=np.ones(COUNT, np.bool_),
    face=np.full(COUNT, NO_FACE),
    faces=Faces.none(),
)
JOB = "ab" * 32


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as mounted:
        if not mounted:
            pytest.skip("nothing can be mounted here")
        yield tmp_path / "disk"


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda disk: FolderObservationStore(disk).put("shard.parquet", serialised(OBSERVED)),
            id="observations",
        ),
        pytest.param(lambda disk: Results(disk).draft(JOB, SIGHTED), id="results"),
    ],
)
def test_a_full_disk_is_said_to_be_full_and_left_clean(
    disk: Path, write: Callable[[Path], object]
) -> None:
    with full(disk):
        with pytest.raises(OSError, match="No space") as refusal:
            write(disk)
        assert refusal.value.errno == errno.ENOSPC
        assert [path.name for path in disk.iterdir()] == ["ballast"]

    write(disk)
    assert list(disk.iterdir())


def test_what_was_there_outlasts_a_full_disk(disk: Path) -> None:
    FolderObservationStore(disk).put("shard.parquet", serialised(OBSERVED))
    results = Results(disk / "results")
    results.write(JOB, SIGHTED)
    with full(disk):
        with pytest.raises(OSError, match="No space"):
            FolderObservationStore(disk).put("shard.parquet", serialised(OBSERVED))
        with pytest.raises(OSError, match="No space"):
            results.write(JOB, SIGHTED)

    assert load(disk / "shard.parquet").frame_count == COUNT
    assert len(results.page(JOB, "index", COUNT - 5, 10).sightings) == 5

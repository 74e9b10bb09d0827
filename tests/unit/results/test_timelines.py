from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from passerby.records import NO_FACE, Faces, Sightings
from passerby.results.store import index_order
from passerby.results.tables import write_table
from passerby.results.timelines import timelines

MakeSightings = Callable[[int], Sightings]
Pairs = list[list[int]]


def one_person(rows: list[tuple[int, bool]]) -> Sightings:
    """Person 0 at times, detected or not, without faces."""
    count = len(rows)
    return Sightings(
        person_index=np.zeros(count, np.int64),
        frame_index=np.arange(count),
        timestamp_ms=np.array([time for time, _ in rows], np.int64),
        xyxy=np.ones((count, 4), np.float32),
        confidence=np.ones(count, np.float32),
        detected=np.array([detected for _, detected in rows], np.bool_),
        face=np.full(count, NO_FACE),
        faces=Faces.none(),
    )


@pytest.mark.parametrize(
    ("rows", "seen", "filled"),
    [
        pytest.param([(0, True)], [[0, 0]], [], id="a single sighting"),
        pytest.param([(0, False)], [], [[0, 0]], id="a single filled one"),
        pytest.param([(0, True), (200, True)], [[0, 200]], [], id="just near enough"),
        pytest.param([(0, True), (201, True)], [[0, 0], [201, 201]], [], id="too far apart"),
        pytest.param(
            [(0, True), (100, True), (200, False), (300, True), (400, True)],
            [[0, 100], [300, 400]],
            [[100, 300]],
            id="what is filled reaches to its neighbours",
        ),
        pytest.param(
            [(0, True), (100, True), (900, True), (1000, True)],
            [[0, 100], [900, 1000]],
            [],
            id="a gap stays open",
        ),
    ],
)
def test_intervals(
    tmp_path: Path, rows: list[tuple[int, bool]], seen: Pairs, filled: Pairs
) -> None:
    write_table(one_person(rows), tmp_path / "index.parquet")

    (life,) = timelines(tmp_path / "index.parquet")

    assert (life.person_index, life.first_ms, life.last_ms) == (0, rows[0][0], rows[-1][0])
    assert life.seen.tolist() == seen
    assert life.filled.tolist() == filled
    assert life.face.tolist() == []


def test_nobody(tmp_path: Path) -> None:
    write_table(one_person([]), tmp_path / "index.parquet")

    assert list(timelines(tmp_path / "index.parquet")) == []


def brute_force(sightings: Sightings, person: int) -> tuple[Pairs, Pairs, Pairs]:
    """Intervals of a person, step by step."""
    mine = [row for row in range(len(sightings)) if sightings.person_index[row] == person]
    bodies = [row for row in mine if not np.isnan(sightings.xyxy[row, 0])]
    faces = [row for row in mine if sightings.face[row] != NO_FACE]
    seen, filled = steps(sightings, bodies, 200)
    return seen, filled, steps(sightings, faces, 450, always=True)[0]


def steps(
    sightings: Sightings, rows: list[int], joined_ms: int, *, always: bool = False
) -> tuple[Pairs, Pairs]:
    found: dict[bool, Pairs] = {True: [], False: []}
    for at, row in enumerate(rows):
        time = int(sightings.timestamp_ms[row])
        sure = always or bool(sightings.detected[row])
        before = int(sightings.timestamp_ms[rows[at - 1]]) if at else -(10**9)
        after = int(sightings.timestamp_ms[rows[at + 1]]) if at + 1 < len(rows) else 10**9
        if time - before > joined_ms and after - time > joined_ms:
            found[sure].append([time, time])
        elif time - before <= joined_ms:
            both = always or (sure and bool(sightings.detected[rows[at - 1]]))
            if found[both] and found[both][-1][1] == before:
                found[both][-1][1] = time
            else:
                found[both].append([before, time])
    return found[True], found[False]


def test_many_persons_over_many_groups_of_rows(
    make_sightings: MakeSightings, tmp_path: Path
) -> None:
    sightings = make_sightings(12_000)
    write_table(sightings, tmp_path / "index.parquet", index_order(sightings))

    found = list(timelines(tmp_path / "index.parquet"))

    assert [life.person_index for life in found] == list(range(7))
    for life in found:
        actual = (life.seen.tolist(), life.filled.tolist(), life.face.tolist())
        assert actual == brute_force(sightings, life.person_index)

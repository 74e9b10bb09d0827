from collections.abc import Callable

import numpy as np
import pytest

from passerby.films.placement import locate_faces, locate_persons, trace_trails
from passerby.records import Sightings

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]
Row = tuple[int, int, float, bool]

WALK = [(0, 1000, 0, True), (0, 1100, 10, True)]


@pytest.mark.parametrize(
    ("rows", "timestamp_ms", "expected"),
    [
        pytest.param([], 1000, [], id="nobody"),
        pytest.param(WALK, 1000, [(0, 0, True)], id="at a sighting"),
        pytest.param(WALK, 1025, [(0, 2.5, True)], id="between two"),
        pytest.param(WALK, 999, [], id="before the first"),
        pytest.param(WALK, 1101, [], id="after the last"),
        pytest.param(
            [(0, 1000, 0, True), (0, 1200, 10, True)], 1100, [(0, 5, True)], id="just near enough"
        ),
        pytest.param([(0, 1000, 0, True), (0, 1201, 10, True)], 1100, [], id="too far apart"),
        pytest.param(
            [(0, 1000, 0, True), (0, 1100, 10, False)], 1050, [(0, 5, False)], id="to a filled one"
        ),
        pytest.param([(0, 1000, 0, False)], 1000, [(0, 0, False)], id="at a filled one"),
        pytest.param(
            [*WALK, (0, 1200, 100, True)], 1150, [(0, 55, True)], id="the nearest two count"
        ),
        pytest.param(
            [(3, 1000, 50, True), (3, 1100, 50, True), (1, 1050, 7, True), *WALK],
            1050,
            [(0, 5, True), (1, 7, True), (3, 50, True)],
            id="several, by index",
        ),
    ],
)
def test_locate_persons(
    make_sightings: MakeSightings,
    rows: list[Row],
    timestamp_ms: int,
    expected: list[tuple[int, float, bool]],
) -> None:
    placed = locate_persons(make_sightings(*rows), timestamp_ms)

    assert placed.person_index.tolist() == [person for person, _, _ in expected]
    assert placed.detected.tolist() == [detected for _, _, detected in expected]
    boxes = np.array([(left, 10, left + 20, 50) for _, left, _ in expected]).reshape(-1, 4)
    np.testing.assert_allclose(placed.xyxy, boxes)


@pytest.mark.parametrize(
    ("rows", "timestamp_ms", "expected"),
    [
        pytest.param([], 1000, [], id="nobody"),
        pytest.param([(0, 1000, 0, True)], 1000, [(0, 0)], id="at a sighting"),
        pytest.param([(0, 1000, 0, True)], 1001, [], id="after the last"),
        pytest.param(
            [(0, 1000, 0, True), (0, 1209, 20.9, True)], 1100, [(0, 10)], id="the step at 24 Hz"
        ),
        pytest.param(
            [(0, 1000, 0, True), (0, 1400, 40, True)], 1100, [(0, 10)], id="one was missed"
        ),
        pytest.param([(0, 1000, 0, True), (0, 1600, 60, True)], 1100, [], id="too far apart"),
        pytest.param(
            [(person, time, 10 * person, True) for person in (2, 1) for time in (1000, 1200)],
            1100,
            [(1, 10), (2, 20)],
            id="several, by index",
        ),
    ],
)
def test_locate_faces(
    make_sightings: MakeSightings,
    add_faces: AddFaces,
    rows: list[Row],
    timestamp_ms: int,
    expected: list[tuple[int, float]],
) -> None:
    sightings = add_faces(make_sightings(*rows), list(range(len(rows))), body=False)

    placed = locate_faces(sightings, timestamp_ms)

    assert placed.person_index.tolist() == [person for person, _ in expected]
    boxes = np.array([(left, 10, left + 10, 20) for _, left in expected]).reshape(-1, 4)
    np.testing.assert_allclose(placed.xyxy, boxes, atol=1e-4)
    noses = np.array([(left + 5, 16) for _, left in expected]).reshape(-1, 2)
    np.testing.assert_allclose(placed.points[:, 4], noses, atol=1e-4)


def steps(person: int, first_ms: int, count: int) -> list[Row]:
    """Ten pixels to the right every 100 ms, from the left border."""
    return [(person, first_ms + 100 * step, 10 * step, True) for step in range(count)]


@pytest.mark.parametrize(
    ("rows", "timestamp_ms", "expected"),
    [
        pytest.param([], 1000, [], id="nobody"),
        pytest.param(steps(0, 1000, 3), 1000, [], id="no way yet"),
        pytest.param(steps(0, 1000, 3), 1150, [(0, [10, 20, 25])], id="up to now, in mid-step"),
        pytest.param(steps(0, 1000, 3), 1200, [(0, [10, 20, 30])], id="up to now, at a sighting"),
        pytest.param(steps(0, 1000, 3), 1900, [(0, [10, 20, 30])], id="it stays for a while"),
        pytest.param(steps(0, 1000, 3), 3100, [(0, [20, 30])], id="its older end has gone"),
        pytest.param(steps(0, 1000, 3), 3300, [], id="all of it has gone"),
        pytest.param(
            [*steps(0, 1000, 2), *steps(0, 1500, 2)],
            1600,
            [(0, [10, 20]), (0, [10, 20])],
            id="a gap is not bridged",
        ),
        pytest.param(
            [*steps(0, 1000, 2), *steps(1, 1000, 3)],
            1200,
            [(0, [10, 20]), (1, [10, 20, 30])],
            id="two persons",
        ),
    ],
)
def test_trace_trails(
    make_sightings: MakeSightings,
    rows: list[Row],
    timestamp_ms: int,
    expected: list[tuple[int, list[float]]],
) -> None:
    sightings = make_sightings(*rows)

    found = trace_trails(sightings, locate_persons(sightings, timestamp_ms), timestamp_ms)

    assert [trail.person_index for trail in found] == [person for person, _ in expected]
    for trail, (_, middles) in zip(found, expected, strict=True):
        np.testing.assert_allclose(trail.points, [(middle, 50) for middle in middles])


def test_trails_fade(make_sightings: MakeSightings) -> None:
    sightings = make_sightings(*steps(0, 0, 21))

    (trail,) = trace_trails(sightings, locate_persons(sightings, 2000), 2000)

    np.testing.assert_allclose(trail.freshness, np.linspace(0, 1, 21))

from itertools import pairwise

import numpy as np
import pytest

from passerby.analytics import stays as module
from passerby.analytics.geometry import contains
from passerby.analytics.paths import build_paths
from passerby.analytics.stays import find_stays

from .footsteps import ABSENCE_MS, Step, along, seen, walked

# From x 100 to 200; the walks are along y 50.
ZONE = np.array([(100, 0), (200, 0), (200, 100), (100, 100)], np.float64)
HOLD_MS = 500.0

Stay = tuple[int, float, float, bool, bool]  # person, from, to, entered, left


def found(steps: list[Step], hold_ms: float = HOLD_MS) -> list[Stay]:
    listed = find_stays(build_paths(seen(steps), ABSENCE_MS), ZONE, hold_ms)
    return list(zip(*(column.tolist() for column in listed), strict=True))


def at(*moments: tuple[int, float]) -> list[Step]:
    return walked(*((time, x, 50.0) for time, x in moments))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param(at((0, 150)), [], id="one sighting lasts no time"),
        pytest.param(at((0, 50), (2000, 250)), [(0, 500, 1500, True, True)], id="straight through"),
        pytest.param(
            at((0, 50), (1000, 150), (3000, 150), (4000, 250)),
            [(0, 500, 3500, True, True)],
            id="in, wait, out",
        ),
        pytest.param(
            at((0, 150), (1000, 150), (2000, 250)), [(0, 0, 1500, False, True)], id="appears inside"
        ),
        pytest.param(
            at((0, 50), (1000, 150), (2000, 150)), [(0, 500, 2000, True, False)], id="lost inside"
        ),
        pytest.param(at((0, 150), (500, 150)), [(0, 0, 500, False, False)], id="just long enough"),
        pytest.param(at((0, 150), (499, 150)), [], id="a millisecond too short"),
        pytest.param(
            at((0, 50), (1000, 99), (1300, 101), (1500, 101), (1700, 99), (4000, 50)),
            [],
            id="in for half the time that counts",
        ),
        pytest.param(
            at((0, 150), (1000, 199), (1200, 201), (1400, 199), (2400, 150)),
            [(0, 0, 2400, False, False)],
            id="out for less than counts: one stay",
        ),
        pytest.param(
            at((0, 150), (1000, 200), (1500, 200), (2500, 150)),
            [(0, 0, 1000, False, True), (0, 1500, 2500, True, False)],
            id="out for just as long as counts: two stays",
        ),
        pytest.param(
            at((0, 98), (1000, 98), (1200, 102), (1400, 98), (1600, 102), (1800, 98), (3000, 98)),
            [],
            id="flicker at the border from outside",
        ),
        pytest.param(
            at((0, 150), (1000, 150), (5000, 150), (9001, 150), (10000, 150)),
            [(0, 0, 5000, False, False), (0, 9001, 10000, False, False)],
            id="absent for longer than four seconds: lost, and appeared",
        ),
        pytest.param(
            at((0, 150), (1000, 150), (5000, 150), (9000, 150)),
            [(0, 0, 9000, False, False)],
            id="absent for four seconds: there",
        ),
        pytest.param(
            at((0, 50), (400, 50), (800, 150), (2000, 150)),
            [(0, 600, 2000, True, False)],
            id="outside for long enough before",
        ),
        pytest.param(
            at((0, 50), (200, 50), (600, 150), (2000, 150)),
            [(0, 0, 2000, False, False)],
            id="outside for too short before: appeared inside",
        ),
        pytest.param(
            at((0, 100), (1000, 100), (2000, 100)),
            [(0, 0, 2000, False, False)],
            id="on the left edge: inside",
        ),
        pytest.param(at((0, 200), (1000, 200), (2000, 200)), [], id="on the right edge: outside"),
        pytest.param(
            [*at((0, 150), (1000, 150)), *walked((0, 150, 99), (900, 150, 99), person=7)],
            [(0, 0, 1000, False, False), (7, 0, 900, False, False)],
            id="two at once",
        ),
        pytest.param(
            walked((0, 50, 150), (2000, 250, -50)), [(0, 500, 1500, True, True)], id="diagonally"
        ),
        pytest.param(walked((0, 0, 100), (2000, 300, 100)), [], id="along the lower edge: outside"),
    ],
)
def test_stays(steps: list[Step], expected: list[Stay]) -> None:
    assert found(steps) == expected


def test_without_hysteresis_every_look_inside_counts() -> None:
    (stay,) = found(at((0, 50), (100, 101), (200, 50)), hold_ms=0)

    assert stay[1:3] == pytest.approx((98.04, 101.96), abs=0.01)
    assert stay[3:] == (True, True)


def test_the_face_alone_stands_nowhere() -> None:
    sightings = seen(at((0, 150), (1000, 150)))
    sightings.xyxy[:] = np.nan

    assert len(find_stays(build_paths(sightings, ABSENCE_MS), ZONE, HOLD_MS).person) == 0


def test_a_filled_box_counts() -> None:
    sightings = seen(at((0, 150), (1000, 150)))
    sightings.detected[:] = False

    assert len(find_stays(build_paths(sightings, ABSENCE_MS), ZONE, HOLD_MS).person) == 1


def test_a_concave_zone_is_left_in_its_notch() -> None:
    zone = np.array([(0, 0), (40, 0), (40, 60), (80, 60), (80, 0), (120, 0), (120, 99), (0, 99)])

    listed = find_stays(along(20, 100, step_ms=4000), zone.astype(np.float64), HOLD_MS)

    assert listed.from_ms.tolist() == [0, 3000]
    assert listed.to_ms.tolist() == [1000, 4000]
    assert listed.left.tolist() == [True, False]


@pytest.mark.parametrize("steps_per_block", [7, 10_000])
def test_time_inside_is_that_of_a_fine_raster(
    monkeypatch: pytest.MonkeyPatch, steps_per_block: int
) -> None:
    monkeypatch.setattr(module, "STEPS_PER_BLOCK", steps_per_block)
    random = np.random.default_rng(3)
    star = np.array([(150, 10), (190, 140), (60, 60), (240, 60), (110, 140)], np.float64)
    steps = [
        (person, 100 * place, x, y)
        for person in range(12)
        for place, (x, y) in enumerate(150 + np.cumsum(random.normal(0, 12, (80, 2)), axis=0))
    ]
    paths = build_paths(seen(steps), ABSENCE_MS)

    listed = find_stays(paths, star, hold_ms=0)

    share = ((np.arange(200) + 0.5) / 200)[:, None, None]
    raster = paths.point[:-1] * (1 - share) + paths.point[1:] * share
    inside = contains(star, raster.reshape(-1, 2)).reshape(200, -1)[:, paths.joined]
    assert (listed.to_ms - listed.from_ms).sum() == pytest.approx(inside.mean(0).sum() * 100, 2e-3)
    borders = int(listed.entered.sum() + listed.left.sum())
    assert borders >= np.abs(np.diff(contains(star, paths.point).astype(int)))[paths.joined].sum()
    assert borders > 50


def test_zones_side_by_side_share_out_all_time() -> None:
    random = np.random.default_rng(8)
    steps = [
        (person, 67 * place, *random.uniform(0, 300, 2))
        for person in range(5)
        for place in range(60)
    ]
    paths = build_paths(seen(steps), ABSENCE_MS)
    edges = [-10.0, 100 / 3, 77.7, 290, 310]
    tiles = [
        np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        for left, right in pairwise(edges)
        for top, bottom in pairwise(edges)
    ]

    listed = [find_stays(paths, tile, hold_ms=0) for tile in tiles]

    assert sum((one.to_ms - one.from_ms).sum() for one in listed) == pytest.approx(5 * 59 * 67)
    # Who leaves a tile enters another one.
    assert sum(one.entered.sum() for one in listed) == sum(one.left.sum() for one in listed) > 300

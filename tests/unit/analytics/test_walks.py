import numpy as np
import pytest

from passerby.analytics.floor import Floor, fit_floor
from passerby.analytics.paths import build_paths
from passerby.analytics.walks import measure_walks

from .footsteps import ABSENCE_MS, Step, seen, walked

CORNERS = np.array([(0, 0), (400, 0), (400, 300), (0, 300)], np.float64)
# A hundred pixels are a metre.
PLAN = fit_floor(CORNERS, CORNERS / 100)


def found(steps: list[Step], floor: Floor = PLAN) -> list[tuple[float, ...]]:
    """Person, metres, seconds, mean and top speed."""
    columns = measure_walks(build_paths(seen(steps), ABSENCE_MS), floor)
    return [tuple(row) for row in np.round(np.stack(columns, axis=1), 3).tolist()]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param(walked((0, 0, 0)), [], id="one sighting"),
        pytest.param(
            walked((0, 100, 100), (2000, 100, 340)), [(0, 2.4, 2, 1.2, 1.2)], id="straight on"
        ),
        pytest.param(
            walked((0, 0, 0), (1000, 100, 0), (2000, 100, 200)),
            [(0, 3, 2, 1.5, 2)],
            id="round a corner",
        ),
        pytest.param(
            walked((0, 0, 0), (250, 5, 0), (500, 0, 0), (750, -5, 0), (1000, 0, 0)),
            [(0, 0, 1, 0, 0)],
            id="swaying within a second is no way",
        ),
        pytest.param(
            walked((0, 0, 0), (1400, 140, 0)),
            [(0, 1.4, 1.4, 1, 1)],
            id="a short rest adds to the way",
        ),
        pytest.param(
            walked((0, 0, 0), (1000, 100, 0), (1400, 180, 0)),
            [(0, 1.8, 1.4, 1.286, 1)],
            id="but is too short for a top speed",
        ),
        pytest.param(
            walked((0, 0, 0), (1000, 100, 0), (1500, 200, 0)),
            [(0, 2, 1.5, 1.333, 2)],
            id="half a second is not",
        ),
        pytest.param(
            walked((0, 0, 0), (1000, 100, 0), (9000, 300, 0), (10000, 300, 50)),
            [(0, 1.5, 2, 0.75, 1)],
            id="a long absence is no way",
        ),
        pytest.param(
            [*walked((0, 0, 0), (1000, 100, 0), person=5), *walked((0, 0, 0), (1000, 0, 50))],
            [(0, 0.5, 1, 0.5, 0.5), (5, 1, 1, 1, 1)],
            id="two persons",
        ),
    ],
)
def test_walks(steps: list[Step], expected: list[tuple[float, ...]]) -> None:
    assert found(steps) == [pytest.approx(row) for row in expected]


def test_too_short_for_any_speed() -> None:
    (row,) = found(walked((0, 0, 0), (400, 40, 0)))

    assert row[:3] == (0, 0.4, 0.4)
    assert np.isnan(row[3:]).all()


def test_a_wall_is_not_walked_on() -> None:
    # Far things get small: half as wide 300 pixels up; the horizon is at y -300.
    pixels = np.array([(150, 0), (250, 0), (300, 300), (100, 300)], np.float64)
    floor = fit_floor(pixels, CORNERS[[0, 1, 2, 3]] / 100)

    listed = found(
        walked((0, 200, 300), (1000, 200, 0), (2000, 200, -320), (3000, 200, -330)), floor
    )

    assert listed == [(0, 3, 1, 3, 3)]


def test_standing_still_adds_up_to_little() -> None:
    random = np.random.default_rng(2)
    steps = [(0, round(place * 1000 / 15), *random.normal(200, 3, 2)) for place in range(900)]

    ((_, metres, seconds, mean, _),) = found(steps)

    # As the crow flies from sighting to sighting the box trembles 50 metres in this minute.
    assert seconds == pytest.approx(60, abs=0.1)
    assert metres < 4
    assert mean < 0.07

from itertools import pairwise

import numpy as np
import pytest

from passerby.analytics.flow import compute_flow
from passerby.analytics.grid import Grid
from passerby.analytics.heat import heat_map
from passerby.analytics.paths import build_paths

from .footsteps import ABSENCE_MS, Step, seen, walked


def at_random(persons: int = 20, steps: int = 100) -> list[Step]:
    random = np.random.default_rng(4)
    return [
        (person, int(time), *random.uniform((-20, -20), (340, 260)))
        for person in range(persons)
        for time in np.cumsum(random.choice([40, 67, 500, 6000], steps))
    ]


def test_nobody_leaves_it_cold() -> None:
    assert heat_map(seen([]), 320, 240, 8).tolist() == [[0.0] * 8] * 6


def test_a_sighting_stands_for_half_way_to_its_neighbours() -> None:
    steps = walked((0, 10, 10), (1000, 50, 10), (3000, 90, 10), (9000, 90, 50), (9500, 90, 50))

    heat = heat_map(seen(steps), 120, 60, 3)

    # After an absence of six seconds: half a second more.
    assert heat.tolist() == [[0.5, 1.5, 1.0], [0, 0, 0.5]]


def test_rows_cover_the_frame_and_the_border_counts_as_inside() -> None:
    heat = heat_map(seen(walked((0, 100, 90), (1000, 100, 90))), 100, 90, 4)

    assert heat.shape == (4, 4)
    assert heat[3, 3] == 1


def test_heat_is_the_time_of_all_persons() -> None:
    steps = at_random()

    heat = heat_map(seen(steps), 320, 240, 8)

    by_hand = np.zeros((6, 8))
    for person in range(20):
        own = [step for step in steps if step[0] == person]
        for (_, start, *one), (_, end, *other) in pairwise(own):
            if end - start <= ABSENCE_MS:
                for x, y in (one, other):
                    cell = min(max(int(y // 40), 0), 5), min(max(int(x // 40), 0), 7)
                    by_hand[cell] += (end - start) / 2000
    np.testing.assert_allclose(heat, by_hand)


def test_flow_is_way_by_time() -> None:
    steps = [
        *walked((0, 10, 10), (1000, 30, 10), (3000, 30, 18), person=0),
        *walked((500, 90, 10), (1500, 70, 10), (2500, 90, 10), person=1),
        *walked((0, 50, 50), (5000, 50, 90), person=2),
    ]

    flow = compute_flow(build_paths(seen(steps), ABSENCE_MS), Grid(120, 80, 3))

    assert flow.seconds.tolist() == [[3, 0, 2], [0, 0, 0]]
    expected = np.full((2, 3, 2), np.nan)
    expected[0, 0], expected[0, 2] = (20 / 3, 8 / 3), (0, 0)
    np.testing.assert_allclose(flow.velocity, expected)


@pytest.mark.parametrize("extent", [(0, 10, 3), (10, 0, 3), (10, 10, 0)])
def test_a_grid_has_an_extent(extent: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="have an extent"):
        Grid(*extent)

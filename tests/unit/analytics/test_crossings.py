from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.analytics.crossings import find_crossings
from passerby.analytics.paths import build_paths

from .footsteps import ABSENCE_MS, Step, seen, walked

# Drawn from left to right at y 100: its right-hand side is below it.
START, END = np.array([0.0, 100]), np.array([200.0, 100])
HOLD_MS = 500.0
DOWN, UP = True, False

Crossing = tuple[int, float, bool]


def found(
    steps: Iterable[Step], ends: tuple[object, object] = (START, END), hold_ms: float = HOLD_MS
) -> list[Crossing]:
    start, end = (np.asarray(point, np.float64) for point in ends)
    listed = find_crossings(build_paths(seen(steps), ABSENCE_MS), start, end, hold_ms)
    return list(zip(*(column.tolist() for column in listed), strict=True))


def down(*moments: tuple[int, float]) -> list[Step]:
    """Along x 50: milliseconds, y."""
    return walked(*((time, 50.0, y) for time, y in moments))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param(down((0, 50), (2000, 150)), [(0, 1000, DOWN)], id="down"),
        pytest.param(down((0, 150), (2000, 50)), [(0, 1000, UP)], id="up"),
        pytest.param(
            down((0, 50), (2000, 150), (4000, 50)), [(0, 1000, DOWN), (0, 3000, UP)], id="both"
        ),
        pytest.param(
            down((0, -3000), (600, -3000), (667, 3000), (1300, 3000)),
            [(0, pytest.approx(634.6, abs=0.1), DOWN)],
            id="very fast, between two sightings",
        ),
        pytest.param(
            down((0, 50), (1000, 99), (1200, 101), (1400, 99), (2400, 50)), [], id="over and back"
        ),
        pytest.param(
            down((0, 50), (1000, 99), (1200, 101), (1400, 99), (1600, 101), (2600, 150)),
            [(0, 1500, DOWN)],
            id="with flicker: once, dated to where it held",
        ),
        pytest.param(
            down((0, 50), (1000, 100.5), (1500, 150)),
            [(0, pytest.approx(990.1, abs=0.1), DOWN)],
            id="long enough behind",
        ),
        pytest.param(down((0, 50), (1000, 100), (1499, 150)), [], id="too short behind"),
        pytest.param(down((0, 50), (499, 100), (1500, 150)), [], id="too short before"),
        pytest.param(
            down((0, 50), (500, 100), (1500, 150)), [(0, 500, DOWN)], id="just long enough before"
        ),
        pytest.param(down((0, 50), (1000, 100), (2000, 50)), [], id="touched from above"),
        pytest.param(down((0, 150), (1000, 100), (2000, 150)), [], id="touched from below"),
        pytest.param(
            down((0, 150), (1000, 100), (2000, 100), (3000, 150)),
            [(0, 1000, UP), (0, 2000, DOWN)],
            id="stood on it, coming from below: it belongs to what is above",
        ),
        pytest.param(
            down((0, 50), (1000, 100), (2000, 100), (3000, 50)), [], id="stood on it, from above"
        ),
        pytest.param(
            down((0, 50), (1000, 100), (2000, 150)), [(0, 1000, DOWN)], id="a sighting on the line"
        ),
        pytest.param(walked((0, 20, 100), (2000, 180, 100)), [], id="along the line"),
        pytest.param(walked((0, 250, 50), (2000, 250, 150)), [], id="past its end"),
        pytest.param(walked((0, 0, 50), (2000, 0, 150)), [(0, 1000, DOWN)], id="at its start"),
        pytest.param(walked((0, 200, 50), (2000, 200, 150)), [], id="at its end"),
        pytest.param(
            walked((0, 50, 50), (1000, 50, 150), (2000, 300, 150), (3000, 300, 50), (4000, 50, 50)),
            [(0, 500, DOWN)],
            id="back round its end",
        ),
        pytest.param(
            walked(
                (0, 50, 50),
                (2000, 50, 150),
                (3000, 300, 150),
                (4000, 300, 50),
                (5000, 50, 50),
                (7000, 50, 150),
            ),
            [(0, 1000, DOWN), (0, 6000, DOWN)],
            id="round its end and over it again",
        ),
        pytest.param(
            down((0, 50), (1000, 90), (5000, 110), (6000, 110)),
            [(0, 3000, DOWN)],
            id="absent for four seconds",
        ),
        pytest.param(
            down((0, 50), (1000, 90), (5001, 110), (6000, 110)), [], id="absent for longer"
        ),
        pytest.param(
            [*down((0, 50), (2000, 150)), *walked((0, 90, 150), (2000, 90, 50), person=4)],
            [(0, 1000, DOWN), (4, 1000, UP)],
            id="two persons",
        ),
        pytest.param([(0, 0, 50, 50), (1, 1000, 50, 150)], [], id="one above, another below"),
    ],
)
def test_crossings(steps: list[Step], expected: list[Crossing]) -> None:
    assert found(steps) == expected


@pytest.mark.parametrize("turn", range(4))
def test_forward_is_from_left_to_right_whichever_way_the_line_lies(turn: int) -> None:
    quarter = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), turn)
    start, end = quarter @ [0, 0], quarter @ [100, 0]
    before, after = (quarter @ point + 500 for point in ([50, -10], [50, 10]))

    assert found(walked((0, *before), (2000, *after)), (start + 500, end + 500)) == [
        (0, 1000, True)
    ]
    assert found(walked((0, *before), (2000, *after)), (end + 500, start + 500)) == [
        (0, 1000, False)
    ]


def test_lines_in_a_row_count_each_once() -> None:
    corners = [(0, 100), (60, 100), (130, 100), (200, 100)]
    steps = [
        step
        for person, x in enumerate(range(0, 200, 10))
        for step in walked((0, x, 50), (2000, x, 150), person=person)
    ]

    counts = [len(found(steps, ends)) for ends in pairwise(corners)]

    assert counts == [6, 7, 7]


Point = tuple[int, int]
points = st.tuples(st.integers(-8, 8), st.integers(-8, 8))


@given(st.lists(points, min_size=2, max_size=12), points, points)
def test_without_hysteresis_it_agrees_with_exact_arithmetic(
    course: list[Point], start: Point, end: Point
) -> None:
    if start == end:
        return
    steps = walked(*((place * 1000, x, y) for place, (x, y) in enumerate(course)))

    listed = found(steps, (start, end), hold_ms=0)

    exact = lasting(exactly_crossed(course, start, end), 1000 * (len(course) - 1))
    assert [moment for _, moment, _ in listed] == pytest.approx([m for _, m, _ in exact])
    assert [forward for *_, forward in listed] == [forward for *_, forward in exact]


Exact = tuple[Fraction, int]  # milliseconds, +1 for forward or -1


def exactly_crossed(course: list[Point], start: Point, end: Point) -> list[Exact]:
    """Solve each step against the line in rational numbers."""
    (x0, y0), (x1, y1) = start, end
    across = [(x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) for x, y in course]
    crossed: list[Exact] = []
    for place, (before, after) in enumerate(pairwise(across)):
        if (before > 0) == (after > 0):
            continue
        share = Fraction(before, before - after)
        x, y = (
            one + share * (other - one)
            for one, other in zip(course[place], course[place + 1], strict=True)
        )
        along = (x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)
        if 0 <= along < (x1 - x0) ** 2 + (y1 - y0) ** 2:
            crossed.append((1000 * (place + share), 1 if after > 0 else -1))
    return crossed


def lasting(crossed: list[Exact], end_ms: int) -> list[Crossing]:
    """What is crossed and crossed back in the same instant is a touch; before and after
    the path there is no side.
    """
    kept: list[Crossing] = []
    for moment, group in groupby(crossed, key=lambda one: one[0]):
        net = sum(direction for _, direction in group)
        if 0 < moment < end_ms:
            kept += [(0, float(moment), net > 0)] * abs(net)
    return kept

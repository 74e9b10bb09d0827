from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.analytics.geometry import contains, cross, cuts, touches

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
# A U: its notch is between x 2 and 4, above y 3.
NOTCHED = [(0, 0), (2, 0), (2, 3), (4, 3), (4, 0), (6, 0), (6, 6), (0, 6)]
BOW_TIE = [(0, 0), (4, 4), (4, 0), (0, 4)]
# A star drawn in one go: its middle is wound around twice.
STAR = [(0, 8), (5, -8), (-7, 2), (7, 2), (-5, -8)]


@pytest.mark.parametrize(
    ("polygon", "point", "expected"),
    [
        pytest.param(SQUARE, (2, 2), True, id="in the middle"),
        pytest.param(SQUARE, (5, 2), False, id="right of it"),
        pytest.param(SQUARE, (-1, 2), False, id="left of it"),
        pytest.param(SQUARE, (2, -1), False, id="above it"),
        pytest.param(SQUARE, (2, 5), False, id="below it"),
        pytest.param(SQUARE, (0, 2), True, id="the left edge belongs to it"),
        pytest.param(SQUARE, (2, 0), True, id="the upper edge belongs to it"),
        pytest.param(SQUARE, (4, 2), False, id="the right edge does not"),
        pytest.param(SQUARE, (2, 4), False, id="the lower edge does not"),
        pytest.param(SQUARE, (0, 0), True, id="the upper left corner belongs to it"),
        pytest.param(SQUARE, (4, 4), False, id="the lower right corner does not"),
        pytest.param(NOTCHED, (3, 1), False, id="in the notch"),
        pytest.param(NOTCHED, (1, 3), True, id="level with the bottom of the notch"),
        pytest.param(NOTCHED, (3, 4), True, id="below the notch"),
        pytest.param(BOW_TIE, (3.5, 2), True, id="in a wing of the bow tie"),
        pytest.param(BOW_TIE, (2, 1), False, id="between the wings"),
        pytest.param(STAR, (0, 0), False, id="what is wound around twice is outside"),
        pytest.param(STAR, (0, 6), True, id="in a ray of the star"),
    ],
)
def test_contains(
    polygon: list[tuple[float, float]], point: tuple[float, float], *, expected: bool
) -> None:
    corners = np.array(polygon, np.float64)

    for turned in (corners, corners[::-1], np.roll(corners, 1, axis=0)):
        assert contains(turned, np.array([point], np.float64)).tolist() == [expected]


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=8),
    st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=1, max_size=20),
)
def test_contains_agrees_with_exact_arithmetic(
    polygon: list[tuple[int, int]], halves: list[tuple[int, int]]
) -> None:
    points = np.array(halves) / 2

    found = contains(np.array(polygon, np.float64), points)

    assert found.tolist() == [exactly_inside(polygon, *map(Fraction, p)) for p in points.tolist()]


def exactly_inside(polygon: list[tuple[int, int]], x: Fraction, y: Fraction) -> bool:
    """Edges that a ray to the right crosses, by rational arithmetic."""
    crossed = 0
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 <= y) != (y1 <= y):
            crossed += x0 + (y - y0) * Fraction(x1 - x0, y1 - y0) > x
    return crossed % 2 == 1


def test_tiles_hold_each_point_once() -> None:
    random = np.random.default_rng(5)
    # Triangles around a corner that no float is exact at.
    middle = np.array([1 / 3, 0.7])
    rim = np.array([[-1.1, -1.3], [2.2, -1], [2.3, 1.7], [0.4, 2.9], [-1.7, 2.1]])
    fan = [np.array([middle, one, two]) for one, two in zip(rim, np.roll(rim, -1, 0), strict=True)]
    share = random.random((2000, 1))
    on_spokes = np.concatenate([middle * share + corner * (1 - share) for corner in rim])
    points = np.concatenate([random.uniform(-2, 3, (2000, 2)), on_spokes, [middle]])
    outline = contains(rim, points)

    held = sum(contains(triangle, points).astype(int) for triangle in fan)

    inner = points[outline & (np.abs(points - middle).max(axis=1) < 0.5)]
    assert len(inner) > 500
    assert set(np.asarray(held)[outline].tolist()) == {1}


def test_a_step_is_cut_where_it_meets_the_border() -> None:
    start = np.array([[-2.0, 2], [1, 1], [5, 0], [-2, 0], [2, 2]])
    end = np.array([[6.0, 2], [3, 3], [5, 9], [2, 0], [2, 2]])

    step, share = cuts(np.array(SQUARE, np.float64), start, end)

    # Through it; within it: none; past it: none; along the upper edge; standing still: none.
    assert step.tolist() == [0, 0, 3]
    assert share.tolist() == [0.25, 0.75, 0.5]


def test_touching_of_bounding_boxes() -> None:
    start = np.array([[-2.0, 5], [5, 5], [-1, -1]])
    end = np.array([[6.0, 6], [6, 6], [9, 9]])

    assert touches(np.array(SQUARE, np.float64), start, end).tolist() == [False, False, True]
    assert touches(np.array(NOTCHED, np.float64), start, end).tolist() == [True, True, True]


def test_cross_is_positive_to_the_right_on_the_screen() -> None:
    assert cross(np.array([1.0, 0]), np.array([0.0, 1])) == 1

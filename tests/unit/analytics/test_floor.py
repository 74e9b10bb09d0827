import numpy as np
import pytest

from passerby.analytics.floor import fit_floor
from passerby.errors import PlacesError

METRES = np.array([(0, 0), (8, 0), (8, 5), (0, 5)], np.float64)

# A camera 3 m above the floor that looks 25 degrees down, 900 pixels of focal length.
TILT = np.radians(25)


def seen_from_above(metres: np.ndarray) -> np.ndarray:
    """Project points of the floor by hand: 4 m in front of the camera, 4 m to its left."""
    right, ahead = metres[:, 0] - 4, 9 - metres[:, 1]
    depth = ahead * np.cos(TILT) + 3 * np.sin(TILT)
    down = 3 * np.cos(TILT) - ahead * np.sin(TILT)
    return np.stack([640 + 900 * right / depth, 360 + 900 * down / depth], axis=1)


def test_a_camera_is_undone() -> None:
    floor = fit_floor(seen_from_above(METRES), METRES)
    anywhere = np.random.default_rng(1).uniform((-5, -9), (13, 7), (200, 2))

    np.testing.assert_allclose(floor.to_metres(seen_from_above(anywhere)), anywhere, atol=1e-8)


def test_the_four_points_are_met() -> None:
    pixels = np.array([(102, 310), (640, 305), (730, 560), (30, 570)], np.float64)

    np.testing.assert_allclose(fit_floor(pixels, METRES).to_metres(pixels), METRES, atol=1e-9)


def test_a_point_may_lie_between_the_others() -> None:
    pixels = np.array([(0, 0), (300, 0), (150, 300), (150, 100)], np.float64)
    metres = pixels / 100 + 7

    np.testing.assert_allclose(fit_floor(pixels, metres).to_metres(pixels), metres, atol=1e-9)


def test_beyond_the_horizon_there_is_no_floor() -> None:
    floor = fit_floor(seen_from_above(METRES), METRES)
    horizon = 360 - 900 * np.tan(TILT)

    found = floor.to_metres(np.array([(640, horizon + 1), (640, horizon - 1), (0, horizon - 300)]))

    assert np.isnan(found).tolist() == [[False, False], [True, True], [True, True]]


@pytest.mark.parametrize(
    ("pixels", "metres", "message"),
    [
        pytest.param(
            [(0, 0), (5, 5), (9, 9), (0, 9)], METRES, "points 1, 2, 3 of pixels", id="on a line"
        ),
        pytest.param(
            [(0, 0), (500, 0), (500, 400), (250, 1)], METRES, "1, 2, 4 of pixels", id="nearly so"
        ),
        pytest.param(
            [(0, 0), (0, 0), (9, 9), (0, 9)], METRES, "1, 2, 3 of pixels", id="a point twice"
        ),
        pytest.param([(4, 4)] * 4, METRES, "1, 2, 3 of pixels", id="one point"),
        pytest.param(
            [(0, 0), (9, 0), (9, 9), (0, 9)],
            [(0, 0), (3, 0), (3, 3), (6, 0)],
            "points 1, 2, 4 of metres",
            id="metres on a line",
        ),
        pytest.param(
            [(9, 0), (0, 0), (9, 9), (0, 9)], METRES, "in the same order", id="two points exchanged"
        ),
    ],
)
def test_four_points_that_make_no_floor(
    pixels: list[tuple[float, float]], metres: np.ndarray, message: str
) -> None:
    with pytest.raises(PlacesError, match=message):
        fit_floor(np.array(pixels, np.float64), np.array(metres, np.float64))

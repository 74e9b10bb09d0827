import numpy as np
import pytest

from passerby.tracking.borders import at_border

LEFT, TOP, RIGHT, BOTTOM = range(4)


@pytest.mark.parametrize(
    ("xyxy", "borders"),
    [
        pytest.param((100, 100, 140, 200), [], id="in the middle"),
        pytest.param((1, 100, 40, 200), [LEFT], id="at the left, a pixel off"),
        pytest.param((3, 100, 40, 200), [], id="three pixels off, and 100 tall"),
        pytest.param((100, 1, 140, 100), [TOP], id="at the top"),
        pytest.param((600, 100, 639, 200), [RIGHT], id="at the right"),
        pytest.param((600, 380, 660, 490), [RIGHT, BOTTOM], id="reaching over a corner"),
        pytest.param((0, 0, 640, 480), [LEFT, TOP, RIGHT, BOTTOM], id="filling the picture"),
    ],
)
def test_borders_a_box_touches(xyxy: tuple[float, ...], borders: list[int]) -> None:
    touched = at_border(np.array([xyxy], np.float32), width=640, height=480)

    assert np.flatnonzero(touched[0]).tolist() == borders


def test_no_boxes() -> None:
    assert at_border(np.empty((0, 4)), width=640, height=480).shape == (0, 4)

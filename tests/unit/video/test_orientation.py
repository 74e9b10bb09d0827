import numpy as np
import pytest

from passerby.video.orientation import orientation, rotation

STORED = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8)
ONE = 1 << 16


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        pytest.param((ONE, 0, 0, ONE), [[1, 2, 3], [4, 5, 6]], id="as stored"),
        pytest.param((0, -ONE, ONE, 0), [[3, 6], [2, 5], [1, 4]], id="a quarter to the left"),
        pytest.param((0, ONE, -ONE, 0), [[4, 1], [5, 2], [6, 3]], id="a quarter to the right"),
        pytest.param((-ONE, 0, 0, -ONE), [[6, 5, 4], [3, 2, 1]], id="upside down"),
        pytest.param((-ONE, 0, 0, ONE), [[3, 2, 1], [6, 5, 4]], id="mirrored"),
        pytest.param((ONE, 0, 0, -ONE), [[4, 5, 6], [1, 2, 3]], id="flipped"),
        pytest.param((0, ONE, ONE, 0), [[1, 4], [2, 5], [3, 6]], id="over the diagonal"),
        pytest.param((0, -ONE, -ONE, 0), [[6, 3], [5, 2], [4, 1]], id="over the other diagonal"),
        pytest.param((ONE, 900, -900, ONE), [[1, 2, 3], [4, 5, 6]], id="a degree is rounded off"),
    ],
)
def test_orientation(matrix: tuple[int, int, int, int], upright: list[list[int]]) -> None:
    a, b, c, d = matrix

    turn = orientation(np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=np.int32))

    assert turn.apply(STORED).tolist() == upright


def test_colours_stay_together() -> None:
    stored = np.dstack([STORED, STORED + 10, STORED + 20])
    quarter_left = orientation(np.array([0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30], dtype=np.int32))

    upright = quarter_left.apply(stored)

    assert upright.shape == (3, 2, 3)
    assert upright[0, 0].tolist() == [3, 13, 23]
    assert upright.flags.c_contiguous


@pytest.mark.parametrize(
    ("degrees", "upright"),
    [
        (0, [[1, 2, 3], [4, 5, 6]]),
        (90, [[3, 6], [2, 5], [1, 4]]),
        (-90, [[4, 1], [5, 2], [6, 3]]),
        (180, [[6, 5, 4], [3, 2, 1]]),
        (-180, [[6, 5, 4], [3, 2, 1]]),
        (44, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_turned(degrees: int, upright: list[list[int]]) -> None:
    assert rotation(degrees).apply(STORED).tolist() == upright

"""Ratios of a face drawn by hand, and what is judged by them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.faces.expression import (
    Judgement,
    expression,
    eyes_open,
    judge,
    mouth_open,
    smile,
)
from passerby.records import Faces
from passerby.testing.faces import frontal_faces

# Row of the mesh → x, y, z: eyes 20 wide and 5 high, 100 from outer corner to outer
# corner; a mouth 60 wide, whose lips are 3 apart, its corners level with the upper lip.
FACE = {
    33: (0, 0, 0),
    133: (20, 0, 0),
    160: (5, -2, 0),
    144: (5, 3, 0),
    158: (15, -2, 0),
    153: (15, 3, 0),
    362: (80, 0, 0),
    263: (100, 0, 0),
    385: (85, -2, 0),
    380: (85, 3, 0),
    387: (95, -2, 0),
    373: (95, 3, 0),
    61: (20, 80, 0),
    291: (80, 80, 0),
    13: (50, 80, 0),
    14: (50, 83, 0),
}


def face(**moved: tuple[float, float, float]) -> NDArray[np.float64]:
    """(468, 3) the face, some rows moved ("p13"); NaN but for what is used."""
    points = np.full((468, 3), np.nan)
    for row, place in FACE.items():
        points[row] = place
    for name, step in moved.items():
        points[int(name[1:])] += step
    return points


def test_ratios() -> None:
    found = expression(face())

    assert found.dtype == np.float32
    assert found == pytest.approx([0.25, 0.05, 0.6])


@pytest.mark.parametrize(
    ("points", "ratios"),
    [
        pytest.param(face(p14=(0, 27, 0)), [0.25, 0.5, 0.6], id="the jaw drops"),
        pytest.param(face(p61=(0, -10, 0), p291=(0, -10, 0)), [0.25, 0.05, 0.7], id="corners up"),
        pytest.param(face(p61=(0, 10, 0), p291=(0, 10, 0)), [0.25, 0.05, 0.5], id="corners down"),
        pytest.param(
            face(p160=(0, 5, 0), p158=(0, 5, 0)), [0.125, 0.05, 0.6], id="one eye is shut"
        ),
        pytest.param(face(p160=(0, 0, 12)), [0.35, 0.05, 0.6], id="a lid lies deeper"),
    ],
)
def test_what_moves_what(points: NDArray[np.float64], ratios: list[float]) -> None:
    assert expression(points) == pytest.approx(ratios)


def test_size_place_and_roll_do_not_count() -> None:
    turn = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]])
    points = face(p61=(0, -10, 0), p291=(0, -10, 0))

    assert expression(0.3 * points @ turn + 40) == pytest.approx(expression(points), abs=1e-6)


def test_a_face_without_width_is_not_known() -> None:
    assert np.isnan(expression(np.zeros((468, 3)))).all()


@pytest.mark.parametrize(
    ("opening", "judgement"),
    [
        pytest.param(0.31, (True, 100), id="wide open"),
        pytest.param(0.25, (True, 75), id="open"),
        pytest.param(0.2, (False, 50), id="at the threshold"),
        pytest.param(0.18, (False, 60), id="a blink"),
        pytest.param(0.0, (False, 100), id="shut"),
    ],
)
def test_eyes(opening: float, judgement: tuple[bool, float]) -> None:
    found = eyes_open(opening, size=60, yaw=10)

    assert found is not None
    assert found.value is judgement[0]
    assert found.confidence == pytest.approx(judgement[1])


@pytest.mark.parametrize(
    ("opening", "judgement"),
    [
        pytest.param(0.06, (False, 90), id="shut"),
        pytest.param(0.2, (False, 66.7), id="teeth"),
        pytest.param(0.65, (True, 100), id="a shout"),
    ],
)
def test_mouth(opening: float, judgement: tuple[bool, float]) -> None:
    assert mouth_open(opening, size=60, yaw=10) == pytest.approx(judgement, abs=0.1)


@pytest.mark.parametrize(
    ("width", "judgement"),
    [
        pytest.param(0.52, (False, 70), id="a mouth at rest"),
        pytest.param(0.72, (True, 80), id="a smile"),
    ],
)
def test_smile(width: float, judgement: tuple[bool, float]) -> None:
    assert smile(width, size=60, yaw=10) == pytest.approx(judgement)


@pytest.mark.parametrize("judged", [eyes_open, mouth_open, smile])
@pytest.mark.parametrize(
    ("ratio", "size", "yaw"),
    [
        pytest.param(0.9, 39.9, 0, id="too small"),
        pytest.param(0.9, 100, 45.1, id="turned to the right"),
        pytest.param(0.9, 100, -45.1, id="turned to the left"),
        pytest.param(float("nan"), 100, 0, id="not known"),
    ],
)
def test_what_the_picture_cannot_tell(
    judged: Callable[[float, float, float], Judgement | None], ratio: float, size: float, yaw: float
) -> None:
    assert judged(ratio, size, yaw) is None


def test_no_faces_are_judged() -> None:
    assert judge(Faces.none()) == []


def test_faces_are_judged_each_by_its_size() -> None:
    faces = frontal_faces([[0, 0, 39, 60], [0, 0, 50, 60]])

    unknown, (eyes, mouth, corners) = judge(faces)

    assert unknown == (None, None, None)
    assert isinstance(eyes, Judgement)
    assert (eyes.value, mouth and mouth.value, corners and corners.value) == (True, False, False)

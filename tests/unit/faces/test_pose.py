"""Pose of a made-up head, turned by known angles and seen from far away."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.faces.pose import ACROSS, DEPTH_ACROSS, pose

# The left half of a head that looks at the camera: row of the mesh → x, y in centimetres
# from the middle of the face. Brow and nose are as high above the middle as below it.
LEFT_HALF = {
    33: (-4.4, -1.6),
    133: (-1.8, -1.6),
    70: (-5.4, -3.2),
    105: (-1.5, -3.0),
    107: (-1.5, -3.5),
    50: (-4.6, 1.8),
    129: (-1.5, 3.0),
    98: (-1.5, 3.5),
    127: (-7.2, -1.0),
    234: (-7.2, 0.6),
    58: (-6.4, 4.0),
    172: (-5.6, 5.5),
}
RADII = np.array([7.6, 10.0, 8.0])  # of the skull, an ellipsoid
PIXELS_PER_CENTIMETRE = 5.0
MIDDLE = (320.0, 200.0, 0.0)


def head() -> NDArray[np.float64]:
    """(468, 3) centimetres, NaN but for points that tell the pose."""
    twin = {**dict(ACROSS), 107: 336}
    points = np.full((468, 3), np.nan)
    for row, (x, y) in LEFT_HALF.items():
        share = 1 - (x / RADII[0]) ** 2 - (y / RADII[1]) ** 2
        depth = -RADII[2] * math.sqrt(share)
        points[row] = (x, y, depth)
        points[twin[row]] = (-x, y, depth)
    return points


def turned(roll: float = 0, yaw: float = 0, pitch: float = 0) -> NDArray[np.float64]:
    """The head, first nodding, then shaking, then leaning; x right, y down, z away."""
    a, b, c = np.radians([roll, yaw, pitch])
    nod = np.array([[1, 0, 0], [0, np.cos(c), np.sin(c)], [0, -np.sin(c), np.cos(c)]])
    shake = np.array([[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]])
    lean = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    points: NDArray[np.float64] = head() @ (lean @ shake @ nod).T
    return points * PIXELS_PER_CENTIMETRE + MIDDLE


def without_depth_scale(yaw: float) -> float:
    """The turn of a head whose depth is what it is."""
    return math.degrees(math.atan(math.tan(math.radians(yaw)) / DEPTH_ACROSS))


def test_straight_ahead() -> None:
    found = pose(turned())

    assert found.dtype == np.float32
    assert found == pytest.approx([0, 0, 0], abs=1e-4)


def test_the_head_turns_as_it_says() -> None:
    """The signs, seen in the picture and not by the code above."""
    nose_wing, upper_brow, left_eye, right_eye = 129, 107, 33, 263
    straight, right, up, leaning = turned(), turned(yaw=20), turned(pitch=20), turned(roll=20)

    assert right[nose_wing, 0] > straight[nose_wing, 0]
    assert up[upper_brow, 1] < straight[upper_brow, 1]
    assert leaning[right_eye, 1] > leaning[left_eye, 1]


@pytest.mark.parametrize("roll", [-170, -90, -45, -10, 0, 25, 45, 120])
@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (30, -20), (-50, 10), (-20, 40)])
def test_turns_come_back(roll: float, yaw: float, pitch: float) -> None:
    found = pose(turned(roll, yaw, pitch))

    assert found[0] == pytest.approx(roll, abs=0.5)
    assert without_depth_scale(found[1]) == pytest.approx(yaw, abs=0.5)
    assert found[2] == pytest.approx(pitch, abs=0.5)


def test_depth_between_left_and_right_is_stretched() -> None:
    # 1.4 times the tangent of 30 degrees is 0.808, that of 38.9 degrees.
    assert pose(turned(yaw=30))[1] == pytest.approx(38.9, abs=0.1)


@pytest.mark.parametrize("turn", ["yaw", "pitch"])
def test_more_is_more(turn: str) -> None:
    found = [pose(turned(**{turn: angle})) for angle in range(-80, 81, 5)]

    assert (np.diff(found, axis=0)[:, 1 if turn == "yaw" else 2] > 0).all()


def test_a_mirrored_face_looks_the_other_way() -> None:
    mirrored = turned(roll=15, yaw=25, pitch=-10) * (-1, 1, 1)
    for left, right in [*ACROSS, (107, 336)]:
        mirrored[[left, right]] = mirrored[[right, left]]

    assert pose(mirrored) == pytest.approx(
        pose(turned(roll=15, yaw=25, pitch=-10)) * (-1, -1, 1), abs=1e-3
    )


def test_size_and_place_do_not_count() -> None:
    points = turned(10, 20, 5)

    assert pose(points * 0.1 - 500) == pytest.approx(pose(points), abs=1e-3)


def test_a_face_of_one_point_has_some_pose() -> None:
    assert pose(np.zeros((468, 3))).tolist() == [0, 0, 0]

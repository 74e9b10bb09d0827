"""Boxes of `make_sightings` are 20 wide and 40 high, from y = 10 on; their margin is 3.2 pixels."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.masks import HiddenPersons
from passerby.records import Sightings

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]
Row = tuple[int, int, float, bool]

WALK = [(0, 1000, 100, True), (0, 1066, 103, True)]


def box(left: float, margin: float) -> list[float]:
    """A box of `make_sightings`, grown."""
    return [left - margin, 10 - margin, left + 20 + margin, 50 + margin]


@pytest.mark.parametrize(
    ("rows", "timestamp_ms", "expected"),
    [
        pytest.param([], 1000, [], id="nobody"),
        pytest.param(WALK, 1000, [box(100, 3.2)], id="at a sighting"),
        pytest.param(WALK, 1033, [box(101.5, 3.2 + 0.033 * 40)], id="between two"),
        pytest.param(WALK, 900, [box(100, 3.2 + 0.1 * 40)], id="a moment before"),
        pytest.param(WALK, 700, [box(100, 3.2 + 0.3 * 40)], id="as long before as it is held"),
        pytest.param(WALK, 699, [], id="longer before"),
        pytest.param(WALK, 1366, [box(103, 3.2 + 0.3 * 40)], id="as long after as it is held"),
        pytest.param(WALK, 1367, [], id="longer after"),
        pytest.param(
            [(0, 1000, 100, True), (0, 5000, 104, True)],
            3000,
            [box(102, 3.2 + 0.3 * 40)],
            id="where few frames are analysed",
        ),
        pytest.param([(0, 1000, 100, True), (0, 5001, 104, True)], 3000, [], id="in a long gap"),
        pytest.param(
            [(0, 1000, 100, True), (0, 1100, 200, True)],
            1050,
            [box(150, 3.2 + 2), box(100, 3.2 + 2), box(200, 3.2 + 2)],
            id="on both sides of a cut",
        ),
        pytest.param(
            [(0, 1000, 100, True), (0, 1066, 103, False), (0, 1132, 106, True)],
            1066,
            [box(103, 3.2)],
            id="where the box was filled in",
        ),
        pytest.param(
            [*WALK, (4, 1066, 10, True)],
            1066,
            [box(103, 3.2), box(10, 3.2)],
            id="each person",
        ),
    ],
)
def test_bodies(
    make_sightings: MakeSightings, rows: list[Row], timestamp_ms: int, expected: list[list[float]]
) -> None:
    masks = HiddenPersons(make_sightings(*rows)).bodies(timestamp_ms)

    np.testing.assert_allclose(_sorted(masks.xyxy), _sorted(expected), atol=1e-4)


def _sorted(boxes: NDArray[np.float64] | list[list[float]]) -> NDArray[np.float64]:
    return np.array(sorted(np.asarray(boxes).reshape(-1, 4).tolist())).reshape(-1, 4)


def test_a_face_alone_stands_for_head_and_shoulders(
    make_sightings: MakeSightings, add_faces: AddFaces
) -> None:
    sightings = add_faces(make_sightings((0, 1000, 100, True)), [0], body=False, size=10)

    ((left, top, right, bottom),) = HiddenPersons(sightings).bodies(1000).xyxy.tolist()

    assert left < 90
    assert top < 5
    assert right > 120
    assert bottom > 35


@pytest.mark.parametrize(
    ("faces", "timestamp_ms", "expected"),
    [
        # 0.25 of the height are 10 pixels, 0.6 of the width 12.
        pytest.param([], 1000, [[96.8, 6.8, 123.2, 25.2]], id="no face is known"),
        pytest.param([0], 1000, [[94, 4, 116, 26]], id="the face is known"),
        pytest.param([0, 1], 1033, [[95.5, 4, 117.5, 26]], id="between two faces"),
        pytest.param([0], 1066, [[99.8, 6.8, 126.2, 25.2]], id="it is known at another time"),
    ],
)
def test_heads(
    make_sightings: MakeSightings,
    add_faces: AddFaces,
    faces: list[int],
    timestamp_ms: int,
    expected: list[list[float]],
) -> None:
    sightings = add_faces(make_sightings(*WALK), faces, size=10)

    masks = HiddenPersons(sightings).heads(timestamp_ms)

    np.testing.assert_allclose(masks.xyxy, expected, atol=1e-4)


def test_the_head_of_one_who_is_cut_off_is_larger(make_sightings: MakeSightings) -> None:
    """A box as wide as high is that of somebody seen down to the chest."""
    sightings = make_sightings((0, 1000, 100, True), size=(40, 40))

    ((_, _, _, bottom),) = HiddenPersons(sightings).heads(1000).xyxy.tolist()

    assert bottom == pytest.approx(10 + 24 + 3.2)

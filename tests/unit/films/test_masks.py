"""Boxes of `make_sightings` are 20 wide and 40 high, from y = 10 on; their margin is 3.2 pixels."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.films.masks import HiddenPersons
from passerby.records import Sightings

MakeSightings = Callable[..., Sightings]
AddFaces = Callable[..., Sightings]
Row = tuple[int, int, float, bool]

SIZE = (640, 480)
WALK = [(0, 10_000, 100, True), (0, 10_066, 103, True)]
# 90 pixels a second to the right, from 100 to 190 and from 550 to 640.
STRIDE = [(0, 10_000 + 100 * step, 100 + 9 * step, True) for step in range(11)]
LEAVING = [(0, 10_000 + 100 * step, 530 + 9 * step, True) for step in range(11)]
COMING = [(0, 10_000 + 100 * step, 9 * step, True) for step in range(11)]


def box(left: float, margin: float, width: float = 20) -> list[float]:
    """A box of `make_sightings`, or several side by side, grown."""
    return [left - margin, 10 - margin, left + width + margin, 50 + margin]


# For 0.3 s a margin of one height (40 pixels) a second is added, then a tenth of that.
HELD_3_S = 3.2 + 0.3 * 40 + 2.7 * 4


@pytest.mark.parametrize(
    ("rows", "timestamp_ms", "expected"),
    [
        pytest.param([], 1000, [], id="nobody"),
        pytest.param(WALK, 10_000, [box(100, 3.2)], id="at a sighting"),
        pytest.param(WALK, 10_033, [box(100, 3.2 + 0.033 * 40, 23)], id="between two, both"),
        pytest.param(WALK, 9_900, [box(100, 3.2 + 0.1 * 40)], id="a moment before"),
        pytest.param(WALK, 7_000, [box(100, HELD_3_S)], id="as long before as it is held"),
        pytest.param(WALK, 6_999, [], id="longer before"),
        pytest.param(WALK, 13_066, [box(103, HELD_3_S)], id="as long after as it is held"),
        pytest.param(WALK, 13_067, [], id="longer after"),
        pytest.param(STRIDE, 12_000, [box(190, 3.2 + 12 + 2.8, 110)], id="where they went on"),
        pytest.param(STRIDE, 9_000, [box(10, 3.2 + 12 + 2.8, 110)], id="where they came from"),
        pytest.param(LEAVING, 11_100, [box(620, 3.2 + 4, 29)], id="going over the border"),
        # 20 pixels at 90 a second, and 300 ms.
        pytest.param(LEAVING, 11_522, [box(620, 3.2 + 12 + 0.888, 66.98)], id="not quite out"),
        pytest.param(LEAVING, 11_523, [], id="out over the border"),
        pytest.param(LEAVING, 7_000, [box(260, HELD_3_S, 290)], id="before they left"),
        pytest.param(COMING, 9_477, [], id="not in yet"),
        pytest.param(COMING, 9_478, [box(-46.98, 3.2 + 12 + 0.888, 66.98)], id="coming in"),
        pytest.param(
            [(0, 10_000 + 100 * n, 619, True) for n in range(9)],
            13_800,
            [box(619, HELD_3_S)],
            id="standing at the border",
        ),
        pytest.param(
            [(0, 1000, 100, True), (0, 5000, 104, True)],
            3000,
            [box(100, 3.2 + 0.3 * 40 + 1.7 * 4, 24)],
            id="where few frames are analysed",
        ),
        pytest.param(
            [(0, 1000, 100, True), (0, 5001, 104, True)],
            3000,
            [box(100, 3.2 + 12 + 1.7 * 4), box(104, 3.2 + 12 + 1.701 * 4)],
            id="in a gap",
        ),
        pytest.param([(0, 1000, 100, True), (0, 7002, 104, True)], 4001, [], id="in a long gap"),
        pytest.param(
            [(0, 1000, 100, True), (0, 1100, 200, True)],
            1050,
            [box(100, 3.2 + 2, 120)],
            id="on both sides of a cut",
        ),
        pytest.param(
            [(0, 1000, 100, True), (0, 1066, 103, False), (0, 1132, 106, True)],
            1066,
            [box(103, 3.2)],
            id="where the box was filled in",
        ),
        pytest.param(
            [*WALK, (4, 10_066, 10, True)],
            10_066,
            [box(103, 3.2), box(10, 3.2)],
            id="each person",
        ),
    ],
)
def test_bodies(
    make_sightings: MakeSightings, rows: list[Row], timestamp_ms: int, expected: list[list[float]]
) -> None:
    masks = HiddenPersons(make_sightings(*rows), SIZE).bodies(timestamp_ms)

    np.testing.assert_allclose(_sorted(masks.xyxy), _sorted(expected), atol=1e-2)


def test_nobody_walks_out_of_their_mask_between_two_sightings(
    make_sightings: MakeSightings,
) -> None:
    """However fast: the boxes on the straight way lie within the mask, brute force."""
    random = np.random.default_rng(2)
    times = 1000 + np.cumsum(random.integers(30, 400, 60))
    rows = [(0, int(time), float(random.uniform(0, 600)), True) for time in times]
    hidden = HiddenPersons(make_sightings(*rows), SIZE)

    for (_, start, left, _), (_, end, right, _) in pairwise(rows):
        for time in range(start, end + 1, 7):
            at = left + (right - left) * (time - start) / (end - start)
            masks = hidden.bodies(time).xyxy
            inside = (masks[:, 0] <= at) & (at + 20 <= masks[:, 2])
            assert (inside & (masks[:, 1] <= 10) & (masks[:, 3] >= 50)).any()


def _sorted(boxes: NDArray[np.float64] | list[list[float]]) -> NDArray[np.float64]:
    return np.array(sorted(np.asarray(boxes).reshape(-1, 4).tolist())).reshape(-1, 4)


def test_a_face_alone_stands_for_head_and_shoulders(
    make_sightings: MakeSightings, add_faces: AddFaces
) -> None:
    sightings = add_faces(make_sightings((0, 1000, 100, True)), [0], body=False, size=10)

    ((left, top, right, bottom),) = HiddenPersons(sightings, SIZE).bodies(1000).xyxy.tolist()

    assert left < 90
    assert top < 5
    assert right > 120
    assert bottom > 35


@pytest.mark.parametrize(
    ("faces", "timestamp_ms", "expected"),
    [
        # 0.25 of the height are 10 pixels, 0.6 of the width 12.
        pytest.param([], 10_000, [[96.8, 6.8, 123.2, 25.2]], id="no face is known"),
        pytest.param([0], 10_000, [[94, 4, 116, 26]], id="the face is known"),
        pytest.param([0, 1], 10_033, [[94, 4, 119, 26]], id="between two faces, both"),
        pytest.param([0], 10_066, [[99.8, 6.8, 126.2, 25.2]], id="it is known at another time"),
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

    masks = HiddenPersons(sightings, SIZE).heads(timestamp_ms)

    np.testing.assert_allclose(masks.xyxy, expected, atol=1e-4)


@pytest.mark.parametrize(
    "timestamp_ms", [pytest.param(10_033, id="between"), pytest.param(12_000, id="held")]
)
def test_of_a_close_up_head_and_shoulders_are_hidden(
    make_sightings: MakeSightings, add_faces: AddFaces, timestamp_ms: int
) -> None:
    """With faces alone, too: a face of 10 pixels has a head and shoulders of 30 by 34."""
    sightings = add_faces(make_sightings(*WALK), [0, 1], body=False, size=10)

    masks = HiddenPersons(sightings, SIZE).heads(timestamp_ms).xyxy

    left = 100 if timestamp_ms == 10_033 else 103
    inside = (masks[:, :2] <= [left - 10, 4]).all(axis=1)
    assert (inside & (masks[:, 2:] >= [123, 38]).all(axis=1)).any()


def test_the_head_of_one_who_is_cut_off_is_larger(make_sightings: MakeSightings) -> None:
    """A box as wide as high is that of somebody seen down to the chest."""
    sightings = make_sightings((0, 1000, 100, True), size=(40, 40))

    ((_, _, _, bottom),) = HiddenPersons(sightings, SIZE).heads(1000).xyxy.tolist()

    assert bottom == pytest.approx(10 + 24 + 3.2)

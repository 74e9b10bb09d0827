import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby import boxes
from passerby.boxes import iou, suppress

UNIT = [0.0, 0.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param([0, 0, 2, 2], 1.0, id="the same"),
        pytest.param([1, 0, 3, 2], 1 / 3, id="half across"),
        pytest.param([2, 0, 4, 2], 0.0, id="touching"),
        pytest.param([5, 5, 6, 6], 0.0, id="apart"),
        pytest.param([0, 0, 1, 1], 0.25, id="inside"),
        pytest.param([1, 1, 1, 1], 0.0, id="empty"),
        pytest.param([2, 2, 0, 0], 0.0, id="inverted"),
    ],
)
def test_iou(other: list[float], expected: float) -> None:
    result = boxes.iou(np.array([UNIT]), np.array([other], dtype=float))

    assert result == pytest.approx(expected)


def test_iou_of_two_empty_boxes_is_zero() -> None:
    empty = np.zeros((1, 4))

    assert boxes.iou(empty, empty) == 0


def test_no_boxes() -> None:
    assert boxes.iou(np.empty((0, 4)), np.array([UNIT])).shape == (0, 1)


@pytest.mark.parametrize("least", [0.0, 0.2])
def test_overlapping_names_the_pairs_that_iou_finds(least: float) -> None:
    random = np.random.default_rng(0)
    place = random.uniform(0, 60, (90, 2))
    # Some sides are negative or nothing: such a box overlaps nobody.
    size = random.integers(-4, 14, (90, 2))
    rows, columns = np.split(np.hstack([place, place + size]), [50])

    row, column, overlap = boxes.overlapping(rows, columns, least)

    everything = boxes.iou(rows, columns)
    assert np.argwhere(everything > least).tolist() == np.column_stack([row, column]).tolist()
    assert overlap == pytest.approx(everything[row, column])
    assert len(row) > 10


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 1), (1, 0)])
def test_nothing_overlaps_no_boxes(rows: int, columns: int) -> None:
    row, column, overlap = boxes.overlapping(np.ones((rows, 4)), np.ones((columns, 4)), 0.1)

    assert len(row) == len(column) == len(overlap) == 0


def test_clip() -> None:
    inside = boxes.clip(np.array([[-5.0, -1.0, 30.0, 9.0]], np.float32), width=20, height=10)

    assert inside.tolist() == [[0, 0, 20, 9]]
    assert inside.dtype == np.float32


def test_ltwh_there_and_back() -> None:
    ltwh = np.array([[3.0, 4.0, 10.0, 20.0]])

    assert boxes.from_ltwh(ltwh).tolist() == [[3, 4, 13, 24]]
    assert boxes.to_ltwh(boxes.from_ltwh(ltwh)).tolist() == ltwh.tolist()


@pytest.mark.parametrize("least", [0.0, 0.3])
def test_overlapping_finds_what_iou_finds(least: float) -> None:
    random = np.random.default_rng(7)
    near = random.uniform(0, 60, (2, 30, 2))
    rows, columns = np.concatenate([near, near + random.uniform(0, 30, near.shape)], axis=2)

    row, column, overlap = boxes.overlapping(rows, columns, least)

    everything = boxes.iou(rows, columns)
    assert len(row) > 10
    np.testing.assert_array_equal(np.stack([row, column]), np.nonzero(everything > least))
    np.testing.assert_array_equal(overlap, everything[row, column])


def test_each_column_may_ask_for_an_overlap_of_its_own() -> None:
    rows = np.array([UNIT, UNIT])
    beside = [1.0, 0.0, 3.0, 2.0]
    columns = np.array([UNIT, beside, beside, UNIT])
    least = np.array([0.9, 0.3, 0.4, np.inf])  # their IoU: 1, 1/3, 1/3, 1

    row, column, _ = boxes.overlapping(rows, columns, least)

    assert row.tolist() == [0, 0, 1, 1]
    assert column.tolist() == [0, 1, 0, 1]


def test_nothing_overlaps_nothing() -> None:
    row, column, overlap = boxes.overlapping(np.empty((0, 4)), np.array([UNIT]), 0.0)

    assert not len(row)
    assert not len(column)
    assert not len(overlap)


# Two unit-height boxes shifted by d of their width share (1 - d) / (1 + d).
HERE = (0.0, 0, 10, 10)
QUARTER_ASIDE = (2.5, 0, 12.5, 10)  # IoU with HERE: 0.6
FIFTH_ASIDE = (2.0, 0, 12, 10)  # 0.667
TWO_FIFTHS_ASIDE = (4.0, 0, 14, 10)  # with HERE 0.43, with FIFTH_ASIDE 0.667
FAR = (100.0, 0, 110, 10)


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param([HERE], [0], id="one"),
        pytest.param([HERE, FAR], [0, 1], id="apart"),
        pytest.param([HERE, HERE, HERE], [0], id="the same thrice"),
        pytest.param([HERE, QUARTER_ASIDE], [0, 1], id="at the limit both stay"),
        pytest.param([HERE, FIFTH_ASIDE], [0], id="above the limit the worse goes"),
        pytest.param(
            [HERE, FIFTH_ASIDE, TWO_FIFTHS_ASIDE], [0, 2], id="a box that went takes none along"
        ),
        pytest.param([FIFTH_ASIDE, HERE, TWO_FIFTHS_ASIDE], [0], id="the better one takes both"),
    ],
)
def test_suppress(boxes: list[tuple[float, ...]], kept: list[int]) -> None:
    xyxy = np.array(boxes, dtype=np.float64).reshape(-1, 4)

    assert suppress(xyxy, 0.6).tolist() == kept


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 40), limit=st.floats(0, 1))
def test_suppress_as_the_definition_says(seed: int, count: int, limit: float) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform(0, 50, (count, 2))
    xyxy = np.concatenate([corners, corners + random.uniform(1, 30, (count, 2))], axis=1)

    expected: list[int] = []
    for row in range(count):
        better = xyxy[expected]
        if not len(better) or iou(xyxy[row : row + 1], better).max() <= limit:
            expected.append(row)

    assert suppress(xyxy, limit).tolist() == expected

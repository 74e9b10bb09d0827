import numpy as np
import pytest

from passerby import boxes

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

import numpy as np
import pytest

from passerby.evaluation.sequence import Sequence, prepare
from passerby.motfile import MotRows

NAN = float("nan")
SIDE = 10.0


def rows(*values: tuple[float, ...]) -> MotRows:
    """Rows of (frame, id, left[, confidence, class, visibility]), 10 x 10 pixels each."""
    full = [row + (1, NAN, NAN)[len(row) - 3 :] for row in values]
    table = np.array(full, dtype=np.float64).reshape(-1, 6)
    left, top = table[:, 2], np.zeros(len(table))
    return MotRows(
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        np.stack([left, top, left + SIDE, top + SIDE], axis=1),
        table[:, 3],
        table[:, 4:6],
    )


def ids(sequence: Sequence) -> list[tuple[list[int], list[int]]]:
    return [(f.truth_ids.tolist(), f.result_ids.tolist()) for f in sequence.frames]


@pytest.mark.parametrize(
    ("truth", "results", "expected"),
    [
        pytest.param(rows(), rows(), [([], []), ([], [])], id="nothing"),
        pytest.param(rows((1, 5, 0)), rows(), [([0], []), ([], [])], id="no result"),
        pytest.param(rows(), rows((2, 5, 0)), [([], []), ([], [0])], id="no truth"),
        pytest.param(
            rows((2, 9, 0), (1, 9, 0), (1, 4, 50)),
            rows((2, 100, 0), (1, 70, 0)),
            [([1, 0], [0]), ([1], [1])],
            id="ids become dense, rows any order",
        ),
        pytest.param(
            rows((1, 5, 0, 0), (1, 6, 0)), rows(), [([0], []), ([], [])], id="not counted"
        ),
    ],
)
def test_ids_by_frame(
    truth: MotRows, results: MotRows, expected: list[tuple[list[int], list[int]]]
) -> None:
    assert ids(prepare("street", truth, results, frame_count=2)) == expected


def test_overlap_is_laid_out_truth_by_result() -> None:
    sequence = prepare("street", rows((1, 1, 0), (1, 2, 40)), rows((1, 1, 5)), frame_count=1)

    np.testing.assert_allclose(sequence.frames[0].iou, [[1 / 3], [0.0]])


def test_counts() -> None:
    truth, results = rows((1, 1, 0), (2, 1, 0), (2, 2, 0)), rows((2, 8, 0))

    sequence = prepare("street", truth, results, frame_count=3)

    assert (sequence.truth_person_count, sequence.result_person_count) == (2, 1)
    assert (sequence.truth_box_count, sequence.result_box_count) == (3, 1)


def test_only_analysed_frames_count() -> None:
    truth, results = rows((1, 1, 0), (2, 2, 0), (3, 3, 0)), rows((2, 5, 0), (3, 6, 0))

    sequence = prepare("street", truth, results, frame_count=3, analysed={1, 3})

    assert [frame.number for frame in sequence.frames] == [1, 3]
    assert ids(sequence) == [([0], []), ([1], [0])]


@pytest.mark.parametrize(
    ("name", "category", "truth_ids", "result_ids"),
    [
        pytest.param("street", 8, [0], [0], id="a benchmark without classes"),
        pytest.param("MOT16-02", 1, [0], [0], id="a pedestrian"),
        pytest.param("MOT16-02", 8, [], [], id="a distractor swallows the result"),
        pytest.param("MOT17-02", 7, [], [], id="a static person does"),
        pytest.param("MOT16-02", 3, [], [0], id="a car does not"),
        pytest.param("MOT17-02", 6, [], [0], id="a bicycle does not in MOT17"),
        pytest.param("MOT20-01", 6, [], [], id="a bicycle does in MOT20"),
    ],
)
def test_classes(name: str, category: int, truth_ids: list[int], result_ids: list[int]) -> None:
    truth = rows((1, 1, 0, 1, category, 1))

    sequence = prepare(name, truth, rows((1, 1, 1)), frame_count=1)

    assert ids(sequence) == [(truth_ids, result_ids)]


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        pytest.param(3.0, [], id="overlaps by more than half"),
        pytest.param(10 / 3, [], id="overlaps by exactly half"),
        pytest.param(4.0, [0], id="overlaps by less"),
    ],
)
def test_a_distractor_needs_overlap(left: float, kept: list[int]) -> None:
    sequence = prepare("MOT16-02", rows((1, 1, 0, 0, 8, 1)), rows((1, 1, left)), frame_count=1)

    assert sequence.frames[0].result_ids.tolist() == kept


def test_a_pedestrian_is_preferred_to_a_distractor() -> None:
    truth = rows((1, 1, 0, 1, 1, 1), (1, 2, 1, 0, 8, 1))

    sequence = prepare("MOT16-02", truth, rows((1, 1, 0)), frame_count=1)

    assert ids(sequence) == [([0], [0])]


@pytest.mark.parametrize(
    ("name", "visibility"),
    [
        pytest.param("MOT16-02", [0.25, 1], id="told where the benchmark tells it"),
        pytest.param("street", [1, 1], id="other columns are not mistaken for it"),
    ],
)
def test_visibility(name: str, visibility: list[float]) -> None:
    truth = rows((1, 1, 0, 1, 1, 0.25), (1, 2, 50, 1, 1, NAN))

    sequence = prepare(name, truth, rows(), frame_count=1)

    assert sequence.frames[0].visibility.tolist() == visibility


@pytest.mark.parametrize(
    ("name", "truth", "results", "message"),
    [
        pytest.param("street", rows((3, 1, 0)), rows(), "truth row is of frame 3", id="late truth"),
        pytest.param("street", rows(), rows((4, 1, 0)), "result row is of frame 4", id="late"),
        pytest.param(
            "street",
            rows(),
            rows((1, 7, 0), (2, 7, 0), (1, 7, 50)),
            "frame 1 the result has id 7",
            id="an id twice",
        ),
        pytest.param("MOT16-02", rows((1, 1, 0)), rows(), "eighth is the class", id="no class"),
    ],
)
def test_rows_that_do_not_fit(name: str, truth: MotRows, results: MotRows, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare(name, truth, results, frame_count=2)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.tracking.tracklets import NOBODY, label_rows, rows_by_label


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        pytest.param([], [], id="no detections"),
        pytest.param([NOBODY, NOBODY], [], id="nobody's only"),
        pytest.param([4], [[0]], id="one"),
        pytest.param([1, 0, NOBODY, 1, 0], [[1, 4], [0, 3]], id="two mixed"),
        pytest.param([9, 2, 9], [[1], [0, 2]], id="labels with holes"),
    ],
)
def test_rows_by_label(labels: list[int], rows: list[list[int]]) -> None:
    found = rows_by_label(np.array(labels, np.int64))

    assert [group.tolist() for group in found] == rows


@settings(deadline=None)
@given(st.lists(st.integers(NOBODY, 5)))
def test_labelling_the_rows_keeps_who_belongs_together(labels: list[int]) -> None:
    # The judge: labels replaced by their rank among those that occur.
    ranks = {label: rank for rank, label in enumerate(sorted(set(labels) - {NOBODY}))}

    again = label_rows(rows_by_label(np.array(labels, np.int64)), len(labels))

    assert again.tolist() == [ranks.get(label, NOBODY) for label in labels]

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.boxes import iou, suppress

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

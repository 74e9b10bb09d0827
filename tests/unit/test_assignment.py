import itertools

import numpy as np
import pytest
from numpy.typing import ArrayLike

from passerby.assignment import assign

GATED = np.inf


@pytest.mark.parametrize(
    ("cost", "pairs", "unmatched_rows", "unmatched_columns"),
    [
        pytest.param(np.empty((0, 2)), [], [], [0, 1], id="no rows"),
        pytest.param(np.empty((2, 0)), [], [0, 1], [], id="no columns"),
        pytest.param([[0.2]], [(0, 0)], [], [], id="one cheap pair"),
        pytest.param([[0.5]], [], [0], [0], id="a pair at the limit is refused"),
        pytest.param([[GATED, GATED], [GATED, 0.1]], [(1, 1)], [0], [0], id="a gated row"),
        pytest.param([[0.1, 0.2], [0.2, 0.4]], [(0, 1), (1, 0)], [], [], id="least total wins"),
    ],
)
def test_assign(
    cost: ArrayLike,
    pairs: list[tuple[int, int]],
    unmatched_rows: list[int],
    unmatched_columns: list[int],
) -> None:
    result = assign(np.asarray(cost, dtype=float), cost_limit=0.5)

    assert result == (pairs, unmatched_rows, unmatched_columns)


@pytest.mark.parametrize("seed", range(20))
def test_no_other_choice_is_cheaper(seed: int) -> None:
    cost = np.random.default_rng(seed).random((3, 4))
    limit = 0.6

    pairs = assign(cost, limit).pairs

    def total(choice: tuple[int, ...]) -> float:
        return sum(min(float(cost[row, column]), limit) for row, column in enumerate(choice))

    best = min(map(total, itertools.permutations(range(4), 3)))
    paid = sum(float(cost[pair]) for pair in pairs) + limit * (3 - len(pairs))
    assert paid == pytest.approx(best)


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        assign(np.array([[np.nan]]), cost_limit=0.5)


def test_a_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="2 dimensions"):
        assign(np.array([0.1]), cost_limit=0.5)

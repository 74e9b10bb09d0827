import itertools

import numpy as np
import pytest
from numpy.typing import ArrayLike

from passerby.assignment import SMALL, assign, choose

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


SMALL_SHAPE, LARGE_SHAPE = (7, 9), (90, 70)


def chosen(pairs: dict[tuple[int, int], float], shape: tuple[int, int]) -> set[tuple[int, int]]:
    row, column = np.array(list(pairs), dtype=np.int64).reshape(-1, 2).T
    positions = choose(row, column, np.array(list(pairs.values()), dtype=float), shape)
    return {(int(row[position]), int(column[position])) for position in positions}


@pytest.mark.parametrize("shape", [SMALL_SHAPE, LARGE_SHAPE])
@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        pytest.param({}, set(), id="nothing to choose from"),
        pytest.param({(2, 5): 0.1}, {(2, 5)}, id="one pair"),
        pytest.param({(2, 5): 0.1, (6, 5): 0.2}, {(6, 5)}, id="two rows want one column"),
        pytest.param({(2, 5): 0.1, (2, 8): 0.2}, {(2, 8)}, id="two columns for one row"),
        pytest.param(
            {(0, 0): 0.5, (0, 1): 0.4, (1, 0): 0.4}, {(0, 1), (1, 0)}, id="the best pair gives way"
        ),
        pytest.param(
            {(0, 0): 0.9, (0, 1): 0.4, (1, 0): 0.4}, {(0, 0)}, id="the best pair is worth both"
        ),
        pytest.param(
            {(0, 0): 0.9, (0, 1): 0.1, (1, 0): 0.1, (1, 1): 0.3},
            {(0, 0), (1, 1)},
            id="one certain pair after another",
        ),
    ],
)
def test_choose(
    pairs: dict[tuple[int, int], float], expected: set[tuple[int, int]], shape: tuple[int, int]
) -> None:
    assert chosen(pairs, shape) == expected


def test_both_ways_of_choosing_are_tested() -> None:
    assert np.prod(SMALL_SHAPE) <= SMALL < np.prod(LARGE_SHAPE)


@pytest.mark.parametrize("share", [0.01, 0.04, 0.3])
@pytest.mark.parametrize("steps", [4, 10**6], ids=["many ties", "no ties"])
@pytest.mark.parametrize("shape", [SMALL_SHAPE, LARGE_SHAPE, LARGE_SHAPE[::-1]])
def test_what_is_chosen_gains_as_much_as_the_whole_matrix_allows(
    shape: tuple[int, int], steps: int, share: float
) -> None:
    random = np.random.default_rng(0)
    for _ in range(10):
        gain = random.integers(1, steps, shape, endpoint=True) / steps
        gain[random.random(shape) > share] = 0
        pairs = {(int(row), int(column)): gain[row, column] for row, column in np.argwhere(gain)}

        taken = sorted(chosen(pairs, shape))

        best = assign(-gain, cost_limit=0.0).pairs
        assert len({row for row, _ in taken}) == len(taken)
        assert len({column for _, column in taken}) == len(taken)
        most = sum(pairs[pair] for pair in best)
        assert sum(pairs[pair] for pair in taken) == pytest.approx(most)
        assert taken == best or steps == 4

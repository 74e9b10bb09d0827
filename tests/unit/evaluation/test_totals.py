from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.evaluation.totals import combine


@dataclass(frozen=True)
class Counts:
    hits: int
    by_threshold: NDArray[np.float64]


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        combine(list[Counts]())


def test_fields_add_up() -> None:
    total = combine([Counts(1, np.array([1.0, 2])), Counts(2, np.array([3.0, 5]))])

    assert total.hits == 3
    assert total.by_threshold.tolist() == [4, 7]

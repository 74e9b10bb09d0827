"""The choice of the people whom a blurred film hides."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

BlurTarget = Literal["everybody", "faces", "all-but", "only"]


@dataclass(frozen=True)
class BlurSelection:
    """The people to hide: everybody, all but some, only some, or all faces.

    Raises
    ------
    ValueError
        If there are `persons` where none are asked for, or none where they are.
    """

    target: BlurTarget = "everybody"
    persons: frozenset[int] = frozenset()  # by index: whom "all-but" and "only" mean

    def __post_init__(self) -> None:
        if (self.target in ("all-but", "only")) != bool(self.persons):
            raise ValueError(f"persons are named with 'all-but' and 'only' alone, got {self}")

    def hides(self, person_index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(N,) whether each person is to be hidden."""
        named: NDArray[np.bool_] = np.isin(person_index, list(self.persons))
        return named if self.target == "only" else ~named

"""What the processes of one pool tell each other while they work.

Plain shared memory: each number has one writer, and only its latest value
counts. A queue or an event would have a lock, and a process killed while it
holds a lock stops all the others.
"""

import ctypes
import math
from dataclasses import dataclass
from multiprocessing.context import SpawnContext


@dataclass(frozen=True)
class Board:
    """Shared by a pool; handed to each process when it is started."""

    fractions: ctypes.Array[ctypes.c_double]  # done of each shard, in [0, 1]; NaN: not begun
    stop: ctypes.c_bool  # set by the parent, for good

    def begun(self, number: int) -> bool:
        """Whether a process has taken up the shard of this number."""
        return not math.isnan(self.fractions[number])


def new_board(context: SpawnContext, shard_count: int) -> Board:
    """Make a board on which nothing has begun and nobody is to stop."""
    return Board(
        context.RawArray(ctypes.c_double, [math.nan] * shard_count),
        context.RawValue(ctypes.c_bool, False),  # noqa: FBT003
    )

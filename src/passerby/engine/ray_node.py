"""What the nodes of a Ray cluster do: observe a shard, and say how far it is."""

import pickle
import time
from importlib.metadata import version
from typing import Any

from passerby.errors import EngineError

TELL_SECONDS = 0.25  # between two words on how far a shard is


class Board:
    """Where the shards of one video say how far they are; lives beside their driver."""

    def __init__(self, shard_count: int) -> None:
        self._fractions = [0.0] * shard_count

    def tell(self, number: int, fraction: float) -> None:
        """Note how much of a shard is done, in [0, 1]."""
        self._fractions[number] = fraction

    def fractions(self) -> list[float]:
        """How much of each shard is done."""
        return self._fractions


def observe_shard(
    drivers_version: str,
    payload: bytes,
    number: int,
    threads: int,
    board: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401 - Ray's handle of the board, and whatever the work gives
    """Do the work on a shard.

    Parameters
    ----------
    drivers_version : str
        Of the passerby that planned the video.
    payload : bytes
        The work and the shard, pickled: what another version sent is not unpacked.

    Raises
    ------
    EngineError
        If this node has another version of passerby.
    """
    ours = version("passerby")
    if ours != drivers_version:
        raise EngineError(
            f"A node of the Ray cluster has passerby {ours}; the video was planned by "
            f"{drivers_version}."
        )
    work, shard = pickle.loads(payload)  # noqa: S301 - from whoever may run code here anyway
    return work(shard, _Teller(board, number), threads=threads)


class _Teller:
    """Passes on to the board how far a shard is, not too often."""

    def __init__(self, board: Any, number: int) -> None:  # noqa: ANN401 - Ray's handle
        self._board = board
        self._number = number
        self._next = time.monotonic()

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TELL_SECONDS
            self._board.tell.remote(self._number, fraction)

"""What the nodes of a Ray cluster do: observe a shard within limits, and say how far it is."""

import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from passerby.errors import EngineError
from passerby.processes.limits import Limits, resident_bytes

TELL_SECONDS = 0.25  # between two words on how far a shard is
WATCH_SECONDS = 0.2  # between two looks at what it takes
LAST_WORD_SECONDS = 5.0  # for the board to hear why a shard is given up


class ProgressActor:
    """Where the shards of one video say how far they are; lives beside their driver."""

    def __init__(self, shard_count: int) -> None:
        self._fractions = [0.0] * shard_count
        self._reasons: dict[int, str] = {}

    def tell(self, number: int, fraction: float) -> None:
        """Note how much of a shard is done, in [0, 1]."""
        self._fractions[number] = fraction

    def fractions(self) -> list[float]:
        """How much of each shard is done."""
        return self._fractions

    def give_up(self, number: int, reason: str) -> None:
        """Note that a shard took too much; `reason` is the end of a sentence."""
        self._reasons[number] = reason

    def reason(self, number: int) -> str | None:
        """Why a shard was given up, if it was."""
        return self._reasons.get(number)


def observe_shard(
    drivers_version: str,
    payload: bytes,
    number: int,
    threads: int,
    limits: Limits,
    progress_actor: Any,  # noqa: ANN401
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
    teller = _ProgressReporter(progress_actor, number)
    with _watched(teller, limits):
        return work(shard, teller, threads=threads)


@contextmanager
def _watched(teller: "_ProgressReporter", limits: Limits) -> Iterator[None]:
    """What the block does is within limits, or the end of this process."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            excess = limits.excess(resident_bytes(os.getpid()), teller.stalled_seconds)
            if excess:
                teller.give_up(excess)
                os.kill(os.getpid(), signal.SIGKILL)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


class _ProgressReporter:
    """Passes on to the board how far a shard is, not too often, and why it is given up."""

    def __init__(self, progress_actor: Any, number: int) -> None:  # noqa: ANN401 - Ray's handle
        self._progress = progress_actor
        self._number = number
        self._told_at = -TELL_SECONDS
        self._heard_at = time.monotonic()

    def __call__(self, fraction: float) -> None:
        self._heard_at = time.monotonic()
        if self._heard_at >= self._told_at + TELL_SECONDS:
            self._told_at = self._heard_at
            self._progress.tell.remote(self._number, fraction)

    @property
    def stalled_seconds(self) -> float:
        """How long the shard has made no progress."""
        return time.monotonic() - self._heard_at

    def give_up(self, reason: str) -> None:
        """Say why, and wait until that is heard."""
        import ray  # noqa: PLC0415 - what runs this has loaded it

        ray.wait([self._progress.give_up.remote(self._number, reason)], timeout=LAST_WORD_SECONDS)

"""What each process of the pool does.

It observes one shard after another. Beside that a thread watches the parent: the
process must not outlive it, nor go on for long once the parent says stop.
"""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import wait
from typing import TypeVar

from passerby.engine.board import Board
from passerby.errors import JobCancelled

T = TypeVar("T")
R = TypeVar("R")

# Tells how much of the shard is done, in [0, 1]. Raises JobCancelled when the
# shard is no longer wanted; the observer lets it pass.
ShardReport = Callable[[float], None]

WATCH_SECONDS = 0.2
GRACE_SECONDS = 1.0  # from the word stop to the end, however busy

# Set once, before the first shard: with a shard, a pool can only send what fits
# through a pipe, and shared memory does not.
_board: Board


def start(board: Board) -> None:
    """Prepare this process; the pool calls it first."""
    global _board  # noqa: PLW0603
    _board = board
    # Ctrl-C goes to every process of a terminal; what it means, the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(board,), daemon=True).start()


def observe_shard(observe: Callable[[T, ShardReport], R], shard: T, number: int) -> R:
    """Observe one shard, its progress on the board."""

    def report(fraction: float) -> None:
        _board.fractions[number] = fraction
        if _board.stop.value:
            raise JobCancelled

    report(0.0)
    result = observe(shard, report)
    _board.fractions[number] = 1.0
    return result


def _watch(board: Board) -> None:
    while not board.stop.value:
        if _parent_died_within(WATCH_SECONDS):
            os._exit(1)
    _parent_died_within(GRACE_SECONDS)
    os._exit(1)


def _parent_died_within(seconds: float) -> bool:
    parent = parent_process()
    return parent is None or bool(wait([parent.sentinel], seconds))

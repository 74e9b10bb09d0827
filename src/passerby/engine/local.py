"""How shards are run by the processes of this machine.

Fresh processes (spawn), never forked ones: a fork of a process with threads, as
the inference runtimes have, can wait for ever on a lock that nobody holds.
"""

import math
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.context import SpawnContext
from typing import TypeVar

from passerby.engine.board import Board, new_board
from passerby.engine.child import ShardReport, observe_shard, start
from passerby.errors import EngineError, JobCancelled

T = TypeVar("T")
R = TypeVar("R")

Observe = Callable[[T, ShardReport], R]
OnProgress = Callable[[int, float], None]  # number of the shard, fraction of it done in [0, 1]

# A process can be killed for what another one does, the memory it takes for
# instance. One that dies a third time over the same shard dies of that shard.
MAX_DEATHS = 2

TICK_SECONDS = 0.1  # between two looks at the board


def run_shards(
    observe: Observe[T, R],
    shards: Sequence[T],
    workers: int,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
) -> list[R]:
    """Observe shards, several at once, and return what they gave in their order.

    Parameters
    ----------
    observe : callable
        Run once a shard in one of `workers` processes; importable there by name
        and pure, as a shard is run again if its process is killed. With one
        worker, or one shard, it runs in this process.
    on_progress : callable
        Called from this thread; an exception it raises stops the others.
    should_stop : callable
        Asked several times a second; all processes have ended within 2 seconds
        of its saying so.

    Raises
    ------
    JobCancelled
        If `should_stop` said so.
    EngineError
        If a shard's process was killed time and again.
    Exception
        The first one that `observe` raised.
    """
    if workers <= 1 or len(shards) <= 1:
        return [
            _observe_here(observe, shard, number, on_progress, should_stop)
            for number, shard in enumerate(shards)
        ]
    results: dict[int, R] = {}
    deaths: Counter[int] = Counter()
    while len(results) < len(shards):
        waiting = {n: shard for n, shard in enumerate(shards) if n not in results}
        finished, suspects = _run_pool(observe, waiting, workers, on_progress, should_stop)
        results |= finished
        deaths.update(suspects)
        _refuse_deadly(deaths)
    return [results[number] for number in range(len(shards))]


def _observe_here(
    observe: Observe[T, R],
    shard: T,
    number: int,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
) -> R:
    def report(fraction: float) -> None:
        on_progress(number, fraction)
        if should_stop():
            raise JobCancelled

    report(0.0)
    result = observe(shard, report)
    on_progress(number, 1.0)
    return result


def _run_pool(
    observe: Observe[T, R],
    waiting: Mapping[int, T],
    workers: int,
    on_progress: OnProgress,
    should_stop: Callable[[], bool],
) -> tuple[dict[int, R], set[int]]:
    """Run shards in a new pool until all are done or one of its processes is killed.

    Returns the results by number of the shard, and the numbers of the shards
    that may have killed the process.
    """
    context = get_context("spawn")
    board = new_board(context, 1 + max(waiting))
    futures: dict[Future[R], int] = {}
    with _pool(context, min(workers, len(waiting)), board) as pool:
        # What was not handed in to a broken pool waits for the next one.
        with suppress(BrokenProcessPool), _interrupts_held():
            for number, shard in waiting.items():
                futures[pool.submit(observe_shard, observe, shard, number)] = number
        shown = dict.fromkeys(waiting, math.nan)
        for ended in _ends(futures):
            _raise_what_failed(ended)
            _show(board, shown, on_progress)
            if should_stop():
                raise JobCancelled
    finished = {number: run.result() for run, number in futures.items() if not run.exception()}
    lost = waiting.keys() - finished.keys()
    return finished, {number for number in lost if board.begun(number)} or lost


@contextmanager
def _pool(context: SpawnContext, workers: int, board: Board) -> Iterator[ProcessPoolExecutor]:
    """Processes that have all ended when the block is left, however it is left."""
    pool = ProcessPoolExecutor(workers, context, initializer=start, initargs=(board,))
    try:
        yield pool
    except BaseException:
        board.stop.value = True
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started in the block never see Ctrl-C, not even before they can ignore it."""
    # They inherit the mask; what reaches this process meanwhile comes when it is lifted.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ends(futures: Iterable[Future[R]]) -> Iterator[set[Future[R]]]:
    """At every tick, the futures that ended since the last; over when all have."""
    pending = set(futures)
    while pending:
        ended, pending = wait(pending, TICK_SECONDS, FIRST_COMPLETED)
        yield ended


def _raise_what_failed(ended: Iterable[Future[R]]) -> None:
    """Raise what an observer raised; that a process was killed is not its error."""
    for run in ended:
        error = run.exception()
        if error is not None and not isinstance(error, BrokenProcessPool):
            raise error


def _show(board: Board, shown: dict[int, float], on_progress: OnProgress) -> None:
    for number, before in shown.items():
        fraction = board.fractions[number]
        if board.begun(number) and fraction != before:
            shown[number] = fraction
            on_progress(number, fraction)


def _refuse_deadly(deaths: Mapping[int, int]) -> None:
    for number, count in deaths.items():
        if count > MAX_DEATHS:
            raise EngineError(
                f"The processes that analysed shard {number} of the video were killed "
                f"{count} times; there may be too little memory for so many at once."
            )

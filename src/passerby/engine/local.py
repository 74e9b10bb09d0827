"""Run shards in the processes of this machine."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from passerby import logs
from passerby.engine.process import ShardProcess
from passerby.errors import EngineError
from passerby.processes.cpus import available_cpus
from passerby.processes.limits import NO_LIMITS, Limits
from passerby.records import FractionCallback

T = TypeVar("T")
R = TypeVar("R")

# Work on one item of a sequence, which is told how much of it is done.
Task = Callable[[T, FractionCallback], R]
# Told the number of an item, and how much of it is done, in [0, 1].
ItemCallback = Callable[[int, float], None]

# A process can be killed for what another one does, the memory it takes for
# instance. One that dies a third time over the same shard dies of that shard.
MAX_DEATHS = 2

TICK_SECONDS = 0.1  # between two looks at the processes

# Processes that stay when a run is over; each holds 150 MB and starts in half a second.
KEPT = 2

# A process that holds more than this has not given back what a video took; it is
# replaced before the next run. The networks and their runtime take about 300 MB.
KEPT_BYTES = 1024**3


class ProcessPool:
    """Processes, some of which stay for the next run, started when they are needed.

    Those at work when a run fails do not stay. All of them end with this process, at
    the latest.
    """

    def __init__(self, limits: Limits = NO_LIMITS) -> None:
        self.limits = limits
        self._idle: list[ShardProcess] = []

    def map(
        self, task: Task[T, R], items: Sequence[T], workers: int, on_progress: ItemCallback
    ) -> list[R]:
        """Do a task on every item, several at once, and return the results in their order.

        Parameters
        ----------
        task : callable
            Importable by name in another process and pure: it is done again if its process
            is killed.
        workers : int
            Processes at the same time.
        on_progress : callable
            Called from this thread several times a second; an exception it raises ends all
            processes within 2 seconds.

        Raises
        ------
        EngineError
            If the process of an item was killed time and again, or went beyond a limit.
        Exception
            The first one that `task` raised.
        """
        return self._finish(_Run(task, items, self.limits), workers, on_progress)

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        """Do one thing in one process, within the limits; parameters and errors as `map`."""
        run = _Run(_do, [work], self.limits, "The preparation")
        (result,) = self._finish(run, 1, lambda *_: on_tick())
        return result

    def _finish(self, run: "_Run[T, R]", workers: int, on_progress: ItemCallback) -> list[R]:
        try:
            while not run.is_over:
                while run.wants_another(workers):
                    run.hand_out(self._take())
                self._idle += run.look(on_progress)
        finally:
            _end_all([*run.busy, *self._idle[KEPT:]])
            del self._idle[KEPT:]
        return run.in_order()

    def close(self) -> None:
        """End all processes."""
        _end_all(self._idle)
        self._idle = []

    def _take(self) -> ShardProcess:
        while self._idle:
            process = self._idle.pop()
            if process.is_alive and process.memory_bytes <= KEPT_BYTES:
                return process
            _end_all([process])
        return ShardProcess()


class LocalExecutor:
    """An `Executor`: a process a shard while there are cores, beyond that threads.

    Parameters
    ----------
    workers : int, optional
        Shards at the same time; None: one for each CPU that this process may use.
    pool : ProcessPool, optional
        Processes that all work is done in, so that a video that brings a decoder down does
        not bring this process down. Without one, a single shard and the planning are done
        in this process: another one takes a second to start.
    """

    def __init__(self, workers: int | None = None, pool: ProcessPool | None = None) -> None:
        self._workers = workers
        self._pool = pool

    def call(self, work: Callable[[FractionCallback], R], on_tick: Callable[[], None]) -> R:
        """Do one thing; see `Executor.call`."""
        if self._pool is None:
            on_tick()
            return work(lambda _: None)
        return self._pool.call(logs.current_log_settings().wrap(work), on_tick)

    def map(self, task: Callable[..., R], items: Sequence[T], on_progress: ItemCallback) -> list[R]:
        """Do a task on every item; see `Executor.map`."""
        cores = available_cpus()
        workers = max(1, min(self._workers or cores, len(items)))
        threaded = partial(task, threads=max(1, cores // workers))
        in_context: Task[T, R] = logs.current_log_settings().wrap(threaded)
        if self._pool is not None:
            return self._pool.map(in_context, items, workers, on_progress)
        if workers == 1:
            return map_here(in_context, items, on_progress)
        with closing(ProcessPool()) as pool:
            return pool.map(in_context, items, workers, on_progress)


def map_here(task: Task[T, R], items: Sequence[T], on_progress: ItemCallback) -> list[R]:
    """Do a task on every item in this thread, one after another."""
    return [_do_here(task, item, number, on_progress) for number, item in enumerate(items)]


def _do_here(task: Task[T, R], item: T, number: int, on_progress: ItemCallback) -> R:
    on_progress(number, 0.0)
    result = task(item, partial(on_progress, number))
    on_progress(number, 1.0)
    return result


class _Run(Generic[T, R]):
    """Items on their way through processes."""

    def __init__(
        self,
        task: Task[T, R],
        items: Sequence[T],
        limits: Limits,
        name: str = "The analysis of shard {}",
    ) -> None:
        self._name = name  # in sentences, to be filled in with a shard's number
        self._task = task
        self._items = items
        self._limits = limits
        self._waiting = deque(range(len(items)))
        self._results: dict[int, R] = {}
        self._deaths: Counter[int] = Counter()
        self._at_work: dict[ShardProcess, int] = {}  # with the number of its shard

    @property
    def is_over(self) -> bool:
        return len(self._results) == len(self._items)

    @property
    def busy(self) -> list[ShardProcess]:
        return list(self._at_work)

    def wants_another(self, workers: int) -> bool:
        return bool(self._waiting) and len(self._at_work) < max(workers, 1)

    def hand_out(self, process: ShardProcess) -> None:
        number = self._waiting.popleft()
        self._at_work[process] = number
        process.begin(self._task, self._items[number])

    def look(self, on_progress: ItemCallback) -> list[ShardProcess]:
        """Wait for a tick, or until a shard ends; the processes that are idle again."""
        ready = wait([process.connection for process in self._at_work], TICK_SECONDS)
        ended = [process for process in self._at_work if process.connection in ready]
        idle = [process for process in ended if self._takes_back(process, on_progress)]
        for process, number in self._at_work.items():
            on_progress(number, process.fraction)
            self._check(process, number)
        return idle

    def in_order(self) -> list[R]:
        return [self._results[number] for number in range(len(self._items))]

    def _takes_back(self, process: ShardProcess, on_progress: ItemCallback) -> bool:
        """Note how a shard ended; whether its process lives on."""
        number, outcome = self._at_work[process], process.outcome()
        if outcome is None:
            self._deaths[number] += 1
            cause = process.cause_of_death()
            self._remove(process)
            self._refuse_deadly(number, cause)
            self._waiting.appendleft(number)
            return False
        if outcome.error is not None:
            raise outcome.error
        del self._at_work[process]
        self._results[number] = outcome.result
        on_progress(number, 1.0)
        return True

    def _remove(self, process: ShardProcess) -> None:
        del self._at_work[process]
        _end_all([process])

    def _refuse_deadly(self, number: int, cause: str) -> None:
        count = self._deaths[number]
        if count > MAX_DEATHS:
            hint = "; there may be too little memory for so many at once" * (cause == "SIGKILL")
            name = self._name.format(number)
            raise EngineError(f"{name} of the video was killed {count} times ({cause}){hint}.")

    def _check(self, process: ShardProcess, number: int) -> None:
        excess = self._limits.excess(process.memory_bytes, process.stalled_seconds)
        if excess:
            process.kill()
            raise EngineError(f"{self._name.format(number)} of the video {excess}.")


def _do(work: Callable[[FractionCallback], R], on_progress: FractionCallback) -> R:
    return work(on_progress)


def _end_all(processes: Iterable[ShardProcess]) -> None:
    """Have all end at the same time; then there are none."""
    asked = list(processes)
    for process in asked:
        process.ask_to_end()
    for process in asked:
        process.end()

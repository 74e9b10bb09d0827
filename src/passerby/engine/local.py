"""How shards are run by the processes of this machine."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from passerby.engine.child import ShardReport
from passerby.engine.process import ShardProcess
from passerby.errors import EngineError, JobCancelled
from passerby.processes.limits import NO_LIMITS, Limits

T = TypeVar("T")
R = TypeVar("R")

Observe = Callable[[T, ShardReport], R]
OnProgress = Callable[[int, float], None]  # number of the shard, fraction of it done in [0, 1]

# A process can be killed for what another one does, the memory it takes for
# instance. One that dies a third time over the same shard dies of that shard.
MAX_DEATHS = 2

TICK_SECONDS = 0.1  # between two looks at the processes

# Processes that stay when a run is over; each holds 150 MB and starts in half a second.
KEPT = 2

# A process that holds more than this has not given back what a video took; it is
# replaced before the next run. The networks and their runtime take about 300 MB.
KEPT_BYTES = 1024**3


class Processes:
    """Processes, some of which stay for the next run, started when they are needed.

    Those at work when a run fails do not stay. All of them end with this process, at
    the latest.
    """

    def __init__(self, limits: Limits = NO_LIMITS) -> None:
        self.limits = limits
        self._idle: list[ShardProcess] = []

    def run(
        self,
        observe: Observe[T, R],
        shards: Sequence[T],
        workers: int,
        on_progress: OnProgress,
        should_stop: Callable[[], bool],
    ) -> list[R]:
        """As `run_shards`, however few shards there are, and within the limits.

        Raises
        ------
        JobCancelled, EngineError, Exception
            As `run_shards`; an EngineError also where a shard went beyond a limit.
        """
        return self._carried_out(
            _Run(observe, shards, self.limits), workers, on_progress, should_stop
        )

    def call(self, work: Callable[[ShardReport], R], on_tick: Callable[[], None]) -> R:
        """Have one thing done in one process, within the limits.

        Parameters
        ----------
        work : callable
            Importable there by name and pure, as it is called again if its process is
            killed.
        on_tick : callable
            Called several times a second; an exception it raises ends the work.

        Raises
        ------
        EngineError, Exception
            As `run`.
        """
        run = _Run(_do, [work], self.limits, "The preparation")
        (result,) = self._carried_out(run, 1, lambda *_: on_tick(), lambda: False)
        return result

    def _carried_out(
        self,
        run: "_Run[T, R]",
        workers: int,
        on_progress: OnProgress,
        should_stop: Callable[[], bool],
    ) -> list[R]:
        try:
            while not run.is_over:
                while run.wants_another(workers):
                    run.hand_out(self._taken())
                self._idle += run.look(on_progress)
                if should_stop():
                    raise JobCancelled
        finally:
            _ended([*run.busy, *self._idle[KEPT:]])
            del self._idle[KEPT:]
        return run.in_order()

    def close(self) -> None:
        """End all processes."""
        _ended(self._idle)
        self._idle = []

    def _taken(self) -> ShardProcess:
        while self._idle:
            process = self._idle.pop()
            if process.is_alive and process.memory_bytes <= KEPT_BYTES:
                return process
            _ended([process])
        return ShardProcess()


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
    processes = Processes()
    try:
        return processes.run(observe, shards, workers, on_progress, should_stop)
    finally:
        processes.close()


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


class _Run(Generic[T, R]):
    """Shards on their way through processes."""

    def __init__(
        self,
        observe: Observe[T, R],
        shards: Sequence[T],
        limits: Limits,
        name: str = "The analysis of shard {}",
    ) -> None:
        self._name = name  # in sentences, to be filled in with a shard's number
        self._observe = observe
        self._shards = shards
        self._limits = limits
        self._waiting = deque(range(len(shards)))
        self._results: dict[int, R] = {}
        self._deaths: Counter[int] = Counter()
        self._at_work: dict[ShardProcess, int] = {}  # with the number of its shard

    @property
    def is_over(self) -> bool:
        return len(self._results) == len(self._shards)

    @property
    def busy(self) -> list[ShardProcess]:
        return list(self._at_work)

    def wants_another(self, workers: int) -> bool:
        return bool(self._waiting) and len(self._at_work) < max(workers, 1)

    def hand_out(self, process: ShardProcess) -> None:
        number = self._waiting.popleft()
        self._at_work[process] = number
        process.begin(self._observe, self._shards[number])

    def look(self, on_progress: OnProgress) -> list[ShardProcess]:
        """Wait for a tick, or until a shard ends; the processes that are idle again."""
        ready = wait([process.connection for process in self._at_work], TICK_SECONDS)
        ended = [process for process in self._at_work if process.connection in ready]
        idle = [process for process in ended if self._takes_back(process, on_progress)]
        for process, number in self._at_work.items():
            on_progress(number, process.fraction)
            self._check(process, number)
        return idle

    def in_order(self) -> list[R]:
        return [self._results[number] for number in range(len(self._shards))]

    def _takes_back(self, process: ShardProcess, on_progress: OnProgress) -> bool:
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
        _ended([process])

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


def _do(work: Callable[[ShardReport], R], report: ShardReport) -> R:
    return work(report)


def _ended(processes: Iterable[ShardProcess]) -> None:
    """Have all end at the same time; then there are none."""
    asked = list(processes)
    for process in asked:
        process.ask_to_end()
    for process in asked:
        process.end()

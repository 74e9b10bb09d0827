"""One process of this machine, as its parent sees it.

Fresh (spawn), never forked: a fork of a process with threads, as the inference
runtimes have, can wait for ever on a lock that nobody holds.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from typing import Any

from passerby.engine.child import GRACE_SECONDS, TaskOutcome, serve
from passerby.engine.shared_progress import new_shared_progress
from passerby.processes.limits import resident_bytes
from passerby.records import FractionCallback

# How long a process that was asked to end is waited for before it is killed.
END_SECONDS = GRACE_SECONDS + 0.3


class ShardProcess:
    """Works on one shard at a time; started when it is made."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._progress = new_shared_progress(context)
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._progress), daemon=True)
        with _interrupts_blocked():
            self._process.start()
        theirs.close()
        self._reports = 0
        self._moved_at = 0.0

    def begin(self, task: Callable[[Any, FractionCallback], Any], item: object) -> None:
        """Have a task done on an item; `outcome` tells how it ended once the pipe is readable."""
        self._progress.fraction.value = 0.0
        self._moved_at = time.monotonic()
        with suppress(ConnectionError):  # it died while idle: the pipe says so as well
            self.connection.send((task, item))

    @property
    def is_alive(self) -> bool:
        """Whether it can be given a shard."""
        return self._process.is_alive()

    @property
    def fraction(self) -> float:
        """How much of the shard under way is done, in [0, 1]."""
        return self._progress.fraction.value

    @property
    def stalled_seconds(self) -> float:
        """How long the shard under way has made no progress, as far as this was asked."""
        if self._progress.reports.value != self._reports:
            self._reports = self._progress.reports.value
            self._moved_at = time.monotonic()
        return time.monotonic() - self._moved_at

    @property
    def memory_bytes(self) -> int:
        """What it holds in memory; 0 if it has ended."""
        return resident_bytes(self._process.pid or 0)

    def outcome(self) -> TaskOutcome | None:
        """How the shard ended; None if the process died over it."""
        try:
            ended: TaskOutcome = self.connection.recv()
        except (EOFError, OSError):
            return None
        return ended

    def cause_of_death(self) -> str:
        """Which signal or exit ended it, for a sentence."""
        self._process.join(END_SECONDS)
        code = self._process.exitcode
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit {code}"

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def ask_to_end(self) -> None:
        """Say stop; a shard under way is given up at its next report."""
        self._progress.stop.value = True
        self.connection.close()

    def end(self) -> None:
        """Wait for the end of a process that was asked to; then there is none."""
        self._process.join(END_SECONDS)
        self._process.kill()
        self._process.join()
        self._process.close()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes started in the block never see Ctrl-C, not even before they can ignore it.

    Nor does it interrupt this process there: it comes when the block ends.
    """
    # Starting its tracker, multiprocessing lets interrupts through: not in the block, then.
    resource_tracker.ensure_running()
    held: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    # The mask is inherited. Of this process it holds one thread alone; another may take
    # the signal, and it would be raised in the main thread all the same.
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number)) if is_main else 0
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, handler)
        if held:
            signal.raise_signal(signal.SIGINT)

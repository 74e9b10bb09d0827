"""Work on one shard after another, as they come through a pipe: what each process does.

Beside that a thread watches the parent: the process must not outlive it, nor go on
for long once the parent says stop.
"""

import os
import pickle
import resource
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import Any

from passerby.engine.shared_progress import SharedProgress
from passerby.errors import JobCancelled
from passerby.records import FractionCallback

WATCH_SECONDS = 0.2
GRACE_SECONDS = 1.0  # from the word stop to the end, however busy


@dataclass(frozen=True)
class TaskOutcome:
    """What became of a shard: its result, or what was raised."""

    result: Any = None
    error: Exception | None = None


def serve(connection: "Connection[Any, Any]", shared_progress: SharedProgress) -> None:
    """Observe what comes through the pipe until its other end is closed.

    Received are `(task, item)`, sent is an `TaskOutcome` for each.
    """
    # Ctrl-C goes to every process of a terminal; what it means, the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A decoder that crashes leaves no image of its memory: that may fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_watch, args=(shared_progress,), daemon=True).start()
    with suppress(EOFError, ConnectionError):
        while True:
            task, item = connection.recv()
            connection.send(_do(task, item, shared_progress))


def _do(
    task: Callable[[Any, FractionCallback], Any], item: object, shared_progress: SharedProgress
) -> TaskOutcome:
    def report(fraction: float) -> None:
        shared_progress.fraction.value = fraction
        shared_progress.reports.value += 1
        if shared_progress.stop.value:
            raise JobCancelled

    try:
        return TaskOutcome(task(item, report))
    except Exception as error:  # noqa: BLE001 - raised again by the parent
        return TaskOutcome(error=_sendable(error))


def _sendable(error: Exception) -> Exception:
    """The error with its traceback as a note, or what can be told of it."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever its class does
        return RuntimeError("".join(traceback.format_exception(error)))
    return error


def _watch(shared_progress: SharedProgress) -> None:
    while not shared_progress.stop.value:
        if _parent_died_within(WATCH_SECONDS):
            os._exit(1)
    _parent_died_within(GRACE_SECONDS)
    os._exit(1)


def _parent_died_within(seconds: float) -> bool:
    parent = parent_process()
    return parent is None or bool(wait([parent.sentinel], seconds))

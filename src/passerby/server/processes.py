"""Keep a child process running beside this one."""

import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

logger = logging.getLogger(__name__)

# How long a process that ended by itself stays ended before it is started again.
RESTART_SECONDS = 2.0
# How long a process may take to end before it is killed.
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class ChildProgram:
    """A program to run as a child process."""

    name: str  # in the log
    command: Sequence[str]
    environment: Mapping[str, str]


@contextmanager
def running_child(
    program: ChildProgram, restart_seconds: float = RESTART_SECONDS
) -> Iterator[None]:
    """Run a program while the block runs; start it again whenever it ends by itself."""
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_running, args=(program, restart_seconds, stop))
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_running(program: ChildProgram, restart_seconds: float, stop: threading.Event) -> None:
    while not stop.is_set():
        # In a process group of its own: Ctrl-C is for the parent to hear.
        process = subprocess.Popen(  # noqa: S603 - the caller's own program
            program.command, env=program.environment, process_group=0
        )
        while process.poll() is None and not stop.wait(POLL_SECONDS):
            pass
        if process.poll() is None:
            _end(process)
        else:
            logger.error("the %s ended by itself (%s)", program.name, process.returncode)
            stop.wait(restart_seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end; kill it if it has not ended in time."""
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

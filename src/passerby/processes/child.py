"""A child process that writes a file, watched by its parent.

It prints the fraction done, a number in [0, 1] a line. Other lines are ignored.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from passerby.processes.limits import Limits, resident_bytes

# The error message is looked for in so many bytes at the end of standard error.
ERROR_BYTES = 4096
# How long a child that is asked to end may take.
GRACE_SECONDS = 2.0

_RUNNER = "passerby.processes.low_priority"


class Child:
    """One module that runs, as with `python -m`, in a process of its own.

    Parameters
    ----------
    command : sequence of str
        Module and arguments.
    limits : Limits
        Beyond which `poll` reports a failure.
    niceness : int
        As with `nice -n`.
    environment : mapping
        Variables beside those of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        niceness: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._limits = limits
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        # -P: modules in the caller's folder are not imported.
        runner = [sys.executable, "-P", "-m", _RUNNER, str(os.getpid()), str(niceness)]
        # In a process group of its own: Ctrl-C is for the server alone.
        self._process = subprocess.Popen(  # noqa: S603 - of our own modules
            [*runner, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            process_group=0,
            env={**os.environ, **(environment or {})},
            text=True,
            errors="replace",
        )
        self.fraction = 0.0
        self._state: tuple[float, int] = (0.0, 0)
        self._progressed_at = time.monotonic()
        self._reader = threading.Thread(target=self._read_progress, daemon=True)
        self._reader.start()

    def poll(self, target: Path, seconds: float) -> str | None:
        """Wait for the process; return None if it runs, "" if it succeeded, else the error.

        Parameters
        ----------
        target : Path
            File that it writes. It makes progress while the file grows.
        seconds : float
            Longest time to wait.
        """
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self._limit_error(target)
        return "" if code == 0 else self._last_error()

    def end(self) -> None:
        """Terminate the process if it still runs, and close its files."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._errors.close()

    def _read_progress(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        with self._process.stdout as lines:
            for line in lines:
                try:
                    self.fraction = min(max(float(line), 0.0), 1.0)
                except ValueError:
                    continue

    def _limit_error(self, target: Path) -> str | None:
        state = (self.fraction, _size(target))
        if state != self._state:
            self._state, self._progressed_at = state, time.monotonic()
        stalled_seconds = time.monotonic() - self._progressed_at
        excess = self._limits.excess(resident_bytes(self._process.pid), stalled_seconds)
        return None if excess is None else f"It {excess}."

    def _last_error(self) -> str:
        """Return the last line that the process wrote on standard error."""
        length = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(length - ERROR_BYTES, 0))
        written = self._errors.read().decode(errors="replace").split("\n")
        lines = [line.strip() for line in written if line.strip()]
        if lines:
            return lines[-1].removeprefix("passerby: ")
        return f"It ended with exit status {self._process.returncode}."


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

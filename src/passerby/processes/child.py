"""A child process that makes something, as its parent sees it.

It prints how far it is, a number in [0, 1] a line; any other line is passed over.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Of what a child said on standard error, so much of the end is looked through.
COMPLAINT_BYTES = 4096
# How long a child that is asked to end may take.
GRACE_SECONDS = 2.0

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RESIDENT = 1  # which number of /proc/<pid>/statm: pages in memory

_RUNNER = "passerby.processes.low_priority"


@dataclass(frozen=True)
class Limits:
    """What a child may take, and how far it stands back."""

    memory_bytes: int
    stall_seconds: float  # without any progress
    niceness: int  # as with `nice -n`


class Child:
    """One module that runs, as with `python -m`, in a process of its own."""

    def __init__(
        self, command: Sequence[str], limits: Limits, environment: Mapping[str, str]
    ) -> None:
        self._limits = limits
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        # -P: whatever lies in the folder of the caller is not imported.
        program = [sys.executable, "-P", "-m", _RUNNER, str(os.getpid()), str(limits.niceness)]
        # In a process group of its own: Ctrl-C is for the server to hear.
        self._process = subprocess.Popen(  # noqa: S603 - of our own modules
            [*program, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            process_group=0,
            env=os.environ | environment,
            text=True,
            errors="replace",
        )
        self.fraction = 0.0
        self._state: tuple[float, int] = (0.0, 0)
        self._moved_at = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def looked_at(self, target: Path, seconds: float) -> str | None:
        """Wait a moment; None while it runs, "" when it has ended well, else what was wrong.

        Parameters
        ----------
        target : Path
            What it writes: a file that grows is progress, too.
        """
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self._beyond_limits(target)
        return "" if code == 0 else self._complaint()

    def end(self) -> None:
        """Have it end, if it has not."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._complaints.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        with self._process.stdout as lines:
            for line in lines:
                try:
                    self.fraction = min(max(float(line), 0.0), 1.0)
                except ValueError:
                    continue

    def _beyond_limits(self, target: Path) -> str | None:
        state = (self.fraction, _size(target))
        if state != self._state:
            self._state, self._moved_at = state, time.monotonic()
        if time.monotonic() - self._moved_at > self._limits.stall_seconds:
            return f"It made no progress for {self._limits.stall_seconds:g} seconds."
        if _memory_bytes(self._process.pid) > self._limits.memory_bytes:
            return f"It took more than {self._limits.memory_bytes // 1024**2} MiB of memory."
        return None

    def _complaint(self) -> str:
        """Last line that it wrote on standard error."""
        length = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(length - COMPLAINT_BYTES, 0))
        lines = self._complaints.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return (
            said[-1].removeprefix("passerby: ")
            if said
            else f"It ended with {self._process.returncode}."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _memory_bytes(process_id: int) -> int:
    """What a process holds in memory; 0 if it has ended."""
    try:
        statm = Path(f"/proc/{process_id}/statm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(statm.split()[RESIDENT]) * PAGE_BYTES

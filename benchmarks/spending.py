"""What a command costs, its child processes included: time and memory."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# Positions in /proc/PID/stat behind the command's name (proc(5), fields 5 and 24).
GROUP, RESIDENT_PAGES = 2, 21


@dataclass(frozen=True)
class Spending:
    """What one run of a command took, and what it printed."""

    began: float  # time.monotonic() at its start
    wall_s: float
    cpu_s: float  # of all its processes, user and system
    peak_bytes: int  # greatest sum of the resident memory of all its processes
    output: str


def run(command: Sequence[str]) -> Spending:
    """Run a command to its end; what it prints on standard output must fit into a pipe.

    Memory is looked at fifty times a second. Pages that processes share, such as
    those of libraries, count in each of them: the sum is an upper bound.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    cpu_before, began, peak = _children_cpu_s(), time.monotonic(), 0
    # A group of its own tells its processes from all others.
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True, process_group=0
    )
    try:
        while process.poll() is None:
            peak = max(peak, resident_bytes(process.pid))
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    wall_s = time.monotonic() - began
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spending(began, wall_s, _children_cpu_s() - cpu_before, peak, output)


def resident_bytes(group: int) -> int:
    """Memory that the processes of a group hold together."""
    pages = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            fields = _stat(entry)
            pages += int(fields[RESIDENT_PAGES]) if fields and int(fields[GROUP]) == group else 0
    return pages * PAGE_BYTES


def _stat(process: Path) -> list[str]:
    """Fields of /proc/PID/stat behind the name; empty when the process is gone."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

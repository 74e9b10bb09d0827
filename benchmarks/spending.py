"""Measure the time and memory of a command, its child processes included."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Between two looks at the memory: each goes through its pages, a few milliseconds of work.
LOOK_SECONDS = 0.5

# Position in /proc/PID/stat behind the command's name (proc(5), field 5).
GROUP = 2
SHARE = "Pss:"  # in /proc/PID/smaps_rollup, KiB


@dataclass(frozen=True)
class Spending:
    """Time and memory that one run of a command took, and its output."""

    began: float  # time.monotonic() at its start
    wall_s: float
    cpu_s: float  # of all its processes, user and system
    peak_bytes: int  # greatest amount of memory that all its processes held together
    output: str


def run(command: Sequence[str]) -> Spending:
    """Run a command to its end; what it prints on standard output must fit into a pipe.

    Memory is looked at twice a second. A page that several processes share, of a
    library for instance, counts for its share in each: once, if all of them are its own.

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
        while not _ends_within(process, LOOK_SECONDS):
            peak = max(peak, memory_bytes(process.pid))
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    wall_s = time.monotonic() - began
    output, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spending(began, wall_s, _children_cpu_s() - cpu_before, peak, output)


def _ends_within(process: "subprocess.Popen[str]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def memory_bytes(group: int) -> int:
    """Sum the memory that the processes of a group hold together."""
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return sum(_share_bytes(process) for process in processes if _group(process) == group)


def _group(process: Path) -> int | None:
    """Process group; None when the process is gone."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[GROUP])
    except OSError:
        return None


def _share_bytes(process: Path) -> int:
    """The process's proportional share of memory; 0 when it is gone."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    shares = (line.split()[1] for line in lines if line.startswith(SHARE))
    return 1024 * int(next(shares, "0"))


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

"""Limits on the memory and the silence of a process, and how to measure its memory."""

import os
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024**2

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RESIDENT = 1  # which number of /proc/<pid>/statm: pages in memory


@dataclass(frozen=True)
class Limits:
    """Most that a process may take; None is no limit."""

    memory_bytes: int | None = None  # resident
    stall_seconds: float | None = None  # without progress

    def excess(self, memory_bytes: int, stalled_seconds: float) -> str | None:
        """Return the limit that is exceeded as the end of a sentence, or None.

        Examples
        --------
        >>> limits = Limits(memory_bytes=2**30, stall_seconds=300)
        >>> limits.excess(memory_bytes=2**30, stalled_seconds=301)
        'made no progress for 300 seconds'
        """
        memory, stall = self.memory_bytes, self.stall_seconds
        if memory is not None and memory_bytes > memory:
            return f"took more than {memory // MEBIBYTE} MiB of memory"
        if stall is not None and stalled_seconds > stall:
            return f"made no progress for {stall:g} seconds"
        return None


NO_LIMITS = Limits()


def resident_bytes(process_id: int) -> int:
    """Return the resident memory of a process; 0 if it has ended."""
    try:
        statm = Path(f"/proc/{process_id}/statm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(statm.split()[RESIDENT]) * PAGE_BYTES

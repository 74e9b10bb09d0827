"""Does whoever holds a job still live? Its name tells, to those on the same machine.

Elsewhere nobody can tell, and a job waits until its holder's lease has run out.
"""

import os
import secrets
import socket
from pathlib import Path

SEPARATOR = "/"
# Which words of /proc/<pid>/stat after the program's name: proc(5).
STATE, STARTED = 0, 19
DEAD_STATES = ("Z", "X")


def make_worker_id() -> str:
    """Name of this process for one holder of jobs; another one at each call."""
    own = str(os.getpid())
    words = (socket.gethostname(), _machine(), own, _started(own) or "", secrets.token_hex(4))
    return SEPARATOR.join(words)


def is_gone(name: str) -> bool:
    """Whether the process of that name certainly is no more."""
    words = name.split(SEPARATOR)
    if len(words) != len(("host", "machine", "process", "start", "token")):
        return False
    _, machine, process, started, _ = words
    if not started or machine != _machine():
        return False
    return _is_free(int(process)) or _started(process) not in (started, None)


def _machine() -> str:
    """One run of one kernel, and within it one space of process ids; empty where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_free(process: int) -> bool:
    """Whether no process has this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's
        pass
    return False


def _started(process: str) -> str | None:
    """When a process began, in ticks since the boot; empty if it is dead, None if unknown."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # gone this moment, or hidden
        return None
    return "" if words[STATE] in DEAD_STATES else words[STARTED]

"""Worker ids, which tell on the same machine whether the worker process still lives.

On another machine nobody can tell, and a job waits until its lease has run out.
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
    """Make an id for a worker in this process; each call gives another one."""
    own = str(os.getpid())
    words = (
        socket.gethostname(),
        _boot_and_namespace(),
        own,
        _start_time(own) or "",
        secrets.token_hex(4),
    )
    return SEPARATOR.join(words)


def is_gone(worker_id: str) -> bool:
    """Whether the process of a worker is certainly gone."""
    words = worker_id.split(SEPARATOR)
    if len(words) != len(("host", "machine", "process", "start", "token")):
        return False
    _, machine, process, started, _ = words
    if not started or machine != _boot_and_namespace():
        return False
    return _is_unused(int(process)) or _start_time(process) not in (started, None)


def _boot_and_namespace() -> str:
    """Identify the boot and the process namespace; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_unused(process: int) -> bool:
    """Whether no process has this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's
        pass
    return False


def _start_time(process: str) -> str | None:
    """Start of a process in clock ticks since boot; empty if it is dead, None if unknown."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # gone this moment, or hidden
        return None
    return "" if words[STATE] in DEAD_STATES else words[STARTED]

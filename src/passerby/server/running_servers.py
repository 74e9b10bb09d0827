"""Let commands find the servers that the same user runs on this machine.

A server leaves a file in the user's folder for states while it runs, and holds a lock on it:
a file without a lock belongs to a server that was killed. The file tells no secret, and who
is another user sees nothing of it.

Source: XDG Base Directory Specification, `XDG_STATE_HOME`.
"""

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import TextIO

import platformdirs

logger = logging.getLogger(__name__)

SUFFIX = ".json"


@dataclass(frozen=True)
class RunningServer:
    """What commands need to know of a server."""

    data: str  # real path of the data folder
    url: str
    own_database: bool  # whether the settings name a database other than that of the folder


@contextmanager
def announced(server: RunningServer) -> Iterator[None]:
    """Let commands find a server while the block runs, if its user has a folder for states."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked_file(server))
        except OSError as error:
            logger.debug("commands will not find this server by themselves: %s", error)
        yield


@contextmanager
def _locked_file(server: RunningServer) -> Iterator[None]:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    # It gets its name once it is locked: before, it would be taken for one that was left.
    draft, path = folder / f".{name}", folder / f"{name}{SUFFIX}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            json.dump(asdict(server), file)
            file.flush()
            draft.rename(path)
            yield
        finally:
            draft.unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def running_servers() -> list[RunningServer]:
    """List the servers of this user that run on this machine, by data folder."""
    found = [_read(path) for path in _folder().glob(f"*{SUFFIX}")]
    return sorted((server for server in found if server is not None), key=attrgetter("data"))


def _read(path: Path) -> RunningServer | None:
    """Read a file; None, and it is removed, if its server does not run any more."""
    with suppress(OSError, ValueError, TypeError), path.open(encoding="utf-8") as file:
        if _is_locked(file):
            return RunningServer(**json.load(file))
        path.unlink()
    return None


def _is_locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _folder() -> Path:
    return platformdirs.user_state_path("passerby") / "servers"

"""Run `passerby serve` as an init system does: started again whenever it has ended."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS, is_true_within

from passerby.settings import Settings

RESTART_SECONDS = 0.5


class SupervisedService:
    """A server that is started again when it ends, its worker, and the processes under that."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self.settings = settings
        self.log = home / "service.log"
        self.scratch = home / "scratch"  # where its temporary files go
        self.exit_code: int | None = None  # of the last server, asked to stop
        self._over = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have it run as long as the block lasts, whoever kills it."""
        self.scratch.mkdir(exist_ok=True)
        self._over.clear()
        keeper = threading.Thread(target=self._keep)
        keeper.start()
        try:
            yield
        finally:
            self._over.set()
            keeper.join()

    def processes(self) -> list[int]:
        """All that belong to it, whoever is their parent by now."""
        mark = os.fsencode(f"PASSERBY_DATA={self.settings.data}")
        found = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        return [pid for pid in found if mark in _read(pid, "environ").split(b"\0")]

    def targets(self, part: str) -> list[int]:
        """Processes of the API, of the worker, or of the shards it observes."""
        server = self._server
        if server is None or server.poll() is not None:
            return []
        if part == "api":
            return [server.pid]
        workers = [pid for pid in _children(server.pid) if b"worker" in _read(pid, "cmdline")]
        if part == "worker":
            return workers
        below = [child for pid in workers for child in _children(pid)]
        return [pid for pid in below if b"spawn_main" in _read(pid, "cmdline")]

    def _keep(self) -> None:
        environment = {
            **os.environ,
            **self.settings.environment(),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TMPDIR": str(self.scratch),
        }
        command = [sys.executable, "-m", "passerby", "serve"]
        while not self._over.is_set():
            with self.log.open("ab") as log:
                # Not through this process's group: Ctrl-C is for the harness to hear.
                self._server = subprocess.Popen(
                    command, env=environment, stdout=log, stderr=log, process_group=0
                )
            while self._server.poll() is None and not self._over.wait(0.05):
                pass
            if self._server.poll() is None:
                self._server.send_signal(signal.SIGTERM)
                self.exit_code = self._server.wait(PATIENCE_SECONDS)
            self._over.wait(RESTART_SECONDS)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def end_within(processes: list[int], seconds: float) -> bool:
    """Wait until processes have ended, for so many seconds at most; give whether they have."""
    return is_true_within(lambda: not any(_read(pid, "cmdline") for pid in processes), seconds)


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in _read_path(task / "children").split()]
    return []


def _read(pid: int, name: str) -> bytes:
    return _read_path(Path(f"/proc/{pid}/{name}"))


def _read_path(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process is gone, or somebody else's
        return b""

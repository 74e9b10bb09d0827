"""A PostgreSQL server of the tests' own, in a folder that goes when they end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from tests.waiting import PATIENCE_SECONDS

# Nothing written here has to outlive a power cut. No port: it listens on a socket file.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
}


def programs() -> Path | None:
    """Folder of the server's programs, which Debian has in nobody's path; None without one."""
    folders = [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which("initdb", path=os.pathsep.join(folders))
    return Path(found).resolve().parent if found else None


class Server:
    """A server whose files are in one folder, its socket as well."""

    def __init__(self, programs: Path, folder: Path, options: Mapping[str, str]) -> None:
        self._programs = programs
        self._folder = folder
        self._options = [f"--{name}={value}" for name, value in options.items()]
        self._process: subprocess.Popen[bytes] | None = None
        #: Where its one database is.
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)

    def make(self) -> None:
        """Write the files of a new server."""
        self._folder.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        names = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        command = self._command("initdb", "--no-sync", *names, "--pgdata", "cluster")
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        """Start it; it ends with this process at the latest."""
        socket = ("-k", str(self._folder))
        command = self._command("postgres", "-D", "cluster", *socket, *self._options)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; whoever is connected loses the connection."""
        if self._process is not None:
            self._engine.dispose()
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE_SECONDS)

    @contextmanager
    def without_tables(self) -> Iterator[str]:
        """URL of the database, empty before and after."""
        try:
            yield self.url
        finally:
            self.cut_connections()  # they may hold locks
            self._run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")

    def cut_connections(self) -> None:
        """End all connections but our own."""
        self._run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def backends(self, application: str, *, under_way: bool) -> list[int]:
        """Processes that serve its connections, or only those with a transaction under way."""
        query = (
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name = :application AND (state <> 'idle' OR NOT :under_way)"
        )
        asked = {"application": application, "under_way": under_way}
        with self._engine.connect() as connection:
            return list(connection.execute(text(query), asked).scalars())

    def cut(self, backend: int) -> None:
        """End the connection that a process serves, if it is still there."""
        self._run(f"SELECT pg_terminate_backend({backend})")

    def _run(self, *commands: str) -> None:
        with self._engine.connect() as connection:
            for command in commands:
                connection.execute(text(command))

    def _answers(self) -> bool:
        try:
            self._run("SELECT 1")
        except OperationalError:
            return False
        return True

    def _command(self, program: str, *arguments: str) -> list[str]:
        # The server refuses to be root's.
        user = ("--reuid=postgres", "--regid=postgres", "--clear-groups")
        as_user = ["setpriv", "--pdeathsig=INT", *(user if os.geteuid() == 0 else ())]
        return [*as_user, str(self._programs / program), *arguments]


@contextmanager
def running(programs: Path, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a new server for as long as the block lasts, with other `OPTIONS` where given."""
    folder = Path(tempfile.mkdtemp(prefix="passerby-postgresql-"))
    try:
        server = Server(programs, folder, {**OPTIONS, **(options or {})})
        try:
            server.make()
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)

"""Where the service keeps its jobs: in a file on its disk, or in a server of the harness's own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from tests import postgresql
from tests.postgresql import Server
from tests.waiting import PATIENCE_SECONDS

DatabaseKind = Literal["sqlite", "postgresql"]

# A server whose processes are killed must keep what it said was committed. That the file
# system still reaches the disk is not asked: the machine goes on.
OPTIONS = {"synchronous_commit": "on", "full_page_writes": "on"}

StateOf = Callable[[str], str | None]


def usual_kind() -> DatabaseKind:
    """A server, whose connections can be cut, where one is installed."""
    return "sqlite" if postgresql.programs() is None else "postgresql"


@contextmanager
def server_of(kind: DatabaseKind) -> Iterator[Server | None]:
    """The server, for as long as the block lasts; None where the database is a file."""
    if kind == "sqlite":
        yield None
        return
    programs = postgresql.programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed")
    with postgresql.running(programs, OPTIONS) as server:
        yield server


def state_of(data: Path, server: Server | None) -> StateOf:
    """How to ask the database, behind the service's back, in which state a job is."""
    url = server.url if server else f"sqlite:///file:{data}/passerby.db?mode=ro&uri=true"
    engine = create_engine(url, poolclass=NullPool)
    query = text("SELECT state FROM jobs WHERE id = :id")

    def ask(job_id: str) -> str | None:
        with engine.connect() as connection:
            found: str | None = connection.execute(query, {"id": job_id}).scalar()
        return found

    def ask_on(job_id: str) -> str | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask(job_id)
            except DBAPIError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    return ask_on

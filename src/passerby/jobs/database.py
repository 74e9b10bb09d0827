"""How the job database is opened: its tables brought up to date, its transactions begun.

The URL is SQLAlchemy's: `sqlite:////var/lib/passerby/passerby.db`.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from passerby.errors import SettingsError

# How long a writer waits for the writers before it. Every transaction here is a
# few rows, so only a stuck disk lasts this long.
BUSY_TIMEOUT_SECONDS = 20
BUSY_PAUSE_SECONDS = 0.02

STEPS = ScriptDirectory(Path(__file__).parent / "migrations")


class Database:
    """Connections to one job database whose tables are those of `schema`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing_engine = engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, undone by an exception."""
        with self._writing_engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine.dispose()


def open_database(url: str) -> Database:
    """Connect, and create or update the tables.

    Raises
    ------
    SettingsError
        If the URL cannot be understood or connected to, or the database was
        written by a newer passerby.
    """
    engine = _engine(url)
    database = Database(engine)
    with ExitStack() as undo:
        undo.callback(database.close)
        try:
            with database.writing() as connection:
                _migrate(connection)
        except (DBAPIError, sqlite3.Error) as error:
            shown = engine.url.render_as_string(hide_password=True)
            raise SettingsError(f"the database {shown} cannot be opened: {error}") from error
        undo.pop_all()
    return database


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SettingsError(f"this database URL cannot be used: {error}") from error
    if engine.dialect.name != "sqlite":
        # Elsewhere two submissions can run side by side; nothing yet keeps them apart.
        raise SettingsError(f"only SQLite databases can be used, got {engine.dialect.name}")
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _pool_entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # `_begin` begins transactions, not the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    _keep_log_ahead(connection)


def _keep_log_ahead(connection: sqlite3.Connection) -> None:
    """Let readers read while one writes (WAL)."""
    # Two that switch a new database at the same time are refused at once: here,
    # unlike elsewhere, SQLite does not wait out the busy timeout.
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another
    # has written in between; one that locks from its first statement waits.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(connection: Connection) -> None:
    context = MigrationContext.configure(connection)
    present = context.get_current_revision()
    known = {step.revision for step in STEPS.walk_revisions()}
    if present is not None and present not in known:
        raise SettingsError(
            f"the database was written by a newer passerby (its form is {present}, "
            f"this one knows up to {STEPS.get_current_head()}): install that version"
        )
    missing = list(STEPS.iterate_revisions("head", present or "base"))
    with Operations.context(context):
        for step in reversed(missing):
            step.module.upgrade()
            context.stamp(STEPS, step.revision)

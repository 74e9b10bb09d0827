"""How the job database is opened: its tables brought up to date, its transactions begun.

The URL is SQLAlchemy's: `sqlite:////var/lib/passerby/passerby.db`.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from passerby.errors import SettingsError

# How long a writer waits for the writers before it. Every transaction here is a
# few rows, so only a stuck disk lasts this long.
BUSY_TIMEOUT_SECONDS = 20
BUSY_PAUSE_SECONDS = 0.02

# To which the steps of `migration` lead.
NEWEST_FORM = "0003"


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
    if _form(connection) == NEWEST_FORM:
        return
    # Seldom needed, and costly to import: 0.1 s and 11 MiB.
    from passerby.jobs.migration import migrate  # noqa: PLC0415

    migrate(connection)


def _form(connection: Connection) -> str | None:
    """Name of the last step that was taken; None in a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

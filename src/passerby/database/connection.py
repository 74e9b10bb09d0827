"""Connections to the job database, whose tables are migrated when it is opened.

The URL is SQLAlchemy's: `sqlite:////var/lib/passerby/passerby.db`, or
`postgresql://user:password@host/name`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from passerby.clock import utc_now
from passerby.database import postgresql, sqlite
from passerby.database.retry import retry_on_disconnect, run_with_retry, was_cut
from passerby.errors import SettingsError

# Revision to which the steps of `migration` lead.
HEAD_REVISION = "0010"

KINDS = {
    "sqlite": sqlite.engines,
    "postgresql": postgresql.engines,
    postgresql.DRIVER: postgresql.engines,
}


class Database:
    """Connections to one job database with the tables of `schema`."""

    def __init__(self, reading: Engine, writing: Engine) -> None:
        self._reading = reading
        self._writing = writing

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run one read-only transaction; it sees the database as it was at one time."""
        with self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Run one transaction that may write; an exception rolls it back.

        Transactions that decide by what they read must `lock_by_name`.
        """
        with self._writing.begin() as connection:
            yield connection

    @retry_on_disconnect
    def now(self) -> datetime:
        """Read the clock that all users of the database share; aware, in UTC.

        It is the clock of the server; SQLite has none, and its users are on one machine.
        Not to be called within a transaction: it takes a second connection.
        """
        if _is_sqlite(self._reading):
            return utc_now()
        with self.reading() as connection:
            clock: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return clock.astimezone(UTC)

    def is_from_earlier_build(self) -> bool:
        """Whether rows that an earlier build deleted may still be in the file."""
        return _is_sqlite(self._reading) and sqlite.is_from_earlier_build(self._reading)

    def erase_remains(self) -> None:
        """Make sure that nothing of deleted rows is left in the files of the database.

        It may take a second, and other writers wait. What the logs and backups of a
        PostgreSQL server hold is its administrator's.
        """
        erase = sqlite.erase_remains if _is_sqlite(self._writing) else postgresql.erase_remains
        erase(self._writing)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._reading.dispose()


def lock_by_name(connection: Connection, name: str) -> None:
    """Lock `name` until the transaction ends, after waiting for any other that has it."""
    if _is_sqlite(connection):
        return  # there, only one transaction can write at a time
    lock = func.pg_advisory_xact_lock(func.hashtextextended(name, 0))
    connection.execute(select(lock))


def open_database(url: str) -> Database:
    """Connect, and create or migrate the tables.

    Raises
    ------
    SettingsError
        If the URL cannot be understood or connected to, or the database was
        written by a newer passerby.
    """
    reading, writing = _engines(url)
    database = Database(reading, writing)
    with ExitStack() as undo:
        undo.callback(database.close)
        try:
            # If no server is reached at all, the URL is wrong: fail at once.
            run_with_retry(lambda _: _migrate(database), was_cut)
        except (DBAPIError, sqlite3.Error) as error:
            shown = reading.url.render_as_string(hide_password=True)
            raise SettingsError(f"the database {shown} cannot be opened: {error}") from error
        undo.pop_all()
    return database


def _engines(url: str) -> tuple[Engine, Engine]:
    try:
        address = make_url(url)
        if address.drivername not in KINDS:
            kind = address.drivername
            raise SettingsError(f"a database URL starts with sqlite: or postgresql:, got {kind}:")
        return KINDS[address.drivername](address)
    except ArgumentError as error:
        raise SettingsError(f"this database URL cannot be used: {error}") from error
    except ImportError as error:
        raise SettingsError(
            "PostgreSQL needs its driver: pip install 'passerby[postgres]'"
        ) from error


def _is_sqlite(bind: Connection | Engine) -> bool:
    return bind.dialect.name == "sqlite"


def _migrate(database: Database) -> None:
    with database.writing() as connection:
        lock_by_name(connection, "passerby: tables")
        if _revision(connection) == HEAD_REVISION:
            return
        # Rarely needed, and costly to import: 0.1 s and 11 MiB.
        from passerby.database.migration import migrate  # noqa: PLC0415

        migrate(connection)


def _revision(connection: Connection) -> str | None:
    """Return the schema revision; None for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

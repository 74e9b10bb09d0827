"""Connections to an SQLite database."""

import sqlite3
import time
from contextlib import closing
from typing import cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

# How long a writer waits for the writers before it. Every transaction here is a
# few rows, so only a stuck disk lasts this long.
BUSY_TIMEOUT_SECONDS = 20
BUSY_PAUSE_SECONDS = 0.02
# The `user_version` of files whose deleted rows have been overwritten.
WRITTEN_ANEW = 1


def engines(url: URL) -> tuple[Engine, Engine]:
    """Create an engine for reading and one for writing, which share one pool."""
    # Parameters are callers' own, tokens among them: no error quotes them in the log.
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine, engine.execution_options(writing=True)


def _prepare(connection: sqlite3.Connection, _pool_entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # `_begin` begins transactions, not the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # deleted rows are overwritten with zeros
    _enable_wal(connection)


def _enable_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, so that readers read while one writes."""
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


def is_from_earlier_build(engine: Engine) -> bool:
    """Whether the file was made before `secure_delete`, and not written anew since."""
    with closing(engine.raw_connection()) as pooled:
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version < WRITTEN_ANEW


def erase_remains(engine: Engine) -> None:
    """Overwrite what is left of deleted rows.

    The write-ahead log is emptied, unless somebody reads an earlier state all the time.
    Once, everything is written anew: builds before `secure_delete` left rows behind.
    """
    is_to_be_written = is_from_earlier_build(engine)
    with closing(engine.raw_connection()) as pooled:
        connection = cast("sqlite3.Connection", pooled.driver_connection)  # not in a transaction
        if is_to_be_written:
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA user_version = {WRITTEN_ANEW}")
        deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                return
            time.sleep(BUSY_PAUSE_SECONDS)

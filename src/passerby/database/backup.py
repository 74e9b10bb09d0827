"""How the state of an installation is copied while it is in use.

A copy is itself a data folder: the SQLite database, the key file and the results. Not
in it is what can be computed anew, and a PostgreSQL database, which has means of its own.
"""

import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from passerby.errors import SettingsError

DATABASE_NAME = "passerby.db"
KEY_NAME = "secret.key"
RESULTS_NAME = "results"


def database_file(url: str) -> Path | None:
    """File of an SQLite database; None where the database is no file."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise SettingsError(f"this database URL cannot be used: {error}") from error
    is_file = address.drivername == "sqlite" and address.database
    return Path(address.database) if is_file and address.database else None


def back_up(data: Path, database: Path | None, target: Path) -> None:
    """Copy a data folder to a folder that appears when it is whole.

    Parameters
    ----------
    database : Path or None
        File of the SQLite database; its form is left as it is, however old.

    Raises
    ------
    SettingsError
        If there is something at `target` already, or no database in the file.
    OSError
        If something cannot be read or written.
    """
    if target.exists():
        raise SettingsError(f"{target} is there already: name a folder that is not.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700)  # who has the key has the secrets
    try:
        # First the database: the results of the jobs that ended well in it are there.
        if database is not None:
            _copy_database(database, draft / DATABASE_NAME)
        shutil.copy(data / KEY_NAME, draft / KEY_NAME)
        _copy_results(data / RESULTS_NAME, draft / RESULTS_NAME)
        os.sync()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft)
        raise


def _copy_database(source: Path, target: Path) -> None:
    address = f"{source.absolute().as_uri()}?mode=rw"  # not made where it is missing
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as stored,
            closing(sqlite3.connect(target)) as copy,
        ):
            stored.backup(copy)
    except sqlite3.Error as error:
        raise SettingsError(f"{source} cannot be copied: {error}") from error


def _copy_results(source: Path, target: Path) -> None:
    target.mkdir()
    for folder in source.glob("[!.]*/"):  # not what is still being written
        copy = target / folder.name
        copy.mkdir()
        try:
            for path in folder.iterdir():
                shutil.copy2(path, copy)
        except FileNotFoundError:
            # Swept meanwhile; or written anew, by a job that had not ended in the copy.
            shutil.rmtree(copy)

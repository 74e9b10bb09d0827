"""Backup of a data folder while it is in use.

A copy is itself a data folder: the SQLite database, the key file, the results, and the zones
and lines that people drew. It leaves out what can be computed again, and a PostgreSQL
database, which has tools of its own. It tells when it was made: whoever opens it first
deletes what should be gone by now.
"""

import json
import os
import secrets
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from passerby.clock import utc_now
from passerby.errors import SettingsError

DATABASE_NAME = "passerby.db"
KEY_NAME = "secret.key"
RESULTS_NAME = "results"
PICTURES_NAME = "pictures"
PLACES_NAME = "places.json"
DATE_NAME = "backup.json"


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise SettingsError(f"this database URL cannot be used: {error}") from error
    is_file = address.drivername == "sqlite" and address.database
    return Path(address.database) if is_file and address.database else None


def back_up(data: Path, database: Path | None, target: Path) -> None:
    """Copy a data folder to `target`, which appears only once it is complete.

    Parameters
    ----------
    database : Path or None
        File of the SQLite database; it is copied without migration, however old it is.

    Raises
    ------
    SettingsError
        If `target` exists already, or the file is no database.
    OSError
        If something cannot be read or written.
    """
    if target.exists():
        raise SettingsError(f"{target} exists already: name a folder that does not.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700)  # the key discloses the secrets
    try:
        # First the database: the results of the jobs that succeeded in it are there.
        if database is not None:
            _copy_database(database, draft / DATABASE_NAME)
        shutil.copy(data / KEY_NAME, draft / KEY_NAME)
        _copy_results(data / RESULTS_NAME, draft / RESULTS_NAME)
        _copy_places(data / PICTURES_NAME, draft / PICTURES_NAME)
        (draft / DATE_NAME).write_text(json.dumps({"made_at": utc_now().isoformat()}))
        os.sync()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft)
        raise


def _copy_database(source: Path, target: Path) -> None:
    address = f"{source.absolute().as_uri()}?mode=rw"  # do not create a missing file
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
    for folder in source.glob("[!.]*/"):  # skip unfinished results
        copy = target / folder.name
        copy.mkdir()
        try:
            for path in folder.iterdir():
                shutil.copy2(path, copy)
        except FileNotFoundError:
            # Deleted meanwhile, or replaced by a job that had not ended in the copy.
            shutil.rmtree(copy)


def _copy_places(source: Path, target: Path) -> None:
    for path in source.glob(f"*/{PLACES_NAME}"):
        copy = target / path.parent.name
        copy.mkdir(parents=True)
        with suppress(FileNotFoundError):  # deleted meanwhile
            shutil.copy2(path, copy)


def date_of_backup(data: Path) -> str | None:
    """When the backup was made that a data folder is, in ISO 8601; None if it is none."""
    path = data / DATE_NAME
    return str(json.loads(path.read_bytes())["made_at"]) if path.exists() else None


def forget_backup(data: Path) -> None:
    """From now on a data folder counts as one in use, and not as a backup."""
    (data / DATE_NAME).unlink(missing_ok=True)

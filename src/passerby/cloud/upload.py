"""Upload a file into a bucket that is a folder, whole or not at all.

It is written under a hidden name that nobody can guess, and then linked under its own. If
another file has that name already, the new one gets a number.
"""

import errno
import os
import re
import secrets
import shutil
import threading
import time
import unicodedata
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from passerby.errors import ObjectForbidden, PasserbyError, TooLittleSpace

DRAFTS = ".*.upload"  # pattern of the names of unfinished files
IDLE_SECONDS = 3600.0
NAME_BYTES_LIMIT = 180  # of 255, so that a number has room
NUMBERS_LIMIT = 1000
# Left free on the disk by an upload.
RESERVE_BYTES = 256 * 1024**2

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\]")
_FULL = {errno.ENOSPC, errno.EDQUOT}


class _Promises:
    """Space that uploads under way will still need: all of them together keep the reserve."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0

    def take(self, folder: Path, count: int) -> None:
        """Promise space on the disk of a folder; raises TooLittleSpace."""
        with self._lock:
            if count + self._bytes + RESERVE_BYTES > shutil.disk_usage(folder).free:
                raise TooLittleSpace
            self._bytes += count

    def give_back(self, count: int) -> None:
        """Take note that so many bytes were written, or will not be."""
        with self._lock:
            self._bytes -= count


_promised = _Promises()


class InvalidFileName(PasserbyError):
    """No file can be kept under this name."""


def normalise_name(name: str) -> str:
    """Bring a file's name to its normal form; raises InvalidFileName.

    A name is no path, has no control characters and does not begin with a dot.
    """
    normal = unicodedata.normalize("NFC", name).strip()
    try:
        length = len(normal.encode())
    except UnicodeEncodeError as error:
        raise InvalidFileName from error
    if not normal or normal.startswith(".") or _FORBIDDEN.search(normal):
        raise InvalidFileName(f"No file can be kept under the name {name!r}.")
    if length > NAME_BYTES_LIMIT:
        raise InvalidFileName("The name of the file is too long.")
    return normal


def remove_stale_drafts(folder: Path) -> None:
    """Remove unfinished files below a folder that nobody has written to for an hour."""
    for path in folder.rglob(DRAFTS):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - IDLE_SECONDS:
                path.unlink()


class FileUpload:
    """A file that is being uploaded, and removed if the block ends without `publish`.

    Parameters
    ----------
    folder : Path
        In a bucket; made if missing.
    name : str
        One of `normalise_name`.
    size_bytes : int
        Its final length.

    Raises
    ------
    TooLittleSpace
        If it will not fit; also from `write` and `publish`.
    ObjectForbidden
        If passerby may not write there.
    """

    def __init__(self, folder: Path, name: str, size_bytes: int) -> None:
        self._name = PurePosixPath(name)
        self._folder = folder
        self._size_bytes = size_bytes
        self._written = 0
        self._draft = folder / f".{secrets.token_hex(16)}.upload"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _promised.take(folder, size_bytes)
            try:
                self._file = self._draft.open("xb")
            except BaseException:
                _promised.give_back(size_bytes)
                raise
        except OSError as error:
            raise _translate_error(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _promised.give_back(self._size_bytes - self._written)
        self._draft.unlink(missing_ok=True)
        with suppress(OSError):  # closing writes the rest, which may fail and is discarded
            self._file.close()

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes to the file."""
        try:
            self._file.write(chunk)
        except OSError as error:
            raise _translate_error(error) from error
        _promised.give_back(len(chunk))
        self._written += len(chunk)

    def publish(self) -> str:
        """Give the file its final name and return that; raises ValueError if it is not whole."""
        try:
            self._file.flush()
            length = os.fstat(self._file.fileno()).st_size
            if length != self._size_bytes:
                raise ValueError(f"{length} bytes of {self._size_bytes} came")
            os.fsync(self._file.fileno())
            return self._link()
        except OSError as error:
            raise _translate_error(error) from error

    def _link(self) -> str:
        stem, suffix = self._name.stem, self._name.suffix
        for number in range(1, NUMBERS_LIMIT):
            name = str(self._name) if number == 1 else f"{stem} ({number}){suffix}"
            with suppress(FileExistsError):
                os.link(self._draft, self._folder / name)
                return name
        raise InvalidFileName("There are too many files of this name.")


def _translate_error(error: OSError) -> PasserbyError:
    return (
        TooLittleSpace()
        if error.errno in _FULL
        else ObjectForbidden("The server may not write there.")
    )

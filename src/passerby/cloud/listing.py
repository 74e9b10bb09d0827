"""List a bucket as folders are listed: one level, some names at a time.

A *prefix* is a folder in a bucket: empty, or names that each end with a slash. Nothing
outside of a bucket's folder is listed, whichever links lie in it; nor what begins with a dot.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from passerby.errors import ObjectForbidden, ObjectNotFound

HIDDEN = "."


@dataclass(frozen=True)
class ListedObject:
    """An object in a listing."""

    key: str
    size_bytes: int
    modified: datetime  # aware, UTC


@dataclass(frozen=True)
class Listing:
    """One level of a bucket, or a part of it."""

    folders: list[str]  # prefixes, each one level deeper than what was asked for
    objects: list[ListedObject]
    following: str | None  # what to ask for the next part with; None at the end


def list_folder(bucket: Path, prefix: str, after: str | None, limit: int) -> Listing:
    """List one folder of a bucket that is a folder.

    Parameters
    ----------
    bucket : Path
        Real path.
    prefix : str
    after : str, optional
        `following` of the part before.
    limit : int
        At most so many folders and objects.

    Raises
    ------
    ObjectNotFound
        If there is no such folder in the bucket.
    ObjectForbidden
        If passerby may not read it.
    """
    try:
        folder = _locate(bucket, prefix)
        with os.scandir(folder) as entries:
            visible = {entry.name: entry for entry in entries if _is_inside(bucket, entry)}
        names = sorted(visible)
        begin = bisect_right(names, after) if after else 0
        part = names[begin : begin + limit]
        folders = [f"{prefix}{name}/" for name in part if visible[name].is_dir()]
        objects = list(_list_files(prefix, [visible[name] for name in part]))
    except PermissionError as error:
        raise ObjectForbidden from error
    # ValueError: no folder can have this name, for a zero byte or half a character in it.
    except (OSError, ValueError) as error:
        raise ObjectNotFound from error
    more = begin + limit < len(names)
    return Listing(folders, objects, part[-1] if more else None)


def _locate(bucket: Path, prefix: str) -> Path:
    names = prefix.split("/")
    if names.pop() or {"", ".", ".."} & set(names) or any(map(_is_hidden, names)):
        raise ObjectNotFound
    folder = Path(os.path.realpath(bucket / prefix, strict=True))
    if not folder.is_relative_to(bucket):
        raise ObjectNotFound
    return folder


def _is_inside(bucket: Path, entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder or a regular file of the bucket, and not hidden."""
    try:
        if _is_hidden(entry.name) or not (entry.is_file() or entry.is_dir()):
            return False
    except OSError:  # a link that leads to itself
        return False
    return not entry.is_symlink() or Path(os.path.realpath(entry.path)).is_relative_to(bucket)


def _is_hidden(name: str) -> bool:
    return name.startswith(HIDDEN)


def _list_files(prefix: str, entries: list[os.DirEntry[str]]) -> Iterator[ListedObject]:
    for entry in entries:
        if entry.is_file():
            status = entry.stat()
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            yield ListedObject(prefix + entry.name, status.st_size, modified)

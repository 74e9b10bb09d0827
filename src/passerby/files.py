"""Write files that are there whole, or not at all, and sweep what killed writers left.

Whoever writes a draft, or in a scratch folder, holds a lock on it (flock(2)), which the
kernel releases when the process ends, however it ends. What nobody holds is left over.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Ends the name of a file that is still being written.
UNFINISHED = ".unfinished"
DRAFT = re.compile(rf"\..+\.[0-9a-f]{{16}}{re.escape(UNFINISHED)}", re.DOTALL)

# To make a folder that others delete.
MOST_ATTEMPTS = 100

SCRATCH = ".passerby-scratch-"


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Give a path beside `target`, and move what was written there to it at the end.

    Of several writers of one target the last counts. If the block raises, nothing is left.
    The content is on disk before it gets its name, so that it outlasts a power cut.
    """
    draft, lock = _open_draft(target)
    try:
        yield draft
        flush(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
        os.close(lock)


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all; its folder must exist."""
    with atomic_file(target) as draft:
        draft.write_bytes(content)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_drafts(folder: Path) -> None:
    """Delete the drafts in a folder whose writers were killed; those of the living stay."""
    for path in folder.glob(f".*{UNFINISHED}"):
        if DRAFT.fullmatch(path.name) and not path.is_symlink():
            with suppress(OSError), _locked(path, os.O_RDWR):
                path.unlink()


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Give an empty folder for the time of the block; delete those of killed processes.

    It lies in `parent`, or where the platform has temporary files.
    """
    parent = parent or Path(tempfile.gettempdir())
    _sweep_scratch_folders(parent)
    folder, lock = _open_scratch_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and its parents; if the block raises, delete those again that are empty."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for each in missing:
                each.rmdir()
        raise


@contextmanager
def folder_in_use(folder: Path) -> Iterator[None]:
    """Make a folder, and share it with others who use it; the last one of them deletes it.

    If the block raises, the folder stays unless it is empty.
    """
    lock = _share_folder(folder)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder.rmdir()
        raise
    else:
        with suppress(OSError):  # somebody else uses it
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(lock)


def is_in_use(folder: Path) -> bool:
    """Whether any process uses a folder by `folder_in_use`."""
    try:
        with _locked(folder, os.O_RDONLY):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block for this folder, and keep others out."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_draft(target: Path) -> tuple[Path, int]:
    """Make an empty draft; its descriptor holds the lock."""
    while True:
        draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}{UNFINISHED}")
        lock = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if _lock_if_there(lock):
            return draft, lock
        os.close(lock)


def _open_scratch_folder(parent: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=parent))
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY)
            if _lock_if_there(lock):
                return folder, lock
            os.close(lock)


def _lock_if_there(descriptor: int) -> bool:
    """Lock something new; whether it is still there, or was swept before it was locked."""
    with suppress(OSError):  # a file system without locks: nothing is swept there either
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return os.fstat(descriptor).st_nlink > 0


def _sweep_scratch_folders(parent: Path) -> None:
    for folder in parent.glob(f"{SCRATCH}*"):
        with suppress(OSError):
            is_ours = folder.stat(follow_symlinks=False).st_uid == os.getuid()
            if is_ours and not folder.is_symlink():
                with _locked(folder, os.O_RDONLY):
                    shutil.rmtree(folder)


def _share_folder(folder: Path) -> int:
    """Make a folder unless it is there; the descriptor holds a shared lock on it."""
    for _ in range(MOST_ATTEMPTS):
        # The last one who used it, or a folder around it, may be deleting that just now.
        with suppress(FileNotFoundError):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), folder.stat()):
                    return descriptor
            os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[None]:
    """Hold the lock of a file or folder; raises an OSError where another process does."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)

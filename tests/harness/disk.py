"""A disk of a few megabytes that can be full for a while."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "48m"
CHUNK = bytes(64 * 1024)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Have a file system of its own at `folder`; gives whether that could be had.

    It takes the right to mount: root, or a user namespace (`unshare -rm`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            # Lazily: a process that is being killed may still have a file open.
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave not a byte to write on the disk of `folder`, as long as the block lasts."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(CHUNK)
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()

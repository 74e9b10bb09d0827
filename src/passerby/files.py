"""Write files that are there whole, or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Ends the name of a file that is still being written.
UNFINISHED = ".unfinished"


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Give a path beside `target`, and move what was written there to it at the end.

    Of several writers of one target the last counts. If the block raises, nothing is left.
    The content is on disk before it gets its name, so that it outlasts a power cut.
    """
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}{UNFINISHED}")
    try:
        yield draft
        flush(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


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

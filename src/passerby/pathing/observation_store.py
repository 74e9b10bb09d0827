"""Where machines that share no folder leave observations for each other."""

from pathlib import Path
from typing import Protocol

from passerby.errors import StoreUnreachable
from passerby.files import write_atomically


class Shelf(Protocol):
    """Files by name, the same from every machine; small enough to be sent around itself."""

    def has(self, name: str) -> bool:
        """Whether a file of this name is there."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keep a file; it appears whole or not at all."""
        ...

    def get(self, name: str) -> bytes | None:
        """Content of a file; None if there is none of this name."""
        ...


def fetched(shelf: Shelf, name: str, folder: Path) -> Path:
    """File of this name in `folder`, taken from `shelf` unless it is there.

    Raises
    ------
    StoreUnreachable
        If it is on the shelf no more, or the shelf cannot be reached.
    """
    path = folder / name
    if path.exists():
        path.touch()  # files that nobody has used for long are removed
        return path
    content = shelf.get(name)
    if content is None:
        raise StoreUnreachable("Observations were removed from the store that keeps them.")
    write_atomically(path, content)
    return path

"""Keep the observations of shards, so that what has been computed once is found again.

A store is either a folder that all who observe can see, or a bucket on S3
(`cloud.observation_store`), for machines that share no folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from passerby.errors import StoreUnreachable
from passerby.files import write_atomically


class ObservationStore(Protocol):
    """Files by name, the same from every machine; small enough to be sent around itself."""

    def has(self, name: str) -> bool:
        """Whether there is a file of this name; it then stays a while longer."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keep a file; it appears whole or not at all."""
        ...

    def fetch(self, name: str) -> Path:
        """Path on this machine of a file that was put, or that `has` confirmed.

        Raises
        ------
        StoreUnreachable
            If it was removed meanwhile, or the store cannot be reached.
        """
        ...

    def delete(self, name: str) -> None:
        """Delete a file, if there is one."""
        ...


@dataclass(frozen=True)
class FolderObservationStore:
    """An `ObservationStore`: a folder of this machine, or one that several mount."""

    folder: Path  # absolute: whoever observes may work in another one

    def has(self, name: str) -> bool:
        """Whether there is a file of this name.

        Raises
        ------
        StoreUnreachable
            If this machine has no such folder.
        """
        if not self.folder.is_dir():
            raise StoreUnreachable(f"There is no folder {self.folder} on the machine of a shard.")
        path = self.folder / name
        if not path.exists():
            return False
        path.touch()  # files that nobody has used for long are removed
        return True

    def put(self, name: str, content: bytes) -> None:
        """Keep a file; it appears whole or not at all."""
        write_atomically(self.folder / name, content)

    def fetch(self, name: str) -> Path:
        """Path of a file that was put."""
        return self.folder / name

    def delete(self, name: str) -> None:
        """Delete a file, if there is one."""
        (self.folder / name).unlink(missing_ok=True)

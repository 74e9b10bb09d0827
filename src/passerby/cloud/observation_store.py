"""Keep observations in a bucket of an S3-compatible store, for machines that share no folder.

Source: Amazon S3 API reference, HeadObject, GetObject and PutObject. An object appears
whole or not at all; of two writers of one name the later counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from botocore.client import BaseClient

from passerby.cloud.s3 import STORE_ERRORS, TOTAL_SECONDS, Place, connect, translated
from passerby.errors import ObjectNotFound, StoreUnreachable
from passerby.files import write_atomically
from passerby.outbound.deadline import Deadline

R = TypeVar("R")


@dataclass(frozen=True)
class S3ObservationStore:
    """An `ObservationStore`: the objects of a bucket whose keys begin alike.

    Small enough to be sent around. `copies` is used by the machine alone that fetches.
    """

    place: Place
    bucket: str
    prefix: str  # empty, or ends with a slash
    copies: Path  # folder of the files that were fetched

    def has(self, name: str) -> bool:
        """Whether there is an object of this name; raises as `put`."""
        try:
            with Deadline(TOTAL_SECONDS):
                self._asked(lambda client: client.head_object(**self._named(name)))
        except TimeoutError as error:
            raise StoreUnreachable from error
        except ObjectNotFound:
            return False
        return True

    def put(self, name: str, content: bytes) -> None:
        """Store an object.

        Raises
        ------
        StoreUnreachable
            If the store does not answer, or has no such bucket.
        ObjectForbidden
            If the credentials do not allow it, or there are none.
        SettingsError
            If the place cannot be used: no such profile.
        """
        try:
            self._asked(lambda client: client.put_object(**self._named(name), Body=content))
        except ObjectNotFound as error:
            raise StoreUnreachable(f"There is no bucket {self.bucket!r}.") from error

    def fetch(self, name: str) -> Path:
        """Path of a copy of an object in `copies`, made unless it is there; raises as `put`."""
        path = self.copies / name
        if path.exists():
            path.touch()  # files that nobody has used for long are removed
            return path
        try:
            content = self._asked(lambda client: _content(client, self._named(name)))
        except ObjectNotFound as error:
            message = "Observations were removed from the store that keeps them."
            raise StoreUnreachable(message) from error
        write_atomically(path, content)
        return path

    def delete(self, name: str) -> None:
        """Delete an object, if there is one, and its copy; raises as `put`."""
        self._asked(lambda client: client.delete_object(**self._named(name)))
        (self.copies / name).unlink(missing_ok=True)

    def _named(self, name: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket or self.bucket, "Key": self.prefix + name}

    def _asked(self, ask: Callable[[BaseClient], R]) -> R:
        try:
            return ask(connect(self.place))
        except STORE_ERRORS as error:
            raise translated(error) from error


def _content(client: BaseClient, named: dict[str, str]) -> bytes:
    content: bytes = client.get_object(**named)["Body"].read()
    return content

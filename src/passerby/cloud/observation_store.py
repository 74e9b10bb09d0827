"""Files kept in a bucket of an S3-compatible store, for several machines.

Source: Amazon S3 API reference, HeadObject, GetObject and PutObject. An object appears
whole or not at all; of two writers of one name the later counts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from passerby.cloud.s3 import Place, connect, translated
from passerby.errors import ObjectNotFound, StoreUnreachable

R = TypeVar("R")


@dataclass(frozen=True)
class BucketShelf:
    """The objects of a bucket whose keys begin alike; small enough to be sent around."""

    place: Place
    bucket: str
    prefix: str  # empty, or ends with a slash

    def has(self, name: str) -> bool:
        """Whether there is an object of this name; raises as `put`."""
        try:
            self._asked(lambda client: client.head_object(**self._named(name)))
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

    def get(self, name: str) -> bytes | None:
        """Content of an object; None if there is none of this name. Raises as `put`."""
        try:
            return self._asked(lambda client: _content(client, self._named(name)))
        except ObjectNotFound:
            return None

    def _named(self, name: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket or self.bucket, "Key": self.prefix + name}

    def _asked(self, ask: Callable[[BaseClient], R]) -> R:
        try:
            return ask(connect(self.place))
        except (BotoCoreError, ClientError) as error:
            raise translated(error) from error


def _content(client: BaseClient, named: dict[str, str]) -> bytes:
    content: bytes = client.get_object(**named)["Body"].read()
    return content

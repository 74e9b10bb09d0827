"""Whether an object is still what it was when a job for it was accepted, and where to read it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from passerby.cloud.copies import local_copy, supports_ranges
from passerby.cloud.objects import ObjectFacts
from passerby.errors import ObjectError, VideoGone

# Says where the video can be read now: a path, or a URL that lasts for a shard.
Locate = Callable[[], str]


class Objects(Protocol):
    """Where objects are looked up."""

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        """Facts of an object; raises an ObjectError where it cannot be read."""
        ...


@dataclass(frozen=True)
class PinnedObject:
    """One object in one state; small enough to be sent to other processes."""

    objects: Objects
    bucket: str
    key: str
    version: str | None
    fingerprint: str

    def facts(self) -> ObjectFacts:
        """What is known of it now.

        Raises
        ------
        VideoGone
            If it cannot be read any more, or has changed.
        StoreUnreachable
            If nobody can tell.
        """
        try:
            found = self.objects.head(self.bucket, self.key, self.version)
        except ObjectError as error:
            raise VideoGone from error
        if found.fingerprint != self.fingerprint:
            raise VideoGone
        return found

    def location(self) -> str:
        """Where it can be read from now on; raises as `facts`."""
        return self.facts().location


@contextmanager
def readable(video: PinnedObject, folder: Path, on_bytes: Callable[[], None]) -> Iterator[Locate]:
    """Have an object where any part of it can be read, as long as the block lasts.

    Parameters
    ----------
    video : PinnedObject
    folder : Path
        Where a copy may lie meanwhile, if its store gives no parts. Nothing else is
        kept there.
    on_bytes : callable
        Called over and over while a copy is made; an exception it raises ends that.

    Raises
    ------
    VideoGone
        If it is not what it was, at first or at the end.
    StoreUnreachable, TooLittleSpace
    """
    found = video.facts()
    if supports_ranges(found.location):
        yield video.location
    else:
        with local_copy(found, folder, on_bytes) as path:
            yield partial(str, path)
    video.facts()

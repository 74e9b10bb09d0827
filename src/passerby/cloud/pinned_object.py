"""Read an object in the state that it had when a job for it was accepted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from passerby.cloud.copies import local_copy, supports_ranges
from passerby.cloud.objects import ObjectFacts
from passerby.errors import ObjectError, VideoGone


class Objects(Protocol):
    """A place where objects are looked up."""

    def head(self, bucket: str, key: str, version: str | None) -> ObjectFacts:
        """Return the facts of an object; raises an ObjectError if it cannot be read."""
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
        """Return the object's facts as they are now.

        Raises
        ------
        VideoGone
            If it cannot be read any more, or has changed.
        StoreUnreachable
            If its store does not answer.
        """
        try:
            facts = self.objects.head(self.bucket, self.key, self.version)
        except ObjectError as error:
            raise VideoGone from error
        if self.fingerprint not in (facts.fingerprint, facts.former_fingerprint):
            raise VideoGone
        return facts

    def location(self) -> str:
        """Return the path or URL to read the object from; raises as `facts`."""
        return self.facts().location


@dataclass(frozen=True)
class CopiedObject:
    """A copy of an object on this machine."""

    path: str
    fingerprint: str  # of the object

    def location(self) -> str:
        """Path of the copy."""
        return self.path


@contextmanager
def readable(
    video: PinnedObject, folder: Path, on_bytes: Callable[[], None]
) -> Iterator[PinnedObject | CopiedObject]:
    """Make any part of an object readable while the block lasts.

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
    facts = video.facts()
    if supports_ranges(facts.location):
        yield video
    else:
        with local_copy(facts, folder, on_bytes) as path:
            yield CopiedObject(str(path), video.fingerprint)
    video.facts()

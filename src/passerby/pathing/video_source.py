"""Say where a video can be read, and what its content is known by."""

from dataclasses import dataclass, field
from typing import Protocol


class VideoSource(Protocol):
    """A video in one state; small enough to be sent to other processes and machines."""

    @property
    def fingerprint(self) -> str:
        """Another one whenever the content is another."""
        ...

    def location(self) -> str:
        """Where it can be read from now on: a path, or an http(s) URL that lasts for a shard.

        Raises
        ------
        VideoGone
            If it cannot be read any more, or has changed.
        """
        ...


@dataclass(frozen=True)
class FileSource:
    """A `VideoSource`: what is at a path, or at a URL that does not expire."""

    path: str = field(repr=False)  # a URL may hold a signature, which no log should show
    fingerprint: str

    def location(self) -> str:
        """Path or URL as given."""
        return self.path

"""Say where a video can be read, and what its content is known by."""

from dataclasses import dataclass, field
from typing import Protocol

from passerby.video.raw_streams import GivenRate, rate_source


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


@dataclass(frozen=True)
class RatedSource:
    """A `VideoSource`: another one, whose frames are shown at a given rate if it is raw."""

    source: VideoSource
    rate: GivenRate

    @property
    def fingerprint(self) -> str:
        """Another one at another rate, too."""
        return rate_source(self.source.fingerprint, self.rate)

    def location(self) -> str:
        """Path or URL with the rate; raises as that of the source."""
        return rate_source(self.source.location(), self.rate)


@dataclass(frozen=True)
class IdentifiedSource:
    """A `VideoSource`: another one, whose own fingerprint says too little of the content."""

    source: VideoSource
    identity: str

    @property
    def fingerprint(self) -> str:
        """Another one for another identity, too."""
        return f"{self.source.fingerprint} {self.identity}"

    def location(self) -> str:
        """Path or URL; raises as that of the source."""
        return self.source.location()

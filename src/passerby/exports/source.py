"""What an export is made from."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from passerby.films.progress import ProgressCallback
from passerby.records import Sightings, VideoInfo


class ExportSource(Protocol):
    """A finished result: `passerby.bootstrap.analysis_result.AnalysisResult`."""

    @property
    def name(self) -> str:
        """For file names: the video's, without its ending."""

    @property
    def table(self) -> Path:
        """Parquet file of `results.tables`, rows in order of time."""

    @property
    def video(self) -> VideoInfo:
        """What the container said."""

    @property
    def source(self) -> str | None:
        """Path or URL of the video; None where it is not at hand."""

    @property
    def sightings(self) -> Sightings:
        """All of them at once."""

    @property
    def row_count(self) -> int:
        """How many sightings there are."""

    def parts(self) -> Iterator[Sightings]:
        """All sightings, some thousand at a time."""

    def to_messages(self, sightings: Sightings) -> Sequence[msgspec.Struct]:
        """Sightings as GetPersonTracking tells them."""


# Makes an export piece by piece, in the order of the file.
Chunks = Callable[[ExportSource, ProgressCallback], Iterator[bytes]]


def frame_count(video: VideoInfo) -> int:
    """About how many frames a video has, from its length and mean rate."""
    return round(video.duration_ms * video.frame_rate / 1000)


def read_parts(result: ExportSource, on_progress: ProgressCallback) -> Iterator[Sightings]:
    """All sightings, a part at a time; how many are done is told after each."""
    done = 0
    for part in result.parts():
        yield part
        done += len(part)
        on_progress(done)

"""The source of an export: a finished result."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from passerby.films.progress import ProgressCallback
from passerby.records import Sightings, VideoInfo


class ExportSource(Protocol):
    """A finished result, as `passerby.bootstrap.analysis_result.AnalysisResult` is one."""

    @property
    def name(self) -> str:
        """The video's name without its ending, for file names."""

    @property
    def table(self) -> Path:
        """Parquet file of `results.tables`, rows in order of time."""

    @property
    def video(self) -> VideoInfo:
        """The container's description of the video."""

    @property
    def source(self) -> str | None:
        """Path or URL of the video; None where it is not at hand."""

    @property
    def sightings(self) -> Sightings:
        """All of them at once."""

    @property
    def row_count(self) -> int:
        """Number of sightings."""

    def parts(self) -> Iterator[Sightings]:
        """Yield all sightings, some thousand at a time."""

    def to_messages(self, sightings: Sightings) -> Sequence[msgspec.Struct]:
        """Convert sightings to the `PersonDetection` of GetPersonTracking."""


# Yields an export piece by piece, in the order of the file.
Chunks = Callable[[ExportSource, ProgressCallback], Iterator[bytes]]


def frame_count(video: VideoInfo) -> int:
    """Estimate how many frames a video has, from its length and mean rate."""
    return round(video.duration_ms * video.frame_rate / 1000)


def read_parts(result: ExportSource, on_progress: ProgressCallback) -> Iterator[Sightings]:
    """Yield all sightings, a part at a time; report after each how many are done."""
    done = 0
    for part in result.parts():
        yield part
        done += len(part)
        on_progress(done)

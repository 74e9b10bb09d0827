"""The source of an export: a finished result."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

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


@dataclass(frozen=True)
class Extent:
    """How far a result's video reaches, in frames and in time."""

    frames: int  # decoded ones, about
    last_frame: int  # with a sighting, from 0; -1 where there is none
    end_ms: float  # on the video's clock, where the last frame ends
    player_frames: int  # of a player that counts from 0 ms on at the mean rate


def extent(result: ExportSource) -> Extent:
    """Estimate where the video of a result ends.

    The pictures may begin later than the clock, and the length that is told may be theirs
    alone. Where the sightings reach beyond it, it is taken to be, and to begin with them.
    """
    rate, told_ms = result.video.frame_rate, float(result.video.duration_ms)
    last_frame, last_ms, late_ms = -1, -1, np.inf
    for part in result.parts():
        if not len(part):
            continue
        last_frame = max(last_frame, int(part.frame_index.max()))
        last_ms = max(last_ms, int(part.timestamp_ms.max()))
        if rate:
            late_ms = min(late_ms, (part.timestamp_ms - part.frame_index * 1000 / rate).min())
    begin_ms = _begin_ms(late_ms, rate)
    end_ms = told_ms
    if last_ms >= told_ms:
        end_ms = max(begin_ms + told_ms, last_ms + (1000 / rate if rate else 1))
    return Extent(
        last_frame=last_frame,
        frames=max(last_frame + 1, round((end_ms - begin_ms) * rate / 1000)),
        end_ms=end_ms,
        player_frames=max(round(last_ms * rate / 1000) + 1, round(end_ms * rate / 1000))
        if rate
        else last_frame + 1,
    )


def _begin_ms(late_ms: float, rate: float) -> float:
    """Tell when frame 0 is shown from how late all others are; what is rounding is 0."""
    is_late = np.isfinite(late_ms) and rate > 0 and late_ms >= 1000 / rate
    return float(late_ms) if is_late else 0.0


def read_parts(result: ExportSource, on_progress: ProgressCallback) -> Iterator[Sightings]:
    """Yield all sightings, a part at a time; report after each how many are done."""
    done = 0
    for part in result.parts():
        yield part
        done += len(part)
        on_progress(done)

"""What the parts hand to each other: frozen, and never written to again.

Pixels are those of the upright frame, origin top-left. Times are whole
milliseconds on the video's own clock, rounded down: the presentation time stamp
(PTS) times the time base, a start offset kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

ColorRange = Literal["FULL", "LIMITED"]


@dataclass(frozen=True)
class VideoInfo:
    """What the container says of its video stream, in ffprobe's words."""

    codec: str  # ffprobe's codec_name: "h264"
    container: str  # ffprobe's format_long_name: "QuickTime / MOV"
    frame_rate: float  # mean, frames per second
    width: int  # of the upright frame, pixels
    height: int
    duration_ms: int
    color_range: ColorRange


@dataclass(frozen=True)
class Detections:
    """Persons seen in one image, best first: boxes and confidence, no identity."""

    xyxy: NDArray[np.float32]  # (N, 4) pixels
    confidence: NDArray[np.float32]  # (N,) in [0, 1]

    def __len__(self) -> int:
        return len(self.confidence)


@dataclass(frozen=True)
class Observations:
    """All that the pixels of a video, or of one shard of it, gave.

    F analysed frames in time order; the detections of frame f are the rows
    `first_detection[f]:first_detection[f + 1]` of the N detections.
    """

    frame_index: NDArray[np.int64]  # (F,) number of the decoded frame, from 0
    timestamp_ms: NDArray[np.int64]  # (F,)
    # (F, 2, 3) affine: a point here → in the next frame; all zeros: the scene changed between
    camera_motion: NDArray[np.float32]
    first_detection: NDArray[np.int64]  # (F + 1,)
    xyxy: NDArray[np.float32]  # (N, 4)
    confidence: NDArray[np.float32]  # (N,)
    described: NDArray[np.int64]  # (K,) rows of detections of known appearance, ascending
    appearance: NDArray[np.uint8]  # (K, D) of those, see `people.appearance`
    frame_count: int  # frames decoded, analysed or not

    def __len__(self) -> int:
        return len(self.frame_index)

    def detections(self, position: int) -> Detections:
        """Detections of the analysed frame at `position` (from 0)."""
        rows = slice(self.first_detection[position], self.first_detection[position + 1])
        return Detections(self.xyxy[rows], self.confidence[rows])


@dataclass(frozen=True)
class Sighting:
    """One person at one timestamp."""

    person_index: int
    frame_index: int
    timestamp_ms: int
    xyxy: tuple[float, float, float, float]  # pixels
    confidence: float  # in [0, 1]
    detected: bool  # False where the box was filled in between detections


@dataclass(frozen=True)
class Sightings:
    """Who was where and when: one row per person and timestamp.

    Rows run by timestamp, then by person index; a person occurs at most once
    at a timestamp. Person indexes start at 0, in order of first appearance.
    """

    person_index: NDArray[np.int64]  # (S,)
    frame_index: NDArray[np.int64]  # (S,)
    timestamp_ms: NDArray[np.int64]  # (S,)
    xyxy: NDArray[np.float32]  # (S, 4)
    confidence: NDArray[np.float32]  # (S,) in [0, 1]
    detected: NDArray[np.bool_]  # (S,) False where the box was filled in between detections

    def __len__(self) -> int:
        return len(self.person_index)

    def take(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Rows by slice, by position or by mask, in that order."""
        return type(self)(
            self.person_index[rows],
            self.frame_index[rows],
            self.timestamp_ms[rows],
            self.xyxy[rows],
            self.confidence[rows],
            self.detected[rows],
        )

    def __iter__(self) -> Iterator[Sighting]:
        columns = (
            self.person_index.tolist(),
            self.frame_index.tolist(),
            self.timestamp_ms.tolist(),
            map(tuple, self.xyxy.tolist()),
            self.confidence.tolist(),
            self.detected.tolist(),
        )
        return (Sighting(*row) for row in zip(*columns, strict=True))


class Stage(StrEnum):
    """What the analysis of a video is at, in order."""

    QUEUED = "queued"
    PLANNING = "planning"
    OBSERVING = "observing"
    LINKING = "linking"
    SAVING = "saving"


@dataclass(frozen=True)
class Progress:
    """How far the analysis of a video is."""

    stage: Stage = Stage.QUEUED
    fraction: float = 0.0  # of the whole, in [0, 1]
    frames: int = 0  # analysed so far, about
    speed: float = 0.0  # seconds of video per second of work; 0 while unknown

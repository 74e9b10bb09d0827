"""Define the records that the parts exchange; they are frozen and never modified.

Pixels are those of the upright frame, origin top-left. Times are whole
milliseconds on the video's own clock, rounded down: the presentation time stamp
(PTS) times the time base, a start offset kept.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

ColorRange = Literal["FULL", "LIMITED"]

NO_FACE = -1

# (width, height) of images, pixels.
Sizes = Sequence[tuple[int, int]]

# Points of a face, in the words of the service; left and right are those of the picture.
# The first five are what `GetPersonTracking` answered.
LANDMARKS = (
    "eyeLeft",
    "eyeRight",
    "mouthLeft",
    "mouthRight",
    "nose",
    "leftEyeBrowLeft",
    "leftEyeBrowRight",
    "leftEyeBrowUp",
    "rightEyeBrowLeft",
    "rightEyeBrowRight",
    "rightEyeBrowUp",
    "leftEyeLeft",
    "leftEyeRight",
    "leftEyeUp",
    "leftEyeDown",
    "rightEyeLeft",
    "rightEyeRight",
    "rightEyeUp",
    "rightEyeDown",
    "noseLeft",
    "noseRight",
    "mouthUp",
    "mouthDown",
    "leftPupil",
    "rightPupil",
    "upperJawlineLeft",
    "midJawlineLeft",
    "chinBottom",
    "midJawlineRight",
    "upperJawlineRight",
)


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a video stream, in ffprobe's words."""

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
class Face:
    """One face: box, landmarks, pose and quality."""

    xyxy: tuple[float, float, float, float]  # pixels
    confidence: float  # in [0, 1]
    landmarks: tuple[tuple[float, float], ...]  # pixels, in the order of `LANDMARKS`
    roll: float  # degrees; > 0: the head leans to the picture's right
    yaw: float  # degrees; > 0: it looks to the picture's right
    pitch: float  # degrees; > 0: it looks up
    brightness: float  # in [0, 100]
    sharpness: float  # in [0, 100]


@dataclass(frozen=True)
class Faces:
    """Faces, M of them, as parallel arrays."""

    xyxy: NDArray[np.float32]  # (M, 4) pixels
    confidence: NDArray[np.float32]  # (M,) in [0, 1]
    landmarks: NDArray[np.float32]  # (M, 30, 2) pixels, in the order of `LANDMARKS`
    pose: NDArray[np.float32]  # (M, 3) roll, yaw, pitch: degrees, signs as in `Face`
    quality: NDArray[np.float32]  # (M, 2) brightness, sharpness: in [0, 100]
    # (M, 3) how far the eyes and the mouth are open and how much the mouth smiles:
    # ratios, see `faces.expression`; NaN where that is not known.
    expression: NDArray[np.float32]

    @classmethod
    def none(cls) -> Self:
        """Return no faces."""
        return cls(*(np.empty((0, *shape), np.float32) for shape in _FACE_SHAPES))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Concatenate the faces of all `parts`, in their order."""
        columns = zip(*(part.columns() for part in [cls.none(), *parts]), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def __len__(self) -> int:
        return len(self.confidence)

    def __getitem__(self, row: int) -> Face:
        left, top, right, bottom = self.xyxy[row].tolist()
        points = tuple((x, y) for x, y in self.landmarks[row].tolist())
        confidence = float(self.confidence[row])
        pose, quality = self.pose[row].tolist(), self.quality[row].tolist()
        return Face((left, top, right, bottom), confidence, points, *pose, *quality)

    def take(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Select rows by slice, by position or by mask, in that order."""
        return type(self)(*(column[rows] for column in self.columns()))

    def columns(self) -> tuple[NDArray[np.float32], ...]:
        """Return all arrays, in the order of the fields."""
        return (
            self.xyxy,
            self.confidence,
            self.landmarks,
            self.pose,
            self.quality,
            self.expression,
        )


_FACE_SHAPES: tuple[tuple[int, ...], ...] = ((4,), (), (len(LANDMARKS), 2), (3,), (2,), (3,))


@dataclass(frozen=True)
class Observations:
    """Everything observed in the pixels of a video, or of one shard of it.

    F analysed frames in time order; the detections of frame f are the rows
    `first_detection[f]:first_detection[f + 1]` of the N detections, and its faces
    `first_face[f]:first_face[f + 1]` of the M faces.
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
    first_face: NDArray[np.int64]  # (F + 1,) as `first_detection`
    faces: Faces  # M faces, on the frames where they were looked for
    frame_count: int  # frames decoded, analysed or not
    # (L,) about when there should have been what was damaged; rising
    damage_ms: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    # (R,) times of the analysed frames that are stored in another size; rising
    resized_ms: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    left_out: int = 0  # frames whose time repeats or steps back
    last_ms: int = 0  # when the last frame appears, analysed or not
    end_ms: int = 0  # when it ends; 0: not known
    is_unread: bool = False  # whether the file goes on behind what could be read

    def __len__(self) -> int:
        return len(self.frame_index)

    def detections(self, position: int) -> Detections:
        """Return the detections of the analysed frame at `position` (from 0)."""
        rows = slice(self.first_detection[position], self.first_detection[position + 1])
        return Detections(self.xyxy[rows], self.confidence[rows])


@dataclass(frozen=True)
class Sighting:
    """One person at one timestamp."""

    person_index: int
    frame_index: int
    timestamp_ms: int
    xyxy: tuple[float, float, float, float] | None  # pixels; None: only the face was seen
    confidence: float  # in [0, 1], of the body or else of the face
    detected: bool  # False where the box was filled in between detections
    face: Face | None


@dataclass(frozen=True)
class Sightings:
    """Sightings as parallel arrays, one row per person and timestamp.

    Rows run by timestamp, then by person index; a person occurs at most once
    at a timestamp. Person indexes start at 0, in order of first appearance.
    """

    person_index: NDArray[np.int64]  # (S,)
    frame_index: NDArray[np.int64]  # (S,)
    timestamp_ms: NDArray[np.int64]  # (S,)
    xyxy: NDArray[np.float32]  # (S, 4) of the body; NaN where only the face was seen
    confidence: NDArray[np.float32]  # (S,) in [0, 1], of the body or else of the face
    detected: NDArray[np.bool_]  # (S,) False where the box was filled in between detections
    face: NDArray[np.int64]  # (S,) row of `faces`, or NO_FACE
    faces: Faces  # each of them belongs to one row

    @property
    def has_body(self) -> NDArray[np.bool_]:
        """(S,) whether a row has a box of the body."""
        has_body: NDArray[np.bool_] = ~np.isnan(self.xyxy[:, 0])
        return has_body

    def __len__(self) -> int:
        return len(self.person_index)

    def take(self, rows: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Select rows by slice, by position or by mask, in that order, with their faces only."""
        face = self.face[rows]
        with_face = np.flatnonzero(face != NO_FACE)
        renumbered = np.full(len(face), NO_FACE)
        renumbered[with_face] = np.arange(len(with_face))
        return type(self)(
            self.person_index[rows],
            self.frame_index[rows],
            self.timestamp_ms[rows],
            self.xyxy[rows],
            self.confidence[rows],
            self.detected[rows],
            renumbered,
            self.faces.take(face[with_face]),
        )

    def __iter__(self) -> Iterator[Sighting]:
        columns = (
            self.person_index.tolist(),
            self.frame_index.tolist(),
            self.timestamp_ms.tolist(),
            [None if math.isnan(box[0]) else tuple(box) for box in self.xyxy.tolist()],
            self.confidence.tolist(),
            self.detected.tolist(),
            [None if row == NO_FACE else self.faces[row] for row in self.face.tolist()],
        )
        return (Sighting(*row) for row in zip(*columns, strict=True))


class Stage(StrEnum):
    """Stages of the analysis of a video, in order."""

    QUEUED = "queued"
    PLANNING = "planning"
    OBSERVING = "observing"
    LINKING = "linking"
    SAVING = "saving"


@dataclass(frozen=True)
class Progress:
    """Progress of the analysis of a video."""

    stage: Stage = Stage.QUEUED
    fraction: float = 0.0  # of the whole, in [0, 1]
    frames: int = 0  # analysed so far, about
    speed: float = 0.0  # seconds of video per second of work; 0 while unknown
    finished_shards: int = 0  # whose observations are kept, whatever happens now


#: Is told how far an analysis is; an exception that it raises ends the analysis.
ProgressCallback = Callable[[Progress], None]
#: Is told how much of one piece of work is done, in [0, 1]; an exception ends the work.
FractionCallback = Callable[[float], None]

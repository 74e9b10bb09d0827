"""Observations written by hand, frame by frame, without any pixel."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from passerby.records import Faces, Observations

# One detection of a body or of a face: centre x, centre y, height, in pixels.
Seen = tuple[float, float, float]

# Width of every box, in heights.
ASPECT = 0.4
FACE_ASPECT = 1.0
# Height of a face in that of its body, and its middle below the body's top.
FACE_SHARE, FACE_BELOW_TOP = 0.1, 0.11

AT_REST = np.eye(2, 3, dtype=np.float32)


def observations(
    frames: Sequence[Sequence[Seen]],
    *,
    rate: float = 10.0,
    timestamps_ms: Sequence[int] | None = None,
    confidence: Sequence[Sequence[float]] | None = None,
    camera_motion: NDArray[np.float32] | None = None,
    appearance: NDArray[np.uint8] | None = None,
    faces: Sequence[Sequence[Seen]] | None = None,
    face_confidence: Sequence[Sequence[float]] | None = None,
) -> Observations:
    """Make observations of persons given frame by frame.

    Parameters
    ----------
    frames : sequence of sequences of (centre x, centre y, height), pixels
        The detections of each frame. Boxes are 0.4 times as wide as high.
    rate : float
        Frames per second.
    timestamps_ms : sequence of int, optional
        Time of each frame; instead of a constant `rate`.
    confidence : sequence of sequences of float in [0, 1], optional
        Of each detection; 0.9 unless given.
    camera_motion : (F, 2, 3) float32, optional
        As in `Observations`; a camera at rest unless given.
    appearance : (N, D) uint8, optional
        Of every detection; not known unless given.
    faces : sequence of sequences of (centre x, centre y, height), pixels, optional
        The faces of each frame, as wide as high; none unless given.
    face_confidence : sequence of sequences of float in [0, 1], optional
        Of each face; 0.9 unless given.
    """
    count = len(frames)
    xyxy = _boxes(frames, ASPECT)
    faces = [[]] * count if faces is None else faces
    face_xyxy = _boxes(faces, FACE_ASPECT)
    times = np.arange(count) * 1000 / rate if timestamps_ms is None else timestamps_ms
    return Observations(
        frame_index=np.arange(count),
        timestamp_ms=np.array(times).astype(np.int64),
        camera_motion=np.tile(AT_REST, (count, 1, 1)) if camera_motion is None else camera_motion,
        first_detection=np.cumsum([0, *map(len, frames)]),
        xyxy=xyxy,
        confidence=_flatten_confidence(confidence, len(xyxy)),
        described=np.empty(0, np.int64) if appearance is None else np.arange(len(xyxy)),
        appearance=np.empty((0, 0), np.uint8) if appearance is None else appearance,
        first_face=np.cumsum([0, *map(len, faces)]),
        faces=_faces(face_xyxy, _flatten_confidence(face_confidence, len(face_xyxy))),
        frame_count=count,
    )


def _boxes(frames: Sequence[Sequence[Seen]], aspect: float) -> NDArray[np.float32]:
    """Convert all detections of all frames to `xyxy`, (N, 4)."""
    seen = np.array([detection for frame in frames for detection in frame], float).reshape(-1, 3)
    half = seen[:, 2:] * (aspect / 2, 1 / 2)
    return np.hstack([seen[:, :2] - half, seen[:, :2] + half]).astype(np.float32)


def _flatten_confidence(
    confidence: Sequence[Sequence[float]] | None, count: int
) -> NDArray[np.float32]:
    """Flatten confidences to one row, (count,)."""
    sure = [0.9] * count if confidence is None else [c for row in confidence for c in row]
    return np.array(sure, np.float32)


def _faces(xyxy: NDArray[np.float32], confidence: NDArray[np.float32]) -> Faces:
    """Make faces that look at the camera; their brightness is their position in the list."""
    blank = [
        np.zeros((len(xyxy), *column.shape[1:]), np.float32) for column in Faces.none().columns()
    ]
    faces = replace(Faces(*blank), xyxy=xyxy, confidence=confidence)
    faces.quality[:, 0] = np.arange(len(xyxy))
    return faces


def walk(
    start: float, speed: float, count: int, *, y: float = 100, height: float = 100
) -> list[Seen]:
    """Make the path of one person who walks `speed` pixels a frame to the right."""
    return [(start + speed * step, y, height) for step in range(count)]


def together(*paths: Sequence[Seen | None]) -> list[list[Seen]]:
    """Join the paths of several persons into frames; None where one is not seen."""
    return [[seen for seen in frame if seen] for frame in zip(*paths, strict=True)]


def face_of(body: Seen) -> Seen:
    """Place the face of somebody who stands and looks at the camera."""
    x, y, height = body
    return x, y + (FACE_BELOW_TOP - 1 / 2) * height, FACE_SHARE * height


def faces_of(*paths: Sequence[Seen | None], every: int = 2) -> list[list[Seen]]:
    """Make the faces of persons, frame by frame, in every so many frames."""
    frames = together(*paths)
    return [
        [] if number % every else [face_of(body) for body in frame]
        for number, frame in enumerate(frames)
    ]

"""Observations typed by hand: who is seen where, frame by frame, without any pixel."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.records import Observations

# One detection: centre x, centre y, height, in pixels.
Seen = tuple[float, float, float]

# Width of every box, in heights.
ASPECT = 0.4

AT_REST = np.eye(2, 3, dtype=np.float32)


def observations(
    frames: Sequence[Sequence[Seen]],
    *,
    rate: float = 10.0,
    timestamps_ms: Sequence[int] | None = None,
    confidence: Sequence[Sequence[float]] | None = None,
    camera_motion: NDArray[np.float32] | None = None,
    appearance: NDArray[np.uint8] | None = None,
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
    """
    count = len(frames)
    seen = np.array([detection for frame in frames for detection in frame], float).reshape(-1, 3)
    half = seen[:, 2:] * (ASPECT / 2, 1 / 2)
    sure = [0.9] * len(seen) if confidence is None else [c for row in confidence for c in row]
    times = np.arange(count) * 1000 / rate if timestamps_ms is None else timestamps_ms
    return Observations(
        frame_index=np.arange(count),
        timestamp_ms=np.array(times).astype(np.int64),
        camera_motion=np.tile(AT_REST, (count, 1, 1)) if camera_motion is None else camera_motion,
        first_detection=np.cumsum([0, *map(len, frames)]),
        xyxy=np.hstack([seen[:, :2] - half, seen[:, :2] + half]).astype(np.float32),
        confidence=np.array(sure, np.float32),
        described=np.empty(0, np.int64) if appearance is None else np.arange(len(seen)),
        appearance=np.empty((0, 0), np.uint8) if appearance is None else appearance,
        frame_count=count,
    )


def walk(
    start: float, speed: float, count: int, *, y: float = 100, height: float = 100
) -> list[Seen]:
    """Path of one person who walks `speed` pixels a frame to the right."""
    return [(start + speed * step, y, height) for step in range(count)]


def together(*paths: Sequence[Seen | None]) -> list[list[Seen]]:
    """Frames of several persons from the path of each; None where one is not seen."""
    return [[seen for seen in frame if seen] for frame in zip(*paths, strict=True)]

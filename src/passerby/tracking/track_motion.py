"""Estimate the camera's motion from the steps that all tracks share.

Boxes without pixels show no background. But people walk each on their own; when all
of them leave their courses by the same step, it was the camera that moved. What they
do steadily, a procession or a slow pan, stays theirs: it disturbs nobody.

The film is gone through twice. At first the camera is held to stand still, and how far
all together stray from their courses, beyond what chance explains, tells how restless it
was. The second time each shared step is believed the more, the more restless the camera
was found and the more people show it; with a camera at rest, not at all.

Source: weighing each step against a variance found in all of them is empirical Bayes,
B. Efron and C. Morris, "Stein's estimation rule and its competitors", JASA 68, 1973.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.tracking import kalman
from passerby.tracking.association import DEFAULT, Tracks, predict, update
from passerby.tracking.kalman import Floats, Motion
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, Rows

MOST_REFERENCE_TRACKS = 16  # the rest of a crowd adds little, and takes time
FEWEST_REFERENCE_TRACKS = 2  # one alone may just have turned
LONGEST_UNSEEN = 0.3  # seconds; where others should be by now is too uncertain
LEAST_HEIGHT_RATIO = 0.8  # of the heights of a witness and of a box that may be theirs
LONGEST_STEP = 1.5  # body heights between two frames
# How far apart, in body heights, the steps of two witnesses may be to count as shared:
# one standard deviation of what two boxes and the prediction between them leave.
SPREAD = 0.15
LEAST_CLOSENESS = 0.05  # of 1; a box farther off is somebody else's
# Variance of the shared steps of a camera at rest, as a share of what the filter expects.
# Measured: 0.02-0.40 on the three sequences of the benchmark at 3.5 to 30 frames a
# second, 2026-11-22. Their boxes gently swayed gave 0.3-4.3, mostly above 0.6.
CHANCE = 0.5


@dataclass(frozen=True)
class SharedSteps:
    """The steps by which all tracks left their predictions, in each of F frames; pixels."""

    shift: Floats  # (F, 2) 0 where nobody tells
    variance: Floats  # (F, 2) by people and boxes alone, if the camera stood; or infinite


def shared_motion(detections: StabilisedDetections) -> NDArray[np.float32]:
    """Estimate the camera's motion from the people in view.

    Parameters
    ----------
    detections : F frames, made with the camera taken to stand still

    Returns
    -------
    (F, 2, 3) float32
        Shifts, from each frame to the next, as `Observations.camera_motion`; none where
        the camera stood or nothing can be said.
    """
    motion = np.tile(np.eye(2, 3, dtype=np.float32), (len(detections.seconds), 1, 1))
    seen, _ = _follow_tracks(detections, np.zeros(2))
    variance_rate = _camera_variance_rate(detections, seen)
    if variance_rate.any():
        _, camera_shift = _follow_tracks(detections, variance_rate)
        motion[:-1, :, 2] = camera_shift[1:]
    return motion


def _follow_tracks(
    detections: StabilisedDetections, variance_rate: Floats
) -> tuple[SharedSteps, Floats]:
    """Track everybody; return the shared steps, and the camera's part (F, 2) of each."""
    count = len(detections.seconds)
    steps = SharedSteps(np.zeros((count, 2)), np.full((count, 2), np.inf))
    camera_shift = np.zeros((count, 2))
    tracks, opened = Tracks.opened(np.empty((0, 4)), np.empty(0, np.int64), 0.0), 0
    for frame in range(count):
        if frame:
            tracks = predict(tracks, detections, frame, DEFAULT)
            steps.shift[frame], steps.variance[frame] = _shared_step(tracks, detections, frame)
            prior = variance_rate * (detections.seconds[frame] - detections.seconds[frame - 1])
            camera_shift[frame] = steps.shift[frame] * prior / (prior + steps.variance[frame])
            tracks = _shift_tracks(tracks, camera_shift[frame])
        tracks, label_of = update(tracks, detections, frame, opened, DEFAULT)
        opened = max(opened, int(label_of.max(initial=NOBODY)) + 1)
    return steps, camera_shift


def _camera_variance_rate(detections: StabilisedDetections, steps: SharedSteps) -> Floats:
    """Estimate how fast the variance of the camera's place grows: (2,) square pixels / second."""
    is_known = np.flatnonzero(np.isfinite(steps.variance).all(axis=1))
    if not len(is_known):
        return np.zeros(2)
    beyond_chance = steps.shift[is_known] ** 2 - CHANCE * steps.variance[is_known]
    seconds = detections.seconds[is_known] - detections.seconds[is_known - 1]
    rate: Floats = beyond_chance.sum(axis=0) / seconds.sum()
    return np.maximum(rate, 0)


def _shared_step(
    tracks: Tracks, detections: StabilisedDetections, frame: int
) -> tuple[Floats, Floats]:
    """Find the shift that brings most predicted tracks to a sure detection, and its variance."""
    motion = _reference_tracks(tracks, detections.seconds[frame]).motion
    rows = np.arange(detections.first_detection[frame], detections.first_detection[frame + 1])
    rows = rows[detections.confidence[rows] >= DEFAULT.sure]
    owner, column = _possible_pairs(motion.value, detections.cxcywh[rows])
    away = detections.cxcywh[rows[column], :2] - motion.value[owner, :2]
    height = _heights(motion.value[owner])
    start = _most_supported_step(away, height, owner)
    pairs = _nearest_pairs(away - start, height, owner)
    if len(pairs) < FEWEST_REFERENCE_TRACKS:
        return np.zeros(2), np.full(2, np.inf)
    trust = detections.confidence[rows[column[pairs]], None]
    noise = kalman.WALKING.measurement[:2] * height[pairs] / trust
    weight = 1 / (motion.value_variance[owner[pairs], :2] + noise**2)
    return _robust_mean(away[pairs], weight, height[pairs], start)


def _reference_tracks(tracks: Tracks, now: float) -> Tracks:
    """Choose the tracks with most hits among those seen a moment ago, in their order."""
    recent = tracks.take(np.flatnonzero(now - tracks.last_seen <= LONGEST_UNSEEN))
    longest_known = np.argsort(-recent.hits, kind="stable")[:MOST_REFERENCE_TRACKS]
    return recent.take(np.sort(longest_known))


def _heights(cxcywh: Floats) -> Floats:
    """Return the heights (N, 1), at least a pixel."""
    return np.maximum(cxcywh[:, 3:], 1.0)


def _possible_pairs(expected: Floats, seen: Floats) -> tuple[Rows, Rows]:
    """Find pairs of rows, `expected` ascending and `seen`, of similar height and within reach."""
    height, other = _heights(expected), _heights(seen).T
    alike = np.minimum(height, other) >= LEAST_HEIGHT_RATIO * np.maximum(height, other)
    away = np.abs(seen[None, :, :2] - expected[:, None, :2]).max(axis=2)
    owner, column = np.nonzero(alike & (away <= LONGEST_STEP * height))
    return owner, column


def _most_supported_step(away: Floats, height: Floats, owner: Rows) -> Floats:
    """Choose the step (2,), of those in `away` (P, 2) and none, that most owners support."""
    if not len(away):
        return np.zeros(2)
    steps = np.vstack([np.zeros(2), away])
    support = _closeness(away[None] - steps[:, None], height)
    first_pair = np.flatnonzero(np.diff(owner, prepend=-1))
    supporters = np.maximum.reduceat(support, first_pair, axis=1).sum(axis=1)
    best: Floats = steps[np.argmax(supporters)]
    return best


def _nearest_pairs(away: Floats, height: Floats, owner: Rows) -> Rows:
    """Find the position of each owner's nearest pair, where one is near at all."""
    closeness = _closeness(away, height)
    order = np.lexsort((-closeness, owner))
    nearest = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    near: Rows = nearest[closeness[nearest] > LEAST_CLOSENESS]
    return near


def _closeness(away: Floats, height: Floats) -> Floats:
    """Compute how close distances (…, P, 2) are to zero, in [0, 1]."""
    closeness: Floats = np.exp(-((away / (SPREAD * height)) ** 2).sum(axis=-1) / 2)
    return closeness


def _robust_mean(
    away: Floats, weight: Floats, height: Floats, start: Floats
) -> tuple[Floats, Floats]:
    """Compute the weighted mean of steps (P, 2), outliers counting less, and its variance.

    Three rounds are enough: `start` is one of the steps that most agree on.
    """
    shift = start
    for _ in range(3):
        agreeing = weight * _closeness(away - shift, height)[:, None]
        shift = (agreeing * away).sum(axis=0) / agreeing.sum(axis=0)
    return shift, 1 / agreeing.sum(axis=0)


def _shift_tracks(tracks: Tracks, shift: Floats) -> Tracks:
    """Shift the tracks and leave their velocities."""
    state = tracks.motion.state.copy()
    state[0, :, :2] += shift
    return replace(tracks, motion=Motion(state))

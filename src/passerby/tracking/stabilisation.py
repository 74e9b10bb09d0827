"""Remove the camera's motion from detections, and put it back.

Every later step asks how people move. A panning camera moves them all; so each
detection is first carried into the frame of its shot's first picture, by the chain of
camera motions since then, and at the end carried back. A cut begins a new shot.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from passerby.records import Observations

Floats = NDArray[np.float64]

EVEN = 0.5  # confidence of a detection that is as likely right as wrong


@dataclass(frozen=True)
class StabilisedDetections:
    """Detections in the coordinates of a camera at rest, and the transforms back.

    F analysed frames, N detections. Lengths are pixels of the frame that began
    the shot.
    """

    seconds: Floats  # (F,) since the video's zero
    shot: NDArray[np.int64]  # (F,) from 0, one more after each cut
    first_detection: NDArray[np.int64]  # (F + 1,)
    frame_of: NDArray[np.int64]  # (N,) position of the detection's frame
    cxcywh: Floats  # (N, 4) centre, width, height
    confidence: Floats  # (N,) in [0, 1]
    described: NDArray[np.int64]  # (K,) rows of the detections whose appearance is known
    appearance: NDArray[np.uint8]  # (K, D)
    pose: Floats  # (F, 3, 3) a point of frame f → its stabilised place

    @cached_property
    def inverse_pose(self) -> Floats:
        """Transforms (F, 3, 3) from a stabilised place to the point of frame f."""
        return np.linalg.inv(self.pose).astype(np.float64)

    def reversed(self) -> tuple[Self, NDArray[np.int64]]:
        """Return the same video run backwards, and the row here of each row there."""
        last = len(self.seconds) - 1
        # Frame by frame from the last, within a frame in the same order.
        row = np.argsort(-self.frame_of, kind="stable")
        counts = np.diff(self.first_detection)[::-1]
        backwards = type(self)(
            seconds=self.seconds.max(initial=0) - self.seconds[::-1],
            shot=self.shot.max(initial=0) - self.shot[::-1],
            first_detection=np.concatenate([[0], np.cumsum(counts)]),
            frame_of=last - self.frame_of[row],
            cxcywh=self.cxcywh[row],
            confidence=self.confidence[row],
            described=np.argsort(row)[self.described],
            appearance=self.appearance,
            pose=self.pose[::-1],
        )
        return backwards, row


def stabilise(observations: Observations) -> StabilisedDetections:
    """Remove the camera's motion from `observations`."""
    pose, shot = _poses(observations.camera_motion)
    counts = np.diff(observations.first_detection)
    frame_of = np.repeat(np.arange(len(observations)), counts)
    return StabilisedDetections(
        seconds=observations.timestamp_ms / 1000,
        shot=shot,
        first_detection=observations.first_detection,
        frame_of=frame_of,
        cxcywh=from_frame(pose, frame_of, observations.xyxy),
        confidence=observations.confidence.astype(np.float64),
        described=observations.described,
        appearance=observations.appearance,
        pose=pose,
    )


def judge(detections: StabilisedDetections, confidence: float) -> StabilisedDetections:
    """Shift the confidences so that a detection of this one counts as one of 0.5.

    All log odds move by the same step, whatever network they come from.

    Parameters
    ----------
    detections : N detections
    confidence : float in (0, 1)
        Above 0.5 less counts as a person, below more; 0.5 leaves all as it is.
    """
    if confidence == EVEN:
        return detections
    step = math.log(confidence / (1 - confidence))
    least = np.finfo(np.float64).eps
    given = np.clip(detections.confidence, least, 1 - least)
    odds = np.log(given / (1 - given)) - step
    return replace(detections, confidence=1 / (1 + np.exp(-odds)))


def from_frame(pose: Floats, frame_of: NDArray[np.int64], xyxy: NDArray[np.float32]) -> Floats:
    """Convert boxes (M, 4) in pixels of their frames to stabilised `cxcywh`; (F, 3, 3) poses."""
    corners: Floats = xyxy.astype(np.float64)
    boxes = np.hstack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]])
    return _transform_boxes(pose, frame_of, boxes)


def to_frame(
    detections: StabilisedDetections, frame_of: NDArray[np.int64], cxcywh: Floats
) -> Floats:
    """Convert stabilised boxes (M, 4) to `xyxy` in pixels of their frames."""
    back = detections.inverse_pose[frame_of]
    moved = _transform_boxes(back, np.arange(len(back)), cxcywh)
    half = moved[:, 2:] / 2
    return np.hstack([moved[:, :2] - half, moved[:, :2] + half])


def _poses(motion: NDArray[np.float32]) -> tuple[Floats, NDArray[np.int64]]:
    """Compute pose and shot of each frame from the motions (F, 2, 3) between neighbours."""
    poses: Floats = np.tile(np.eye(3), (len(motion), 1, 1))
    shot = np.zeros(len(motion), np.int64)
    for frame, step in enumerate(motion[:-1].astype(np.float64)):
        shot[frame + 1] = shot[frame]
        if not step.any():  # a cut: the next frame begins a shot, at rest
            shot[frame + 1] += 1
        elif np.array_equal(step, np.eye(3)[:2]):
            poses[frame + 1] = poses[frame]
        else:
            poses[frame + 1] = poses[frame] @ np.linalg.inv(np.vstack([step, [0, 0, 1]]))
    return poses, shot


def _transform_boxes(transforms: Floats, which: NDArray[np.int64], cxcywh: Floats) -> Floats:
    """Move each box by the transform at `which`; it grows with it, but remains upright."""
    # One coefficient at a time: a matrix for every box would be most of the memory.
    growth = np.sqrt(np.abs(np.linalg.det(transforms[:, :2, :2])))
    moved = np.empty_like(cxcywh)
    for axis in (0, 1):
        moved[:, axis] = transforms[which, axis, 2]
        moved[:, axis] += transforms[which, axis, 0] * cxcywh[:, 0]
        moved[:, axis] += transforms[which, axis, 1] * cxcywh[:, 1]
        moved[:, 2 + axis] = cxcywh[:, 2 + axis] * growth[which]
    return moved

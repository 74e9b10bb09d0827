"""Adapt the trackers compared with to one call a frame.

Settings are the library's own defaults, but for those that say otherwise here. Lower
thresholds for ByteTrack, nearer to passerby's, lower its HOTA.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# One row a person: id, left, top, right, bottom (pixels), score.
Tracked = list[tuple[int, float, float, float, float, float]]
Update = Callable[[NDArray[np.float32], NDArray[np.float32]], Tracked]


def bytetrack(rate: float) -> Update:
    """ByteTrack as the package `trackers` has it, which `supervision` points to."""
    import supervision as sv  # noqa: PLC0415 - each run loads only what it uses
    from trackers import ByteTrackTracker  # noqa: PLC0415

    tracker = ByteTrackTracker(frame_rate=rate)

    def update(xyxy: NDArray[np.float32], scores: NDArray[np.float32]) -> Tracked:
        persons = tracker.update(sv.Detections(xyxy=xyxy, confidence=scores))
        ids = np.empty(0) if persons.tracker_id is None else persons.tracker_id
        rows = zip(ids.tolist(), persons.xyxy.tolist(), persons.confidence.tolist(), strict=True)
        return [(person, *box, score) for person, box, score in rows if person >= 0]

    return update


# norfair does not weigh scores. The network's F1 is best here: `people.nanodet`.
NORFAIR_LEAST_SCORE = 0.45
NORFAIR_FARTHEST = 0.7  # 1 - IoU, as in norfair's documentation


def norfair(_rate: float) -> Update:
    """Norfair: its Kalman filter, distance by IoU."""
    from norfair import Detection, Tracker  # noqa: PLC0415

    tracker = Tracker(distance_function="iou", distance_threshold=NORFAIR_FARTHEST)

    def update(xyxy: NDArray[np.float32], scores: NDArray[np.float32]) -> Tracked:
        sure = scores >= NORFAIR_LEAST_SCORE
        rows = zip(xyxy[sure], scores[sure], strict=True)
        persons = tracker.update(
            [Detection(box.reshape(2, 2), scores=np.repeat(score, 2)) for box, score in rows]
        )
        return [
            (person.id, *person.estimate.ravel().tolist(), float(person.last_detection.scores[0]))
            for person in persons
            if person.live_points.any()
        ]

    return update


TRACKERS: dict[str, Callable[[float], Update]] = {"bytetrack": bytetrack, "norfair": norfair}

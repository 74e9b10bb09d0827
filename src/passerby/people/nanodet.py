"""Detect persons with a network of the NanoDet family.

Such a network takes one (h, w, 3) uint8 BGR image, h and w multiples of 32, and
answers with `boxes` (k, 4) `xyxy` in the image's pixels and `scores` (k,) in
[0, 1], best first, several for one person.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import suppress
from passerby.inference.session import Image, Session
from passerby.inference.session_cache import cache_sessions
from passerby.records import Detections

# IoU above which two boxes are one person. NanoDet's own 0.6 leaves second boxes on
# one person, and each becomes a second track. Measured on the three sequences of the
# benchmark, 2026-11-22: HOTA 60.1 at 0.6, 61.2 at 0.55, 62.1 at 0.5, 62.0 at 0.45.
SAME_PERSON_IOU = 0.5

# Kept for the tracker's second pass, which asks for scores from 0.1 down to where
# boxes are no better than chance. Source: Y. Zhang et al., "ByteTrack", ECCV 2022,
# section 3 (0.1); halved, for NanoDet-g's best threshold of 0.45 lies lower as well.
LEAST_SCORE = 0.05

# Image sizes ready at a time: that of the probe and that of the video, and one
# video more while two overlap. A size costs some 40 MB.
OPEN_SESSIONS = 4


class NanoDetDetector:
    """A `Detector` that runs a network of the NanoDet family.

    Parameters
    ----------
    identity : str
        Names network, runtime and number format.
    open_session : callable
        (width, height) → `Session` for images of that size.
    logit_shift : float
        Added to the logit of a score it gives the confidence.
    same_person_iou : float in [0, 1]
        Overlap above which the worse of two boxes goes.
    """

    def __init__(
        self,
        identity: str,
        open_session: Callable[[int, int], Session],
        logit_shift: float,
        same_person_iou: float = SAME_PERSON_IOU,
    ) -> None:
        self.identity = identity
        self._same_person_iou = same_person_iou
        self._logit_shift = logit_shift
        self._session = cache_sessions(open_session, OPEN_SESSIONS)

    def detect(self, image: Image) -> Detections:
        """Detect the persons in one image; see `Detector.detect`."""
        height, width = image.shape[:2]
        boxes, scores = self._session(width, height).run(image)
        likely = scores >= LEAST_SCORE
        xyxy, confidence = boxes[likely], shift_scores(scores[likely], self._logit_shift)
        rows = suppress(xyxy, self._same_person_iou)
        return Detections(xyxy[rows].astype(np.float32), confidence[rows].astype(np.float32))


def shift_scores(scores: NDArray[np.floating], logit_shift: float) -> NDArray[np.floating]:
    """Shift scores, (N,) in [0, 1), by `logit_shift` on the scale of their logits.

    Examples
    --------
    >>> shift_scores(np.array([0.0, 0.6, 0.9]), -0.45).round(3)
    array([0.   , 0.489, 0.852])
    """
    odds = scores / (1 - scores) * np.exp(logit_shift)
    confidence: NDArray[np.floating] = odds / (1 + odds)
    return confidence

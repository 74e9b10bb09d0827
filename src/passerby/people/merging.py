"""What several looks at one image, at different sizes, saw together.

A network sees best the people who are as tall as most in its training were. Taller ones
fall apart into heads and torsos, smaller ones vanish, and what it sees nevertheless is
worth less. So each size has its say on where a person is by how near their height, in the
pixels of the image that was looked at, is to the best one: boxes that agree become their
weighted mean. Whether there is a person, the surest look says: who is half hidden is often
seen at one size only.

Source: boxes that agree averaged instead of all but one dropped: R. Solovyev, W. Wang,
T. Gabruseva, "Weighted boxes fusion: ensembling boxes from different object detection
models", Image and Vision Computing 107, 2021.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import iou, suppress
from passerby.people.input_size import BEST_HEIGHT
from passerby.records import Detections

Floats = NDArray[np.float64]

# How fast a look loses its say with the height of a person, as the standard deviation of the
# logarithm of the height; and what it keeps at any height.
HEIGHT_SPREAD = 0.75
LEAST_SAY = 0.02

# IoU above which boxes of several sizes are one person: a little less than within one size,
# for they agree less well. Mean HOTA on virtual footage (`benchmarks/virtual_camera.py`),
# 2026-12-01: 62.7 with 0.5, 63.2 with 0.45; with stiffer courses 63.6 with 0.45, 63.3 with 0.4.
SAME_PERSON_IOU = 0.45


def say(network_heights: NDArray[np.floating]) -> Floats:
    """How much a look is worth for people so tall in its image, in (0, 1]; any shape.

    Examples
    --------
    >>> say(np.array([90.0, 45.0, 180.0, 1000.0])).round(2)
    array([1.  , 0.65, 0.65, 0.02])
    """
    octaves = np.log(np.maximum(network_heights, 1.0) / BEST_HEIGHT) / HEIGHT_SPREAD
    worth: Floats = np.maximum(np.exp(-(octaves**2) / 2), LEAST_SAY)
    return worth


def merge(looks: Sequence[Detections], scales: Sequence[float]) -> Detections:
    """Make one set of detections of what several looks saw.

    Parameters
    ----------
    looks : S detections
        In pixels of one and the same frame, each without doubles of its own.
    scales : S floats
        Pixels of each look's image for one of the frame, from top to bottom.

    Returns
    -------
    Detections
        In pixels of the frame, best first. Of a single look: the look itself.
    """
    if len(looks) == 1:
        return looks[0]
    size = np.repeat(np.arange(len(looks)), [len(look) for look in looks])
    xyxy = np.concatenate([look.xyxy for look in looks]).astype(np.float64)
    confidence = np.concatenate([look.confidence for look in looks]).astype(np.float64)
    scale = np.asarray(scales, np.float64)
    worth = say((xyxy[:, 3] - xyxy[:, 1]) * scale[size])
    order = np.argsort(-confidence * np.sqrt(worth), kind="stable")
    size, xyxy, confidence, worth = size[order], xyxy[order], confidence[order], worth[order]

    person, leading = _persons(xyxy)
    votes = _first_votes(person, size, len(looks))
    weight = (worth * confidence)[votes, None]
    total = np.zeros((len(leading), 5))
    np.add.at(total, person[votes], np.hstack([weight * xyxy[votes], weight]))
    surest = np.zeros(len(leading))
    np.maximum.at(surest, person, confidence)
    return _best_first(total[:, :4] / np.maximum(total[:, 4:], 1e-9), surest)


def _persons(xyxy: Floats) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Person of each of the boxes (N, 4), best first, and the row of each person's best one."""
    leading = suppress(xyxy, SAME_PERSON_IOU)
    shared = iou(xyxy, xyxy[leading]) > SAME_PERSON_IOU
    shared[leading] = np.eye(len(leading), dtype=np.bool_)
    person: NDArray[np.int64] = shared.argmax(axis=1) if len(leading) else leading
    return person, leading


def _first_votes(
    person: NDArray[np.int64], size: NDArray[np.int64], sizes: int
) -> NDArray[np.intp]:
    """Rows of the best box of each size for each person."""
    votes: NDArray[np.intp] = np.unique(person * sizes + size, return_index=True)[1]
    return votes


def _best_first(xyxy: Floats, confidence: Floats) -> Detections:
    """Detections in order; what overlaps too much once it was averaged goes."""
    order = np.argsort(-confidence, kind="stable")
    order = order[suppress(xyxy[order], SAME_PERSON_IOU)]
    return Detections(xyxy[order].astype(np.float32), confidence[order].astype(np.float32))

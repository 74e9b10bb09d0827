"""Detect faces in a small square picture.

The network answers for each of 48 x 48 cells whether a face belongs to it, where, and
where six of its points are. Decoding and merging of the answers: V. Bazarevsky et al.,
"BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019,
https://arxiv.org/abs/1907.05047.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.inference import weights
from passerby.inference.execution import choose_execution
from passerby.inference.session import Device, Image, Runtime, Session
from passerby.inference.session_cache import cache_sessions

SHIPPED_NETWORK = "blazeface-full-range"

# Side of the picture that the network takes, and of a cell, pixels.
SIDE = 192
CELL = 4

# Points of a face, in order; left and right are those of the picture.
KEYPOINTS = ("eyeLeft", "eyeRight", "nose", "mouth", "earLeft", "earRight")
# Rows of the eyes among them.
EYES = slice(0, 2)

# Of 28 faces seen from the front or half from the side in 104 cuts of street scenes, 28
# scored 0.4, 26 scored 0.5 and 23 scored 0.6, beside 12, 7 and 0 things that are no face
# (2026-11). All at 0.4 therefore need a second check, see `mesh.Mesh.flag`.
LEAST_CONFIDENCE = 0.4
LEAST_LOGIT = math.log(LEAST_CONFIDENCE / (1 - LEAST_CONFIDENCE))

# IoU above which two answers are for one face. Source: `min_suppression_threshold` of
# MediaPipe's face detection graphs.
SAME_FACE_IOU = 0.3

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Candidates:
    """K possible faces in one picture, best first."""

    xyxy: Floats  # (K, 4) pixels of the picture; a box may reach beyond its border
    confidence: Floats  # (K,) in [0.4, 1]
    keypoints: Floats  # (K, 6, 2) pixels, in the order of `KEYPOINTS`

    def __len__(self) -> int:
        return len(self.confidence)


class FaceDetector:
    """Detects faces; may be called from several threads at once.

    Parameters
    ----------
    identity : str
        Names network, runtime and number format: everything that determines the result.
    open_session : callable
        Gives the `Session`; called at the first picture.
    """

    def __init__(self, identity: str, open_session: Callable[[], Session]) -> None:
        self.identity = identity
        self._session = cache_sessions(open_session)

    def detect(self, picture: Image) -> Candidates:
        """Detect the faces in a picture.

        Parameters
        ----------
        picture : (192, 192, 3) uint8 array, BGR
            A face is detected best at a tenth to a half of its width.
        """
        logits, offsets = self._session().run(picture)
        return _merge(_decode(logits, offsets))


def open_face_detector(
    runtime: Runtime = "auto", device: Device = "cpu", concurrency: int = 1
) -> FaceDetector:
    """Build the detector of the network that ships; its file is read at the first picture.

    Parameters
    ----------
    runtime : "auto", "onnxruntime" or "openvino"
        What computes it; "auto" takes the fastest here.
    device : "cpu" or "cuda"
        Where it is computed.
    concurrency : int
        Pictures that may be in flight at the same time, one thread each.

    Raises
    ------
    ModelError
        If the runtime is missing or not for that device.
    """
    execution = choose_execution(weights.find(SHIPPED_NETWORK), runtime, device)
    return FaceDetector(
        execution.identity, partial(execution.open_session, SIDE, SIDE, concurrency)
    )


def _decode(logits: Floats, offsets: Floats) -> Candidates:
    """Decode the answers of all cells that are confident enough, best first.

    Parameters
    ----------
    logits : (2304,) float32
    offsets : (2304, 16) float32, pixels
        Centre of the face (x, y) off that of the cell, its width and height, and the six
        points off the centre of the cell.
    """
    confident = np.flatnonzero(logits >= LEAST_LOGIT)
    cells = confident[np.argsort(-logits[confident], kind="stable")]
    scores = 1 / (1 + np.exp(-logits[cells].astype(np.float64)))
    rows, columns = np.divmod(cells, SIDE // CELL)
    middles = (np.stack([columns, rows], axis=1) + 0.5) * CELL

    values = offsets[cells].astype(np.float64).reshape(-1, 2 + len(KEYPOINTS), 2)
    centres, halves = middles + values[:, 0], values[:, 1] / 2
    return Candidates(
        np.hstack([centres - halves, centres + halves]).astype(np.float32),
        scores.astype(np.float32),
        (middles[:, None] + values[:, 2:]).astype(np.float32),
    )


def _merge(candidates: Candidates) -> Candidates:
    """Merge candidates that overlap into their mean, weighted by confidence.

    The confidence is that of the best.
    """
    groups = list(_group_overlaps(candidates))
    rows = np.hstack([candidates.xyxy, candidates.keypoints.reshape(-1, 2 * len(KEYPOINTS))])
    means = [
        np.average(rows[group], axis=0, weights=candidates.confidence[group]) for group in groups
    ]
    merged = np.array(means, dtype=np.float32).reshape(-1, rows.shape[1])
    best = np.array([group[0] for group in groups], dtype=np.int64)
    return Candidates(
        merged[:, :4],
        candidates.confidence[best],
        merged[:, 4:].reshape(-1, len(KEYPOINTS), 2),
    )


def _group_overlaps(candidates: Candidates) -> Iterator[NDArray[np.intp]]:
    """Yield the rows for each face, the best of them first; each row once."""
    overlaps = iou(candidates.xyxy, candidates.xyxy) > SAME_FACE_IOU
    np.fill_diagonal(overlaps, val=True)
    free = np.ones(len(candidates), dtype=np.bool_)
    for row in range(len(candidates)):
        if free[row]:
            group = free & overlaps[row]
            free &= ~group
            yield np.flatnonzero(group)

"""Find persons with the network that passerby ships, in ONNX Runtime as it comes."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from benchmarks.peers.frames import Image
from numpy.typing import NDArray

# Boxes (N, 4) xyxy in pixels of the frame, and the network's scores (N,) in [0, 1].
Found = tuple[NDArray[np.float32], NDArray[np.float32]]

# Where ByteTrack's second pass begins. Source: Y. Zhang et al., "ByteTrack", ECCV 2022.
LEAST_SCORE = 0.1
SAME_PERSON_IOU = 0.5  # passerby's own, so that the trackers start from the same boxes


def open_detector(network: Path, size: tuple[int, int]) -> Callable[[Image], Found]:
    """Load `network`; return a function that finds the persons of a frame, shrunk to `size`."""
    session = ort.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def detect(frame: Image) -> Found:
        boxes, scores = session.run(None, {name: cv2.resize(frame, size)[None]})
        height, width = frame.shape[:2]
        scale = np.divide((width, height), size, dtype=np.float32)
        return drop_duplicates(boxes[0] * np.tile(scale, 2), scores[0])

    return detect


def drop_duplicates(xyxy: NDArray[np.float32], scores: NDArray[np.float32]) -> Found:
    """Keep the boxes above the least score, one a person."""
    ltwh = np.hstack([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]])
    kept = np.asarray(
        cv2.dnn.NMSBoxes(ltwh.tolist(), scores.tolist(), LEAST_SCORE, SAME_PERSON_IOU), np.int64
    )
    return xyxy[kept], scores[kept]

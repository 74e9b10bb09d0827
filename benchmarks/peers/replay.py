"""Time a tracker alone, on detections that are given.

    .venv-peers/bin/python -m benchmarks.peers.replay DETECTIONS.npz --tracker bytetrack

The file holds `first` (F + 1,), `xyxy` (N, 4) and `scores` (N,): the detections of frame
f are the rows `first[f]:first[f + 1]`. Prints the seconds of processor time it took, the
second time: the first one loads what is still missing.
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from benchmarks.peers.detector import Found
from benchmarks.peers.pipeline import RATE
from benchmarks.peers.trackers_at_hand import TRACKERS


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("detections", type=Path)
    parser.add_argument("--tracker", choices=TRACKERS, required=True)
    asked = parser.parse_args()
    given = np.load(asked.detections)
    xyxy, scores = given["xyxy"], given["scores"]
    frames = [(xyxy[a:b], scores[a:b]) for a, b in pairwise(given["first"])]
    _replay(frames, asked.tracker)
    print(_replay(frames, asked.tracker))


def _replay(frames: list[Found], tracker: str) -> float:
    """Update a tracker with every frame; return the seconds of processor time."""
    update = TRACKERS[tracker](float(RATE))
    began = time.process_time()
    for xyxy, scores in frames:
        update(xyxy, scores)
    return time.process_time() - began


if __name__ == "__main__":
    main()

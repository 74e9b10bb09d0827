"""Track the people of one video as one would with parts from the shelf.

    .venv-peers/bin/python -m benchmarks.peers.pipeline \
        VIDEO OUT.txt --tracker bytetrack --network NET.onnx --size 640 352

OpenCV decodes, ONNX Runtime detects, a tracker tracks: one frame after the other.
The tracks are written in MOTChallenge form.
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from benchmarks.peers.detector import open_detector
from benchmarks.peers.frames import sample_frames
from benchmarks.peers.trackers_at_hand import TRACKERS

RATE = Fraction(15)  # frames looked at per second


def main() -> None:
    """Write the tracks of the video."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tracker", choices=TRACKERS, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, required=True, help="width, height")
    asked = parser.parse_args()
    with asked.out.open("w", encoding="ascii") as file:
        file.writelines(_lines(asked.video, asked.tracker, asked.network, tuple(asked.size)))


def _lines(video: Path, tracker: str, network: Path, size: tuple[int, int]) -> Iterator[str]:
    detect, update = open_detector(network, size), TRACKERS[tracker](float(RATE))
    for index, frame in sample_frames(video, RATE):
        for person, left, top, right, bottom, score in update(*detect(frame)):
            if right < left or bottom < top:  # predicted a little too far
                continue
            box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
            yield f"{index + 1},{person},{box},{score:.4f},-1,-1,-1\n"


if __name__ == "__main__":
    main()

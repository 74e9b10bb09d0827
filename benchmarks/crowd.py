"""What linking costs, by the number of people and the length of the video.

    python -m benchmarks.crowd [--hours 6]

A synthetic crowd: people walk, turn, hide behind each other's noise, leave and are
replaced. Times are processor time of one process on one core.
"""

import argparse
import gc
import time
from pathlib import Path

import numpy as np
from benchmarks.table import Cell, markdown

from passerby.pathing.link import link
from passerby.records import Observations

RATE = 15.0  # analysed frames per second
WIDTH, HEIGHT = 1920, 1080
SPEED_DEVIATION = 40.0  # pixels per second, each axis: slow walks at 200 pixels height
TURN_DEVIATION = 4.0  # change of speed from frame to frame
STAY_SECONDS = (7.0, 40.0)
SEEN_SHARE = 0.92  # of the frames of a stay in which the detector sees a person
APPEARANCE_DIMENSIONS = 192
APPEARANCE_RATE = 5.0  # described so many times a second

SHORT_SECONDS = {20: 600, 200: 60}


def main() -> None:
    """Print the table, and the long run if it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=0.0, help="one more run, with 20 people")
    hours = parser.parse_args().hours
    runs = dict(SHORT_SECONDS)
    rows = [_measured(people, seconds) for people, seconds in runs.items()]
    if hours:
        rows.append(_measured(20, round(hours * 3600)))
    print(markdown(["people a frame", "frames", "s", "frames/s", "peak MiB"], rows))


def _measured(people: int, seconds: int) -> list[Cell]:
    observed = crowd(people, round(seconds * RATE))
    _forget_peak()
    began = time.process_time()
    link(observed, WIDTH, HEIGHT)
    spent = time.process_time() - began
    peak = _peak_mib()
    return [str(people), len(observed), spent, round(len(observed) / spent), peak]


def _forget_peak() -> None:
    """Let the kernel count the greatest resident memory anew: making a crowd takes some, too."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mib() -> int:
    """Greatest resident memory since, the observations included."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def crowd(people: int, frames: int, seed: int = 0) -> Observations:
    """Observations of `people` persons a frame, the same in every run."""
    walkers = _Walkers(np.random.default_rng(seed), people)
    boxes, confidence, described, looks = [], [], [], []
    first = [0]
    for frame in range(frames):
        seen_boxes, seen_confidence, rows = walkers.step()
        boxes.append(seen_boxes.astype(np.float32))
        confidence.append(seen_confidence.astype(np.float32))
        if frame % round(RATE / APPEARANCE_RATE) == 0:
            described.append(np.arange(first[-1], first[-1] + len(rows)))
            looks.append(walkers.look[rows])
        first.append(first[-1] + len(rows))
    return Observations(
        frame_index=np.arange(frames),
        timestamp_ms=(np.arange(frames) * 1000 / RATE).astype(np.int64),
        camera_motion=np.tile(np.eye(2, 3, dtype=np.float32), (frames, 1, 1)),
        first_detection=np.array(first),
        xyxy=np.concatenate(boxes),
        confidence=np.concatenate(confidence),
        described=np.concatenate(described),
        appearance=np.concatenate(looks),
        frame_count=frames,
    )


class _Walkers:
    """The people of a crowd, as parallel arrays."""

    def __init__(self, random: np.random.Generator, people: int) -> None:
        self._random = random
        self._place = np.zeros((people, 2))
        self._speed = np.zeros((people, 2))
        self._height = np.zeros(people)
        self._left = np.zeros(people)  # seconds until they leave
        self.look = np.zeros((people, APPEARANCE_DIMENSIONS), np.uint8)

    def step(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Let everybody walk for one frame; boxes, confidences and rows of those seen."""
        random, count = self._random, len(self._left)
        self._speed += random.normal(0, TURN_DEVIATION, (count, 2))
        self._place += self._speed / RATE
        self._left -= 1 / RATE
        outside = ((self._place < 0) | (self._place > (WIDTH, HEIGHT))).any(axis=1)
        self._replace(np.flatnonzero(outside | (self._left < 0)))
        seen = np.flatnonzero(random.random(count) < SEEN_SHARE)
        height = self._height[seen] * random.normal(1, 0.03, len(seen))
        centre = self._place[seen] + random.normal(0, 2, (len(seen), 2))
        half = height[:, None] * (0.2, 0.5)
        confidence = np.clip(random.normal(0.7, 0.15, len(seen)), 0.1, 0.98)
        order = np.argsort(-confidence)
        boxes = np.hstack([centre - half, centre + half])
        return boxes[order], confidence[order], seen[order]

    def _replace(self, gone: np.ndarray) -> None:
        """Somebody else comes for everybody who is gone."""
        random, count = self._random, len(gone)
        self._place[gone] = random.uniform((0, 300), (WIDTH, HEIGHT), (count, 2))
        self._speed[gone] = random.normal(0, SPEED_DEVIATION, (count, 2))
        self._height[gone] = random.uniform(120, 260, count)
        self._left[gone] = random.uniform(*STAY_SECONDS, count)
        self.look[gone] = random.integers(0, 30, (count, APPEARANCE_DIMENSIONS), np.uint8)


if __name__ == "__main__":
    main()

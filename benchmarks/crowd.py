"""Measure what linking costs, by the number of people and the length of the video.

    python -m benchmarks.crowd [--hours 1 6 24]

A synthetic crowd: people walk, turn, hide behind each other's noise, leave and are
replaced. It is written in shards, as a video's analysis does; a process of its own
then reads and links them. Times are processor time of one thread, without reading;
the peak is of the whole process.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from benchmarks.table import Cell, markdown

from passerby.pathing.link import link
from passerby.pathing.observations import load_all, serialised
from passerby.records import Faces, Observations

RATE = 15  # analysed frames per second
SHARD_SECONDS = 60
WIDTH, HEIGHT = 1920, 1080
SPEED_DEVIATION = 40.0  # pixels per second, each axis: slow walks at 200 pixels height
TURN_DEVIATION = 4.0  # change of speed from frame to frame
STAY_SECONDS = (7.0, 40.0)
SEEN_SHARE = 0.92  # of the frames of a stay in which the detector sees a person
APPEARANCE_DIMENSIONS = 192
DESCRIBED_EVERY = 3  # frames: five times a second

FACE_EVERY = 4  # of the persons one shows the face
SHORT_SECONDS = {20: 600, 200: 60}


def main() -> None:
    """Print the table: short runs, and the long ones that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--hours", type=float, nargs="+", default=[], help="more runs, with 20 people"
    )
    runs = list(SHORT_SECONDS.items())
    runs += [(20, round(hours * 3600)) for hours in parser.parse_args().hours]
    # For the processes to come: a thread that waits for another would count as work.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    rows = [_run(people, seconds) for people, seconds in runs]
    print(markdown(["people a frame", "frames", "s", "frames/s", "peak MiB"], rows))


def _run(people: int, seconds: int) -> list[Cell]:
    """Make a crowd and link it, each in a fresh process: what one took is not the other's."""
    fresh = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1)
    with fresh, TemporaryDirectory() as folder:
        paths = fresh.submit(_write_shards, people, seconds, Path(folder)).result()
        frames, spent, peak = fresh.submit(_measure_linking, paths).result()
    return [str(people), frames, spent, round(frames / spent), peak]


def _write_shards(people: int, seconds: int, folder: Path) -> list[Path]:
    """Write the crowd's shards; return their files in time order."""
    paths = []
    for number, shard in enumerate(crowd(people, seconds)):
        paths.append(folder / f"{number:05}.parquet")
        paths[-1].write_bytes(serialised(shard))
    return paths


def _measure_linking(paths: list[Path]) -> tuple[int, float, int]:
    """Link shards; return the frames, the seconds, and the greatest resident memory in MiB."""
    observed = load_all(paths)
    began = time.process_time()
    link(observed, WIDTH, HEIGHT)
    spent = time.process_time() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return len(observed), spent, int(status.partition("VmHWM:")[2].split()[0]) // 1024


def crowd(people: int, seconds: int, seed: int = 0) -> Iterator[Observations]:
    """Make shards of observations of `people` persons a frame, the same in every run."""
    walkers = _Walkers(np.random.default_rng(seed), people)
    for begin in range(0, seconds, SHARD_SECONDS):
        yield _shard(walkers, begin * RATE, min(SHARD_SECONDS, seconds - begin) * RATE)


def _shard(walkers: "_Walkers", before: int, frames: int) -> Observations:
    """Observe the next `frames`, after `before` others."""
    boxes, confidence, described, looks = [], [], [], []
    bodies_with_face = [np.empty((0, 4), np.float32)]
    first, first_face = [0], [0]
    for frame in range(frames):
        seen_boxes, seen_confidence, rows = walkers.step()
        boxes.append(seen_boxes.astype(np.float32))
        confidence.append(seen_confidence.astype(np.float32))
        if (before + frame) % DESCRIBED_EVERY == 0:
            described.append(np.arange(first[-1], first[-1] + len(rows)))
            looks.append(walkers.look[rows])
            bodies_with_face.append(boxes[-1][rows % FACE_EVERY == 0])
        first.append(first[-1] + len(rows))
        first_face.append(sum(map(len, bodies_with_face)))
    return Observations(
        frame_index=np.arange(frames),
        timestamp_ms=(np.arange(before, before + frames) * 1000 / RATE).astype(np.int64),
        camera_motion=np.tile(np.eye(2, 3, dtype=np.float32), (frames, 1, 1)),
        first_detection=np.array(first),
        xyxy=np.concatenate(boxes),
        confidence=np.concatenate(confidence),
        described=np.concatenate(described),
        appearance=np.concatenate(looks),
        first_face=np.array(first_face),
        faces=_faces(np.concatenate(bodies_with_face)),
        frame_count=frames,
    )


def _faces(bodies: np.ndarray) -> Faces:
    """Faces at the heads of `bodies` (M, 4): a quarter as wide, at the top."""
    count, width = len(bodies), (bodies[:, 2] - bodies[:, 0]) / 4
    middle, top = (bodies[:, 0] + bodies[:, 2]) / 2, bodies[:, 1] + width / 4
    xyxy = np.stack([middle - width / 2, top, middle + width / 2, top + width], axis=1)
    parts = [np.zeros((count, *column.shape[1:]), np.float32) for column in Faces.none().columns()]
    return replace(Faces(*parts), xyxy=xyxy, confidence=np.full(count, 0.8, np.float32))


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
        """Let everybody walk for one frame; return boxes, confidences and rows of those seen."""
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
        """Replace everybody who is gone by somebody else."""
        random, count = self._random, len(gone)
        self._place[gone] = random.uniform((0, 300), (WIDTH, HEIGHT), (count, 2))
        self._speed[gone] = random.normal(0, SPEED_DEVIATION, (count, 2))
        self._height[gone] = random.uniform(120, 260, count)
        self._left[gone] = random.uniform(*STAY_SECONDS, count)
        self.look[gone] = random.integers(0, 30, (count, APPEARANCE_DIMENSIONS), np.uint8)


if __name__ == "__main__":
    main()

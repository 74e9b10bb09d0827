"""Measure how well, and how fast, the shipped networks find people.

    python -m benchmarks.detection_accuracy [--data FOLDER]

AP50 is the area under the curve of precision over recall, a detection being right
when it overlaps a person, not yet found by a better one, with an IoU of 0.5 or more.
Detections on MOTChallenge's distractors (a person in a car, a statue, a reflection)
count neither way. Times are the shortest of a frame, on one thread.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from benchmarks.detector_speed import executions
from numpy.typing import NDArray

from passerby.boxes import iou
from passerby.inference.execution import Execution
from passerby.motfile import MotRows, read_rows
from passerby.people.detector import scaled
from passerby.people.nanodet import NanoDetDetector
from passerby.records import Detections

MATCHING_IOU = 0.5
# Two boxes of one person: the network's own figure, by which it is compared. Tracking
# works with a lower one, which costs AP50 and gains HOTA: see `people.nanodet`.
NETWORK_IOU = 0.6
SCORES = (0.1, 0.3, 0.4, 0.5, 0.6)

# MOT16 (https://arxiv.org/abs/1603.00831, table 3): 1 is a pedestrian, these are
# person on vehicle, static person, distractor, reflection.
PEDESTRIAN = 1
IGNORED_CLASSES = (2, 7, 8, 12)


@dataclass(frozen=True)
class Sequence:
    """A video with truth: every `step`-th frame is looked at, at `width` x `height`."""

    name: str
    step: int
    width: int
    height: int
    has_classes: bool


@dataclass(frozen=True)
class Verdicts:
    """Detections of a whole sequence that count, and how many persons there were."""

    confidence: NDArray[np.float64]  # (N,)
    right: NDArray[np.bool_]  # (N,)
    persons: int


SEQUENCES = (
    Sequence("PETS09-S2L1", 10, 384, 288, has_classes=False),
    Sequence("TUD-Stadtmitte", 5, 384, 288, has_classes=False),
    Sequence("MOT16-09", 10, 640, 352, has_classes=True),
)


def main() -> None:
    """Print one table a sequence."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    folder = parser.parse_args().data
    for sequence in SEQUENCES:
        frames = list(_frames(folder, sequence))
        rows = read_rows(folder / sequence.name / "gt" / "gt.txt")
        print(f"{sequence.name}, {len(frames)} frames at {sequence.width}x{sequence.height}")
        for execution in executions():
            _report(execution, sequence, frames, rows)


def _frames(folder: Path, sequence: Sequence) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield frame numbers, from 1, and images."""
    with av.open(str(folder / sequence.name / f"{sequence.name}.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % sequence.step == 0:
                yield index + 1, frame.to_ndarray(format="bgr24").astype(np.uint8)


def _report(
    execution: Execution,
    sequence: Sequence,
    frames: list[tuple[int, NDArray[np.uint8]]],
    rows: MotRows,
) -> None:
    detector = NanoDetDetector(
        execution.identity, execution.open_session, execution.weights.logit_shift, NETWORK_IOU
    )
    size = (sequence.width, sequence.height)
    judged, seconds = [], []
    for number, image in frames:
        small = cv2.resize(image, size).astype(np.uint8)
        start = time.perf_counter()
        detections = detector.detect(small)
        seconds.append(time.perf_counter() - start)
        native = scaled(detections, size, (image.shape[1], image.shape[0]))
        judged.append(_judge(native, *_truth(rows, number, has_classes=sequence.has_classes)))
    verdicts = _join(judged)
    name = f"{execution.runtime} {execution.precision}"
    accuracy, milliseconds = 100 * _average_precision(verdicts), 1e3 * min(seconds)
    print(f"  {name:22} AP50 {accuracy:5.1f}  {milliseconds:5.1f} ms")
    for score in SCORES:
        print(f"    confidence >= {score}: {_at_score(verdicts, score)}")


def _truth(
    rows: MotRows, frame: int, *, has_classes: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (P, 4) of the persons of a frame, and (D, 4) of what is not to be counted."""
    here = rows.at(rows.frame == frame)
    counts = here.confidence != 0
    if not has_classes:
        return here.xyxy[counts], here.xyxy[:0]
    classes = here.trailing[:, 0]
    person = counts & (classes == PEDESTRIAN)
    ignored = np.isin(classes, IGNORED_CLASSES) | (~counts & (classes == PEDESTRIAN))
    return here.xyxy[person], here.xyxy[ignored]


def _judge(
    detections: Detections, persons: NDArray[np.float64], ignored: NDArray[np.float64]
) -> Verdicts:
    """Give each person to the best detection that overlaps it enough."""
    overlaps = iou(detections.xyxy.astype(np.float64), persons)
    spared = (iou(detections.xyxy.astype(np.float64), ignored) >= MATCHING_IOU).any(axis=1)
    right = np.zeros(len(detections), dtype=np.bool_)
    for row in range(len(detections) if len(persons) else 0):
        column = int(overlaps[row].argmax())
        right[row] = overlaps[row, column] >= MATCHING_IOU
        if right[row]:
            overlaps[:, column] = 0
    counted = right | ~spared
    confidence = detections.confidence[counted].astype(np.float64)
    return Verdicts(confidence, right[counted], len(persons))


def _join(parts: list[Verdicts]) -> Verdicts:
    """Put all frames together, the best detection first."""
    confidence = np.concatenate([part.confidence for part in parts])
    right = np.concatenate([part.right for part in parts])
    order = np.argsort(-confidence, kind="stable")
    return Verdicts(confidence[order], right[order], sum(part.persons for part in parts))


def _average_precision(verdicts: Verdicts) -> float:
    found = np.cumsum(verdicts.right)
    precision = found / np.arange(1, len(found) + 1)
    # The best precision at this recall or any higher one.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[verdicts.right].sum() / verdicts.persons)


def _at_score(verdicts: Verdicts, score: float) -> str:
    right = verdicts.right[verdicts.confidence >= score]
    recall = right.sum() / verdicts.persons
    return f"recall {recall:.3f}, precision {right.mean() if len(right) else 1:.3f}"


if __name__ == "__main__":
    main()

"""Prepare one sequence for scoring: align truth and results frame by frame.

All metrics start here: ids are renumbered from 0, every true box is compared
with every result box, and only boxes that count remain. The benchmark, known from
the sequence's name, defines them:

- MOT16, MOT17, MOT20: pedestrians whose confidence is not 0. A result box that
  lies on a distractor (somebody on a vehicle, a static person, a reflection ...)
  is neither right nor wrong and is taken out.
- every other name: all true boxes whose confidence is not 0.

Source: A. Milan et al., "MOT16: A benchmark for multi-object tracking", 2016,
https://arxiv.org/abs/1603.00831, sections 3.2 (classes) and 4.1 (distractors);
P. Dendorfer et al., "MOT20", 2020, https://arxiv.org/abs/2003.09003, section 4.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby import boxes
from passerby.assignment import assign
from passerby.motfile import MotRows

# Overlap from which a result box explains a true one, in CLEAR MOT, in the
# identity scores and where distractors are taken out.
MATCH_IOU = 0.5
# An overlap of exactly the threshold counts; rounding must not decide it.
ROUNDING = float(np.finfo(np.float64).eps)

CLASSED_BENCHMARKS = ("MOT16", "MOT17", "MOT20")
PEDESTRIAN = 1
# On a vehicle, static person, distractor, reflection.
DISTRACTORS = (2, 7, 8, 12)
NON_MOTORISED_VEHICLE = 6  # a distractor in MOT20 only


@dataclass(frozen=True)
class Frame:
    """T true boxes and R result boxes of one frame."""

    number: int  # from 1
    truth_ids: NDArray[np.int64]  # (T,) from 0, dense over the sequence
    result_ids: NDArray[np.int64]  # (R,) from 0, dense over the sequence
    iou: NDArray[np.float64]  # (T, R) in [0, 1]
    truth_xyxy: NDArray[np.float64]  # (T, 4) pixels
    visibility: NDArray[np.float64]  # (T,) in [0, 1]; 1 where the truth has none


@dataclass(frozen=True)
class Sequence:
    """One sequence, ready to be scored."""

    frames: tuple[Frame, ...]
    truth_person_count: int
    result_person_count: int

    @property
    def truth_box_count(self) -> int:
        """Number of true boxes in all frames."""
        return sum(len(frame.truth_ids) for frame in self.frames)

    @property
    def result_box_count(self) -> int:
        """Number of result boxes in all frames."""
        return sum(len(frame.result_ids) for frame in self.frames)


def prepare(
    name: str,
    truth: MotRows,
    results: MotRows,
    frame_count: int,
    analysed: AbstractSet[int] | None = None,
) -> Sequence:
    """Align truth and results of one sequence.

    Parameters
    ----------
    name : str
        Name of the sequence; it determines which boxes count.
    truth, results : MotRows
        Rows in any order, each id at most once in a frame.
    frame_count : int
        Frames of the sequence. Later rows are a caller's mistake.
    analysed : set of frame numbers from 1, or None
        Frames that the tracker analysed; the boxes of others do not count. None:
        all of them.

    Raises
    ------
    ValueError
        If a row lies beyond the last frame, an id occurs twice in a frame, or
        a class is missing where the benchmark has classes.
    """
    _check(truth, frame_count, "truth")
    _check(results, frame_count, "result")
    if name.startswith(CLASSED_BENCHMARKS) and np.isnan(truth.trailing[:, 0]).any():
        raise ValueError(f"truth of {name} needs 8 columns or more, the eighth is the class")
    numbers = [n for n in range(1, frame_count + 1) if analysed is None or n in analysed]
    sides = zip(numbers, _by_frame(truth, numbers), _by_frame(results, numbers), strict=True)
    return _renumber_ids([_frame(name, *side) for side in sides])


def _check(rows: MotRows, frame_count: int, side: str) -> None:
    if len(rows) and rows.frame.max() > frame_count:
        raise ValueError(
            f"a {side} row is of frame {rows.frame.max()}, the sequence has {frame_count}"
        )
    order = np.lexsort((rows.track_id, rows.frame))
    keys = np.stack([rows.frame, rows.track_id], axis=1)[order]
    twice = keys[1:][(keys[1:] == keys[:-1]).all(axis=1)]
    if len(twice):
        frame, track_id = twice[0]
        raise ValueError(f"in frame {frame} the {side} has id {track_id} more than once")


def _by_frame(rows: MotRows, numbers: list[int]) -> Iterator[MotRows]:
    """Yield the rows of each of the frames, in the order of the file."""
    ordered = rows.at(np.argsort(rows.frame, kind="stable"))
    starts = np.searchsorted(ordered.frame, numbers, side="left")
    stops = np.searchsorted(ordered.frame, numbers, side="right")
    for start, stop in zip(starts, stops, strict=True):
        yield ordered.at(slice(start, stop))


def _frame(name: str, number: int, truth: MotRows, results: MotRows) -> Frame:
    """Build one frame, with ids as in the files."""
    iou = boxes.iou(truth.xyxy, results.xyxy).astype(np.float64)
    counts = truth.confidence != 0
    scored = np.ones(len(results), dtype=np.bool_)
    visibility = np.ones(len(truth))
    if name.startswith(CLASSED_BENCHMARKS):
        category, visibility = truth.trailing[:, 0], truth.trailing[:, 1]
        counts = counts & (category == PEDESTRIAN)
        scored = ~_on_distractor(iou, np.isin(category, _distractors(name)))
    return Frame(
        number,
        truth.track_id[counts],
        results.track_id[scored],
        iou[np.ix_(counts, scored)],
        truth.xyxy[counts],
        np.nan_to_num(visibility, nan=1.0)[counts],
    )


def _distractors(name: str) -> tuple[int, ...]:
    return (*DISTRACTORS, NON_MOTORISED_VEHICLE) if name.startswith("MOT20") else DISTRACTORS


def _on_distractor(iou: NDArray[np.float64], is_distractor: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find the result boxes (R,) that the best matching gives to distractors."""
    score = np.where(iou < MATCH_IOU - ROUNDING, 0, iou)
    matched = np.zeros(iou.shape[1], dtype=np.bool_)
    for row, column in assign(-score, cost_limit=0).pairs:
        matched[column] = is_distractor[row]
    return matched


def _renumber_ids(frames: list[Frame]) -> Sequence:
    """Renumber the ids that still occur from 0 without gaps."""
    truth = np.unique(_concatenate([frame.truth_ids for frame in frames]))
    results = np.unique(_concatenate([frame.result_ids for frame in frames]))
    return Sequence(
        tuple(
            Frame(
                frame.number,
                np.searchsorted(truth, frame.truth_ids),
                np.searchsorted(results, frame.result_ids),
                frame.iou,
                frame.truth_xyxy,
                frame.visibility,
            )
            for frame in frames
        ),
        len(truth),
        len(results),
    )


def _concatenate(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])

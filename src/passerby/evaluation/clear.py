"""Count the errors of a tracker: misses, false alarms and identity switches.

MOTA sums them up. A match of the frame before is continued as long as it overlaps
enough, even where another would overlap more.

Source: K. Bernardin and R. Stiefelhagen, "Evaluating multiple object tracking
performance: the CLEAR MOT metrics", EURASIP JIVP, 2008,
https://doi.org/10.1155/2008/246309. Fragments, mostly tracked and mostly lost:
Y. Li, C. Huang and R. Nevatia, "Learning to associate", CVPR 2009, table 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.assignment import assign
from passerby.evaluation.sequence import MATCH_IOU, ROUNDING, Frame, Sequence

# More than all overlaps of a frame together: a continued match always wins.
CONTINUED_BONUS = 1000.0
NOBODY = -1

MOSTLY_TRACKED = 0.8  # share of a person's frames that must be exceeded
MOSTLY_LOST = 0.2  # share of a person's frames that must not be reached


@dataclass(frozen=True)
class Matches:
    """M true boxes with their result boxes, by frame; all positions count from 0."""

    frame_position: NDArray[np.int64]  # (M,) into `Sequence.frames`
    truth_ids: NDArray[np.int64]  # (M,)
    result_ids: NDArray[np.int64]  # (M,)
    iou: NDArray[np.float64]  # (M,)


@dataclass(frozen=True)
class ClearCounts:
    """CLEAR MOT counts, which add up over sequences."""

    hits: int
    misses: int
    false_alarms: int
    switches: int
    fragments: int
    mostly_tracked: int
    mostly_lost: int
    overlap: float  # sum over the hits of their IoU

    @property
    def mota(self) -> float:
        """1 - errors / true boxes: at most 1, below 0 for very many errors, 0 without truth."""
        truth = self.hits + self.misses
        return (self.hits - self.false_alarms - self.switches) / truth if truth else 0.0

    @property
    def motp(self) -> float:
        """Mean overlap of hits, in [0, 1]."""
        return self.overlap / max(1, self.hits)


def count_clear(sequence: Sequence, matches: Matches) -> ClearCounts:
    """Count the errors in one sequence, given its `match`."""
    hits = len(matches.iou)
    tracked = _tracked_shares(sequence, matches)
    return ClearCounts(
        hits=hits,
        misses=sequence.truth_box_count - hits,
        false_alarms=sequence.result_box_count - hits,
        switches=len(switch_positions(matches)[0]),
        fragments=_count_fragments(sequence, matches),
        mostly_tracked=int((tracked > MOSTLY_TRACKED).sum()),
        mostly_lost=int((tracked < MOSTLY_LOST).sum()),
        overlap=float(matches.iou.sum()),
    )


def match(sequence: Sequence) -> Matches:
    """Match result boxes with true persons in each frame."""
    matches: list[tuple[int, int, int, float]] = []
    previous = np.full(sequence.truth_person_count, NOBODY)
    for position, frame in enumerate(sequence.frames):
        # As in the reference evaluator, a frame in which nothing could be
        # matched does not end the matches of the frame before.
        if not _has_both(frame):
            continue
        pairs = assign(-_scores(frame, previous), cost_limit=0).pairs
        previous[:] = NOBODY
        for row, column in pairs:
            truth_id, result_id = frame.truth_ids[row], frame.result_ids[column]
            previous[truth_id] = result_id
            matches.append((position, truth_id, result_id, frame.iou[row, column]))
    table = np.array(matches, dtype=np.float64).reshape(-1, 4)
    positions, truth_ids, result_ids = table[:, :3].astype(np.int64).T
    return Matches(positions, truth_ids, result_ids, table[:, 3])


def switch_positions(matches: Matches) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the rows of `matches` before and after each identity switch."""
    before, after = _successions(matches)
    changed = matches.result_ids[before] != matches.result_ids[after]
    return before[changed], after[changed]


def _has_both(frame: Frame) -> bool:
    return len(frame.truth_ids) > 0 and len(frame.result_ids) > 0


def _scores(frame: Frame, previous: NDArray[np.int64]) -> NDArray[np.float64]:
    """Score matches (T, R): continued ones first, then by overlap; 0 where it is too little."""
    continued = frame.result_ids[None, :] == previous[frame.truth_ids][:, None]
    score = CONTINUED_BONUS * continued + frame.iou
    return np.where(frame.iou < MATCH_IOU - ROUNDING, 0, score)


def _successions(matches: Matches) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the rows of `matches` that follow each other for one true person."""
    order = np.lexsort((matches.frame_position, matches.truth_ids))
    before, after = order[:-1], order[1:]
    same = matches.truth_ids[before] == matches.truth_ids[after]
    return before[same], after[same]


def _count_fragments(sequence: Sequence, matches: Matches) -> int:
    """Count how often a true person was found again after being lost."""
    matchable = np.cumsum([_has_both(frame) for frame in sequence.frames], dtype=np.int64)
    before, after = _successions(matches)
    step = matchable[matches.frame_position[after]] - matchable[matches.frame_position[before]]
    return int((step > 1).sum())


def _tracked_shares(sequence: Sequence, matches: Matches) -> NDArray[np.float64]:
    """Compute the share of its frames (persons,) in which each true person is matched."""
    lengths = np.zeros(sequence.truth_person_count)
    for frame in sequence.frames:
        lengths[frame.truth_ids] += 1
    return np.bincount(matches.truth_ids, minlength=len(lengths)) / lengths

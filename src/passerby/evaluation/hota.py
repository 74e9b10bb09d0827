"""Compute HOTA, which weighs detection and association equally.

Detection and association are scored at 19 overlap thresholds; HOTA is the
geometric mean of the two, averaged over the thresholds.

Source: J. Luiten et al., "HOTA: A higher order metric for evaluating
multi-object tracking", IJCV 129, 2021, https://doi.org/10.1007/s11263-020-01375-2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.assignment import assign
from passerby.evaluation.sequence import ROUNDING, Frame, Sequence

# The paper's section 5, 0.05 to 0.95. Spelled as the reference evaluator
# spells it: another way to write 0.15 differs in the last bit, and an overlap
# may lie exactly there.
THRESHOLDS = np.arange(0.05, 0.99, 0.05)


@dataclass(frozen=True)
class HotaCounts:
    """HOTA counts, which add up over sequences; one element for each of `THRESHOLDS`."""

    hits: NDArray[np.float64]  # (19,) boxes matched (TP)
    misses: NDArray[np.float64]  # (19,) true boxes unmatched (FN)
    false_alarms: NDArray[np.float64]  # (19,) result boxes unmatched (FP)
    association: NDArray[np.float64]  # (19,) sum over the hits of A(c), the paper's eq. 14
    overlap: NDArray[np.float64]  # (19,) sum over the hits of their IoU

    @property
    def detection_by_threshold(self) -> NDArray[np.float64]:
        """(19,) DetA in [0, 1]."""
        return self.hits / np.maximum(1, self.hits + self.misses + self.false_alarms)

    @property
    def association_by_threshold(self) -> NDArray[np.float64]:
        """(19,) AssA in [0, 1]."""
        return self.association / np.maximum(1, self.hits)

    @property
    def hota(self) -> float:
        """HOTA in [0, 1]."""
        product = self.detection_by_threshold * self.association_by_threshold
        return float(np.sqrt(product).mean())

    @property
    def det_a(self) -> float:
        """Detection accuracy in [0, 1]."""
        return float(self.detection_by_threshold.mean())

    @property
    def ass_a(self) -> float:
        """Association accuracy in [0, 1]."""
        return float(self.association_by_threshold.mean())

    @property
    def loc_a(self) -> float:
        """Localisation accuracy, the mean overlap of hits, in [0, 1]; 1 without hits."""
        mean = np.divide(self.overlap, self.hits, out=np.ones_like(self.hits), where=self.hits > 0)
        return float(mean.mean())


def count_hota(sequence: Sequence) -> HotaCounts:
    """Count the components of HOTA in one sequence."""
    truth_length, result_length = _lengths(sequence)
    alignment = _alignment(sequence, truth_length, result_length)
    truth_ids, result_ids, iou = _matches(sequence, alignment)

    accepted = iou >= THRESHOLDS[:, None] - ROUNDING
    hits = accepted.sum(axis=1).astype(np.float64)
    return HotaCounts(
        hits=hits,
        misses=sequence.truth_box_count - hits,
        false_alarms=sequence.result_box_count - hits,
        association=np.array(
            [
                _association(truth_ids[mask], result_ids[mask], truth_length, result_length)
                for mask in accepted
            ]
        ),
        overlap=(accepted * iou).sum(axis=1),
    )


def _lengths(sequence: Sequence) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count the frames of each true and of each result person."""
    truth = np.zeros(sequence.truth_person_count)
    results = np.zeros(sequence.result_person_count)
    for frame in sequence.frames:
        truth[frame.truth_ids] += 1
        results[frame.result_ids] += 1
    return truth, results


def _alignment(
    sequence: Sequence, truth_length: NDArray[np.float64], result_length: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute the overlap of whole paths, (persons, persons) in [0, 1].

    It decides which of several possible matches in a frame is taken: the one
    that serves the association best over the whole video (section 4.1.4).
    """
    shared = np.zeros((sequence.truth_person_count, sequence.result_person_count))
    for frame in sequence.frames:
        shared[np.ix_(frame.truth_ids, frame.result_ids)] += _relative_overlap(frame)
    return shared / (truth_length[:, None] + result_length[None, :] - shared)


def _relative_overlap(frame: Frame) -> NDArray[np.float64]:
    """Compute the IoU (T, R) in [0, 1], reduced where a box overlaps others as well."""
    iou = frame.iou
    total = iou.sum(axis=0)[None, :] + iou.sum(axis=1)[:, None] - iou
    relative: NDArray[np.float64] = np.divide(
        iou, total, out=np.zeros_like(iou), where=total > ROUNDING
    )
    return relative


def _matches(
    sequence: Sequence, alignment: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Find truth id, result id and IoU of the best matches in all frames."""
    matches: list[tuple[int, int, float]] = []
    for frame in sequence.frames:
        score = alignment[np.ix_(frame.truth_ids, frame.result_ids)] * frame.iou
        matches += [
            (frame.truth_ids[row], frame.result_ids[column], frame.iou[row, column])
            for row, column in assign(-score, cost_limit=0).pairs
        ]
    table = np.array(matches, dtype=np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]


def _association(
    truth_ids: NDArray[np.int64],
    result_ids: NDArray[np.int64],
    truth_length: NDArray[np.float64],
    result_length: NDArray[np.float64],
) -> float:
    """Sum A(c) over hits c: matches of the pair of persons / frames of either."""
    persons = np.stack([truth_ids, result_ids], axis=1)
    pairs, hits = np.unique(persons, axis=0, return_counts=True)
    either = truth_length[pairs[:, 0]] + result_length[pairs[:, 1]] - hits
    return float((hits * hits / either).sum())

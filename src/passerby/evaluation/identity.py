"""Compute IDF1, which measures how long each person is followed under one identity.

Every true person is given one result person, or none, for the whole video, so
that as many boxes as possible agree.

Source: E. Ristani et al., "Performance measures and a data set for
multi-target, multi-camera tracking", ECCV workshops 2016,
https://arxiv.org/abs/1609.01775, section 3.
"""

from dataclasses import dataclass

import numpy as np

from passerby.assignment import assign
from passerby.evaluation.sequence import MATCH_IOU, Sequence


@dataclass(frozen=True)
class IdentityCounts:
    """Identity counts, which add up over sequences."""

    hits: int  # boxes that agree (IDTP)
    misses: int  # true boxes that don't (IDFN)
    false_alarms: int  # result boxes that don't (IDFP)

    @property
    def idf1(self) -> float:
        """Harmonic mean of identity precision and recall, in [0, 1]."""
        return self.hits / max(1.0, self.hits + 0.5 * (self.false_alarms + self.misses))

    @property
    def id_precision(self) -> float:
        """Share of the result boxes that agree, in [0, 1]."""
        return self.hits / max(1, self.hits + self.false_alarms)

    @property
    def id_recall(self) -> float:
        """Share of the true boxes that agree, in [0, 1]."""
        return self.hits / max(1, self.hits + self.misses)


def count_identity(sequence: Sequence) -> IdentityCounts:
    """Count the boxes that agree under the best pairing of whole persons."""
    agreeing = np.zeros((sequence.truth_person_count, sequence.result_person_count))
    for frame in sequence.frames:
        rows, columns = np.nonzero(frame.iou >= MATCH_IOU)
        agreeing[frame.truth_ids[rows], frame.result_ids[columns]] += 1
    pairs = assign(-agreeing, cost_limit=0).pairs
    hits = int(sum(agreeing[pair] for pair in pairs))
    return IdentityCounts(hits, sequence.truth_box_count - hits, sequence.result_box_count - hits)

"""Associate forwards and backwards in time, and keep the links that both runs make.

Association looks back only. Run over the same video backwards it makes its mistakes
elsewhere: where somebody steps out from behind another, say, instead of where he
went there. A link that both runs make is nearly always right; where they differ, the
tracklet is cut, and stitching decides with both sides in view.

At the ends of a path one run alone sees: a track is opened by a sure detection only, so
forwards misses the weak ones before it, and backwards those after the last. What one run
adds there is kept apart until paths are whole, and then extends those that begin or end
there: a path seen again after all needs no guess of where its weak end led.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from passerby.tracking.association import DEFAULT, AssociationSettings, associate
from passerby.tracking.kalman import Floats
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, Rows, rows_by_label

# One weak detection alone tells nothing.
FEWEST_ADDED = 2
# A weak end tells of a person as far as its detections are, on the whole, above this.
# Measured on three sequences, 2026-12-01, observed and with given detections: HOTA 67.2 and
# 64.9; with 0.4, 67.1 and 65.0; with 0.3, 67.3 and 64.9, but MOTA of the latter falls by 0.3.
NEUTRAL_CONFIDENCE = 0.35


class BidirectionalTracklets(NamedTuple):
    """What two runs of association agree on, and what one alone saw at the ends."""

    tracklet_of: NDArray[np.int64]  # (N,) labels from 0; `NOBODY` of the rest
    # Rows, ascending, that only one run gave to a track, with the one that both runs did:
    beginnings: list[Rows]  # last
    ends: list[Rows]  # first


def associate_bidirectionally(
    detections: StabilisedDetections, settings: AssociationSettings = DEFAULT
) -> BidirectionalTracklets:
    """Label each detection with its tracklet, as `associate`, using the links of both runs.

    A detection stays without a label unless a link of both runs reaches it, or both
    runs gave it to some track.
    """
    forwards = associate(detections, settings)
    backwards = _backwards(detections, settings)
    successors = _successors(forwards)
    linked = np.flatnonzero((successors == _successors(backwards)) & (successors != NOBODY))
    count = len(forwards)
    links = coo_array((np.ones(len(linked)), (linked, successors[linked])), shape=(count, count))
    _, label_of = connected_components(links, directed=False)
    is_labelled = (forwards != NOBODY) & (backwards != NOBODY)
    is_labelled[linked] = is_labelled[successors[linked]] = True
    tracklet_of = np.full(count, NOBODY)
    tracklet_of[is_labelled] = np.unique(label_of[is_labelled], return_inverse=True)[1]
    return BidirectionalTracklets(
        tracklet_of, _weak_beginnings(backwards, forwards), _weak_ends(forwards, backwards)
    )


def extend(
    detections: StabilisedDetections,
    path_of: NDArray[np.int64],
    tracklets: BidirectionalTracklets,
) -> NDArray[np.int64]:
    """Give each path the weak detections before its first and after its last.

    Parameters
    ----------
    detections : N detections
    path_of : (N,) labels of paths, each of one or more whole tracklets
    tracklets : BidirectionalTracklets

    Returns
    -------
    (N,) int64
        The same labels, and those of the beginnings and ends of whole paths.
    """
    paths = rows_by_label(path_of)
    first, last = {int(rows[0]) for rows in paths}, {int(rows[-1]) for rows in paths}
    outwards = [rows[::-1] for rows in tracklets.beginnings if int(rows[-1]) in first]
    outwards += [rows for rows in tracklets.ends if int(rows[0]) in last]
    extended = path_of.copy()
    for rows in outwards:
        added = rows[1:][: _reach(detections.confidence[rows[1:]])]
        if len(added) >= FEWEST_ADDED and (extended[added] == NOBODY).all():
            extended[added] = path_of[rows[0]]
    return extended


def _reach(confidence: Floats) -> int:
    """Count the detections (n,), from a path outwards, up to where they tell most of a person."""
    told = np.cumsum(np.append(0.0, confidence - NEUTRAL_CONFIDENCE))
    return int(len(told) - 1 - told[::-1].argmax())


def _backwards(
    detections: StabilisedDetections, settings: AssociationSettings
) -> NDArray[np.int64]:
    """Label the rows of `detections` by association with the video reversed."""
    reverse, row = detections.reversed()
    label_of = np.empty(len(row), np.int64)
    label_of[row] = associate(reverse, settings)
    return label_of


def _weak_beginnings(seen: NDArray[np.int64], other: NDArray[np.int64]) -> list[Rows]:
    """List the beginnings that only the first run saw, each with the first row of the second.

    Both are labels (N,). A beginning counts only where the second run opened a track.
    """
    opening = {int(rows[0]) for rows in rows_by_label(other)}
    found = []
    for rows in rows_by_label(seen):
        unseen = int(np.argmax(other[rows] != NOBODY))
        if unseen and int(rows[unseen]) in opening:
            found.append(rows[: unseen + 1])
    return found


def _weak_ends(seen: NDArray[np.int64], other: NDArray[np.int64]) -> list[Rows]:
    """List the ends that only the first run saw, each after the last row of the second."""
    closing = {int(rows[-1]) for rows in rows_by_label(other)}
    found = []
    for rows in rows_by_label(seen):
        unseen = int(np.argmax(other[rows[::-1]] != NOBODY))
        if unseen and int(rows[-1 - unseen]) in closing:
            found.append(rows[-1 - unseen :])
    return found


def _successors(label_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the row of the next detection with the same label; `NOBODY` after the last."""
    successors = np.full(len(label_of), NOBODY)
    for rows in rows_by_label(label_of):
        successors[rows[:-1]] = rows[1:]
    return successors

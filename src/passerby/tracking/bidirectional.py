"""Associate forwards and backwards in time, and keep the links that both runs make.

Association looks back only. Run over the same video backwards it makes its mistakes
elsewhere: where somebody steps out from behind another, say, instead of where he
went there. A link that both runs make is nearly always right; where they differ, the
tracklet is cut, and stitching decides with both sides in view.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from passerby.tracking.association import DEFAULT, AssociationSettings, associate
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, rows_by_label


def associate_bidirectionally(
    detections: StabilisedDetections, settings: AssociationSettings = DEFAULT
) -> NDArray[np.int64]:
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
    return tracklet_of


def _backwards(
    detections: StabilisedDetections, settings: AssociationSettings
) -> NDArray[np.int64]:
    """Label the rows of `detections` by association with the video reversed."""
    reverse, row = detections.reversed()
    label_of = np.empty(len(row), np.int64)
    label_of[row] = associate(reverse, settings)
    return label_of


def _successors(label_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the row of the next detection with the same label; `NOBODY` after the last."""
    successors = np.full(len(label_of), NOBODY)
    for rows in rows_by_label(label_of):
        successors[rows[:-1]] = rows[1:]
    return successors

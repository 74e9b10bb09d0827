"""Which links between detections hold whichever way time runs.

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
    """Label each detection with its tracklet, as `associate`, but in agreement both ways.

    A detection stays without a label unless a link of both runs reaches it, or both
    runs gave it to some track.
    """
    forwards = associate(detections, settings)
    backwards = _backwards(detections, settings)
    following = _successors(forwards)
    linked = np.flatnonzero((following == _successors(backwards)) & (following != NOBODY))
    count = len(forwards)
    links = coo_array((np.ones(len(linked)), (linked, following[linked])), shape=(count, count))
    _, label_of = connected_components(links, directed=False)
    shot_tracks = (forwards != NOBODY) & (backwards != NOBODY)
    shot_tracks[linked] = shot_tracks[following[linked]] = True
    tracklet_of = np.full(count, NOBODY)
    tracklet_of[shot_tracks] = np.unique(label_of[shot_tracks], return_inverse=True)[1]
    return tracklet_of


def _backwards(
    detections: StabilisedDetections, settings: AssociationSettings
) -> NDArray[np.int64]:
    """Labels, for the rows of `detections`, of association with the film reversed."""
    reverse, row = detections.reversed()
    label_of = np.empty(len(row), np.int64)
    label_of[row] = associate(reverse, settings)
    return label_of


def _successors(label_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the next detection with the same label; `NOBODY` after the last."""
    following = np.full(len(label_of), NOBODY)
    for rows in rows_by_label(label_of):
        following[rows[:-1]] = rows[1:]
    return following

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
from passerby.tracking.stabilisation import Steady
from passerby.tracking.tracklets import NOBODY, rows_by_label


def agree(view: Steady, settings: AssociationSettings = DEFAULT) -> NDArray[np.int64]:
    """Label each detection with its tracklet, as `associate`, but in agreement both ways.

    A detection stays without a label unless a link of both runs reaches it, or both
    runs gave it to some track.
    """
    forwards = associate(view, settings)
    backwards = _backwards(view, settings)
    following = _successors(forwards)
    linked = np.flatnonzero((following == _successors(backwards)) & (following != NOBODY))
    count = len(forwards)
    links = coo_array((np.ones(len(linked)), (linked, following[linked])), shape=(count, count))
    _, label_of = connected_components(links, directed=False)
    stays = (forwards != NOBODY) & (backwards != NOBODY)
    stays[linked] = stays[following[linked]] = True
    tracklet_of = np.full(count, NOBODY)
    tracklet_of[stays] = np.unique(label_of[stays], return_inverse=True)[1]
    return tracklet_of


def _backwards(view: Steady, settings: AssociationSettings) -> NDArray[np.int64]:
    """Labels, for the rows of `view`, of association with the film reversed."""
    reverse, row = view.reversed()
    label_of = np.empty(len(row), np.int64)
    label_of[row] = associate(reverse, settings)
    return label_of


def _successors(label_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the next detection with the same label; `NOBODY` after the last."""
    following = np.full(len(label_of), NOBODY)
    for rows in rows_by_label(label_of):
        following[rows[:-1]] = rows[1:]
    return following

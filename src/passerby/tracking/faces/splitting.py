"""Split face tracks where they pass from one person to another.

Faces that cross each other get mixed up, and so do bodies. So each face track is
read against the persons around: the sequence of owners that explains best where the
face is, instant by instant. To change from one person to another who is there at
the same time takes much evidence, and there the track is cut. When an owner's own path ends
and another's begins later, that is no change: the face tells that they are one.

Source: the best sequence of states is found by A. J. Viterbi, "Error bounds for
convolutional codes", IEEE Trans. Information Theory 13(2), 1967.
"""

import numpy as np
from numpy.typing import NDArray

from passerby.tracking.faces.likelihood import Evidence
from passerby.tracking.tracklets import Rows, rows_by_label

Floats = NDArray[np.float64]

# Log odds against a change of owner: two or three instants that speak against the one
# and for the other.
CHANGE = 8.0


def split_by_owner(
    track_of: NDArray[np.int64], evidence: Evidence, first: Rows, last: Rows
) -> NDArray[np.int64]:
    """Label each face with its piece, a part of its track that has one owner.

    Parameters
    ----------
    track_of : (M,) labels of `face_tracks`, from 0
    evidence : of these faces and S shot tracks
    first, last : (S,) frames of each shot track, inclusive

    Returns
    -------
    (M,) int64
        Pieces from 0, in order of tracks, then of time.
    """
    begins = np.zeros(len(track_of), np.int64)
    pairs_of = rows_by_label(track_of[evidence.face])
    faces_of = rows_by_label(track_of)
    for faces in faces_of:
        begins[faces[0]] = 1
    for pairs in pairs_of:
        faces = faces_of[track_of[evidence.face[pairs[0]]]]
        begins[_changes(faces, evidence.take(pairs), first, last)] = 1
    order = np.concatenate([np.empty(0, np.int64), *faces_of])
    piece_of = np.empty(len(track_of), np.int64)
    piece_of[order] = np.cumsum(begins[order]) - 1
    return piece_of


def _changes(faces: Rows, evidence: Evidence, first: Rows, last: Rows) -> Rows:
    """Find the `faces` of one track that are the first of another owner."""
    shot_tracks, column = np.unique(evidence.shot_track, return_inverse=True)
    if len(shot_tracks) == 1 and evidence.odds.min() >= 0:
        return faces[:0]
    odds = np.zeros((len(faces), 1 + len(shot_tracks)))  # the first column: nobody around
    odds[np.searchsorted(faces, evidence.face), 1 + column] = evidence.odds
    cost = _change_costs(first[shot_tracks], last[shot_tracks])
    owner = best_sequence(odds, cost)
    return faces[1:][cost[owner[:-1], owner[1:]] > 0]


def _change_costs(first: Rows, last: Rows) -> Floats:
    """Compute the (1 + S, 1 + S) cost of passing from one owner to another; nobody is first."""
    count = len(first)
    cost = np.full((1 + count, 1 + count), CHANGE)
    cost[1:, 1:][last[:, None] < first[None, :]] = 0
    np.fill_diagonal(cost, 0)
    return cost


def best_sequence(gain: Floats, cost: Floats) -> Rows:
    """Choose one of K states at each of n instants for the greatest gain less change costs.

    Parameters
    ----------
    gain : (n, K) array
        Of being in each state at each instant.
    cost : (K, K) array, at least 0, 0 on the diagonal
        Of passing from one state (row) to another (column).

    Returns
    -------
    (n,) int64
    """
    count, states = gain.shape
    everyone = np.arange(states)
    came_from = np.empty((count, states), np.int64)
    total = gain[0].copy()
    for instant in range(1, count):
        via = total[:, None] - cost
        came_from[instant] = best = via.argmax(axis=0)
        unchanged = via[everyone, everyone] >= via[best, everyone]  # of equals, no change
        came_from[instant, unchanged] = everyone[unchanged]
        total = via[came_from[instant], everyone] + gain[instant]
    state = np.empty(count, np.int64)
    state[-1] = total.argmax()
    for instant in range(count - 1, 0, -1):
        state[instant - 1] = came_from[instant, state[instant]]
    return state

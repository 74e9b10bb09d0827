"""Assign faces to persons by the whole time that both are seen.

At one instant a face may sit where the heads of two people are; over a time it moves
with one of them. So what each instant says is added up, and all pairs are chosen
together, at the greatest total: a person has one face at a time, and a face one person.
A face that is paired with two paths, one after the other, joins them: the body was lost
for a while, the face was not. A path joins its faces likewise.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from passerby.tracking.faces.likelihood import Evidence, evidence
from passerby.tracking.faces.splitting import split_by_owner
from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import NOBODY, Rows, rows_by_label

Floats = NDArray[np.float64]

# Log odds in all, from which a face is a person's: those of one instant that leaves no doubt.
LEAST_ODDS = 3.0


class FaceAssignment(NamedTuple):
    """Labels of bodies and faces that belong together, from 0; those of bodies have no gaps."""

    body: NDArray[np.int64]  # (N,) `NOBODY` as it was
    face: NDArray[np.int64]  # (M,) a label of a body, or one of its own


class _Pairs(NamedTuple):
    """P pairs of a piece of a face track and a shot track."""

    piece: Rows  # (P,)
    shot_track: Rows  # (P,)
    odds: Floats  # (P,) above 0

    def take(self, which: NDArray[np.bool_] | Rows) -> "_Pairs":
        return _Pairs(self.piece[which], self.shot_track[which], self.odds[which])


class _Times(NamedTuple):
    """The frames of each of S shot tracks and of each piece: positions, inclusive."""

    first: Rows  # (S,)
    last: Rows  # (S,)
    faces: list[Rows]  # of each piece, ascending

    def shot_tracks_overlap(self, one: Rows, other: Rows) -> NDArray[np.bool_]:
        """Whether shot tracks share a frame; the arguments broadcast."""
        return (self.first[one] <= self.last[other]) & (self.first[other] <= self.last[one])

    def faces_overlap(self, one: int, other: int) -> bool:
        """Whether two pieces have a face in the same frame."""
        return bool(np.isin(self.faces[one], self.faces[other], assume_unique=True).any())


def pair(
    detections: StabilisedDetections,
    shot_track_of: NDArray[np.int64],
    face_detections: StabilisedDetections,
    track_of: NDArray[np.int64],
) -> FaceAssignment:
    """Assign faces to shot tracks, and join the shot tracks that a face shows to be one person.

    Parameters
    ----------
    detections : N detections
    shot_track_of : (N,) labels of `stitch`, from 0 without gaps, each within one shot
    face_detections : M faces on the same frames
    track_of : (M,) labels of `face_tracks`
    """
    shot_tracks = rows_by_label(shot_track_of)
    first = detections.frame_of[np.array([rows[0] for rows in shot_tracks], np.int64)]
    last = detections.frame_of[np.array([rows[-1] for rows in shot_tracks], np.int64)]
    found = evidence(detections, shot_tracks, face_detections, track_of)
    piece_of = split_by_owner(track_of, found, first, last)
    faces = [face_detections.frame_of[rows] for rows in rows_by_label(piece_of)]
    times = _Times(first, last, faces)
    pairs = _sum_odds(found, piece_of, len(shot_tracks))
    label_of_shot_track, label_of_piece = _merge_pairs(
        pairs.take(_choose_pairs(pairs, times)), times
    )
    body = np.where(
        shot_track_of == NOBODY, NOBODY, np.append(label_of_shot_track, NOBODY)[shot_track_of]
    )
    return FaceAssignment(body, label_of_piece[piece_of])


def relabel(assignment: FaceAssignment, person_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label each face with its person after the bodies of `assignment` got new labels.

    Parameters
    ----------
    assignment : of N bodies and M faces
    person_of : (N,) labels from 0, the same for all bodies of one label in `assignment`

    Returns
    -------
    (M,) int64
        Labels of the same persons; higher ones of those who have no body.
    """
    known = assignment.body != NOBODY
    bodies = int(assignment.body.max(initial=NOBODY)) + 1
    labels = max(bodies, int(assignment.face.max(initial=NOBODY)) + 1)
    person = np.arange(labels) - bodies + int(person_of.max(initial=NOBODY)) + 1
    person[assignment.body[known]] = person_of[known]
    return person[assignment.face]


def _sum_odds(found: Evidence, piece_of: NDArray[np.int64], shot_tracks: int) -> _Pairs:
    """Sum the odds of each pair over all instants, and keep those above `LEAST_ODDS`."""
    which, position = np.unique(
        piece_of[found.face] * max(shot_tracks, 1) + found.shot_track, return_inverse=True
    )
    odds: Floats = np.bincount(position, found.odds, len(which)).astype(np.float64)
    pairs = _Pairs(*np.divmod(which, max(shot_tracks, 1)), odds)
    return pairs.take(odds >= LEAST_ODDS)


def _choose_pairs(pairs: _Pairs, times: _Times) -> NDArray[np.bool_]:
    """Choose the pairs (P,) of greatest total odds of which no two exclude each other."""
    one, other = _conflicts(pairs, times)
    chosen = np.ones(len(pairs.odds), np.bool_)
    if len(one):
        contested, position = np.unique([one, other], return_inverse=True)
        row = np.tile(np.arange(len(one)), 2)
        both = coo_array((np.ones(len(row)), (row, position.reshape(-1))))
        solved = milp(
            -pairs.odds[contested],
            integrality=1,
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(both.tocsr(), ub=1),
            options={"mip_rel_gap": 0},
        )
        chosen[contested] = solved.x > 1 / 2
    return chosen


def _conflicts(pairs: _Pairs, times: _Times) -> tuple[Rows, Rows]:
    """Find the positions of pairs that exclude each other.

    They give one face to two people who are there together, or two faces that are
    there together to one person.
    """
    found = [np.empty((0, 2), np.int64)]
    for rivals in rows_by_label(pairs.piece):
        shot_track = pairs.shot_track[rivals]
        one, other = np.nonzero(
            np.triu(times.shot_tracks_overlap(shot_track[:, None], shot_track), 1)
        )
        found.append(np.stack([rivals[one], rivals[other]], axis=1))
    for rivals in rows_by_label(pairs.shot_track):
        piece = pairs.piece[rivals].tolist()
        overlapping = [
            (rivals[one], rivals[other])
            for other in range(len(piece))
            for one in range(other)
            if times.faces_overlap(piece[one], piece[other])
        ]
        found.append(np.array(overlapping, np.int64).reshape(-1, 2))
    one, other = np.concatenate(found).T
    return one, other


def _merge_pairs(pairs: _Pairs, times: _Times) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Merge the pairs, the surest first, and label the shot tracks and the pieces.

    Each two pairs agree with one another, but a chain of them may not: then its weakest
    link is left out.
    """
    merged = _UnionFind(times)
    surest_first = pairs.take(np.argsort(-pairs.odds, kind="stable"))
    for piece, shot_track in zip(
        surest_first.piece.tolist(), surest_first.shot_track.tolist(), strict=True
    ):
        merged.join(shot_track, piece)
    shot_tracks = len(times.first)
    _, label_of = np.unique(merged.roots(), return_inverse=True)
    return label_of[:shot_tracks], label_of[shot_tracks:]


class _UnionFind:
    """Union-find over shot tracks and pieces of face tracks.

    Shot tracks are known by their number, pieces by theirs after all shot tracks. A set is
    known by its least member, so one with a shot track comes before all that have none.
    """

    def __init__(self, times: _Times) -> None:
        self._times = times
        self._shot_track_count = len(times.first)
        self._root = list(range(self._shot_track_count + len(times.faces)))
        self._members: dict[int, tuple[list[int], set[int]]] = {}  # shot tracks, frames with a face

    def join(self, shot_track: int, piece: int) -> None:
        """Join two sets, unless that gives somebody two bodies or two faces at a time."""
        one, other = sorted((self._find(shot_track), self._find(self._shot_track_count + piece)))
        if one == other:
            return
        (shot_tracks, frames), (other_shot_tracks, other_frames) = self._of(one), self._of(other)
        together = self._times.shot_tracks_overlap(
            np.array(shot_tracks)[:, None], np.array(other_shot_tracks, int)
        )
        if together.any() or not frames.isdisjoint(other_frames):
            return
        shot_tracks.extend(other_shot_tracks)
        frames.update(other_frames)
        self._members[one] = shot_tracks, frames
        self._root[other] = one

    def roots(self) -> list[int]:
        """Return the root of each member."""
        return [self._find(member) for member in range(len(self._root))]

    def _find(self, member: int) -> int:
        while self._root[member] != member:
            member = self._root[member]
        return member

    def _of(self, root: int) -> tuple[list[int], set[int]]:
        if root in self._members:
            return self._members[root]
        if root < self._shot_track_count:
            return [root], set()
        return [], set(self._times.faces[root - self._shot_track_count].tolist())

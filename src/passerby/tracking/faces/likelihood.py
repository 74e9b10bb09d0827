"""Compute how likely a face is that of a person, from where the two boxes lie.

Each face that is seen while a person is around either is theirs or is somebody
else's who stands in front of them, behind or beside. Their own is in the middle of their
box's width, its centre about a face's height below the top, and a tenth as high as they
are, or more if they sit or the picture ends at their knees. A stranger's is anywhere
about, and rarely in the upper part of the only body around. What is told is the logarithm of
how much likelier one is than the other.

The figures are those of 251 faces of people standing alone, found on three sequences by
the shipped networks, 2026-11-22, with wider tails: people bend, sit and carry things.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.tracking.stabilisation import StabilisedDetections
from passerby.tracking.tracklets import Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FaceLikelihoodSettings:
    """Means and deviations of the place of a person's own face, and of a stranger's."""

    aside: tuple[float, float] = (0.0, 0.14)  # from the middle, in body widths
    below_top: tuple[float, float] = (1.1, 0.3)  # in face heights
    # Logarithm of the face's share in the height of somebody who stands in full view.
    share: tuple[float, float] = (math.log(0.094), 0.2)
    in_full_view: float = 0.6  # probability; of the others any share is as likely
    # A stranger's face: anywhere within so many body widths and so much of the height,
    # and of any share within such a range of logarithms.
    stranger_room: tuple[float, float, float] = (1.5, 0.5, 2.3)
    outliers: float = 0.03  # share of own faces that are where a stranger's may be
    most: float = 3.0  # one instant tells no more than this: the next ones repeat it
    longest_unseen: float = 1.0  # seconds; nobody's head is known in the middle of longer gaps
    # From this share of the body's height on, the body is cut off below or sits, and its head is
    # a large part of the box: tilted or turned, it is off the middle by more.
    large_share: float = 0.12
    spread_by_share: float = 0.4  # body widths for each unit of the share above it
    # A stranger's head so large stands before the body, whose box would be his: the density
    # of strangers falls with the square of the share from here on.
    largest_stranger: float = 0.2
    # A face in the upper part of the only body around it: log odds beside those of its place.
    only_body: float = 1.0
    upper_part: float = 0.5  # of the body's height


DEFAULT = FaceLikelihoodSettings()

# Logarithms of the least and the greatest share of a face in the height of its body: a
# face still farther away, and one that fills the box.
SHARES = (math.log(0.05), 0.0)


class Evidence(NamedTuple):
    """The odds of P pairs of a face and a shot track that are seen at the same time."""

    face: Rows  # (P,) rows of faces
    shot_track: Rows  # (P,) ascending
    odds: Floats  # (P,) log odds that the face is that person's

    def take(self, which: NDArray[np.bool_] | Rows) -> "Evidence":
        """Return only the pairs at `which`."""
        return Evidence(self.face[which], self.shot_track[which], self.odds[which])


class _Look(NamedTuple):
    """The evidence of one shot track, and which of its faces lie in its upper part."""

    evidence: Evidence
    in_upper_part: NDArray[np.bool_]


NO_FACES = np.empty(0, np.bool_)


def evidence(
    detections: StabilisedDetections,
    shot_tracks: list[Rows],
    face_detections: StabilisedDetections,
    track_of: NDArray[np.int64],
    settings: FaceLikelihoodSettings = DEFAULT,
) -> Evidence:
    """Compute the odds of every face with every shot track that is seen at the time.

    Parameters
    ----------
    detections : N detections
    shot_tracks : rows of each person's detections in one shot
    face_detections : M faces on the same frames
    track_of : (M,) labels of `face_tracks`
    settings : FaceLikelihoodSettings

    Returns
    -------
    Evidence
        Complete for each face track and shot track that may belong together at any time.
    """
    parts = [_Look(Evidence(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)), NO_FACES)]
    around = np.zeros(len(face_detections.confidence), np.int64)
    for number, rows in enumerate(shot_tracks):
        faces, body = _simultaneous_faces(
            detections, rows, face_detections, settings.longest_unseen
        )
        if len(faces):
            face = face_detections.cxcywh[faces]
            odds = face_odds(face, body, settings)
            around[faces] += _is_around(face, body)
            look = Evidence(faces, np.full(len(faces), number), odds)
            parts.append(_Look(look, _is_in_upper_part(face, body, settings)))
    complete = []
    for look, in_upper_part in parts:
        alone = np.logical_and(in_upper_part, around[look.face] == 1)
        odds = np.minimum(look.odds + settings.only_body * alone, settings.most)
        possible = np.isin(track_of[look.face], track_of[look.face[odds > 0]])
        complete.append(look._replace(odds=odds).take(possible))
    return Evidence(*(np.concatenate(column) for column in zip(*complete, strict=True)))


def _is_around(face: Floats, body: Floats) -> NDArray[np.bool_]:
    """Whether each body's box (P, 4) contains the middle of its face (P, 4)."""
    across, down = np.abs(face[:, :2] - body[:, :2]).T
    inside: NDArray[np.bool_] = np.logical_and(across <= body[:, 2] / 2, down <= body[:, 3] / 2)
    return inside


def _is_in_upper_part(
    face: Floats, body: Floats, settings: FaceLikelihoodSettings
) -> NDArray[np.bool_]:
    """Whether each large face (P, 4) lies between both sides of its body, in its upper part."""
    beside = np.abs(face[:, 0] - body[:, 0]) + face[:, 2] / 4 <= body[:, 2] / 2
    down = (face[:, 1] - body[:, 1]) / np.maximum(body[:, 3], 1e-6) + 0.5
    is_large = face[:, 3] >= settings.large_share * body[:, 3]
    upper: NDArray[np.bool_] = np.logical_and.reduce(
        [beside, down >= 0, down <= settings.upper_part, is_large]
    )
    return upper


def _simultaneous_faces(
    detections: StabilisedDetections,
    rows: Rows,
    face_detections: StabilisedDetections,
    longest_unseen: float,
) -> tuple[Rows, Floats]:
    """Find the faces seen during one shot track, and the person's box at each."""
    seen = detections.frame_of[rows]
    first_face = face_detections.first_detection
    faces = np.arange(first_face[seen[0]], first_face[seen[-1] + 1])
    if not len(faces):
        return faces, np.empty((0, 4))
    frame = np.arange(seen[0], seen[-1] + 1)
    after = np.searchsorted(seen, frame)
    before = np.where(seen[after] == frame, after, after - 1)
    start, end = detections.seconds[seen[before]], detections.seconds[seen[after]]
    gap = end - start
    part = np.divide(detections.seconds[frame] - start, gap, out=np.zeros(len(gap)), where=gap > 0)
    part = part[:, None]
    body = (1 - part) * detections.cxcywh[rows[before]] + part * detections.cxcywh[rows[after]]
    nth = face_detections.frame_of[faces] - seen[0]
    known = np.flatnonzero((gap <= longest_unseen)[nth])
    return faces[known], body.take(nth[known], axis=0)


def face_odds(face: Floats, body: Floats, settings: FaceLikelihoodSettings = DEFAULT) -> Floats:
    """Compute the log odds that each face is that of the body, against a stranger's.

    Parameters
    ----------
    face, body : (P, 4) `cxcywh`, any one scale

    Returns
    -------
    (P,) array
    """
    width, height = np.maximum(body[:, 2:], 1e-6).T
    face_height = np.maximum(face[:, 3], 1e-6)
    top = body[:, 1] - height / 2
    share = face_height / height
    wider = settings.spread_by_share * np.clip(share - settings.large_share, 0, 0.5)
    (aside, aside_spread), (below, below_spread) = settings.aside, settings.below_top
    own = _density((face[:, 0] - body[:, 0]) / width, aside, aside_spread + wider)
    own *= _density((face[:, 1] - top) / face_height, below, below_spread + wider)
    own *= _share_density(np.log(share), settings)
    across, down, shares = settings.stranger_room
    stranger = share / (across * down * shares)  # per width, face height and logarithm
    stranger *= np.minimum(settings.largest_stranger / share, 1) ** 2
    ratio = (1 - settings.outliers) * own / stranger + settings.outliers
    odds: Floats = np.minimum(np.log(ratio), settings.most)
    return odds


def _share_density(share: Floats, settings: FaceLikelihoodSettings) -> Floats:
    """Compute the density of the logarithm of the face's share of the body's height."""
    least, most = SHARES
    possible = (share >= least) & (share <= most)
    partly = (1 - settings.in_full_view) / (most - least) * possible
    density: Floats = settings.in_full_view * _density(share, *settings.share) + partly
    return density


def _density(value: Floats, mean: float, deviation: float | Floats) -> Floats:
    """Compute the density of the normal distribution."""
    scaled = (value - mean) / deviation
    density: Floats = np.exp(-(scaled**2) / 2) / (deviation * math.sqrt(2 * math.pi))
    return density
